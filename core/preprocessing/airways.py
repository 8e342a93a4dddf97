"""The trachea and the main bronchi: air of the chest that is not lung.

The trachea is the largest tube of air between the lungs in their upper half and above. From it the
airways are grown at the highest threshold at which their volume stays plausible: a higher one leaks
through a wall into a lung ("explosion control").
"""

import cc3d
import numpy as np

from core.geometry import VolumeGeometry
from core.preprocessing.air import shapes
from core.preprocessing.balls import opened
from core.preprocessing.lung_pair import LungPair, joint_box, midline_column
from core.volume import Volume
from core.voxel_runs import (
    Booleans,
    Box,
    Runs,
    find_runs,
    find_runs_in,
    parts,
    united,
    without,
)

AREA_LIMITS_MM2 = (60.0, 700.0)
"""Of the trachea: 10 to 27 mm wide in adults (Breatnach et al., AJR 1984), more at its fork."""
GREATEST_ECCENTRICITY = 0.95
GREATEST_MIDLINE_DISTANCE_MM = 35.0
LEAST_HEIGHT_MM = 12.0
"""A shorter tube of air may be anything."""
THRESHOLDS_HU = (-975, -950, -925, -900, -850, -800, -750)
GREATEST_GROWTH_MM3 = 60e3
"""Both main bronchi and the lobar ones hold less; more is a leak into a lung."""
BRONCHI_BELOW_MM = 100.0
"""How far below the trachea its branches are followed."""
BRONCHI_ABOVE_MM = 20.0
BRONCHI_BESIDE_MM = 50.0
LEAST_RADIUS_MM = 2.5
"""Narrower branches belong to the lung."""


def find_airways(air: Runs, lungs: LungPair, volume: Volume) -> Runs:
    """Trachea and main bronchi; no runs where no trachea is seen.

    Args:
        air: Plausible air of every slice.
        lungs: Right and left lung by the published rule, which may hold some of the airways.
        volume: Slices towards the head, rows to the back, columns to the patient's left.
    """
    trachea = _trachea(without(without(air, lungs[0]), lungs[1]), lungs, volume.geometry)
    if not len(trachea.start):
        return trachea
    box = _bronchial_box(trachea, volume.geometry)
    is_low = trachea.slices < box[0].stop
    branched = _grown(trachea.kept(is_low).painted_in(box), volume, box)
    return united(find_runs_in(branched, box, air.shape), trachea.kept(~is_low))


def _trachea(air: Runs, lungs: LungPair, geometry: VolumeGeometry) -> Runs:
    """The largest tube of air near the midline in the upper half of the lungs and above."""
    spacing_mm = geometry.spacing_mm
    count, part = parts(len(air.start), air.links(air.row_step, diagonal=True))
    area_mm2, eccentricity = shapes(air, part, count, spacing_mm[1:])
    slices = np.zeros(count, dtype=np.int64)
    slices[part] = air.slices
    sums = np.bincount(part, (air.columns + (air.lengths - 1) / 2) * air.lengths, count)
    columns = sums / np.bincount(part, air.lengths, count)
    height = joint_box(lungs)[0]
    is_tube = (area_mm2 > AREA_LIMITS_MM2[0]) & (area_mm2 < AREA_LIMITS_MM2[1])
    is_tube &= (eccentricity < GREATEST_ECCENTRICITY) & (slices >= (height.start + height.stop) / 2)
    from_midline_mm = abs(columns - midline_column(lungs)) * spacing_mm[2]
    is_tube &= from_midline_mm < GREATEST_MIDLINE_DISTANCE_MM
    tubes = air.kept(is_tube[part])
    count, body = parts(len(tubes.start), tubes.body_links(corners=True))
    if not count:
        return tubes
    longest = tubes.kept(body == np.argmax(np.bincount(body, tubes.lengths, count)))
    slices_seen = longest.slices[-1] - longest.slices[0] + 1
    is_long = slices_seen * spacing_mm[0] >= LEAST_HEIGHT_MM
    return longest if is_long else longest.kept(np.zeros(len(longest.start), dtype=np.bool_))


def _bronchial_box(trachea: Runs, geometry: VolumeGeometry) -> Box:
    """Where the airways may be that hang on the lower end of the trachea."""
    slice_mm, row_mm, column_mm = geometry.spacing_mm
    bottom = int(trachea.slices[0])
    below, above = (round(reach / slice_mm) for reach in (BRONCHI_BELOW_MM, BRONCHI_ABOVE_MM))
    _, rows, columns = trachea.box()
    beside_rows, beside_columns = (round(BRONCHI_BESIDE_MM / mm) for mm in (row_mm, column_mm))
    return (
        slice(max(bottom - below, 0), min(bottom + above + 1, geometry.shape[0])),
        slice(max(rows.start - beside_rows, 0), min(rows.stop + beside_rows, geometry.shape[1])),
        slice(
            max(columns.start - beside_columns, 0),
            min(columns.stop + beside_columns, geometry.shape[2]),
        ),
    )


def _grown(trachea: Booleans, volume: Volume, box: Box) -> Booleans:
    """The trachea with its branches, at the highest threshold that does not leak into a lung."""
    most = np.count_nonzero(trachea) + GREATEST_GROWTH_MM3 / volume.geometry.voxel_volume_mm3
    airways, untried = trachea, list(THRESHOLDS_HU)
    while untried:  # a higher threshold gives a larger set: halve what is left
        middle = len(untried) // 2
        labels = cc3d.connected_components(
            (volume.hu[box] < untried[middle]) | trachea, connectivity=6
        )
        candidate: Booleans = labels == np.bincount(labels[trachea]).argmax()
        if np.count_nonzero(candidate) < most:
            airways, untried = candidate, untried[middle + 1 :]
        else:
            untried = untried[:middle]
    wide = airways.copy()
    inner = find_runs(airways, 0, len(airways)).box()
    wide[inner] = opened(airways[inner], LEAST_RADIUS_MM, volume.geometry.spacing_mm)
    return wide | trachea
