"""What lies under the diaphragm: liver with its veins, spleen, stomach with gas, kidneys' tops."""

import numpy as np

from core.phantom.shapes import Box, Canvas, Distance, blended, spline
from core.phantom.subject import Subject
from core.phantom.window import window

LIVER_HU, LIVER_SPREAD_HU, LIVER_VEIN_HU = 57.0, 5.0, 40.0
SPLEEN_HU, STOMACH_WALL_HU, STOMACH_HU, GAS_HU, KIDNEY_HU = 47.0, 40.0, 18.0, -990.0, 32.0
DIAPHRAGM_HU, FAT_HU, DIAPHRAGM_MM, STOMACH_WALL_MM = 46.0, -102.0, 3.0, 4.0

STOMACH_MM, STOMACH_RADII_MM = (56.0, -10.0, -132.0), (38.0, 50.0, 56.0)
SPLEEN_MM, SPLEEN_RADII_MM = (92.0, 46.0, -122.0), (31.0, 42.0, 46.0)
KIDNEYS = (((-56.0, 60.0, -194.0), (27.0, 24.0, 54.0)), ((54.0, 60.0, -184.0), (27.0, 24.0, 54.0)))
LEFT_LOBE_MM = 62.0
"""How far the liver's left lobe reaches over the midline."""

LIVER_VEINS = (
    ((-24, 2, -96), (-50, -4, -108), (-88, 2, -122)),
    ((-24, -2, -98), (-44, -32, -112), (-66, -60, -128)),
    ((-20, -4, -98), (-6, -32, -112), (8, -62, -128)),
)
"""From the lower caval vein outwards, LPS mm; their radius falls from 4.5 to 2."""


def paint_abdomen(canvas: Canvas, wall: Distance, above: Distance, subject: Subject) -> None:
    """Paint the diaphragm and, below it in fat, the organs of the upper belly.

    Args:
        canvas: Painted up to the inner chest wall.
        wall: Distance to the inner chest wall, negative inside.
        above: Distance to the space above the diaphragm, negative there.
        subject: Its streams of chance place the organs.
    """
    highest = np.flatnonzero(above.max(axis=(1, 2)) > 0)
    if not highest.size:
        return
    below: Box = (slice(0, int(highest[-1]) + 1), slice(None), slice(None))
    lift_mm = subject.build.diaphragm_mm / float(canvas.scale[2])
    canvas.paint(np.maximum(wall[below], -above[below]), DIAPHRAGM_HU, below)
    room = np.maximum(wall + 2, DIAPHRAGM_MM - above)[below]
    canvas.paint(room, FAT_HU, below)
    _paint_liver(canvas, room, lift_mm, subject)
    _paint_left_side(canvas, room, lift_mm, subject)


def _paint_liver(canvas: Canvas, room: Distance, lift_mm: float, subject: Subject) -> None:
    random = subject.random("liver")
    hu = LIVER_HU + LIVER_SPREAD_HU * float(np.clip(random.standard_normal(), -2, 2))
    left_mm, under_mm = random.normal((14, -150), (6, 5))
    top_mm = float(canvas.z[len(room) - 1, 0, 0])
    part, box = window(canvas, (-150, -130, -200), (90, 100, top_mm))
    x, y, z = part.x, part.y, part.z - np.float32(lift_mm)
    bowed = 7 * np.sin(y / 24) + 5 * np.sin(z / 15)
    left = 0.75 * x + 0.66 * (y - 20) - 0.1 * z + bowed - np.float32(left_mm)
    tip = np.hypot(np.maximum(x + 20, 0), 0.5 * (y + 40)) - np.float32(LEFT_LOBE_MM + 20)
    left = -blended(-left, -tip, 24)
    # The right kidney and the fat round it lie behind and below.
    kidney, size = np.add(KIDNEYS[0][0], (0, 0, under_mm + 150)), np.multiply(KIDNEYS[0][1], 1.4)
    away = (x - kidney[0], np.minimum(y - kidney[1], 0), z - kidney[2])
    around = zip(away, size, strict=True)
    hollow = 34 - 34 * np.sqrt(sum((off / radius) ** 2 for off, radius in around))
    # It presses on the diaphragm: no fat shines through between them.
    liver = np.maximum(np.maximum(left, hollow), _of(room, canvas, box) - np.float32(0.8))
    part.paint(liver, hu)
    veins = part.distances()
    for path in LIVER_VEINS:
        points = spline(np.add(path, (0, 0, lift_mm)))
        part.add_tube(veins, points, np.linspace(4.5, 2.0, len(points)), margin_mm=2.0)
    part.paint(np.maximum(veins, liver + 4), min(LIVER_VEIN_HU, hu))


def _paint_left_side(canvas: Canvas, room: Distance, lift_mm: float, subject: Subject) -> None:
    """Spleen, kidneys, and the stomach with its gas in front, as in a person on the back."""
    random = subject.random("stomach")
    shift = random.normal((0, 0, lift_mm), 4.0)
    for centre, radii in KIDNEYS:
        _paint_organ(canvas, room, np.add(centre, (0, 0, lift_mm)), radii, KIDNEY_HU)
    _paint_organ(canvas, room, SPLEEN_MM + shift, SPLEEN_RADII_MM, SPLEEN_HU)
    filling = float(random.uniform(0.75, 1.1))
    box, stomach = canvas.ellipsoid(STOMACH_MM + shift, np.multiply(STOMACH_RADII_MM, filling))
    stomach = np.maximum(stomach, _of(room, canvas, box) + 1)
    canvas.paint(stomach, STOMACH_WALL_HU, box)
    content = stomach + np.float32(STOMACH_WALL_MM)
    canvas.paint(content, STOMACH_HU, box)
    level_mm = STOMACH_MM[1] + shift[1] - STOMACH_RADII_MM[1] * random.uniform(-0.1, 0.7)
    gas = np.maximum(content, canvas.within(box)[1] - np.float32(level_mm))
    canvas.paint(gas, GAS_HU, box)


def _paint_organ(
    canvas: Canvas, room: Distance, centre: Distance, radii: tuple[float, ...], hu: float
) -> None:
    box, organ = canvas.ellipsoid(centre, radii)
    canvas.paint(np.maximum(organ, _of(room, canvas, box)), hu, box)


def _of(room: Distance, canvas: Canvas, box: Box) -> Distance:
    """The part of `room` in a box; beyond its last slice there is no room."""
    part = room[box]
    missing = len(range(*box[0].indices(len(canvas.hu)))) - len(part)
    return np.pad(part, ((0, missing), (0, 0), (0, 0)), constant_values=1e3) if missing else part
