"""What a point of the axial view means: a candidate, a marked lesion, bone, or nothing."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.calcium.candidates import Candidates
from core.calcium.edits import AddLesion
from core.calcium.growth import SNAP_MM
from core.calcium.lesion import Voxels, measure
from core.calcium.marking import MarkedLesion
from core.calcium.reading import Reading
from core.calcium.within import is_inside
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from viewer.axial_averages import averaged_around
from viewer.calcium.state import CalciumState, Hover, Meant
from viewer.view_state import Point

Labels = NDArray[np.int32]
BONE_WORDS = "bone: not scored"


@dataclass(frozen=True)
class Target:
    """The pixel that a click means.

    Attributes:
        point_mm: The click itself, or the middle of the pixel nearest to it.
        voxel: (slice, row, column).
        lesion: Index of the marked lesion there; None for a candidate.
    """

    point_mm: Point
    voxel: tuple[int, int, int]
    lesion: int | None


class Finder:
    """Finds targets, and keeps the slices that were looked at last."""

    def __init__(self) -> None:
        self._candidates: Candidates | None = None
        self._reading: Reading | None = None
        self._block = range(0)
        self._parts: dict[int, Labels] = {}
        self._marked: dict[int, Labels] = {}

    def forget(self) -> None:
        """Let go of everything that belongs to a series."""
        self.__init__()

    def target(self, state: CalciumState, point_mm: Point) -> Target | None:
        """What a click at a point of its slice means, within 2 mm; None: nothing.

        Where several slices are shown as one, of what they hold at the place: the nearest, and of
        what is as near the densest.
        """
        if state.case is None or state.reading is None:
            return None
        geometry = state.case.volume.geometry
        pixel = np.rint(geometry.to_index(point_mm)).astype(int)
        if np.any(pixel < 0) or np.any(pixel >= geometry.shape):
            return None
        block = averaged_around(int(pixel[0]), state.slices_together, geometry.shape[0])
        self._look_at(state.case.candidates, state.reading, block)
        found = []
        for index in block:
            held = (self._parts[index] > 0) | (self._marked[index] > 0)
            nearest = _nearest(held, pixel[1:], geometry.spacing_mm[1:])
            if nearest is not None:
                apart_mm, row, column = nearest
                hu = int(state.case.volume.hu[index, row, column])
                found.append((apart_mm, -hu, (index, row, column)))
        return self._target(geometry, point_mm, min(found)) if found else None

    def _target(
        self,
        geometry: VolumeGeometry,
        point_mm: Point,
        found: tuple[float, int, tuple[int, int, int]],
    ) -> Target:
        apart_mm, _, voxel = found
        number = int(self._marked[voxel[0]][voxel[1:]])
        x, y, z = geometry.to_patient(voxel)
        at_mm = (float(x), float(y), float(z))
        clicked = np.rint(geometry.to_index(point_mm)).astype(int)
        is_exact = apart_mm == 0 and clicked[0] == voxel[0]
        return Target(point_mm if is_exact else at_mm, voxel, number - 1 if number else None)

    def _look_at(self, candidates: Candidates, reading: Reading, block: range) -> None:
        """Parts and marked lesions of axial slices, each counted from 1."""
        same_slices = self._candidates is candidates and self._block == block
        if not same_slices:
            self._parts = {index: candidates.part_image(index) for index in block}
        if not same_slices or self._reading is not reading:
            self._marked = {index: np.zeros_like(self._parts[index]) for index in block}
            for number, lesion in enumerate(reading.marks.lesions, start=1):
                for index in block:
                    held = lesion.voxels[lesion.voxels[:, 0] == index]
                    self._marked[index][held[:, 1], held[:, 2]] = number
        self._candidates, self._reading, self._block = candidates, reading, block


def _nearest(
    labelled: NDArray[np.bool_], pixel: NDArray[np.int64], pixel_mm: tuple[float, ...]
) -> tuple[float, int, int] | None:
    """Distance (mm), row and column of the labelled pixel nearest to one, within `SNAP_MM`."""
    reach = [int(SNAP_MM / each) for each in pixel_mm]
    low = [max(int(k) - r, 0) for k, r in zip(pixel, reach, strict=True)]
    window = labelled[
        low[0] : int(pixel[0]) + reach[0] + 1,
        low[1] : int(pixel[1]) + reach[1] + 1,
    ]
    places = np.argwhere(window) + low
    if not len(places):
        return None
    apart_mm = np.hypot(*((places - pixel) * pixel_mm).T)
    first = int(apart_mm.argmin())
    if apart_mm[first] > SNAP_MM:
        return None
    return float(apart_mm[first]), int(places[first, 0]), int(places[first, 1])


def hover_of(state: CalciumState, target: Target) -> Hover:
    """What is shown of a target: for a candidate exactly what a click would add."""
    case, reading = state.case, state.reading
    if target.lesion is not None:
        lesion = reading.marks.lesions[target.lesion]
        marked = _hover(Meant.MARKED, target, lesion.voxels, _marked_words(reading, lesion))
        return replace(marked, vessel=lesion.vessel)
    if is_inside(np.array([target.voxel]), case.volume.geometry, case.barrier)[0]:
        return _hover(Meant.BONE, target, np.array([target.voxel], np.int32), BONE_WORDS)
    try:
        after = reading.edited(AddLesion(target.point_mm, state.vessel))
    except SeriesError:
        return _hover(Meant.BONE, target, np.array([target.voxel], np.int32), BONE_WORDS)
    added = after.marks.lesions[-1]
    return _hover(Meant.CANDIDATE, target, added.voxels, _candidate_words(reading, added, target))


def _hover(meant: Meant, target: Target, voxels: Voxels, words: str) -> Hover:
    return Hover(meant, target.point_mm, voxels[voxels[:, 0] == target.voxel[0]], words)


def _candidate_words(reading: Reading, added: MarkedLesion, target: Target) -> str:
    """Such as "LAD? 3.1 mm² · max 412 HU · +12.4", and why the growth was stopped below."""
    whole = reading.measured(added)
    here = added.voxels[added.voxels[:, 0] == target.voxel[0]]
    part = measure(reading.volume, here, reading.rule)
    if whole is None:
        return f"{added.vessel.value}? +0.0"
    area = "" if part is None else f"{part.area_mm2:.1f} mm² · "
    words = f"{added.vessel.value}? {area}max {whole.max_hu} HU · +{whole.agatston:.1f}"
    return f"{words}\n{added.words}" if added.words else words


def _marked_words(reading: Reading, lesion: MarkedLesion) -> str:
    found = reading.measured(lesion)
    if found is None:
        return lesion.vessel.value
    words = f"{lesion.vessel.value} {found.agatston:.1f} · max {found.max_hu} HU"
    return f"{words}\n{lesion.words}" if lesion.words else words


def point_of(geometry: VolumeGeometry, lesion: MarkedLesion) -> Point:
    """A voxel in the middle slice of a lesion: where to look, and certainly inside it."""
    voxel = lesion.voxels[len(lesion.voxels) // 2]
    x, y, z = geometry.to_patient(voxel)
    return float(x), float(y), float(z)
