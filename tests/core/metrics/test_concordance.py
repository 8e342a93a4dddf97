import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_gbsg2, load_rossi
from lifelines.utils import concordance_index

from core.metrics.classification import auc
from core.metrics.concordance import harrell_c, harrell_c_interval, uno_c, uno_c_interval


def survivors(seed, size=150, *, rounded=False):
    """Exponential deaths whose hazard is exp(risk), censored at random."""
    random = np.random.default_rng(seed)
    risk = random.normal(size=size)
    death, end = random.exponential(np.exp(-risk)), random.exponential(2.0, size)
    event, time = death <= end, np.minimum(death, end)
    return (event, np.ceil(time * 5), np.round(risk, 1)) if rounded else (event, time, risk)


@pytest.fixture(scope="module")
def rossi():
    table = load_rossi()
    fitted = CoxPHFitter().fit(table, "week", "arrest")
    return (
        table["arrest"].to_numpy(bool),
        table["week"].to_numpy(float),
        fitted.predict_partial_hazard(table).to_numpy(),
    )


def test_cox_on_the_rossi_table_gives_the_published_concordance(rossi):
    assert harrell_c(*rossi) == pytest.approx(0.6403292471, abs=1e-9)


def test_cox_on_the_gbsg2_table_gives_the_concordances_of_scikit_survival():
    """Every column but the tumour's grade; the values are scikit-survival's."""
    table = pd.get_dummies(
        load_gbsg2().drop(columns="tgrade"), columns=["horTh", "menostat"], drop_first=True
    ).astype(float)
    risk = CoxPHFitter().fit(table, "time", "cens").predict_log_partial_hazard(table)
    outcome = (table["cens"] > 0, table["time"], risk)
    assert harrell_c(*outcome) == pytest.approx(0.686636, abs=5e-7)
    assert uno_c(*outcome, until_years=2000) == pytest.approx(0.671134, abs=5e-7)


def test_unos_concordance_is_harrells_where_nobody_is_censored():
    event, time, risk = survivors(6)
    everyone = np.ones_like(event)
    assert uno_c(everyone, time, risk, until_years=1e9) == harrell_c(everyone, time, risk)
    assert uno_c(event, time, risk, until_years=1.0) != harrell_c(event, time, risk)


def test_unos_concordance_hangs_less_on_censoring_than_harrells():
    """With heavy early censoring of hazards that change, only Uno's stays near the truth."""
    random = np.random.default_rng(7)
    risk = np.where(random.random(4000) < 0.5, 1.0, 0.0)
    # High risk dies early or, once past that, as late as the others.
    early = (risk > 0) & (random.random(4000) < 0.4)
    death = np.where(early, random.uniform(0, 1, 4000), 1 + random.exponential(3, 4000))
    everyone = np.ones(4000, dtype=bool)
    truth = uno_c(everyone, death, risk, until_years=4)
    end = random.uniform(0, 5, 4000)
    outcome = (death <= end, np.minimum(death, end), risk)
    assert abs(uno_c(*outcome, until_years=4) - truth) < 0.02
    assert abs(harrell_c(*outcome) - truth) > 0.05


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_concordance_equals_that_of_lifelines_ties_included(seed, rounded):
    event, time, risk = survivors(seed, 700, rounded=rounded)
    assert harrell_c(event, time, risk) == pytest.approx(concordance_index(time, -risk, event))


@pytest.mark.parametrize(
    ("event", "time", "risk", "expected"),
    [
        ([1, 1], [1, 2], [2, 1], 1.0),
        ([1, 1], [1, 2], [1, 2], 0.0),
        ([1, 1], [1, 2], [1, 1], 0.5),
        ([1, 0], [1, 1], [2, 1], 1.0),  # censored at the same time: lived longer
        ([1, 1, 0], [1, 1, 2], [3, 1, 2], 0.5),  # two deaths at one time: not compared
        ([1, 0, 1], [2, 1, 3], [9, 0, 1], 1.0),  # censored before: not compared
    ],
)
def test_the_rules_for_ties_and_censoring(event, time, risk, expected):
    assert harrell_c(event, time, risk) == expected


def test_with_all_deaths_at_one_time_the_concordance_is_the_area_under_the_roc_curve():
    random = np.random.default_rng(4)
    died, risk = random.random(300) < 0.3, random.normal(size=300)
    assert harrell_c(died, np.where(died, 1.0, 2.0), risk) == pytest.approx(auc(died, risk))


def test_the_bootstrap_interval_equals_one_made_of_resampled_people():
    event, time, risk = survivors(1)
    found = harrell_c_interval(event, time, risk, resamples=300, seed=5)
    assert found.value == harrell_c(event, time, risk)
    random = np.random.default_rng(77)
    drawn = []
    for _ in range(300):
        some = random.integers(0, event.size, event.size)
        drawn.append(harrell_c(event[some], time[some], risk[some]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.015)
    assert found.high == pytest.approx(high, abs=0.015)


def test_the_bootstrap_interval_of_unos_equals_one_made_of_resampled_people():
    event, time, risk = survivors(1, rounded=True)
    found = uno_c_interval(event, time, risk, until_years=5, resamples=300, seed=5)
    assert found.value == uno_c(event, time, risk, until_years=5)
    random = np.random.default_rng(77)
    drawn = []
    for _ in range(300):
        some = random.integers(0, event.size, event.size)
        drawn.append(uno_c(event[some], time[some], risk[some], until_years=5))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.015)
    assert found.high == pytest.approx(high, abs=0.015)
    everyone = np.ones_like(event)
    assert uno_c_interval(everyone, time, risk, until_years=1e9, resamples=50) == (
        harrell_c_interval(everyone, time, risk, resamples=50)
    )


def test_an_interval_of_unos_has_no_ends_where_resamples_end_before_the_deaths_do():
    """The only one censored late must be in a resample, or nobody says how likely that was."""
    event, time = np.array([1, 1, 1, 0, 0, 0]), np.array([1, 2, 3, 3, 3, 9])
    found = uno_c_interval(event, time, [6, 4, 5, 2, 3, 1], until_years=4, resamples=200)
    assert found.value == pytest.approx(uno_c(event, time, [6, 4, 5, 2, 3, 1], until_years=4))
    assert np.isnan([found.low, found.high]).all()


def test_the_interval_is_the_same_for_the_same_seed_and_wider_for_fewer_people():
    few, many = survivors(2, 60), survivors(2, 600)
    narrow, wide = harrell_c_interval(*many, resamples=200), harrell_c_interval(*few, resamples=200)
    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert harrell_c_interval(*few, resamples=200) == wide


def test_scans_that_repeat_a_patient_do_not_narrow_the_interval():
    event, time, risk = (np.tile(each, 2) for each in survivors(3))
    names = np.tile(np.arange(150), 2)
    naive = harrell_c_interval(event, time, risk, resamples=400)
    by_patient = harrell_c_interval(event, time, risk, patients=names, resamples=400)
    assert by_patient.value == naive.value
    assert by_patient.high - by_patient.low > 1.2 * (naive.high - naive.low)


def test_people_of_whom_none_can_be_compared_are_refused():
    with pytest.raises(ValueError, match="no two people"):
        harrell_c([0, 0], [1, 2], [1, 2])
    with pytest.raises(ValueError, match="finite"):
        harrell_c([1, 0], [1, 2], [1, np.nan])
    with pytest.raises(ValueError, match="one event, time and risk"):
        harrell_c([1, 0], [1, 2], [1])
