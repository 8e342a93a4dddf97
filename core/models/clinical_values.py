"""Clinical values of a hybrid model: checked against the card, scaled to 0..1. No torch."""

from collections.abc import Mapping

from core.errors import ModelInputError
from core.models.cards import ClinicalColumn, ModelCard


def scaled(card: ModelCard, clinical: Mapping[str, float]) -> list[float]:
    """Values in the order of the card, each scaled to 0..1 between its minimum and maximum.

    Raises:
        ModelInputError: A value is missing, unknown, not a number or outside its range, or the
            model takes none. Nothing is imputed: a guessed value would give a guessed risk. And
            nothing is passed over: the result would list values that played no part.
    """
    if clinical and not card.clinical:
        raise ModelInputError(
            f"{card.title} reads the scan alone and takes no clinical values; it was given "
            f"{len(clinical)}.",
            "Leave them away, or choose a model that takes them.",
        )
    names = [column.name for column in card.clinical]
    missing = [name for name in names if name not in clinical]
    unknown = sorted(set(clinical) - set(names))
    if missing or unknown:
        found = "; ".join(
            f"{word}: {', '.join(some)}"
            for word, some in (("missing", missing), ("unknown", unknown))
            if some
        )
        raise ModelInputError(
            f"{card.title} needs exactly {len(names)} clinical values; {found}.",
            "Give every value, or choose a model that needs the scan alone.",
        )
    return [_scaled_value(column, clinical[column.name]) for column in card.clinical]


def _scaled_value(column: ClinicalColumn, value: float) -> float:
    fault = column.fault(value)
    if fault:
        raise ModelInputError(
            f"'{column.name}' {fault}.",  # not the value: a cohort's table keeps this remark
            "Correct the value; outside this range the model was never tried.",
        )
    return (value - column.minimum) / (column.maximum - column.minimum)
