"""Categories of a calcium score. No treatment follows from them here.

Bins 0 / 1-10 / 11-100 / 101-400 / > 400 (Rumberger et al., Mayo Clin Proc 1999;74:243) and CAC-DRS
(Hecht et al., J Cardiovasc Comput Tomogr 2018;12:185): A0 0, A1 1-99, A2 100-299, A3 >= 300, N the
number of vessels with calcium; V0 to V3 is the visual grade for scans that are not gated. The bins
are written for whole numbers; a score between two of them (10.4) belongs to the upper one, and
anything above 0 is not 0.
"""

from enum import IntEnum

BIN_EDGES = (10.0, 100.0, 400.0)
BIN_NAMES = ("0", "1-10", "11-100", "101-400", "> 400")
CAC_DRS_EDGES = (100.0, 300.0)
MOST_VESSELS = 4


class VisualGrade(IntEnum):
    """How much calcium a reader sees: V0 to V3 of CAC-DRS."""

    NONE = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3

    @property
    def words(self) -> str:
        """For the panel and the report."""
        return self.name.lower()


def agatston_bin(agatston: float) -> int:
    """0 to 4: the category of a score.

    Raises:
        ValueError: The score is negative or not a number.
    """
    _require_score(agatston)
    return 0 if agatston == 0 else 1 + sum(agatston > edge for edge in BIN_EDGES)


def bin_name(agatston: float) -> str:
    """The category in words, such as "11-100"."""
    return BIN_NAMES[agatston_bin(agatston)]


def cac_drs_grade(agatston: float) -> int:
    """0 to 3, the number after A."""
    _require_score(agatston)
    return 0 if agatston == 0 else 1 + sum(agatston >= edge for edge in CAC_DRS_EDGES)


def cac_drs(agatston: float, vessel_count: int) -> str:
    """Such as "A2/N3"; "A0" without calcium."""
    return _with_vessels(f"A{cac_drs_grade(agatston)}", vessel_count)


def cac_drs_visual(grade: VisualGrade, vessel_count: int) -> str:
    """Such as "V2/N3": for scans that are not gated."""
    return _with_vessels(f"V{int(grade)}", vessel_count)


def corresponding_grade(agatston: float) -> VisualGrade:
    """The visual grade that CAC-DRS puts beside a score: a suggestion, the reader decides."""
    return VisualGrade(cac_drs_grade(agatston))


def _with_vessels(letter: str, vessel_count: int) -> str:
    if not 0 <= vessel_count <= MOST_VESSELS:
        raise ValueError(f"vessel_count must be 0 to {MOST_VESSELS}, {vessel_count=}")
    return f"{letter}/N{vessel_count}" if vessel_count else letter


def _require_score(agatston: float) -> None:
    if not agatston >= 0:
        raise ValueError(f"a score is 0 or more, {agatston=}")
