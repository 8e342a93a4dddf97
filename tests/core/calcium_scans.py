"""Scans with calcium at known places: a thorax in any storage order, and the recorded clicks."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from core.calcium_case import CalciumCase, open_case
from core.data.choice import best_for_calcium
from core.data.read_series import read
from core.data.series import SeriesRecord
from core.data.series_choice import choose_series
from core.geometry import VolumeGeometry
from core.progress import Silent
from core.volume import Volume
from tests.phantoms import CENTRE_MM, EXTENT_MM, STORAGE_ORDERS, thorax_hu

SPACING_MM = (3.0, 2.0, 2.0)
PLAQUES = (  # LPS mm of the centre, radii in mm, HU in the middle
    ((60.0, -63.0, -5.0), (4.0, 5.0, 5.0), 700),
    ((20.0, -69.0, 10.0), (6.0, 4.0, 7.0), 340),
    ((-5.0, -40.0, -20.0), (3.5, 3.5, 8.0), 260),
)
MARKS = [
    {"vessel": "LAD", "point_mm": [60.0, -63.0, -5.0]},
    {"vessel": "LCX", "point_mm": [20.0, -69.0, 10.0]},
    {"vessel": "RCA", "point_mm": [-5.0, -40.0, -20.0], "by": "AB", "at": "2026-01-02T03:04:05"},
]
AXIAL_ORDERS = [name for name, axes in STORAGE_ORDERS.items() if abs(abs(axes[0][2]) - 1) < 1e-9]

LUNG1_RCA = (-9.27734375, -272.03515625, -528.5)
"""The brightest voxel of the calcified ring in the right atrioventricular groove of lung1-001."""
LUNG1_LAD = (44.43359375, -246.64453125, -489.5)
"""The brightest voxel of a plaque in the anterior groove, and of the next one further out."""
LUNG1_LAD_FURTHER = (56.15234375, -252.50390625, -492.5)
LUNG1_LCX = (58.10546875, -218.32421875, -501.5)


def calcified_thorax(order: str = "axial to the head") -> Volume:
    """The thorax of `tests.phantoms` with three plaques that fade outwards, in a storage order."""
    axes = STORAGE_ORDERS[order]
    shape = tuple(int(n) for n in np.rint(np.abs(axes) @ EXTENT_MM / SPACING_MM))
    half = (np.array(shape) - 1) / 2 * SPACING_MM
    geometry = VolumeGeometry.from_axes(shape, CENTRE_MM - half @ axes, axes, SPACING_MM)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    points = geometry.to_patient(index)
    hu = thorax_hu(points)
    for centre, radii, peak in PLAQUES:
        away = np.sqrt((((points - centre) / np.array(radii)) ** 2).sum(-1))
        hu = np.where(away <= 1, np.maximum(hu, np.rint(peak * (1 - away / 2))), hu)
    return Volume(hu.astype(np.int16), geometry, "1.2.3")


def chosen(folder: Path) -> tuple[SeriesRecord, Volume]:
    """The best series of a folder, as stored."""
    record = choose_series(folder, "", Silent(), best=best_for_calcium).record
    return record, read(record)


@cache
def lung1(folder: Path) -> tuple[SeriesRecord, Volume, CalciumCase]:
    """lung1-001 made ready, once a test run."""
    record, stored = chosen(folder)
    return record, stored, open_case(record, stored)


def mark(vessel: str, point_mm: Sequence[float]) -> dict[str, object]:
    return {"vessel": vessel, "point_mm": list(point_mm)}
