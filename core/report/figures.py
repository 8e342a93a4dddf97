"""The four key views of a result: three slices through the hottest place, and the chest in 3D."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.analysis_result import AnalysisResult
from core.explanation import GRADIENT, SIGNED_GRADIENT
from core.geometry import Floats
from core.preprocessing.reorient import reorient
from core.report import words
from core.report.picture_frame import Caption, framed
from core.views.cubes import filled_extent
from core.views.overlay import OverlayStyle, blend, is_signed
from core.views.planes import (
    Plane,
    SliceGeometry,
    direction_letters,
    nearest_slice,
    reslice,
    slice_geometry,
    slice_number,
    slice_values,
)
from core.views.projection import Viewpoint, volume_picture
from core.views.window import MEDIASTINUM, lookup_table, to_grey
from core.volume import Mask, SaliencyMap, Volume

Picture = NDArray[np.uint8]

SHOWN_FIRST = ("gradcam", "smoothgrad", "gradient", "occlusion")
"""The map that the key views show, the first of these that was made: GradCAM is coarse enough to be
read at the size of a page."""

OPACITY = 0.55
CHEST_MARGIN_MM = 35.0
"""Shown around lungs and heart: the chest wall, without the empty rest of the field of view."""

PIXEL_MM = 0.4
"""Size of a pixel of the key slices, the same along both edges."""


@dataclass(frozen=True, eq=False)
class KeySlice:
    """A slice with its overlay, and where its pixels lie.

    Attributes:
        pixels: RGB uint8 (rows, columns, 3), square pixels of `PIXEL_MM`.
        place: Patient position of every pixel; `index` is the slice of the reoriented volume.
        centre_mm: LPS position of the middle of the picture.
    """

    pixels: Picture
    place: SliceGeometry
    centre_mm: Floats


def key_views(volume: Volume, result: AnalysisResult) -> dict[str, Picture]:
    """Draw axial, coronal, sagittal and volume view, each with letters, legend and captions.

    The planes go through the maximum of the thresholded map (`shown_map`), which is the overlay.

    Args:
        volume: The CT in any storage order.
        result: Of a run on it.

    Returns:
        RGB uint8 (rows, columns, 3) by "axial", "coronal", "sagittal" and "volume".
    """
    upright = reorient(volume)
    saliency = shown_map(result)
    style = OverlayStyle(
        OPACITY, result.card.gradcam_threshold if saliency is None else saliency.threshold
    )
    views = {}
    for plane in Plane:
        shown = key_slice(upright, result, plane)
        caption = Caption(
            plane.value.capitalize(),
            _position(shown, upright),
            shown.place.edge_letters(),
            _overlay_line(saliency),
            result.card.warnings,
            _raw_threshold(saliency),
            _unit(saliency),
        )
        views[plane.value] = framed(shown.pixels, caption, style)
    views["volume"] = framed(*_volume_view(upright, result, style), style)
    return views


def key_slice(volume: Volume, result: AnalysisResult, plane: Plane) -> KeySlice:
    """The slice of `plane` through the maximum of the thresholded map, cropped to the chest.

    Args:
        volume: The CT, reoriented.
        result: Of a run on it.
        plane: Which of the three.
    """
    point_mm = hottest_point_mm(result)
    index = nearest_slice(volume, plane, point_mm)
    stored = slice_geometry(volume.geometry, plane, index)
    top, left, bottom, right = _crop(stored, result.lungs_and_heart, point_mm)
    step_down, step_right = (PIXEL_MM / size for size in stored.pixel_mm)
    # Whole pixels that fit: a last one that reached beyond the scan could not be drawn.
    shape = (max(int((bottom - top) / step_down), 1), max(int((right - left) / step_right), 1))
    to_stored = np.array(
        [
            [step_down, 0, top + step_down / 2 - 0.5],
            [0, step_right, left + step_right / 2 - 0.5],
            [0, 0, 1],
        ]
    )
    place = SliceGeometry(plane, index, shape, stored.affine @ to_stored)
    grey = to_grey(slice_values(volume.hu, plane, index).copy(), lookup_table(MEDIASTINUM))
    edges = (left, top, left + shape[1] * step_right, top + shape[0] * step_down)
    large = Image.fromarray(grey).resize(shape[::-1], Image.Resampling.BICUBIC, box=edges)
    saliency = shown_map(result)
    heat = np.zeros(shape, np.float32)
    style = OverlayStyle(OPACITY)
    if saliency is not None:
        style = OverlayStyle(OPACITY, saliency.threshold)
        heat = reslice(saliency.thresholded(), place)
    middle = place.to_patient((np.array(shape) - 1) / 2)
    return KeySlice(blend(np.array(large), heat, style), place, middle)


def shown_map(result: AnalysisResult) -> SaliencyMap | None:
    """The map that the key views show (`SHOWN_FIRST`); None where the run made none.

    A signed map that stands alone is shown by size, without its sign. Of a signed gradient that is
    the gradient; occlusion keeps its name.
    """
    found = (result.saliency_by(method) for method in SHOWN_FIRST)
    shown = next((each for each in found if each is not None), next(iter(result.saliency), None))
    if shown is not None and is_signed(shown):
        method = GRADIENT if shown.method == SIGNED_GRADIENT else shown.method
        return replace(shown, values=np.abs(shown.values), method=method)
    return shown


def hottest_point_mm(result: AnalysisResult) -> Floats:
    """LPS position of the cell where the thresholded map is greatest.

    The middle of lungs and heart where the map is missing or zero everywhere.
    """
    saliency = shown_map(result)
    if saliency is not None:
        values = saliency.thresholded().values
        if values.max() > 0:
            return saliency.geometry.to_patient(np.unravel_index(values.argmax(), values.shape))
    first, last = filled_extent(result.lungs_and_heart)
    return result.lungs_and_heart.geometry.to_patient((first + last) / 2)


def _crop(
    stored: SliceGeometry, region: Mask, point_mm: Floats
) -> tuple[float, float, float, float]:
    """Edges (top, left, bottom, right) of what is shown, in pixels counted from the corner."""
    corners = np.array(np.meshgrid(*np.stack(filled_extent(region), axis=1))).reshape(3, -1).T
    points = np.vstack([region.geometry.to_patient(corners), point_mm])
    pixels = stored.to_pixel(points) + 0.5
    margin = CHEST_MARGIN_MM / np.array(stored.pixel_mm)
    low = np.clip(pixels.min(axis=0) - margin, 0, np.array(stored.shape) - 1.0)
    high = np.clip(pixels.max(axis=0) + margin, low + 1, stored.shape)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _position(shown: KeySlice, volume: Volume) -> str:
    """Where the slice lies, such as "z −512.3 mm · slice 41 of 70"."""
    letter, axis = {"axial": ("z", 2), "coronal": ("y", 1), "sagittal": ("x", 0)}[shown.place.plane]
    value = f"{shown.centre_mm[axis]:.1f}".replace("-", "\N{MINUS SIGN}")
    count = volume.geometry.shape[shown.place.plane.axis]
    number = slice_number(shown.place.plane, shown.place.index, count)
    return f"{letter} {value} mm · slice {number} of {count}"


def _overlay_line(saliency: SaliencyMap | None) -> str:
    """What the colours are, in words."""
    if saliency is None:
        return "No saliency map was made"
    name = words.method_name(saliency.method)
    if is_signed(saliency):
        name = f"{name} (either sign)"
    if not saliency.values.any():
        return f"{name} of the {saliency.target} is zero everywhere"
    return f"{name}, {saliency.target} · {words.one_cell(saliency)}"


def _raw_threshold(saliency: SaliencyMap | None) -> str:
    """The threshold in the map's own unit; nothing for an empty map."""
    if saliency is None or not saliency.values.any():
        return ""
    return words.raw_threshold(saliency)


def _unit(saliency: SaliencyMap | None) -> str:
    """What the legend's 1 is, short: "of max.", "of p99.9"."""
    if saliency is None or saliency.unit_percentile == 100:
        return "of max."
    return f"of p{saliency.unit_percentile:g}"


def _volume_view(
    volume: Volume, result: AnalysisResult, style: OverlayStyle
) -> tuple[Picture, Caption]:
    viewpoint = Viewpoint()
    saliency = shown_map(result)
    pixels = volume_picture(
        volume, saliency, region=result.lungs_and_heart, viewpoint=viewpoint, style=style
    )
    letters = {
        "left": direction_letters(-viewpoint.right),
        "right": direction_letters(viewpoint.right),
        "top": direction_letters(-viewpoint.down),
        "bottom": direction_letters(viewpoint.down),
    }
    where = f"from the front, {viewpoint.azimuth_degrees:g}° to the patient's left"
    caption = Caption(
        "Volume",
        where,
        letters,
        _overlay_line(saliency),
        result.card.warnings,
        _raw_threshold(saliency),
        _unit(saliency),
    )
    return pixels, caption
