"""A plain, believable thorax: body wall, lungs, heart and great vessels, upper abdomen, bones.

Nobody was ever scanned for it: every shape is a formula, placed by eye beside real scans.
Hounsfield units are those of an unenhanced scan at 120 kV.
"""

import numpy as np

from core.geometry import VolumeGeometry
from core.phantom.mediastinum import (
    FAT_HU,
    build_mediastinum,
    paint_calcium,
    paint_mediastinum,
)
from core.phantom.pulmonary import paint_parenchyma, paint_trees, paint_windpipe
from core.phantom.shapes import Canvas, Distance, blended, mottle, oval, profile
from core.phantom.skeleton import build_skeleton, cage, paint_skeleton, spine_y
from core.progress import Progress

AIR_HU, SKIN_HU, MUSCLE_HU, TABLE_HU, FOAM_HU = -1000.0, 10.0, 52.0, -150.0, -930.0
LIVER_HU, SPLEEN_HU, STOMACH_HU, DIAPHRAGM_HU = 58.0, 48.0, 28.0, 46.0
MOTTLE_HU, WALL_MM = 6.0, 11.0
"""Unevenness of soft tissue; thickness of the ribs with the muscles between and over them."""

BODY_HEIGHTS_MM = (-165, -90, 0, 40, 75, 100, 125, 165)
BODY_FRONT_MM = (-116, -120, -121, -113, -94, -76, -55, -38)
BODY_BACK_MM = (112, 117, 122, 124, 124, 119, 108, 94)
BODY_HALF_WIDTH_MM = (156, 160, 165, 170, 175, 176, 174, 160)
APEX_Z_MM, BED_Y_MM = 124.0, 117.0

MUSCLES = (  # centre on the patient's left, radii (mm); each has its twin on the right
    ((72, -84, 62), (66, 26, 42)),  # great pectoral
    ((96, -38, 92), (58, 24, 34)),  # its way to the arm
    ((140, 16, 0), (20, 60, 76)),  # serratus
    ((140, 34, 66), (26, 46, 56)),  # round the armpit
    ((33, 97, -20), (31, 15, 200)),  # erector of the spine
    ((108, 70, 10), (52, 30, 90)),  # broad back muscle
    ((60, 100, 95), (62, 15, 60)),  # trapezius
    ((108, 84, 66), (50, 22, 56)),  # behind the shoulder blade
    ((92, 60, 72), (40, 22, 52)),  # between blade and ribs
    ((128, 20, 118), (42, 46, 44)),  # round the shoulder joint
    ((88, 50, 138), (46, 34, 24)),  # above the blade
    ((30, -16, 160), (13, 15, 46)),  # front of the neck
    ((36, 18, 150), (20, 22, 36)),  # side of the neck
    ((34, 62, 158), (32, 26, 46)),  # back of the neck
)


def paint_thorax(
    geometry: VolumeGeometry, random: np.random.Generator, progress: Progress
) -> Canvas:
    """Paint the whole thorax.

    Args:
        geometry: Slices to the head, rows to the back, columns to the left; the body's middle lies
            at LPS 0, 0, 0.
        random: Source of vessel trees and unevenness.
        progress: Told of each organ; may cancel.

    Returns:
        The canvas, HU without noise and before the blur of a scanner.
    """
    canvas = Canvas(geometry, AIR_HU)
    progress.step(0.0, "Shaping the body")
    _paint_table(canvas)
    wall = _cage_distance(canvas)
    _paint_body(canvas, wall)
    progress.step(0.25, "Shaping the skeleton")
    skeleton = build_skeleton(canvas)
    progress.step(0.4, "Shaping heart and vessels")
    organs = build_mediastinum(canvas)
    canvas.paint(wall, FAT_HU)
    behind = 12 - canvas.y + spine_y(canvas.z)
    canvas.paint(np.maximum(_spine_bed(canvas) + 2, np.maximum(behind, wall)), MUSCLE_HU)
    above = _above_diaphragm(canvas)
    _paint_abdomen(canvas, wall, above)
    paint_mediastinum(canvas, organs)
    progress.step(0.6, "Shaping the lungs")
    lung = _lung_distance(canvas, wall, above, organs.envelope)
    paint_parenchyma(canvas, lung, random)
    paint_trees(canvas, lung, organs, random)
    progress.step(0.85, "Shaping bones and airways")
    paint_windpipe(canvas, organs)
    paint_skeleton(canvas, skeleton)
    paint_calcium(canvas)
    _mottle_soft_tissue(canvas, random)
    return canvas


def _mottle_soft_tissue(canvas: Canvas, random: np.random.Generator) -> None:
    """Fat between muscle fibres, vessels in fat: no tissue is as even as paint."""
    uneven = mottle(canvas, random, 4.0)
    uneven *= (canvas.hu > -200) & (canvas.hu < 120)
    canvas.hu += np.float32(MOTTLE_HU) * uneven


def _paint_table(canvas: Canvas) -> None:
    """A curved couch of foam in a thin shell, under the back."""
    curve = np.hypot(canvas.x, canvas.y + 780) - 901
    couch = np.maximum(np.abs(curve - 9) - 9, np.abs(canvas.x) - 185) + 0 * canvas.z
    canvas.paint(couch, TABLE_HU)
    canvas.paint(couch + 2, FOAM_HU)


def _cage_distance(canvas: Canvas) -> Distance:
    """Distance to the inner chest wall."""
    centre_y, half_depth, half_width = cage(canvas.z)
    return oval(canvas.x, canvas.y - centre_y, half_width, half_depth)


def _paint_body(canvas: Canvas, wall: Distance) -> None:
    """Skin, fat, the large muscles and the chest wall."""
    front, back, half_width = (
        profile(BODY_HEIGHTS_MM, values, canvas.z)
        for values in (BODY_FRONT_MM, BODY_BACK_MM, BODY_HALF_WIDTH_MM)
    )
    body = oval(canvas.x, canvas.y - (front + back) / 2, half_width, (back - front) / 2)
    body = -blended(-body, BED_Y_MM - canvas.y, 14)  # flat where it lies on the couch
    for side in (-1, 1):
        box, breast = canvas.ellipsoid((side * 74, -84, 2), (56, 35, 62), margin_mm=12)
        body[box] = blended(body[box], breast, 12)
    canvas.paint(body, SKIN_HU)
    canvas.paint(body + 2, FAT_HU)
    for centre, radii in MUSCLES:
        for side in (-1, 1):
            box, muscle = canvas.ellipsoid((side * centre[0], *centre[1:]), radii)
            canvas.paint(np.maximum(muscle, body[box] + 7), MUSCLE_HU, box)
    canvas.paint(np.maximum(wall - WALL_MM - 2, body + 6), FAT_HU)
    canvas.paint(np.maximum(wall - WALL_MM, body + 6), MUSCLE_HU)


def _above_diaphragm(canvas: Canvas) -> Distance:
    """Distance to the space above both domes: negative there."""
    domes = [
        top
        - depth
        * np.minimum(((canvas.x - centre_x) / 86) ** 2 + ((canvas.y - 2) / 98) ** 2, 1.4) ** 1.25
        for centre_x, top, depth in ((-60, -62, 74), (62, -74, 66))
    ]
    height = -blended(-domes[0], -domes[1], 25) + np.float32(0.12) * np.minimum(-canvas.y, 0)
    above: Distance = (height - canvas.z) * np.float32(0.8)
    return above


def _paint_abdomen(canvas: Canvas, wall: Distance, above: Distance) -> None:
    """The diaphragm and, below it in fat: liver, spleen, stomach."""
    room = np.maximum(wall + 3, 3.5 - above)
    canvas.paint(np.maximum(wall, -above), DIAPHRAGM_HU)
    canvas.paint(room, FAT_HU)
    cut = 0.75 * canvas.x + 0.66 * (canvas.y - 20) - 0.1 * canvas.z - 14
    canvas.paint(np.maximum(room, np.maximum(cut, canvas.y - 76)), LIVER_HU)
    for centre, radii, hu in (
        ((98, 46, -122), (30, 44, 46), SPLEEN_HU),
        ((62, -30, -140), (44, 44, 52), STOMACH_HU),
    ):
        box, organ = canvas.ellipsoid(centre, radii)
        canvas.paint(np.maximum(organ, room[box]), hu, box)


def _spine_bed(canvas: Canvas) -> Distance:
    """Distance to the spine and the muscles behind it, which widen towards the back."""
    behind = canvas.y - spine_y(canvas.z)
    spine = np.hypot(canvas.x / 26, (behind - 12) / 34) * 26 - 26
    wedge = np.abs(canvas.x) - 22 - 0.8 * np.maximum(behind - 14, 0)
    return blended(spine, np.maximum(0.78 * wedge, -behind), 12)


def _lung_distance(canvas: Canvas, wall: Distance, above: Distance, envelope: Distance) -> Distance:
    """Distance to both lungs: inside the chest wall, above the diaphragm, off the middle."""
    middle_y, half_depth, _ = cage(canvas.z)
    retrosternal = np.maximum(middle_y - half_depth + 26 - canvas.y, 0)
    septum = np.abs(canvas.x - 4 - 3 * np.sin(canvas.z / 30)) - 2 - 0.02 * retrosternal**2
    neck = np.abs(canvas.x) - profile((80, 100, 125), (5, 22, 34), canvas.z)
    middle = np.minimum(np.minimum(envelope, _spine_bed(canvas)), np.minimum(septum, neck))
    rounded = -blended(-(wall + 1), middle, 14)
    lung: Distance = np.maximum(np.maximum(rounded, above + 1), canvas.z - np.float32(APEX_Z_MM))
    return lung
