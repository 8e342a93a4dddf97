import time

import pytest

from core.progress import REPORT_INTERVAL_S, Cancelled, Silent, Span, Throttled


class Recorder:
    def __init__(self) -> None:
        self.steps: list[tuple[float, str]] = []

    def step(self, fraction: float, message: str) -> None:
        self.steps.append((fraction, message))


def throttled(is_cancelled=bool):
    recorder = Recorder()
    return Throttled(recorder.step, is_cancelled), recorder.steps


def test_a_span_maps_its_part_onto_the_parent():
    recorder = Recorder()
    span = Span(recorder, 0.2, 0.6)
    span.step(0.0, "begin")
    span.step(0.5, "middle")
    span.step(1.0, "end")
    assert [message for _, message in recorder.steps] == ["begin", "middle", "end"]
    assert [fraction for fraction, _ in recorder.steps] == pytest.approx([0.2, 0.4, 0.6])


def test_spans_nest():
    recorder = Recorder()
    Span(Span(recorder, 0.5, 1.0), 0.0, 0.5).step(0.5, "deep")
    assert recorder.steps[0][0] == pytest.approx(0.625)  # half of the first half of the last half


def test_a_span_passes_the_cancel_on():
    progress, _ = throttled(lambda: True)
    with pytest.raises(Cancelled):
        Span(progress, 0.0, 0.5).step(0.1, "anything")


def test_a_thousand_quick_steps_become_a_few_reports():
    progress, steps = throttled()
    start_s = time.monotonic()
    for step in range(1000):
        progress.step(step / 2000, "Reading")
    elapsed_s = time.monotonic() - start_s
    assert 1 <= len(steps) <= 2 + elapsed_s / REPORT_INTERVAL_S


def test_steps_that_lie_apart_in_time_are_all_reported():
    progress, steps = throttled()
    for fraction in (0.1, 0.2, 0.3):
        progress.step(fraction, "Reading")
        time.sleep(1.2 * REPORT_INTERVAL_S)
    assert [fraction for fraction, _ in steps] == [0.1, 0.2, 0.3]


def test_a_new_message_and_the_end_are_never_dropped():
    progress, steps = throttled()
    progress.step(0.10, "Reading")
    progress.step(0.11, "Reading")
    progress.step(0.12, "Resampling")
    progress.step(1.0, "Resampling")
    assert steps == [(0.10, "Reading"), (0.12, "Resampling"), (1.0, "Resampling")]


def test_fractions_beyond_the_scale_are_clipped():
    progress, steps = throttled()
    progress.step(-0.5, "below")
    progress.step(1.5, "above")
    assert [fraction for fraction, _ in steps] == [0.0, 1.0]


def test_every_step_asks_whether_to_stop_even_when_it_is_not_reported():
    answers = iter([False, False, True])
    progress, steps = throttled(lambda: next(answers))
    progress.step(0.1, "Reading")
    progress.step(0.2, "Reading")
    with pytest.raises(Cancelled):
        progress.step(0.3, "Reading")
    assert len(steps) == 1


def test_silence_never_stops_anything():
    assert Silent().step(0.5, "anything") is None
