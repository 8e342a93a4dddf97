"""Heart with coronary calcium, great vessels, gullet and airways, in the fat between the lungs."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from core.geometry import Floats
from core.phantom.shapes import Canvas, Distance, spline

BLOOD_HU, MYOCARDIUM_HU, FAT_HU, AIR_HU = 40.0, 50.0, -100.0, -1000.0
GULLET_HU, WALL_HU, THYROID_HU = 35.0, 20.0, 90.0

HEART_CENTRE_MM = np.array((26.0, -36.0, -58.0))
HEART_RADII_MM = np.array((64.0, 47.0, 47.0))
HEART_AXIS = np.array((0.72, -0.46, -0.52))
"""From base to apex: to the left, the front and the feet."""

ENVELOPE_BLUR_MM, ENVELOPE_MARGIN_MM = 7.0, 3.5
"""The fat that fills the hollows between the organs."""

CHAMBERS = (  # centre and radii in mm: right and left atrium, outflow of the right ventricle
    ((-24, -26, -54), (25, 32, 36)),
    ((10, 6, -28), (34, 17, 24)),
    ((26, -54, -22), (17, 17, 26)),
)
VESSELS = (  # points (LPS mm), then the radius at each end
    (
        (
            (2, -22, -24),
            (-8, -34, 5),
            (-12, -34, 35),
            (-4, -22, 58),
            (12, 2, 64),
            (25, 22, 52),
            (27, 30, 25),
            (25, 31, -30),
            (17, 28, -90),
            (8, 24, -170),
        ),
        (16.5, 11.0),
    ),  # aorta
    (((14, -52, -22), (22, -42, 8), (28, -20, 24), (38, 4, 24), (50, 14, 12)), (14.0, 9.0)),
    (((24, -24, 22), (2, -14, 18), (-26, -8, 12), (-48, 0, 2)), (11.0, 8.5)),  # right lung artery
    (
        ((-27, -20, -30), (-28, -18, 20), (-26, -22, 70), (-40, -14, 104), (-95, -8, 116)),
        (9.0, 7.0),
    ),
    (((-24, -24, 62), (8, -38, 74), (42, -24, 98), (96, -10, 114)), (7.0, 6.5)),  # left arm vein
    (((-4, -20, 60), (-14, -10, 98), (-42, 2, 120), (-100, 8, 124)), (6.5, 4.0)),
    (((6, -8, 64), (18, -4, 105), (24, 2, 170)), (4.5, 4.0)),  # left carotid artery
    (((-16, -6, 100), (-24, 2, 170)), (4.2, 4.0)),  # right carotid artery
    (((16, 6, 64), (30, 8, 105), (58, 10, 120), (100, 8, 122)), (5.0, 4.0)),
    (((-22, -12, -66), (-20, 0, -110), (-16, 14, -170)), (11.5, 12.0)),  # lower vena cava
    (((-18, 4, -22), (-36, 4, -22), (-56, 6, -30)), (7.0, 5.0)),  # lung veins
    (((34, 6, -20), (48, 8, -20), (66, 10, -30)), (7.0, 5.0)),
)
GULLET = ((2, 22, 170), (6, 22, 90), (8, 20, 40), (6, 18, -20), (10, 12, -80), (24, 4, -118))
AIRWAYS = (
    (((0, -2, 170), (2, 4, 100), (2, 10, 40)), (9.2, 9.0)),  # windpipe
    (((2, 10, 42), (-20, 11, 24), (-40, 9, 6), (-44, 12, -14)), (7.4, 4.2)),
    (((2, 10, 42), (24, 12, 22), (46, 16, 6), (52, 18, -10)), (6.8, 4.2)),
)

# Paths on the heart: (angle from the apex, angle round the long axis) in degrees.
CORONARIES = {
    "LAD": ((98, -68), (82, -62), (62, -52), (42, -45), (22, -40)),
    "LCX": ((98, -72), (98, -100), (97, -130), (96, -160)),
    "RCA": ((98, 0), (97, 25), (97, 50), (96, 80), (95, 110)),
}
CALCIUM = (  # vessel, place along it 0..1, radius in mm, HU
    ("LAD", 0.10, 1.9, 620),
    ("LAD", 0.17, 2.4, 780),
    ("LAD", 0.25, 1.6, 420),
    ("LAD", 0.42, 1.5, 380),
    ("LCX", 0.22, 1.6, 460),
    ("LCX", 0.45, 1.3, 330),
    ("RCA", 0.16, 1.7, 520),
    ("RCA", 0.36, 2.1, 700),
)


@dataclass(frozen=True, eq=False)
class Mediastinum:
    """Distances (mm) to what lies between the lungs.

    Attributes:
        blood: Great vessels and atria.
        heart: Both ventricles with their walls.
        gullet: Oesophagus.
        airway: Lumen of windpipe and main bronchi.
        envelope: All of it with the fat that fills the hollows: the lungs end here.
    """

    blood: Distance
    heart: Distance
    gullet: Distance
    airway: Distance
    envelope: Distance


def _path(
    points: tuple[tuple[float, ...], ...], radii: tuple[float, float]
) -> tuple[Floats, Floats]:
    path = spline(points)
    return path, np.linspace(*radii, len(path))


def build_mediastinum(canvas: Canvas) -> Mediastinum:
    """Distances to the organs between the lungs; nothing is painted yet."""
    blood, heart, gullet, airway = (canvas.distances() for _ in range(4))
    margin_mm = 2 * ENVELOPE_BLUR_MM
    for points, radii in VESSELS:
        canvas.add_tube(blood, *_path(points, radii), margin_mm=margin_mm)
    for centre, chamber_radii in CHAMBERS:
        box, distance = canvas.ellipsoid(centre, chamber_radii, margin_mm=margin_mm)
        np.minimum(blood[box], distance, out=blood[box])
    box, distance = canvas.ellipsoid(
        HEART_CENTRE_MM, HEART_RADII_MM, axes=heart_axes(), margin_mm=margin_mm + 6
    )
    heart[box] = distance
    canvas.add_tube(gullet, *_path(GULLET, (6.0, 6.5)), margin_mm=margin_mm)
    for points, radii in AIRWAYS:
        canvas.add_tube(airway, *_path(points, radii), margin_mm=margin_mm)
    solid = np.minimum(np.minimum(blood, heart - 4), np.minimum(gullet, airway - 1))
    blur = [ENVELOPE_BLUR_MM / spacing for spacing in canvas.spacing_mm]
    envelope = gaussian_filter(np.clip(solid, -margin_mm, margin_mm), blur, truncate=2.5)
    return Mediastinum(
        blood, heart, gullet, airway, np.minimum(envelope, solid) - ENVELOPE_MARGIN_MM
    )


def heart_axes() -> Floats:
    """Rows: long axis to the apex, then towards the front and towards the left and head."""
    apex = HEART_AXIS / np.linalg.norm(HEART_AXIS)
    front = np.array((0.0, -1.0, 0.0))
    front -= apex * (front @ apex)
    front /= np.linalg.norm(front)
    axes: Floats = np.stack([apex, front, np.cross(apex, front)])
    return axes


def coronary_path(name: str) -> Floats:
    """Points (n, 3) of a coronary artery in the fat 3 mm over the heart, LPS mm."""
    polar, azimuth = np.radians(np.array(CORONARIES[name], float)).T
    unit = np.stack(
        [np.cos(polar), np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth)], axis=1
    )
    return spline(HEART_CENTRE_MM + (unit * (HEART_RADII_MM + 3)) @ heart_axes(), 3.0)


def paint_mediastinum(canvas: Canvas, organs: Mediastinum) -> None:
    """Paint thyroid, heart, vessels and gullet, then the coronary arteries in their fat."""
    for side in (-1, 1):
        canvas.paint_ellipsoid((side * 15, -4, 142), (8, 10, 20), THYROID_HU)
    canvas.paint(organs.gullet, GULLET_HU)
    canvas.paint(organs.blood, BLOOD_HU)
    canvas.paint(organs.heart, MYOCARDIUM_HU)
    canvas.paint(organs.heart + 9, BLOOD_HU)
    groove, artery = canvas.distances(), canvas.distances()
    for name in CORONARIES:
        path = coronary_path(name)
        canvas.add_tube(groove, path, np.linspace(4.6, 3.2, len(path)))
        canvas.add_tube(artery, path, np.linspace(2.0, 1.3, len(path)))
    canvas.paint(np.maximum(groove, -5 - organs.heart), FAT_HU)
    canvas.paint(artery, BLOOD_HU)


def paint_calcium(canvas: Canvas) -> None:
    """Paint the calcified plaques of the coronary arteries."""
    for name, place, radius_mm, hu in CALCIUM:
        path = coronary_path(name)
        centre = path[round(place * (len(path) - 1))]
        canvas.paint_ellipsoid(centre, (radius_mm, radius_mm, radius_mm + 0.8), hu)
