"""Everything between the lungs: heart, great vessels, gullet, airways, nodes, thyroid and fat."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from core.geometry import Floats
from core.phantom.body import FAT_HU
from core.phantom.cage import cage_of
from core.phantom.coronaries import arteries, paint_arteries
from core.phantom.great_vessels import great_vessels
from core.phantom.heart import (
    add_heart,
    blood_hu,
    chambers,
    paint_heart,
    placement,
)
from core.phantom.shapes import Box, Canvas, Distance, mottle, spline
from core.phantom.subject import Finding, Subject
from core.phantom.window import window

AIR_HU, WALL_HU = -1000.0, 20.0
GULLET_HU, THYROID_HU, NODE_HU, PERICARDIUM_HU = 35.0, 90.0, 40.0, 15.0

FILL_BLUR_MM, FILL_MARGIN_MM, LINING_MM = 8.0, 4.0, 1.2
"""The fat that fills the hollows between the organs, and the least fat on any of them."""

PERICARDIUM_MM, PERICARDIUM_HALF_MM = 6.0, 0.35
"""The pericardium's distance from the heart, and half its thickness."""

PERICARDIUM_GRAIN_MM, PERICARDIUM_SPREAD = 16.0, 0.9
"""It is thicker here and not to be seen there."""

PERICARDIUM_UNDER_MM, PERICARDIUM_FRONT_Y_MM = 3.0, -45.0
"""Fat that must lie on it to make it visible, and how far back it is seen."""

LOW_MM, HIGH_MM = (-112.0, -112.0, -400.0), (142.0, 62.0, 400.0)
"""Corners of the box in which the mediastinum lies."""

GULLET_MM = ((2, 22, 170), (6, 22, 90), (8, 20, 40), (6, 18, -20), (10, 12, -80), (24, 4, -118))
GULLET_YIELDS = 30.0
"""Millimetres that the gullet gives way to a heart of twice the size."""

AIRWAYS = (  # points (LPS mm), then the radius at each end
    (((0, -2, 170), (2, 4, 100), (2, 10, 40)), (9.2, 9.0)),  # windpipe
    (((2, 10, 42), (-20, 11, 24), (-40, 9, 6), (-44, 12, -14)), (7.4, 4.2)),
    (((2, 10, 42), (24, 12, 22), (46, 16, 6), (52, 18, -10)), (6.8, 4.2)),
)

NODE_STATIONS_MM = (  # where lymph nodes lie: beside windpipe and arch, under the fork, at the hila
    (-15, -4, 60),
    (-13, 0, 46),
    (16, 0, 44),
    (22, -10, 48),
    (2, 6, 16),
    (-8, 10, 12),
    (14, -36, 66),
    (-34, 2, 22),
    (38, 16, 28),
)
NODE_SHARE, NODE_RADIUS_MM = 0.6, (2.2, 4.4)

FAT_PADS = (  # centre, radii (mm), growth of the radii per mm of fat under the skin
    ((2, -64, 28), (13, 15, 44), 0.012),  # where the thymus was
    ((6, -6, 14), (22, 26, 30), 0.01),  # under the fork of the windpipe
    ((4, -30, -102), (40, 46, 24), 0.005),  # under the heart, round the vena cava
    ((14, -72, -58), (40, 18, 40), 0.01),  # before the right ventricle
    ((-26, -76, -90), (24, 16, 18), 0.02),  # between heart and diaphragm, on both sides
    ((64, -78, -88), (22, 14, 18), 0.02),
)


@dataclass(frozen=True, eq=False)
class Mediastinum:
    """Distances (mm) to what lies between the lungs.

    Attributes:
        box: Part of the canvas in which all of it lies.
        blood: Great vessels; on the box.
        heart: All four chambers with their walls; on the box.
        gullet: Oesophagus; on the box.
        airway: Lumen of windpipe and main bronchi; on the whole canvas.
        envelope: All of it with the fat that fills the hollows: the lungs end here; on the whole.
    """

    box: Box
    blood: Distance
    heart: Distance
    gullet: Distance
    airway: Distance
    envelope: Distance


def build_mediastinum(canvas: Canvas, subject: Subject) -> Mediastinum:
    """Distances to the organs between the lungs; nothing is painted yet."""
    part, box = window(canvas, LOW_MM, HIGH_MM)
    blood, heart, gullet, lumen = _organs(part, subject, margin_mm=3.0)
    filled = _filled(part, subject)
    for solid in (blood, heart, gullet, lumen - 1):
        np.minimum(filled, solid - np.float32(LINING_MM), out=filled)
    airway, envelope = canvas.distances(), canvas.distances()
    airway[box], envelope[box] = lumen, filled
    return Mediastinum(box, blood, heart, gullet, airway, envelope)


def _organs(
    canvas: Canvas, subject: Subject, *, margin_mm: float
) -> tuple[Distance, Distance, Distance, Distance]:
    """Distances to great vessels, heart, gullet and airway, right up to `margin_mm` outside."""
    blood, heart, gullet, airway = (canvas.distances() for _ in range(4))
    for tube in great_vessels(subject).values():
        canvas.add_tube(blood, tube.path_mm, tube.radii_mm, margin_mm=margin_mm)
    add_heart(
        canvas,
        heart,
        chambers(subject),
        cage=cage_of(subject),
        margin_mm=margin_mm + PERICARDIUM_MM,
    )
    path = gullet_path(subject)
    canvas.add_tube(gullet, path, np.linspace(6.0, 6.5, len(path)), margin_mm=margin_mm)
    for points, radii in AIRWAYS:
        path = spline(points)
        canvas.add_tube(airway, path, np.linspace(*radii, len(path)), margin_mm=margin_mm)
    return blood, heart, gullet, airway


def gullet_path(subject: Subject) -> Floats:
    """Points (n, 3) of the gullet, LPS mm; a large heart pushes it to the back."""
    points = np.array(GULLET_MM, float)
    behind_heart = np.clip(1 - np.abs(points[:, 2] + 30) / 80, 0, 1)
    points[:, 1] += GULLET_YIELDS * (subject.diseases.heart_scale - 1) * behind_heart
    return spline(points)


def _filled(canvas: Canvas, subject: Subject) -> Distance:
    """Distance to the organs and the fat that fills the hollows between them.

    The blur of a distance is the lesser in hollows and the greater over bulges; it is smooth, so a
    coarse grid will do.
    """
    coarse = canvas.coarse()
    reach_mm = 2 * FILL_BLUR_MM
    blood, heart, gullet, airway = _organs(coarse, subject, margin_mm=reach_mm)
    solid = np.minimum(np.minimum(blood, heart), np.minimum(gullet, airway - 1))
    for box, pad in _fat_pads(coarse, subject, reach_mm):
        np.minimum(solid[box], pad, out=solid[box])
    blur = [FILL_BLUR_MM / spacing for spacing in coarse.spacing_mm]
    np.clip(solid, -reach_mm, reach_mm, out=solid)
    return canvas.refined(gaussian_filter(solid, blur, truncate=2.5) - np.float32(FILL_MARGIN_MM))


def _fat_pads(canvas: Canvas, subject: Subject, margin_mm: float) -> Iterator[tuple[Box, Distance]]:
    random = subject.random("fat pads")
    placed = placement(subject)
    for centre, radii, growth in FAT_PADS:
        size = 1 + growth * subject.build.fat_mm + 0.12 * np.clip(random.standard_normal(), -2, 2)
        yield canvas.ellipsoid(
            placed.points(centre), size * np.array(radii, float), margin_mm=margin_mm
        )


def paint_mediastinum(
    canvas: Canvas, organs: Mediastinum, subject: Subject
) -> dict[Finding, NDArray[np.bool_]]:
    """Paint thyroid, nodes, gullet, great vessels, and the heart with its coronary arteries.

    Returns:
        The mask of the heart on the canvas's grid.
    """
    blood = blood_hu(subject)
    _paint_thyroid(canvas, subject)
    _paint_nodes(canvas, subject)
    part, _ = window(canvas, LOW_MM, HIGH_MM)
    part.paint(organs.gullet, GULLET_HU)
    _paint_pericardium(part, organs, subject)
    part.paint(organs.blood, blood)
    paint_heart(part, organs.heart, chambers(subject), blood)
    paint_arteries(part, organs.heart, arteries(subject), (FAT_HU, blood))
    mask = np.zeros(canvas.hu.shape, np.bool_)
    mask[organs.box] = organs.heart < 0
    return {Finding.HEART: mask}


def _paint_thyroid(canvas: Canvas, subject: Subject) -> None:
    size = 1 + 0.12 * np.clip(subject.random("thyroid").standard_normal(2), -2, 2)
    for side, grown in zip((-1, 1), size, strict=True):
        canvas.paint_ellipsoid(
            (side * 15, -4, 142), grown * np.array((8.0, 10.0, 20.0)), THYROID_HU
        )


def _paint_nodes(canvas: Canvas, subject: Subject) -> None:
    """Lymph nodes of ordinary size at some of their stations."""
    random = subject.random("nodes")
    for station in NODE_STATIONS_MM:
        is_seen, radius = random.random() < NODE_SHARE, random.uniform(*NODE_RADIUS_MM)
        centre = np.array(station, float) + random.normal(0, 2.0, 3)
        if is_seen:
            canvas.paint_ellipsoid(centre, radius * np.array((1.2, 1.0, 1.7)), NODE_HU)


def _paint_pericardium(part: Canvas, organs: Mediastinum, subject: Subject) -> None:
    """A thin line in the fat before the heart; elsewhere lung or muscle hides it."""
    half_mm = mottle(part, subject.random("pericardium"), PERICARDIUM_GRAIN_MM)
    half_mm *= np.float32(PERICARDIUM_HALF_MM * PERICARDIUM_SPREAD)
    half_mm += np.float32(PERICARDIUM_HALF_MM)
    sheet = np.abs(organs.heart - np.float32(PERICARDIUM_MM)) - half_mm
    within = organs.envelope[organs.box] + np.float32(PERICARDIUM_UNDER_MM)
    np.maximum(sheet, within, out=sheet)
    np.maximum(sheet, part.y - np.float32(PERICARDIUM_FRONT_Y_MM), out=sheet)
    part.paint(sheet, PERICARDIUM_HU)
