"""The lungs as a radiologist draws them: vessels and the pleural border in, airways out.

The published rule stops where the blurred scan is above -600 HU and so leaves out vessels, the rim
of partial volume under the pleura and parts that disease has cut off. Here each of its lungs gets
back: lung tissue that hangs apart, nooks that a ball of 8 mm cannot enter (vessels, up to the
hilum), the rim, and hazy tissue nearby. What disease has filled altogether stays out:
`lung_warnings` speaks of it.
"""

from concurrent.futures import ThreadPoolExecutor

import cc3d
import numpy as np
from numpy.typing import NDArray

from core.geometry import VolumeGeometry
from core.preprocessing.balls import grown, shrunk, squared_distance_mm2
from core.preprocessing.coarse_grid import block_shape, from_blocks, in_blocks, repeated
from core.preprocessing.cut_off_lung import cut_off_lung
from core.preprocessing.lung_pair import LungPair
from core.volume import Volume
from core.voxel_runs import Booleans, Box, Runs, united, without

CLOSING_RADIUS_MM = 8.0
"""Vessels and nooks up to 16 mm wide are lung; the hilum and the great vessels are wider."""
RIM_MM = 3.0
"""How far the rim of partial volume reaches."""
RIM_BELOW_HU = -200
"""A voxel with at least a quarter of lung (-850 HU) in soft tissue (0 to 50 HU)."""
HAZE_MM = 10.0
HAZE_BELOW_HU = -400
"""Ground glass, motion and thick slices: half air or more, and no partial volume of other air."""
OTHER_AIR_MM = 4.0
"""So far from bowel, gullet, airways and the outside nothing is haze."""
WALL_MM = 2.0
"""Wall of the airways: neither lung nor air."""
MARGIN_MM = HAZE_MM + 2.0


def anatomical_lungs(
    volume: Volume, air: Runs, lungs: LungPair, airways: Runs
) -> NDArray[np.uint8]:
    """Labels on the volume: 1 right lung, 2 left lung, 0 elsewhere.

    Args:
        volume: Slices towards the head, rows to the back, columns to the patient's left.
        air: Plausible air of every slice.
        lungs: Right and left lung by the published rule.
        airways: Trachea and main bronchi.
    """
    apart = cut_off_lung(volume, air, lungs, airways)
    wholes = [united(lung, more) for lung, more in zip(lungs, apart, strict=True)]
    present = {label: whole for label, whole in enumerate(wholes, start=1) if len(whole.start)}
    boxes = {label: _with_margin(whole.box(), volume.geometry) for label, whole in present.items()}
    block = block_shape(volume.geometry.spacing_mm)
    other_air = without(without(air, wholes[0]), wholes[1]).in_blocks(block)
    other_air |= airways.in_blocks(block)
    with ThreadPoolExecutor(len(present)) as threads:
        masks = threads.map(
            lambda n: _aerated_and_more(present[n], other_air, volume, boxes[n]), present
        )
        found = dict(zip(present, masks, strict=True))
    labels = np.zeros(volume.geometry.shape, dtype=np.uint8)
    for part in (0, 1):  # what is aerated first: no nook reaches into the other lung
        for label, lung in found.items():
            inside = labels[boxes[label]]
            inside += (lung[part] & (inside == 0)) * np.uint8(label)
    if len(airways.start):
        box = _with_margin(airways.box(), volume.geometry)
        wall = grown(airways.painted_in(box), WALL_MM, volume.geometry.spacing_mm)
        labels[box] *= ~wall
    return labels


def _aerated_and_more(
    whole: Runs, other_air: Booleans, volume: Volume, box: Box
) -> tuple[Booleans, Booleans]:
    """The aerated part of a lung, and what belongs to it beside (which may hold it too).

    Args:
        whole: The aerated part.
        other_air: True for the blocks of the volume that hold air of no lung.
        volume: The scan.
        box: Where to look; it begins with a block.
    """
    block = block_shape(volume.geometry.spacing_mm)
    slice_mm, row_mm, column_mm = volume.geometry.spacing_mm
    block_mm = (slice_mm * block[0], row_mm * block[1], column_mm * block[2])
    aerated = whole.painted_in(box)
    coarse = in_blocks(aerated, block)
    distance_mm2 = squared_distance_mm2(coarse, HAZE_MM, block_mm)
    closed = coarse | shrunk(distance_mm2 <= CLOSING_RADIUS_MM**2, CLOSING_RADIUS_MM, block_mm)
    in_box = tuple(slice(s.start // n, -(-s.stop // n)) for s, n in zip(box, block, strict=True))
    hazy = (distance_mm2 <= HAZE_MM**2) & ~grown(other_air[in_box], OTHER_AIR_MM, block_mm)
    hu = volume.hu[box]
    more = repeated(hazy, block, aerated.shape) & (hu < HAZE_BELOW_HU)
    touching = _touching(in_blocks(more, block), coarse)
    more &= repeated(grown(touching, RIM_MM, block_mm), block, aerated.shape)
    more |= repeated(distance_mm2 <= RIM_MM**2, block, aerated.shape) & (hu < RIM_BELOW_HU)
    more |= from_blocks(closed, block, aerated.shape)
    return aerated, more


def _touching(blocks: Booleans, lung: Booleans) -> Booleans:
    """The lung and the blocks that hang together with it: a bubble in the stomach does not."""
    labels = cc3d.connected_components(blocks | lung, connectivity=26)
    is_lung = np.zeros(int(labels.max()) + 1, dtype=np.bool_)
    is_lung[labels[lung]] = True
    is_lung[0] = False
    touching: Booleans = is_lung[labels]
    return touching


def _with_margin(box: Box, geometry: VolumeGeometry) -> Box:
    """The box with a margin inside the volume; it begins with a block."""
    sides = []
    block = block_shape(geometry.spacing_mm)
    for side, n, mm, size in zip(box, block, geometry.spacing_mm, geometry.shape, strict=True):
        margin = round(MARGIN_MM / mm)
        start = max(side.start - margin, 0) // n * n
        sides.append(slice(start, min(side.stop + margin, size)))
    return sides[0], sides[1], sides[2]
