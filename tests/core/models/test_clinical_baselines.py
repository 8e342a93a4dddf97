import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from core.errors import CohortError
from core.metrics.classification import auc
from core.models.clinical_baselines import ClinicalTable, fit_clinical
from core.models.clinical_pipeline import ClinicalChoices, ClinicalModel, candidates, preparation

SMALL_GRIDS = {
    ClinicalModel.SVM: {"C": (0.1, 1.0), "gamma": (0.03,)},
    ClinicalModel.GRADIENT_BOOSTING: {"n_estimators": (30,), "max_depth": (1, 2)},
    ClinicalModel.RANDOM_FOREST: {"max_depth": (4,), "min_samples_leaf": (1, 8)},
}


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    monkeypatch.setattr("core.models.clinical_pipeline.IMPORTANCE_TREES", 40)
    monkeypatch.setattr("core.models.clinical_pipeline.FOREST_TREES", 40)


def people(seed, size=240, *, columns=6, signal=1.5):
    """Only the first two columns tell anything."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(size, columns))
    odds = signal * (values[:, 0] + values[:, 1]) - 0.7
    labels = random.random(size) < 1 / (1 + np.exp(-odds))
    names = tuple(f"column_{k}" for k in range(columns))
    return ClinicalTable(values, names, tuple(f"p{k}" for k in range(size))), labels


def fit(model, table, labels, **choices):
    settings = ClinicalChoices(
        **{"features": 3, "inner_folds": 3, "grid": SMALL_GRIDS[model], **choices}
    )
    return fit_clinical(model, table, labels, choices=settings, seed=0)


@pytest.mark.parametrize("model", list(ClinicalModel))
def test_a_known_signal_is_learned_and_found_among_the_features(model):
    table, labels = people(1)
    fitted = fit(model, table, labels)
    assert set(fitted.features[:2]) == {"column_0", "column_1"}
    assert len(fitted.features) == 3
    assert list(fitted.importances.values()) == sorted(fitted.importances.values(), reverse=True)
    assert sum(fitted.importances.values()) == pytest.approx(1)
    fresh, truth = people(2, 600)
    assert auc(truth, fitted.scores(fresh)) > 0.8
    assert fitted.parameters.keys() == SMALL_GRIDS[model].keys()


@pytest.mark.parametrize("model", list(ClinicalModel))
def test_probabilities_rise_with_the_score_and_mean_what_they_say(model):
    table, labels = people(3, 400)
    fitted = fit(model, table, labels)
    fresh, truth = people(4, 2000)
    probability, score = fitted.probabilities(fresh), fitted.scores(fresh)
    assert ((probability > 0) & (probability < 1)).all()
    assert (np.diff(probability[np.argsort(score)]) >= 0).all()
    assert probability.mean() == pytest.approx(truth.mean(), abs=0.05)


@pytest.mark.parametrize("model", list(ClinicalModel))
def test_without_a_signal_the_inner_folds_find_none(model):
    """Choosing features outside the inner folds would find one among 60 columns of noise."""
    table, _ = people(5, 90, columns=60)
    labels = np.random.default_rng(6).random(90) < 0.4
    fitted = fit(model, table, labels, grid={})
    assert fitted.inner_auc < 0.68


@pytest.mark.parametrize("seed", range(4))
def test_a_model_without_a_signal_still_gives_probabilities_that_rise_with_its_score(seed):
    table, _ = people(seed, 90)
    labels = np.random.default_rng(seed + 50).random(90) < 0.4
    fitted = fit(ClinicalModel.SVM, table, labels)
    order = np.argsort(fitted.scores(table))
    assert (np.diff(fitted.probabilities(table)[order]) > 0).all()
    assert fitted.probabilities(table).mean() == pytest.approx(labels.mean(), abs=0.1)


def test_choosing_features_on_all_patients_would_leak_and_shows_what_the_inner_folds_avoid():
    table, _ = people(5, 90, columns=60)
    labels = np.random.default_rng(6).random(90) < 0.4
    forest = RandomForestClassifier(200, random_state=0).fit(table.values, labels)
    best = np.argsort(forest.feature_importances_)[-3:]
    chosen = ClinicalTable(table.values[:, best], ("a", "b", "c"), table.groups)
    leaked = fit(ClinicalModel.RANDOM_FOREST, chosen, labels).inner_auc
    honest = fit(ClinicalModel.RANDOM_FOREST, table, labels).inner_auc
    assert leaked > honest + 0.1


def test_the_same_seed_gives_the_same_scores():
    table, labels = people(7)
    first, again = (fit(ClinicalModel.RANDOM_FOREST, table, labels) for _ in range(2))
    assert np.array_equal(first.scores(table), again.scores(table))


def test_columns_of_times_enter_as_their_principal_component():
    random = np.random.default_rng(8)
    table, _ = people(8, 300)
    time = random.normal(size=300)
    values = np.c_[table.values, 9 * time + random.normal(size=300) / 9, -time]
    names = (*table.names, "years_smoked", "years_quit")
    labels = time + random.normal(size=300) / 2 > 0
    joined = ClinicalTable(values, names, table.groups)
    fitted = fit(ClinicalModel.SVM, joined, labels, time_columns=("years_smoked", "years_quit"))
    assert fitted.features[0] == "times_component_1"
    assert "years_smoked" not in fitted.importances
    assert auc(labels, fitted.scores(joined)) > 0.9
    settings = ClinicalChoices(time_columns=("b", "c"), time_components=5)
    assert candidates(("a", "b", "c", "d"), settings) == (
        "a", "d", "times_component_1", "times_component_2",
    )  # fmt: skip


def test_the_component_is_the_direction_of_greatest_variance():
    values = np.array([[-1.0, -1], [1, 1], [-2, -2], [2, 2], [1, -1], [-1, 1]])
    settings = ClinicalChoices(time_columns=("a", "b"), features=1)
    steps = preparation(("a", "b"), settings, 0)
    found = steps.fit_transform(values, [0, 1, 0, 1, 0, 1])[:, 0]
    expected = values.sum(axis=1)
    assert abs(np.corrcoef(found, expected)[0, 1]) == pytest.approx(1)


def test_a_missing_value_is_refused_or_filled_in_with_the_training_median_and_counted():
    table, labels = people(9)
    values = table.values.copy()
    values[:5, 0] = np.nan
    gapped = ClinicalTable(values, table.names, table.groups)
    with pytest.raises(CohortError, match=r"5 of 1440 are missing: 'column_0' 5\."):
        fit(ClinicalModel.SVM, gapped, labels)
    fitted = fit(ClinicalModel.SVM, gapped, labels, fill_in_medians=True)
    assert fitted.filled_in == 5
    filled = np.where(np.isnan(values), np.nanmedian(values, axis=0), values)
    by_hand = ClinicalTable(filled, table.names, table.groups)
    assert np.allclose(fitted.scores(gapped), fitted.scores(by_hand))
    complete = fit(ClinicalModel.SVM, table, labels)
    with pytest.raises(CohortError, match="Every clinical value is needed"):
        complete.scores(gapped)


def test_scans_of_a_patient_never_lie_on_both_sides_of_an_inner_fold():
    """Each patient's noise is the same in ten scans: seen on both sides it would be learned."""
    random = np.random.default_rng(10)
    values = np.repeat(random.normal(size=(24, 4)), 10, axis=0)
    labels = np.repeat(random.permutation(np.arange(24) % 2 == 0), 10)
    patients = tuple(np.repeat([f"p{k}" for k in range(24)], 10).tolist())
    table = ClinicalTable(values, ("a", "b", "c", "d"), patients)
    apart = fit(ClinicalModel.RANDOM_FOREST, table, labels)
    mixed = ClinicalTable(values, table.names, tuple(f"p{k}" for k in range(240)))
    assert fit(ClinicalModel.RANDOM_FOREST, mixed, labels).inner_auc > 0.99
    assert apart.inner_auc < 0.8


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_columns": ("years",)}, "columns of times years are not among"),
        ({"inner_folds": 200}, "200 inner folds need as many patients of each class"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes, words):
    table, labels = people(11)
    with pytest.raises(CohortError, match=words):
        fit(ClinicalModel.SVM, table, labels, **changes)


def test_an_empty_column_and_columns_in_another_order_are_refused():
    table, labels = people(12)
    values = table.values.copy()
    values[:, 2] = np.nan
    empty = ClinicalTable(values, table.names, table.groups)
    with pytest.raises(CohortError, match="no training patient has a value of column_2"):
        fit(ClinicalModel.SVM, empty, labels, fill_in_medians=True)
    fitted = fit(ClinicalModel.SVM, table, labels)
    turned = ClinicalTable(table.values[:, ::-1], table.names[::-1], table.groups)
    with pytest.raises(CohortError, match="another order"):
        fitted.scores(turned)
