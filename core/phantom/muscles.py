"""The muscles of the trunk and the shoulders: layers on the cage, and bellies beside them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.phantom.body import FAT_HU
from core.phantom.shapes import Canvas, Distance, mottle
from core.phantom.subject import Subject

MUSCLE_HU, LEAN_HU, SEAM_MM, UNDER_SKIN_MM = 54.0, 26.0, 1.3, 6.0
"""Of healthy muscle; how much less of muscle with half its bulk; fat between two muscles."""

WAVE_MM, WAVE_GRAIN_MM, TOP_RIB_Z_MM = 1.6, 22.0, 122.0
"""Unevenness of a sheet's thickness, its size along the sheet; above the top rib no wall."""

WALL_MM = 11.0
"""Thickness of the ribs with the muscles between and over them."""

INTERCOSTAL_MM = (1.5, 8.0)
"""Inner side, and thickness, of the muscles between the ribs."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Layer:
    """A sheet of muscle on the cage, as far as it lies within an ellipsoid; mm, patient's left.

    Attributes:
        centre: Of the ellipsoid, LPS.
        radii: Of the ellipsoid.
        off: From the inner chest wall to the sheet's inner side.
        thickness: Of the sheet.
    """

    centre: Triple
    radii: Triple
    off: float
    thickness: float


LAYERS = (
    Layer((66, -92, 68), (30, 40, 36), 12, 9),  # lesser pectoral
    Layer((66, -84, 52), (64, 46, 56), 21, 14),  # great pectoral
    Layer((138, 10, -6), (34, 66, 84), 12, 9),  # serratus
    Layer((112, 66, 4), (66, 52, 96), 21.5, 11),  # broad back muscle
    Layer((24, -104, -150), (24, 40, 78), 12, 8),  # straight muscle of the belly
    Layer((118, -62, -150), (52, 66, 62), 12, 9),  # flat muscles of the belly
)

BELLIES: tuple[tuple[Triple, Triple], ...] = (
    ((104, -26, 92), (54, 22, 30)),  # great pectoral on its way to the arm
    ((34, 102, -20), (32, 22, 200)),  # erector of the spine
    ((15, 106, 110), (14, 14, 70)),  # its part beside the spinous processes
    ((54, 101, 92), (56, 11, 62)),  # trapezius
    ((56, 88, 78), (30, 8, 42)),  # rhomboid
    ((96, 92, 62), (44, 13, 52)),  # under the spine of the blade
    ((92, 60, 72), (44, 16, 50)),  # between blade and ribs
    ((128, 62, 40), (24, 26, 34)),  # round muscles at the blade's outer rim
    ((140, 20, 112), (34, 42, 40)),  # round the shoulder joint
    ((146, 14, 150), (28, 34, 44)),  # round the raised arm
    ((88, 62, 128), (54, 24, 20)),  # above the blade
    ((66, 92, 140), (60, 12, 34)),  # trapezius above the shoulder
    ((92, -34, 122), (52, 9, 14)),  # under the collar bone
    ((32, -24, 150), (12, 15, 50)),  # front of the neck
    ((40, 14, 146), (17, 21, 34)),  # side of the neck
    ((66, 36, 136), (22, 15, 20)),  # from the neck to the first rib
    ((30, 66, 150), (26, 22, 46)),  # back of the neck
)
"""Centre and radii of what is rounder than a sheet; mm, on the patient's left."""


def paint_muscles(
    canvas: Canvas, wall: Distance, skin: Distance, subject: Subject
) -> NDArray[np.bool_]:
    """Paint the muscles outside the inner chest wall.

    Sheets are thinner and bellies narrower in persons who lost muscle, so that its cross-section
    follows `diseases.muscle`; what is left holds more fat between its fibres.

    Args:
        canvas: Skin and fat are painted already.
        wall: Distance to the inner chest wall, negative inside.
        skin: Distance to the skin, negative inside.
        subject: Its amount of muscle and its stream of chance.

    Returns:
        Where muscle lies, on the canvas's grid.
    """
    truth = np.zeros(canvas.hu.shape, bool)
    amount = subject.diseases.muscle
    thicker = 1 + np.clip(subject.random("muscles").normal(0, 0.08, len(LAYERS)), -0.15, 0.15)
    hu, waves = muscle_hu(subject), subject.random("muscle sheets")
    for side in (-1, 1):
        for centre, radii in BELLIES:
            box, belly = canvas.ellipsoid(
                _on(side, centre), np.multiply(radii, (amount**0.5, amount**0.5, 1.0))
            )
            belly = np.maximum(belly, WALL_MM - 1 - wall[box])
            _stroke(canvas, truth, box, np.maximum(belly, skin[box] + UNDER_SKIN_MM), hu)
        for layer, factor in zip(LAYERS, thicker, strict=True):
            box, sheet = canvas.ellipsoid(_on(side, layer.centre), layer.radii)
            inner = WALL_MM + 1 + (layer.off - WALL_MM - 1) * amount
            outer = inner + layer.thickness * amount * factor
            wave = np.float32(WAVE_MM) * mottle(canvas, waves, WAVE_GRAIN_MM, box)
            sheet = np.maximum(sheet, np.maximum(inner - wall[box], wall[box] - outer + wave))
            _stroke(canvas, truth, box, np.maximum(sheet, skin[box] + UNDER_SKIN_MM), hu)
    _paint_chest_wall(canvas, truth, wall, skin, subject)
    return truth


def muscle_hu(subject: Subject) -> float:
    """HU of a person's muscle: fatty where it is little (Aubrey et al., Acta Physiol 2014)."""
    return MUSCLE_HU - LEAN_HU * max(1 - subject.diseases.muscle, 0) * 2


def _on(side: int, centre: Triple) -> Triple:
    return side * centre[0], centre[1], centre[2]


def _stroke(
    canvas: Canvas,
    truth: NDArray[np.bool_],
    box: tuple[slice, slice, slice],
    muscle: Distance,
    hu: float,
) -> None:
    """One muscle in its thin coat of fat."""
    canvas.paint(muscle, FAT_HU, box, inset_mm=-SEAM_MM)
    canvas.paint(muscle, hu, box)
    truth[box] &= muscle > SEAM_MM
    truth[box] |= muscle < 0


def _paint_chest_wall(
    canvas: Canvas, truth: NDArray[np.bool_], wall: Distance, skin: Distance, subject: Subject
) -> None:
    """The room of the ribs: fat with the muscles between the ribs, ready for bones."""
    low, thickness = INTERCOSTAL_MM
    high = low + thickness * subject.diseases.muscle
    hu = muscle_hu(subject)
    for k in range(len(canvas.hu)):
        at = slice(k, k + 1)
        room = np.maximum(wall[at] - WALL_MM, skin[at] + UNDER_SKIN_MM)
        room = np.maximum(room, canvas.z[at] - TOP_RIB_Z_MM)
        between = np.maximum(np.maximum(low - wall[at], wall[at] - high), room)
        canvas.paint(room, FAT_HU, (at, slice(None), slice(None)))
        canvas.paint(between, hu, (at, slice(None), slice(None)))
        truth[at] &= room > 0
        truth[at] |= between < 0
