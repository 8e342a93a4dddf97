"""Occlusion: replace a place by its surroundings, ask the network again, see what changes.

After Zeiler and Fergus 2014 (arXiv:1311.2901), with two changes for a CT: a cube in millimetres,
and in place of one grey for all, the mean of the tissue around the cube, so that a vessel in the
lung becomes lung and a part of the heart stays heart. Nothing but the network's own answer is used;
no gradient, no weight. The edges of a cube are a pattern that no patient has: small changes may
come from them, which is why "Why here?" measures the noise of moving the cube by a voxel.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.geometry import Floats, VolumeGeometry
from core.progress import Progress, Span

Image = NDArray[np.float32]
Inside = NDArray[np.bool_]
Cube = tuple[slice, slice, slice]

Value = Callable[[Image, Progress], float]
"""The target's value of an image (D, H, W): one forward pass."""

SHELL_MM = 10.0
"""Thickness of the surroundings whose mean fills a cube."""

SMALLEST_SHARE = 0.05
"""A cube with less of its voxels in the region is not worth a pass; its cell stays 0."""

CENTRE_DECIMALS = 6
"""Centres of cubes are rounded to these: edges that should fall together do."""

SHIFTS = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
"""Voxels by which a cube is moved to learn the noise: four corners, balanced about the place."""


def cube_about(index: Floats, edge_voxels: Floats, shape: tuple[int, ...]) -> Cube:
    """The voxels whose centre lies in a cube, cut at the grid's border.

    Args:
        index: (slice, row, column) of its centre, fractional.
        edge_voxels: Its edge along each axis, in voxels; at least the voxel at the centre is taken.
        shape: Of the grid.

    Returns:
        A half-open box; cubes whose centres lie an edge apart share no voxel and leave none out.
    """
    edge = np.maximum(edge_voxels, 1)
    first = np.ceil(index - edge / 2).astype(int)
    after = np.ceil(index + edge / 2).astype(int)
    low, high = np.clip(first, 0, shape), np.clip(after, 0, shape)
    return slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])


def neighbourhood(
    image: Image, inside: Inside, cube: Cube, grid: VolumeGeometry
) -> NDArray[np.float32]:
    """Intensities of the tissue around a cube: of the region's voxels up to 10 mm from its faces.

    Args:
        image: (D, H, W).
        inside: True in the region that the model is shown.
        cube: Left out.
        grid: Where the voxels lie.

    Returns:
        (n,); of the whole region where nothing of it lies around the cube.
    """
    grow = np.maximum(np.rint(SHELL_MM / np.array(grid.spacing_mm)), 1).astype(int).tolist()
    start = [max(part.start - more, 0) for part, more in zip(cube, grow, strict=True)]
    around = tuple(
        slice(first, part.stop + more) for first, part, more in zip(start, cube, grow, strict=True)
    )
    is_shell = inside[around].copy()
    is_shell[
        tuple(
            slice(part.start - first, part.stop - first)
            for first, part in zip(start, cube, strict=True)
        )
    ] = False
    return image[around][is_shell] if is_shell.any() else image[inside]


def replaced(image: Image, inside: Inside, cube: Cube, grid: VolumeGeometry) -> Image:
    """A copy of the image in which the cube has the mean of the tissue around it.

    Args:
        image: (D, H, W).
        inside: True in the region that the model is shown; nothing outside it is changed or used.
        cube: What is replaced.
        grid: Where the voxels lie.
    """
    result = image.copy()
    if inside[cube].any():
        tissue = neighbourhood(image, inside, cube, grid)
        result[cube][inside[cube]] = tissue.mean(dtype=np.float64)
    return result


def lattice(inside: Inside, grid: VolumeGeometry, step_mm: float) -> VolumeGeometry:
    """Cells of `step_mm` that cover the region, centred on its bounding box; axes of the grid.

    Raises:
        ValueError: The region is empty.
    """
    if not inside.any():
        raise ValueError("the region is empty: there is nothing to hide")
    hits = [np.flatnonzero(inside.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    low = np.array([each[0] for each in hits], float)
    high = np.array([each[-1] for each in hits], float)
    step = np.maximum(step_mm / np.array(grid.spacing_mm), 1)
    count = np.ceil((high - low + 1) / step).astype(int)
    affine = np.array(grid.affine)
    affine[:3, 3] = grid.to_patient((low + high) / 2 - step * (count - 1) / 2)
    affine[:3, :3] *= step
    shape = (int(count[0]), int(count[1]), int(count[2]))
    return VolumeGeometry(shape, affine, grid.frame_of_reference_uid)


def hidden_cubes(
    inside: Inside, grid: VolumeGeometry, cells: VolumeGeometry, size_mm: float
) -> dict[tuple[int, ...], Cube]:
    """Cell -> the cube about its centre, for every cell worth a pass."""
    edge = size_mm / np.array(grid.spacing_mm)
    centres = grid.to_index(cells.to_patient(np.moveaxis(np.indices(cells.shape), 0, -1)))
    found = {}
    for cell in np.ndindex(cells.shape):
        cube = cube_about(centres[cell].round(CENTRE_DECIMALS), edge, grid.shape)
        part = inside[cube]
        if part.size and part.mean() >= SMALLEST_SHARE:
            found[cell] = cube
    return found


def occlusion(
    image: Image,
    inside: Inside,
    grid: VolumeGeometry,
    value: Value,
    progress: Progress,
    *,
    size_mm: float,
    step_mm: float,
) -> tuple[Image, VolumeGeometry]:
    """How much the target falls when each place is replaced by its surroundings.

    Args:
        image: (D, H, W), the network's input.
        inside: True in the region that the model is shown.
        grid: Where its voxels lie.
        value: Of the target; one pass each.
        progress: Told at every pass, with the number of passes and the time left; may cancel.
        size_mm: Edge of the cubes.
        step_mm: Distance of their centres.

    Returns:
        Per cell the fall of the target: above 0 where the place speaks for the outcome, below 0
        where hiding it raises the target, 0 where the model is shown nothing; and the geometry of
        the cells.

    Raises:
        ValueError: The region is empty.
    """
    cells = lattice(inside, grid, step_mm)
    cubes = hidden_cubes(inside, grid, cells, size_mm)
    raw = np.zeros(cells.shape, dtype=np.float32)
    passes = len(cubes) + 1
    start_s = time.monotonic()
    before = value(image, Named(progress, 0, 1 / passes, f"Hiding {len(cubes)} places"))
    for number, (cell, cube) in enumerate(cubes.items(), start=1):
        left_s = (time.monotonic() - start_s) / number * (passes - number)
        words = f"Hiding place {number} of {len(cubes)}, about {_rounded(left_s)} left"
        span = Named(progress, number / passes, (number + 1) / passes, words)
        raw[cell] = before - value(replaced(image, inside, cube, grid), span)
    return raw, cells


class Named:
    """A part of a larger progress that keeps one message of its own."""

    def __init__(self, parent: Progress, start: float, end: float, message: str) -> None:
        self._span = Span(parent, start, end)
        self._message = message

    def step(self, fraction: float, message: str) -> None:
        """Report to the parent within the span; `message` is of no interest there."""
        self._span.step(fraction, self._message)


def _rounded(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(seconds, 1):.0f} s"
