"""What calcium mode holds: the scan made ready, the reading, and what the hand is about to do."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from core.calcium.categories import VisualGrade
from core.calcium.clinical import calcium_values
from core.calcium.lesion import Voxels
from core.calcium.patch import PatchScore
from core.calcium.protocol import Check, category_first
from core.calcium.reading import Reading
from core.calcium.scores import CalciumScore, Vessel
from core.calcium.second_reader import LeftOver, left_over
from core.calcium.thin_slices import Grouping, grouping_in
from core.calcium.uncertainty import Uncertainty
from core.volume import Mask
from viewer.view_state import Point

if TYPE_CHECKING:
    from core.calcium_case import CalciumCase


class Tool(StrEnum):
    """What a drag in the axial view does."""

    CLICK = "click"
    LASSO = "lasso"
    CUT = "cut"
    BOX = "box"


class Meant(StrEnum):
    """What lies under the cursor."""

    CANDIDATE = "candidate"
    MARKED = "marked"
    BONE = "bone"


@dataclass(frozen=True, eq=False)
class Hover:
    """What a click would take.

    Attributes:
        meant: A candidate, a lesion that is marked, or bone, which no click takes.
        point_mm: In it, LPS.
        voxels: Of it in the slice in view.
        words: The chip beside it.
        vessel: Of a lesion that is marked; None otherwise.
    """

    meant: Meant
    point_mm: Point
    voxels: Voxels
    words: str
    vessel: Vessel | None = None


@dataclass(frozen=True)
class Spread:
    """What is worked out in the background after each edit.

    Attributes:
        uncertainty: Of the total.
        thick_agatston: Total on averages of about 3 mm; None where the slices are not thin.
        thick_increment_mm: Distance of those averages.
    """

    uncertainty: Uncertainty
    thick_agatston: float | None = None
    thick_increment_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class CalciumState:
    """One consistent picture of calcium mode.

    Attributes:
        active: False after leaving the mode: the edits are kept.
        case: The scan made ready; None while that is going on.
        reading: The edits and what they mark; None where no score may be given.
        refusal: The check that forbids a score.
        vessel: To which the next click adds.
        tool: What a drag does.
        hovered: What lies under the cursor.
        kept_edits: Edits on disk that wait for "restore" or "begin anew".
        spread: Of this reading; None until it is worked out.
        patch: Patch score at the last click.
        box: Heart region that the reader drew where none was found; None without.
        averages: Thin slices are shown as averages of about 3 mm; scored is on the slices.
        note: What there is to say of the last gesture: why a growth was stopped, or nothing met.
    """

    active: bool = True
    case: "CalciumCase | None" = None
    reading: Reading | None = None
    refusal: Check | None = None
    vessel: Vessel = Vessel.LAD
    tool: Tool = Tool.CLICK
    hovered: Hover | None = None
    kept_edits: int = 0
    spread: Spread | None = None
    patch: PatchScore | None = None
    box: Mask | None = None
    averages: bool = True
    note: str = ""

    @property
    def may_draw_box(self) -> bool:
        """True where no heart region was found: the reader may draw one, and another one."""
        if self.case is None or self.reading is None:
            return False
        return self.case.heart is None or self.box is not None

    @cached_property
    def grouping(self) -> Grouping | None:
        """How averages of about 3 mm are made; None where the slices are not thin."""
        if self.case is None:
            return None
        made = grouping_in(self.case.volume, self.case.thickness_mm)
        return made if made.averages else None

    @property
    def slices_together(self) -> int:
        """Axial slices that are shown as one."""
        if not self.active or not self.averages or self.grouping is None:
            return 1
        return self.grouping.together

    @cached_property
    def score(self) -> CalciumScore | None:
        """Of what is marked."""
        return None if self.reading is None else self.reading.score()

    @cached_property
    def left_over(self) -> tuple[LeftOver, ...]:
        """Candidates of the heart region that nobody marked, the largest first."""
        if self.case is None or self.reading is None:
            return ()
        return left_over(self.case.in_heart, self.reading.marks)

    @property
    def gating(self) -> Check | None:
        """The check for which the category comes before the points; None for a gated scan."""
        return None if self.case is None else category_first(self.case.checks)

    @property
    def grade(self) -> VisualGrade | None:
        """The visual grade of the reader."""
        return None if self.reading is None else self.reading.marks.grade

    @property
    def missed_words(self) -> str:
        """How many marks are not in the score by this rule; "" where all are."""
        missed = 0 if self.reading is None else len(self.reading.missed)
        if not missed:
            return ""
        marks = "1 mark meets" if missed == 1 else f"{missed} marks meet"
        return f"{marks} nothing by this rule (kept)."

    def clinical_values(self) -> dict[str, float]:
        """The score as values of a hybrid model that asks for them; a zero must be confirmed."""
        if self.score is None or not self.reading.done:
            return {}
        if self.score.total.agatston == 0 and not self.reading.marks.zero_confirmed_by:
            return {}
        return calcium_values(self.score, self.grade)

    @property
    def may_confirm_zero(self) -> bool:
        """True where nothing coronary is marked and nobody has confirmed that yet."""
        if self.reading is None or self.reading.marks.zero_confirmed_by:
            return False
        return not any(each.vessel.is_coronary for each in self.reading.marks.lesions)


def is_on(state: CalciumState | None) -> bool:
    """True while calcium mode is shown."""
    return state is not None and state.active


def has_marks(state: CalciumState | None) -> bool:
    """True if there is something to save."""
    return state is not None and state.reading is not None and bool(state.reading.done)
