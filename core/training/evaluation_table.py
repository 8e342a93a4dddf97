"""The table of a study as Markdown, CSV and JSON: every number with its interval."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from math import isfinite
from typing import Any

from core.metrics.decision_intervals import NAMES
from core.metrics.intervals import Interval
from core.prognosis import RESEARCH_USE_ONLY
from core.training.evaluate import EvaluatedModel, Evaluation
from core.training.model_evaluation import PartsResult

NONE = "–"
SHOWN = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "f1": "F1",
    "matthews": "MCC",
}
"""Of `NAMES`, those of the published table; the files hold all."""

UNO = (
    " Uno's C weighs deaths up to the score's horizon so that it does not hang on the censoring; "
    "the C-index is Harrell's."
)

FOLDS_PART, TEST_PART = "folds", "test"


def markdown(evaluation: Evaluation) -> str:
    """Tables of the cross-validation and of the test set, and how the numbers were made."""
    blocks = [*_folds_block(evaluation), *_test_block(evaluation), *_difference_block(evaluation)]
    blocks += [f"- {note}" for note in evaluation.notes]
    return "\n".join([*blocks, _legend(evaluation), "", RESEARCH_USE_ONLY, ""])


def _folds_block(evaluation: Evaluation) -> list[str]:
    rows = [(model, model.folds) for model in evaluation.models if model.folds is not None]
    if not rows:
        return []
    first = rows[0][1]
    level = f"{evaluation.choices.level:.0%}".replace("%", " %")
    lines = [
        f"Cross-validation: {len(first.fold_aucs)} folds, {first.scans} scans, {first.deaths} "
        "deaths.",
        "",
        _row(["model", "AUC, mean ± SD over folds", f"{level} interval", *SHOWN.values(), "AP"]),
        _row(["---"] * (4 + len(SHOWN))),
    ]
    for model, result in rows:
        area = f"{_number(result.auc.value)} ± {_number(result.auc_deviation)}"
        cells = [_title(model), area, _ends(result.auc), *_decisions(result)]
        lines.append(_row([*cells, _number(result.average_precision)]))
    return [*lines, ""]


def _test_block(evaluation: Evaluation) -> list[str]:
    rows = [(model, model.test) for model in evaluation.models if model.test is not None]
    if not rows:
        return []
    first = rows[0][1]
    has_oracle = any(model.share_auc is not None for model, _ in rows)
    ways = ["way to the oracle's AUC", "way to the oracle's C"] if has_oracle else []
    uno = ["Uno's C"] if any(model.uno is not None for model, _ in rows) else []
    head = ["model", "AUC", *ways[:1], "C-index", *uno, *ways[1:], *SHOWN.values(), "Brier"]
    lines = [
        f"Test set: {first.scans} scans, {first.deaths} deaths.",
        "",
        _row(head),
        _row(["---"] * len(head)),
    ]
    for model, result in rows:
        cells = [_title(model), _with_ends(result.auc)]
        shares = [_with_ends(model.share_auc, percent=True)] if has_oracle else []
        cells += [
            *shares,
            _with_ends(result.concordance),
            *([_with_ends(model.uno)] if uno else []),
        ]
        cells += [_with_ends(model.share_concordance, percent=True)] if has_oracle else []
        fit = result.calibration
        brier = NONE if fit is None else f"{fit.brier:.3f} ({fit.brier_after:.3f})"
        lines.append(_row([*cells, *_decisions(result), brier]))
    return [*lines, ""]


def _difference_block(evaluation: Evaluation) -> list[str]:
    reference = evaluation.choices.reference
    lines = []
    for model in evaluation.models:
        if model.difference is not None:
            interval, p = model.difference
            words = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
            lines.append(
                f"- AUC of {model.name} less that of {reference}: {interval.value:+.3f} "
                f"({interval.low:+.3f} to {interval.high:+.3f}), {words}."
            )
    return [*lines, ""] if lines else []


def _legend(evaluation: Evaluation) -> str:
    choices = evaluation.choices
    level = f"{choices.level:.0%}".replace("%", " %")
    if choices.threshold != "youden":
        threshold = f"{choices.threshold:g}"
    elif any(model.folds is not None for model in evaluation.models):
        threshold = "Youden's, chosen on the other folds (test set: on all folds)"
    else:
        threshold = "none, there is no fold to choose it on; `threshold` in [evaluation] sets one"
    return (
        f"{level} intervals in brackets: DeLong for AUC (over folds: LeDell), bootstrap of "
        f"{choices.resamples:,} draws of patients for the rest. Threshold: {threshold}. AP is the "
        "average precision; Brier in brackets after Platt's scaling fitted on the folds."
        f"{UNO if any(model.uno is not None for model in evaluation.models) else ''}"
    )


def _title(model: EvaluatedModel) -> str:
    return f"{model.name}: {model.title}" if model.title else model.name


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _decisions(result: PartsResult) -> list[str]:
    found = result.decisions
    return [_with_ends(found[name].interval) if name in found else NONE for name in SHOWN]


def _number(value: float) -> str:
    return f"{value:.2f}" if isfinite(value) else NONE


def _ends(interval: Interval, *, percent: bool = False) -> str:
    if not isfinite(interval.low):
        return NONE
    if percent:
        return f"{interval.low:.0%} to {interval.high:.0%}".replace("%", " %")
    return f"{interval.low:.2f} to {interval.high:.2f}"


def _with_ends(interval: Interval | None, *, percent: bool = False) -> str:
    if interval is None or not isfinite(interval.value):
        return NONE
    value = f"{interval.value:.0%}".replace("%", " %") if percent else f"{interval.value:.2f}"
    return f"{value} ({_ends(interval, percent=percent)})"


def table_csv(evaluation: Evaluation) -> str:
    """One line for each number: model, part, measure, value, low, high, SD over folds."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "part", "measure", "value", "low", "high", "sd_over_folds"])
    for model in evaluation.models:
        for measures in (_measures(model, FOLDS_PART), _measures(model, TEST_PART)):
            for part, measure, interval, deviation in measures:
                ends = (interval.value, interval.low, interval.high, deviation)
                cells = [repr(each) if isfinite(each) else "" for each in ends]
                writer.writerow([model.name, part, measure, *cells])
    return text.getvalue()


def _measures(model: EvaluatedModel, part: str) -> Iterator[tuple[str, str, Interval, float]]:
    result = model.folds if part == FOLDS_PART else model.test
    if result is None:
        return
    none = float("nan")
    yield part, "auc", result.auc, result.auc_deviation
    plain = Interval(result.average_precision, none, none)
    yield part, "average_precision", plain, none
    for name in NAMES:
        if name in result.decisions:
            found = result.decisions[name]
            yield part, name, found.interval, found.deviation
    if result.concordance is not None:
        yield part, "harrell_c", result.concordance, none
    if part == TEST_PART and model.uno is not None:
        yield part, "uno_c", model.uno, none
    if (part == TEST_PART) == (model.test is not None) and model.share_auc is not None:
        yield part, "share_of_oracle_auc", model.share_auc, none
    if part == TEST_PART and model.share_concordance is not None:
        yield part, "share_of_oracle_c", model.share_concordance, none
    if result.calibration is not None:
        fit = result.calibration
        yield part, "brier", Interval(fit.brier, none, none), none
        yield part, "brier_after_platt", Interval(fit.brier_after, none, none), none
        yield part, "calibration_error", Interval(fit.error, none, none), none
        yield part, "calibration_error_after_platt", Interval(fit.error_after, none, none), none


def document(evaluation: Evaluation) -> dict[str, Any]:
    """Everything as JSON; what has no value is null."""
    return {
        "choices": evaluation.choices.model_dump(mode="json"),
        "notes": list(evaluation.notes),
        "models": [_model_document(model) for model in evaluation.models],
        "research_use_only": RESEARCH_USE_ONLY,
    }


def _model_document(model: EvaluatedModel) -> dict[str, Any]:
    difference = None
    if model.difference is not None:
        difference = {"auc": _plain(asdict(model.difference[0])), "p": model.difference[1]}
    return {
        "name": model.name,
        "title": model.title,
        "score": model.score,
        "folds": None if model.folds is None else _parts_document(model.folds),
        "test": None if model.test is None else _parts_document(model.test),
        "share_of_oracle_auc": _plain(model.share_auc and asdict(model.share_auc)),
        "share_of_oracle_c": _plain(model.share_concordance and asdict(model.share_concordance)),
        "difference_to_reference": difference,
        "uno_c": _plain(model.uno and asdict(model.uno)),
    }


def _parts_document(result: PartsResult) -> dict[str, Any]:
    decisions = {
        name: {**asdict(found.interval), "folds": found.folds, "sd": found.deviation}
        for name, found in result.decisions.items()
    }
    found: dict[str, Any] = _plain(
        {
            "scans": result.scans,
            "deaths": result.deaths,
            "auc": asdict(result.auc),
            "auc_of_folds": result.fold_aucs,
            "auc_sd": result.auc_deviation,
            "average_precision": result.average_precision,
            "thresholds": result.thresholds,
            "decisions": decisions,
            "harrell_c": result.concordance and asdict(result.concordance),
            "calibration": result.calibration and asdict(result.calibration),
        }
    )
    return found


def _plain(value: Any) -> Any:
    """Without nan, which JSON does not know."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value
