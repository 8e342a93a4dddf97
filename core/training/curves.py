"""ROC, precision-recall and calibration of all models of a study, as PNG."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.folds import TEST
from core.metrics.calibration import ReliabilityBin
from core.metrics.classification import precision_recall_curve, roc_curve
from core.training.evaluate import ORACLE, EvaluatedModel, Evaluation
from core.training.model_evaluation import Calibration, PartsResult, sorted_folds
from core.training.scored_parts import ScoredPart
from core.views.lettering import FOLDER as FONTS

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5E4FA2", "#7F7F7F")
"""Okabe & Ito's, told apart by the colour-blind; then two more."""

INK, FAINT = "#1A2028", "#DEE2E6"
CHANCE_STYLE: dict[str, Any] = {
    "color": "#B8C0C9", "linewidth": 1.2, "zorder": 1, "label": "chance",
}  # fmt: skip
PANEL_INCHES = 4.6
MARGIN_INCHES = 0.12
DOTS_PER_INCH = 150
GRID_POINTS = 501

Curve = NDArray[np.float64]
CurveOf = Callable[[ScoredPart, Curve], Curve]


def roc_at(part: ScoredPart, false_rates: Curve) -> Curve:
    """Sensitivity at each false positive rate; between two points as the straight line has it."""
    curve = roc_curve(*part.classified[:2])
    return np.interp(false_rates, curve.false_positive_rate, curve.true_positive_rate)


def precision_at(part: ScoredPart, recalls: Curve) -> Curve:
    """Precision at the first threshold that reaches each recall."""
    curve = precision_recall_curve(*part.classified[:2])
    places = np.searchsorted(curve.recall, recalls - 1e-12)
    found: Curve = curve.precision[np.minimum(places, curve.recall.size - 1)]
    return found


def draw_roc(evaluation: Evaluation) -> bytes:
    """ROC curves: mean over the folds, and the test set."""
    return _draw(
        evaluation,
        roc_at,
        titles=("1 - specificity", "sensitivity"),
        legend=lambda result: f"AUC {result.auc.value:.2f}",
        is_roc=True,
    )


def draw_precision_recall(evaluation: Evaluation) -> bytes:
    """Precision-recall curves: mean over the folds, and the test set."""
    return _draw(
        evaluation,
        precision_at,
        titles=("recall (sensitivity)", "precision"),
        legend=lambda result: f"AP {result.average_precision:.2f}",
        is_roc=False,
    )


@contextmanager
def _lettering() -> Iterator[None]:
    """Inter, as everywhere else in Thoralens."""
    import matplotlib
    from matplotlib import font_manager

    for file in sorted(FONTS.glob("Inter-*.ttf")):
        font_manager.fontManager.addfont(str(file))
    with matplotlib.rc_context({"font.family": "Inter"}):
        yield


def _draw(
    evaluation: Evaluation,
    curve_of: CurveOf,
    *,
    titles: tuple[str, str],
    legend: Callable[[PartsResult], str],
    is_roc: bool,
) -> bytes:
    panels = [
        (title, shown)
        for title, shown in (
            ("Cross-validation, mean of the folds", _over_folds(evaluation)),
            ("Test set", _on_test(evaluation)),
        )
        if shown
    ]
    # A recall of 0 is reached by calling nobody, which has no precision.
    grid = np.linspace(0 if is_roc else 1 / GRID_POINTS, 1, GRID_POINTS)
    with _lettering():
        figure, axes = _figure(len(panels))
        for axis, (title, shown) in zip(axes, panels, strict=True):
            _frame(axis, title, titles)
            _, _, any_result, _ = shown[0]
            level = None if is_roc else any_result.deaths / any_result.scans
            axis.plot([0, 1], [0, 1] if level is None else [level, level], **CHANCE_STYLE)
            for number, model, result, parts in shown:
                mean = np.mean([curve_of(part, grid) for part in parts], axis=0)
                label = f"{model.name}   {legend(result)}"
                axis.plot(grid, mean, label=label, **_style(number, model))
            place = "lower right" if is_roc else "lower left"
            axis.legend(loc=place, frameon=False, fontsize=8)
        return _png(figure)


Shown = tuple[int, EvaluatedModel, PartsResult, list[ScoredPart]]


def _over_folds(evaluation: Evaluation) -> list[Shown]:
    return [
        (number, model, model.folds, [part for _, part in sorted_folds(model.parts)])
        for number, model in enumerate(evaluation.models)
        if model.folds is not None
    ]


def _on_test(evaluation: Evaluation) -> list[Shown]:
    return [
        (number, model, model.test, [model.parts[TEST]])
        for number, model in enumerate(evaluation.models)
        if model.test is not None
    ]


def _style(number: int, model: EvaluatedModel) -> dict[str, Any]:
    if model.name == ORACLE:
        return {"color": INK, "linewidth": 1.4, "linestyle": (0, (4, 2))}
    return {"color": COLOURS[number % len(COLOURS)], "linewidth": 1.8}


def draw_calibration(evaluation: Evaluation) -> bytes | None:
    """Observed against predicted share of deaths in the test set, a panel for each model.

    Returns:
        None where no model gives probabilities of a test set.
    """
    fits = [
        (number, model, model.test.calibration)
        for number, model in enumerate(evaluation.models)
        if model.test is not None and model.test.calibration is not None
    ]
    if not fits:
        return None
    with _lettering():
        figure, axes = _figure(len(fits), most_in_a_row=3)
        for axis, (number, model, fit) in zip(axes, fits, strict=True):
            _frame(axis, model.name, ("predicted probability", "observed share of deaths"))
            axis.plot([0, 1], [0, 1], **CHANCE_STYLE | {"label": "as it should be"})
            _calibration_points(axis, fit, COLOURS[number % len(COLOURS)])
            axis.legend(loc="upper left", frameon=False, fontsize=8)
        return _png(figure)


def _calibration_points(axis: Any, fit: Calibration, colour: str) -> None:
    for bins, face, words in (
        (fit.bins, "white", f"as given, Brier {fit.brier:.3f}"),
        (fit.bins_after, colour, f"after Platt, Brier {fit.brier_after:.3f}"),
    ):
        x, y, errors = _points(bins)
        axis.errorbar(
            x,
            y,
            errors,
            fmt="o",
            color=colour,
            markerfacecolor=face,
            markersize=5,
            elinewidth=0.8,
            label=words,
        )


def _points(bins: Sequence[ReliabilityBin]) -> tuple[list[float], list[float], Curve]:
    x = [each.predicted for each in bins]
    y = [each.observed for each in bins]
    lengths = [
        [max(each.observed - each.low, 0) for each in bins],
        [max(each.high - each.observed, 0) for each in bins],
    ]
    return x, y, np.array(lengths)


def _figure(panels: int, most_in_a_row: int = 2) -> tuple[Any, list[Any]]:
    """A figure of its own, without pyplot: nothing global, no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(panels, most_in_a_row)
    rows = -(-panels // columns)
    size = (PANEL_INCHES * columns, PANEL_INCHES * rows)
    figure = Figure(figsize=size, layout="constrained", dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(panels)]
    return figure, axes


def _frame(axis: Any, title: str, names: tuple[str, str]) -> None:
    axis.set_title(title, loc="left", fontsize=10.5, color=INK)
    axis.set_xlabel(names[0], fontsize=9, color=INK)
    axis.set_ylabel(names[1], fontsize=9, color=INK)
    axis.set_xlim(-0.01, 1.01)
    axis.set_ylim(-0.01, 1.01)
    axis.set_aspect("equal")
    axis.tick_params(labelsize=8, colors=INK)
    axis.grid(color=FAINT, linewidth=0.5)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(
        file,
        format="png",
        bbox_inches="tight",
        pad_inches=MARGIN_INCHES,
        metadata={"Software": None},
    )
    return file.getvalue()
