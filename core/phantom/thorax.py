"""A believable thorax of a subject: body wall, organs, lungs, bones, painted one over the other.

Nobody was ever scanned for it: every shape is a formula, placed by eye beside real scans.
Hounsfield units are those of an unenhanced scan at 120 kV.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry import VolumeGeometry
from core.phantom.abdomen import paint_abdomen
from core.phantom.body import FAT_HU, paint_couch, paint_fat, skin_distance
from core.phantom.cage import Cage, cage_of
from core.phantom.diaphragm import above_diaphragm
from core.phantom.frame import scale
from core.phantom.lungs import paint_lungs
from core.phantom.mediastinum import build_mediastinum, paint_mediastinum
from core.phantom.muscles import muscle_hu, paint_muscles
from core.phantom.shapes import Canvas, Distance, blended, mottle, profile
from core.phantom.skeleton import Skeleton, build_skeleton, paint_skeleton
from core.phantom.subject import Finding, Subject
from core.progress import Progress, Silent, Span

AIR_HU, APEX_Z_MM = -1000.0, 124.0
MOTTLE_HU, MOTTLE_MM = 6.0, 4.0
"""Unevenness of soft tissue: no tissue is as even as paint."""


@dataclass(frozen=True, eq=False)
class Painted:
    """A thorax without noise, before the blur of a scanner.

    Attributes:
        canvas: HU float32 on its grid.
        truth: Where each finding lies, on the canvas's grid; only of findings that the subject has.
    """

    canvas: Canvas
    truth: dict[Finding, NDArray[np.bool_]]


def paint_thorax(
    geometry: VolumeGeometry, subject: Subject, progress: Progress = Silent()
) -> Painted:
    """Paint the whole thorax of a subject; calcium is painted later, on the scan's finer grid.

    Args:
        geometry: Slices to the head, rows to the back, columns to the left; the body's middle lies
            at LPS 0, 0, 0.
        subject: Who is painted: the same subject gives the same thorax.
        progress: Told of each organ; may cancel.

    Returns:
        The canvas and the truth about HEART, VERTEBRAE, MUSCLE and the diseases of the lung.

    Raises:
        ReportError: More fluid is asked for than a pleural cavity can hold.
    """
    canvas = Canvas(geometry, AIR_HU, scale(subject.build))
    progress.step(0.0, "Shaping the body")
    cage = cage_of(subject)
    paint_couch(canvas, subject)
    wall = cage.distance(canvas)
    skin = skin_distance(canvas, wall, subject)
    paint_fat(canvas, skin, subject)
    muscle = paint_muscles(canvas, wall, skin, subject)
    progress.step(0.2, "Shaping heart and vessels")
    organs = build_mediastinum(canvas, subject)
    canvas.paint(wall, FAT_HU)
    bed, front = _spine_bed(canvas, cage), cage.spine_y(canvas.z) + 12
    muscle |= _paint_muscle_beside_spine(canvas, wall, bed, front, muscle_hu(subject))
    above = above_diaphragm(canvas, subject)
    paint_abdomen(canvas, wall, above, subject)
    truth = dict(paint_mediastinum(canvas, organs, subject))
    progress.step(0.4, "Shaping the lungs")
    lung = _lung_distance(canvas, (wall, above, organs.envelope, bed), cage)
    truth |= paint_lungs(canvas, lung, organs, subject, Span(progress, 0.4, 0.8))
    progress.step(0.8, "Shaping bones")
    skeleton = build_skeleton(canvas, cage, subject)
    truth[Finding.VERTEBRAE] = paint_skeleton(canvas, skeleton, subject)
    truth[Finding.MUSCLE] = _spared(muscle, skeleton)
    _mottle_soft_tissue(canvas, subject)
    progress.step(1.0, "Shaping bones")
    return Painted(canvas, truth)


def _mottle_soft_tissue(canvas: Canvas, subject: Subject) -> None:
    """Fat between muscle fibres, vessels in fat: no tissue is as even as paint."""
    uneven = mottle(canvas, subject.random("soft tissue"), MOTTLE_MM)
    for plane, picture in zip(uneven, canvas.hu, strict=True):
        plane *= (picture > -200) & (picture < 120)
        plane *= np.float32(MOTTLE_HU)
        picture += plane


def _spine_bed(canvas: Canvas, cage: Cage) -> Distance:
    """Distance to the spine and the muscles behind it, which widen towards the back."""
    curve = cage.spine_y(canvas.z)

    def bed(at: slice) -> Distance:
        behind = canvas.y - curve[at]
        spine = np.hypot(canvas.x / 26, (behind - 12) / 34) * 26 - 26
        wedge = np.abs(canvas.x) - 22 - 0.8 * np.maximum(behind - 14, 0)
        return blended(spine, np.maximum(0.78 * wedge, -behind), 12)

    return canvas.field(bed)


def _paint_muscle_beside_spine(
    canvas: Canvas, wall: Distance, bed: Distance, front_y: Distance, hu: float
) -> NDArray[np.bool_]:
    """Muscle within the cage, behind and beside the spine."""
    muscle = canvas.field(
        lambda at: np.maximum(bed[at] + 2, np.maximum(front_y[at] - canvas.y, wall[at]))
    )
    canvas.paint(muscle, hu)
    return muscle < 0


def _lung_distance(
    canvas: Canvas, around: tuple[Distance, Distance, Distance, Distance], cage: Cage
) -> Distance:
    """Distance to both lungs: inside the chest wall, above the diaphragm, off the middle."""
    wall, above, envelope, bed = around
    middle_y, half_depth, _ = cage.walls(canvas.z)
    neck = profile((80, 100, 125), (5, 22, 34), canvas.z)
    bend = (4 + 3 * np.sin(canvas.z / 30)).astype(np.float32)

    def lung(at: slice) -> Distance:
        retrosternal = np.maximum(middle_y[at] - half_depth[at] + 26 - canvas.y, 0)
        septum = np.abs(canvas.x - bend[at]) - 2 - np.float32(0.02) * retrosternal**2
        middle = np.minimum(np.minimum(envelope[at], bed[at]), septum)
        middle = np.minimum(middle, np.abs(canvas.x) - neck[at])
        rounded = -blended(-(wall[at] + 1), middle, 14)
        inside: Distance = np.maximum(rounded, np.maximum(above[at] + 1, canvas.z[at] - APEX_Z_MM))
        return inside

    return canvas.field(lung)


def _spared(muscle: NDArray[np.bool_], skeleton: Skeleton) -> NDArray[np.bool_]:
    """Muscle that no bone and no cartilage lies in."""
    muscle &= skeleton.bone > 0
    muscle &= skeleton.cartilage > 0
    spine = skeleton.spine
    for part in (spine.body, spine.arch, spine.disc, spine.cord):
        muscle[spine.box] &= part > 0
    return muscle
