"""The score as clinical values of a hybrid model: columns of a card that a reading can fill."""

from core.calcium.categories import VisualGrade, agatston_bin
from core.calcium.scores import CalciumScore

NAMES = (
    "agatston",
    "agatston_category",
    "calcium_volume_mm3",
    "root_calcium_volume",
    "visual_grade",
)


def calcium_values(score: CalciumScore, grade: VisualGrade | None = None) -> dict[str, float]:
    """Values by column name, for the columns of a card that bear one of `NAMES`.

    Args:
        score: Of a reading; the total is that of the coronary vessels.
        grade: What the reader saw; without it there is none: points are not what a reader saw.

    Returns:
        Agatston points, category 0 to 4, volume in mm3 and its square root, visual grade 0 to 3.
    """
    total = score.total
    found = (
        total.agatston,
        agatston_bin(total.agatston),
        total.volume_mm3,
        total.root_volume,
        grade,
    )
    values = zip(NAMES, found, strict=True)
    return {name: float(value) for name, value in values if value is not None}
