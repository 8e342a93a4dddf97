"""One reading of the calcium of one scan: what was marked, by which edits, with undo and redo.

Window and command line build the same `Reading` from the same edits, and so the same numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from numpy.typing import ArrayLike

from core.calcium.edits import Edit
from core.calcium.lesion import LesionScore, measure
from core.calcium.marking import MarkedLesion, Marks, Scene
from core.calcium.rule import STANDARD, Rule
from core.calcium.scores import CalciumScore, Vessel, added_up
from core.calcium.steady_points import steadied
from core.errors import SeriesError
from core.volume import Mask, Volume

_Known = tuple[tuple[Volume, Rule, float | None], LesionScore | None]
"""What a lesion was measured by, and its score."""

UNMARKED = Marks()


@dataclass(frozen=True, eq=False)
class Reading:
    """A scan with the edits of its reader.

    An edit that meets nothing by the present rule keeps its place among the others: undo takes back
    one by one, and by a rule where it meets something it counts again.

    Attributes:
        volume: Original slices.
        rule: How lesions are found and weighed.
        barrier: Labels > 0 are never entered by a growth (bones); None without.
        calibration_mg_per_mm3_hu: For the mass; None leaves it out.
        bounds: Labels > 0 are the heart with a margin: no growth crosses its edge; None without.
        thickness_mm: Of a slice, as stated; None: not stated, slices then do not overlap.
        done: Every edit with what was marked after it; the same object where it met nothing.
        undone: Edits that were taken back, the newest last.
    """

    volume: Volume
    rule: Rule = STANDARD
    barrier: Mask | None = None
    calibration_mg_per_mm3_hu: float | None = None
    bounds: Mask | None = field(default=None, kw_only=True)
    thickness_mm: float | None = field(default=None, kw_only=True)
    done: tuple[tuple[Edit, Marks], ...] = field(default=())
    undone: tuple[Edit, ...] = field(default=())
    _known: "WeakKeyDictionary[MarkedLesion, _Known]" = field(
        default_factory=WeakKeyDictionary, repr=False
    )

    @property
    def marks(self) -> Marks:
        """What is marked now."""
        return self.done[-1][1] if self.done else UNMARKED

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Every edit that was not taken back, oldest first."""
        return tuple(edit for edit, _ in self.done)

    @property
    def missed(self) -> tuple[Edit, ...]:
        """Those of them that meet nothing by this rule."""
        return tuple(edit for edit, _, met in self._attempts if not met)

    @property
    def _attempts(self) -> tuple[tuple[Edit, Marks, bool], ...]:
        """Every edit, what was marked after it, and whether it met something."""
        before = (UNMARKED, *(marks for _, marks in self.done))
        pairs = zip(self.done, before, strict=False)
        return tuple((edit, marks, marks is not last) for (edit, marks), last in pairs)

    def edited(self, edit: Edit) -> "Reading":
        """The reading after one more edit; what was undone before is gone.

        Raises:
            SeriesError: The edit meets nothing: the reading stays as it was.
        """
        marks = self._scene.applied(edit, self.marks)
        return replace(self, done=(*self.done, (edit, marks)), undone=())

    def before(self) -> "Reading":
        """The reading without its last edit; itself if there is none."""
        if not self.done:
            return self
        last, _ = self.done[-1]
        return replace(self, done=self.done[:-1], undone=(*self.undone, last))

    def again(self) -> "Reading":
        """The reading with the edit that was undone last; itself if there is none."""
        if not self.undone:
            return self
        return replace(self._attempted(self.undone[-1]), undone=self.undone[:-1])

    def replayed(self, *, volume: Volume | None = None, rule: Rule | None = None) -> "Reading":
        """The same history on another reconstruction or by another rule.

        On another reconstruction the points of clicks are moved to where the lesions are brightest:
        the tip that was clicked may drown there; what meets nothing here is left out.
        """
        empty = replace(
            self,
            volume=volume or self.volume,
            rule=rule or self.rule,
            done=(),
            undone=(),
            _known=WeakKeyDictionary(),
        )
        edits = self.edits
        if volume is not None:
            met = [(edit, marks) for edit, marks, has_met in self._attempts if has_met]
            edits = steadied(met, self._scene)
        return empty.with_history(edits, self.undone)

    def with_history(self, done: Iterable[Edit], undone: Iterable[Edit]) -> "Reading":
        """The reading after more edits, and with edits that were taken back, the newest last."""
        return replace(self.with_edits(done)[0], undone=tuple(undone))

    def with_edits(self, edits: Iterable[Edit]) -> "tuple[Reading, tuple[Edit, ...]]":
        """The reading after more edits, and those of them that met nothing but keep a place."""
        reading, missed = self, []
        for edit in edits:
            before, reading = reading, reading._attempted(edit)
            if reading.marks is before.marks:
                missed.append(edit)
        return reading, tuple(missed)

    def _attempted(self, edit: Edit) -> "Reading":
        try:
            return self.edited(edit)
        except SeriesError:
            return replace(self, done=(*self.done, (edit, self.marks)), undone=())

    def score(self) -> CalciumScore:
        """Scores by vessel of what is marked."""
        measured = {
            vessel: [self.measured(each) for each in self.marks.lesions if each.vessel is vessel]
            for vessel in Vessel
        }
        increment_mm = self.volume.geometry.spacing_mm[0]
        return added_up(measured, self.rule, increment_mm, self.calibration_mg_per_mm3_hu)

    def measured(self, lesion: MarkedLesion) -> LesionScore | None:
        """Score of one lesion, remembered: an edit measures only what it changes."""
        by = (self.volume, self.rule, self.calibration_mg_per_mm3_hu)
        known = self._known.get(lesion)
        if known is None or known[0] != by:
            known = (by, measure(self.volume, lesion.voxels, self.rule, by[2]))
            self._known[lesion] = known
        return known[1]

    def lesion_at(self, point_mm: ArrayLike) -> int | None:
        """Index of the marked lesion at a point, within 2 mm."""
        return self._scene.lesion_at(point_mm, self.marks)

    @property
    def _scene(self) -> Scene:
        return Scene(self.volume, self.rule, self.barrier, self.bounds)
