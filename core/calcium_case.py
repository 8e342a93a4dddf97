"""A scan made ready for its calcium reading: the same for the window and the command line.

Slices are the original ones; regions come from the organs of the scan. Where no lungs are found (a
scan of the heart alone), there is no heart region: all candidates are alike, and what is too large
for calcium is taken for bone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from core.calcium.aorta import BloodPool, blood_pool
from core.calcium.candidates import Candidates, find_candidates
from core.calcium.lesion import Voxels
from core.calcium.protocol import Acquisition, Check, preflight
from core.calcium.reading import Reading
from core.calcium.rule import STANDARD, Rule
from core.calcium.within import candidates_within
from core.data.gating import is_gated
from core.data.kernels import is_sharp
from core.data.series import SeriesRecord
from core.errors import ModelInputError
from core.geometry import VolumeGeometry
from core.preprocessing.chest_landmarks import joint_hull
from core.preprocessing.lung_mask import find_lungs
from core.preprocessing.organ_regions import Organ, organ_regions
from core.preprocessing.reorient import reorient
from core.preprocessing.solids import box_of, widened
from core.progress import Progress, Silent, Span
from core.volume import Mask, Volume
from core.voxel_runs import voxels_of

HEART_MARGIN_MM = 15.0
"""Coronary arteries run in the fat on the heart: the region is this much wider than the heart."""
EDGE_MARGIN_MM = 5.0
"""A part of a slice that lies wholly this far outside the heart region is not of the heart."""
NEVER_HEART = (Organ.RIGHT_LUNG, Organ.LEFT_LUNG, Organ.OUTSIDE)
CHEST_ORGANS = (Organ.RIGHT_LUNG, Organ.LEFT_LUNG, Organ.HEART, Organ.GREAT_VESSELS)
BONES = (Organ.VERTEBRAE, Organ.RIBS)
BONE_FROM_MM3 = 5000.0
"""Larger than any calcified plaque or valve: taken for bone where no regions are known."""


@dataclass(frozen=True, eq=False)
class CalciumCase:
    """What a calcium reading starts from.

    Attributes:
        volume: Original slices, reoriented; never resampled.
        candidates: Of the whole scan.
        in_heart: Of the heart region; the same as `candidates` where there is none.
        heart: 1 on the heart and in the fat round it, within the chest wall; None where it was not
            found.
        bounds: The heart region and 5 mm more, whose edge no growth crosses; None as `heart`.
        barrier: 1 in bone, which no growth enters.
        blood: Density and noise in the great vessels; None where they were not found.
        checks: The pre-flight card.
        thickness_mm: Of a slice, as the headers state it; None where they do not.
    """

    volume: Volume
    candidates: Candidates
    in_heart: Candidates
    heart: Mask | None
    bounds: Mask | None
    barrier: Mask
    blood: BloodPool | None
    checks: tuple[Check, ...]
    thickness_mm: float | None = None

    def reading(self, rule: Rule = STANDARD, calibration: float | None = None) -> Reading:
        """A reading without edits.

        Args:
            rule: How lesions are found and weighed.
            calibration: Mass per mm3 and HU; None leaves the mass out.
        """
        return Reading(
            self.volume,
            rule,
            self.barrier,
            calibration,
            bounds=self.bounds,
            thickness_mm=self.thickness_mm,
        )


def open_case(
    record: SeriesRecord,
    stored: Volume,
    *,
    rule: Rule = STANDARD,
    regions: Mask | None = None,
    progress: Progress = Silent(),
) -> CalciumCase:
    """Make a scan ready.

    Args:
        record: Headers of the series.
        stored: Its volume, as read or reoriented.
        rule: By which candidates are found.
        regions: Labels of `Organ` if they are known already; else they are sought.
        progress: Told of every step; may cancel.

    Raises:
        SeriesError: The slices are not axial or not complete.
    """
    volume = reorient(stored)
    candidates = find_candidates(volume, rule, Span(progress, 0.0, 0.2))
    if regions is None:
        regions = _regions(volume, Span(progress, 0.2, 0.9))
    progress.step(0.9, "Checking how the scan was made")
    if regions is None:
        barrier, heart, blood = _bones_by_size(candidates), None, None
    else:
        barrier = _chosen(regions, *BONES)
        heart = _heart(regions)
        blood = blood_pool(volume, _chosen(regions, Organ.GREAT_VESSELS))
    acquisition = _acquisition(record, volume)
    progress.step(1.0, "Ready for calcium")
    return CalciumCase(
        volume=volume,
        candidates=candidates,
        in_heart=candidates if heart is None else candidates_within(candidates, volume, heart),
        heart=heart,
        bounds=None if heart is None else _wider(heart, EDGE_MARGIN_MM),
        barrier=barrier,
        blood=blood,
        checks=preflight(acquisition, blood),
        thickness_mm=acquisition.thickness_mm,
    )


def _regions(volume: Volume, progress: Progress) -> Mask | None:
    try:
        lungs = find_lungs(volume, progress)
    except ModelInputError:  # a scan of the heart alone shows no whole lung
        return None
    return organ_regions(volume, lungs)


def _chosen(regions: Mask, *organs: Organ) -> Mask:
    return Mask(_is_one_of(regions.labels, organs).view(np.uint8), regions.geometry)


def _is_one_of(labels: NDArray[np.uint8], organs: Sequence[Organ]) -> NDArray[np.bool_]:
    known = np.zeros(np.iinfo(np.uint8).max + 1, dtype=np.bool_)
    known[list(organs)] = True
    return known[labels]


def _heart(regions: Mask) -> Mask | None:
    """The region on its own smaller grid, with room for the margin of its edge."""
    heart = _is_one_of(regions.labels, (Organ.HEART,))
    if not heart.any():
        return None
    margin, room = (_blocks(regions, each) for each in (HEART_MARGIN_MM, EDGE_MARGIN_MM))
    spacing_mm = regions.geometry.spacing_mm
    box = widened(box_of(heart), (margin + room + 1) * max(spacing_mm), spacing_mm, heart.shape)
    labels = regions.labels[box]
    inside = binary_dilation(heart[box], iterations=margin)
    inside &= _within_chest_wall(regions.labels[box[0]], box[1:])
    inside &= ~_is_one_of(labels, NEVER_HEART)
    inside &= ~binary_dilation(_is_one_of(labels, BONES))  # with the edge of the breastbone
    affine = np.array(regions.geometry.affine)
    affine[:3, 3] = regions.geometry.to_patient([each.start for each in box])
    frame = regions.geometry.frame_of_reference_uid
    return Mask(inside.view(np.uint8), VolumeGeometry(labels.shape, affine, frame))


def _within_chest_wall(
    labels: NDArray[np.uint8], in_plane: tuple[slice, slice]
) -> NDArray[np.bool_]:
    """The hull of lungs, heart and great vessels in whole slices, and the block round it.

    Calcified rib cartilage lies as near to the heart as a coronary artery, but outside of it.
    """
    hull = joint_hull(_is_one_of(labels, CHEST_ORGANS))[:, *in_plane]
    wider: NDArray[np.bool_] = binary_dilation(hull)
    return wider


def _wider(mask: Mask, margin_mm: float) -> Mask:
    wide = binary_dilation(mask.labels, iterations=_blocks(mask, margin_mm))
    return Mask(wide.view(np.uint8), mask.geometry)


def _blocks(mask: Mask, margin_mm: float) -> int:
    """Blocks of a mask that make up a margin, at least one."""
    return max(round(margin_mm / min(mask.geometry.spacing_mm)), 1)


def _bones_by_size(candidates: Candidates) -> Mask:
    large = candidates.volume_mm3 >= BONE_FROM_MM3
    of_run = candidates.lesion_of_part[candidates.parts.of_run]
    voxels: Voxels = voxels_of(candidates.runs.kept(large[of_run]))
    labels = np.zeros(candidates.geometry.shape, dtype=np.uint8)
    labels[tuple(voxels.T)] = 1
    return Mask(labels, candidates.geometry)


def _acquisition(record: SeriesRecord, volume: Volume) -> Acquisition:
    stated_mm = max((each.thickness_mm or 0.0 for each in record.slices), default=0.0)
    return Acquisition(
        kvp=record.kvp,
        kernel=record.kernel,
        has_sharp_kernel=is_sharp(record.kernel),
        thickness_mm=stated_mm or None,
        increment_mm=volume.geometry.spacing_mm[0],
        is_gated=is_gated(record),
        contrast_agent=record.contrast_agent,
    )
