"""The discrete-time hazard loss by the numbers of references.md 4 and by hand."""

import pytest
import torch

from core.losses.discrete_time_hazard import discrete_time_hazard_loss, interval_labels

BREAKS = torch.tensor([0.0, 1, 2, 3, 5], dtype=torch.float64)
S = torch.tensor([[0.9, 0.8, 0.7, 0.6]], dtype=torch.float64)


def loss(event, time):
    return float(
        discrete_time_hazard_loss(
            S, torch.tensor([event]), torch.tensor([time], dtype=torch.float64), breaks=BREAKS
        )
    )


@pytest.mark.parametrize(
    ("time", "event", "published"),
    [
        (0.5, True, 2.302585093),
        (1.0, True, 1.7147984281),
        (1.6, False, 0.3285040670),
        (2.5, True, 1.5324768713),
        (5.0, True, 1.1960046347),
        (0.2, False, 0.0),
    ],
)
def test_the_published_values_are_reproduced(time, event, published):
    assert loss(event, time) == pytest.approx(published, abs=1e-6)


def test_labels_of_an_event_survive_what_ended_before_and_fail_in_the_next():
    survived, failed = interval_labels(torch.tensor([True]), torch.tensor([2.5]).double(), BREAKS)
    assert survived.tolist() == [[1, 1, 0, 0]]
    assert failed.tolist() == [[0, 0, 1, 0]]


def test_a_censored_subject_counts_an_interval_from_its_midpoint_and_never_fails():
    time = torch.tensor([1.5, 1.49]).double()
    survived, failed = interval_labels(torch.tensor([False, False]), time, BREAKS)
    assert survived.tolist() == [[1, 1, 0, 0], [1, 0, 0, 0]]
    assert not failed.any()


def test_the_mean_is_taken_over_the_subjects():
    both = discrete_time_hazard_loss(
        S.repeat(2, 1),
        torch.tensor([True, False]),
        torch.tensor([0.5, 1.6]).double(),
        breaks=BREAKS,
    )
    assert float(both) == pytest.approx((loss(True, 0.5) + loss(False, 1.6)) / 2)


def test_certainty_stays_finite_and_has_a_gradient():
    s = torch.tensor([[1.0, 0.0, 1.0, 0.0]], requires_grad=True)
    value = discrete_time_hazard_loss(
        s, torch.tensor([True]), torch.tensor([0.5]), breaks=BREAKS.float()
    )
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(s.grad).all()


def test_wrong_shapes_and_negative_times_are_refused():
    with pytest.raises(ValueError, match="event and time"):
        interval_labels(torch.tensor([True]), torch.tensor([[1.0]]), BREAKS)
    with pytest.raises(ValueError, match="negative"):
        interval_labels(torch.tensor([True]), torch.tensor([-1.0]), BREAKS)
    with pytest.raises(ValueError, match="conditional_survival"):
        discrete_time_hazard_loss(
            S[:, :2], torch.tensor([True]), torch.tensor([1.0]).double(), breaks=BREAKS
        )
