"""Pixels of a slice view: hounsfield units through a window, saliency over them. No OpenGL.

Each step is kept until its own input changes: a new window does not slice again, a new slice does
not build tables again. The same state gives the same bytes on every machine.
"""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from core.geometry import VolumeGeometry
from core.views.overlay import OverlayStyle, is_signed, overlay_colours
from core.views.planes import Plane, SliceGeometry, reslice, slice_geometry, slice_values
from core.views.window import Window, lookup_table, to_grey
from core.volume import SaliencyMap, Volume
from viewer.axial_averages import average_hu

CODES = 256
"""Levels of saliency that are told apart; code 0 is bare grey."""

OPAQUE = np.uint32(0xFF000000)


def saliency_codes(
    saliency: NDArray[np.float32],
    style: OverlayStyle,
    *,
    signed: bool = False,
    out_of: int = CODES,
) -> NDArray[np.uint8]:
    """Code of every pixel: 0 up to half the threshold (not drawn), then linear up to 1.

    Args:
        saliency: float32 (rows, columns), resliced from a thresholded map.
        style: Whose threshold counts.
        signed: Of a map within -1..1: the lower half of the codes is for what is negative, the
            upper half for what is positive.
        out_of: Number of codes.
    """
    if signed:
        codes = saliency_codes(np.abs(saliency), style, out_of=out_of // 2)
        codes[(saliency > 0) & (codes > 0)] += np.uint8(out_of // 2)
        return codes
    faintest = style.threshold / 2
    scaled = (saliency - np.float32(faintest)) * np.float32((out_of - 1) / max(1 - faintest, 1e-6))
    return np.clip(np.rint(scaled), 0, out_of - 1).astype(np.uint8)


def colour_table(style: OverlayStyle, *, signed: bool = False) -> NDArray[np.uint32]:
    """0xffRRGGBB of every (code, grey): the arithmetic of `core.views.overlay.blend`, once."""
    if not signed:
        return _colours_of(style, CODES, sign=0)
    sides = [_colours_of(style, CODES // 2, sign=sign) for sign in (-1, 1)]
    return np.concatenate(sides)


def _colours_of(style: OverlayStyle, codes: int, *, sign: int) -> NDArray[np.uint32]:
    """0xffRRGGBB of `codes` levels of one sign over every grey; the first is bare grey."""
    grey = np.arange(256, dtype=np.float32)[None, :, None]
    values = style.threshold / 2 + np.arange(codes) / (codes - 1) * (1 - style.threshold / 2)
    level = np.clip((values - style.threshold) / max(1 - style.threshold, 1e-6), 0, 1)
    fade = np.clip(values / max(style.threshold, 1e-6) * 2 - 1, 0, 1)
    alpha = (style.opacity * fade)[:, None, None]
    alpha[0] = 0
    colours = overlay_colours(style, sign=sign)[(level * 255).astype(np.intp)][:, None, :]
    rgb = np.rint((1 - alpha) * grey + alpha * colours).astype(np.uint32)
    table: NDArray[np.uint32] = (
        OPAQUE | rgb[..., 0] << np.uint32(16) | rgb[..., 1] << np.uint32(8) | rgb[..., 2]
    )
    return table.ravel()


def grey_table() -> NDArray[np.uint32]:
    """0xffRRGGBB of every grey."""
    return OPAQUE | np.arange(256, dtype=np.uint32) * np.uint32(0x010101)


def slab(saliency: SaliencyMap, place: SliceGeometry) -> SaliencyMap:
    """The part of a map that a slice can touch, so that only this part need be thresholded."""
    rows, columns = place.shape
    ends = [(0, 0), (rows - 1, 0), (0, columns - 1), (rows - 1, columns - 1)]
    corners = saliency.geometry.to_index(place.to_patient(ends))
    count = np.array(saliency.geometry.shape)
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, count - 1)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int), low, count - 1) + 1
    part = saliency.values[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    affine = saliency.geometry.affine.copy()
    affine[:3, 3] = saliency.geometry.to_patient(low)
    geometry = VolumeGeometry(part.shape, affine, saliency.geometry.frame_of_reference_uid)
    return SaliencyMap(part, geometry, saliency.method, saliency.target, saliency.threshold)


def to_picture(pixels: NDArray[np.uint32]) -> QImage:
    """A picture that owns its 0xffRRGGBB pixels."""
    rows, columns = pixels.shape
    pixels = np.ascontiguousarray(pixels)
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


class SliceRenderer:
    """Makes the picture of one slice and keeps what the next one can use again."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self.forget()

    def forget(self) -> None:
        """Let go of everything that belongs to a series."""
        self._key: object = None
        self._picture: QImage | None = None
        self._volume: Volume | None = None
        self._index = -1
        self._cut: tuple[int, range] = (-1, range(0))
        self._hu: NDArray[np.int16] | None = None
        self._saliency: SaliencyMap | None = None
        self._codes: NDArray[np.uint8] | None = None
        self._threshold = -1.0
        self._window: Window | None = None
        self._greys: NDArray[np.uint8] | None = None
        self._look: tuple[OverlayStyle, bool] | None = None
        self._colours: NDArray[np.uint32] | None = None

    def picture(
        self,
        volume: Volume,
        index: int,
        window: Window,
        *,
        saliency: SaliencyMap | None = None,
        style: OverlayStyle = OverlayStyle(),
        averaged: range = range(0),
    ) -> QImage:
        """Slice `index` of a reoriented volume in screen order, one picture pixel a voxel.

        Args:
            volume: Reoriented volume.
            index: Slice number along the plane's axis.
            window: What is black and what is white.
            saliency: Map to lay over, not yet thresholded; None for bare grey.
            style: How it is drawn; its threshold is applied before any interpolation.
            averaged: Axial slices whose mean is drawn in its place; with less than two, itself.
        """
        style = style if saliency is None else style.of(saliency)
        key = (volume, index, window, saliency, style, averaged)
        if self._picture is None or self._key != key:
            self._key, self._picture = key, self._drawn(*key)
        return self._picture

    def _drawn(
        self,
        volume: Volume,
        index: int,
        window: Window,
        saliency: SaliencyMap | None,
        style: OverlayStyle,
        averaged: range,
    ) -> QImage:
        hu = self._slice_of(volume, index, averaged)
        if self._window != window or self._greys is None:
            self._window, self._greys = window, lookup_table(window)
        grey = to_grey(hu, self._greys)
        if saliency is None:
            return to_picture(np.take(grey_table(), grey))
        codes = self._codes_of(saliency, style, volume.geometry)
        look = (style, is_signed(saliency))
        if self._look != look or self._colours is None:
            self._look, self._colours = look, colour_table(style, signed=look[1])
        return to_picture(np.take(self._colours, codes.astype(np.uint16) << np.uint16(8) | grey))

    def _slice_of(self, volume: Volume, index: int, averaged: range) -> NDArray[np.int16]:
        cut = (index, averaged)
        if self._hu is None or self._volume is not volume or self._cut != cut:
            self._volume, self._cut, self._codes = volume, cut, None
            self._index = index
            if len(averaged) > 1:
                self._hu = average_hu(volume, averaged)
            else:
                self._hu = np.ascontiguousarray(slice_values(volume.hu, self._plane, index))
        return self._hu

    def _codes_of(
        self, saliency: SaliencyMap, style: OverlayStyle, geometry: VolumeGeometry
    ) -> NDArray[np.uint8]:
        """Codes of the slice last cut."""
        known = self._saliency is saliency and self._threshold == style.threshold
        if self._codes is None or not known:
            place = slice_geometry(geometry, self._plane, self._index)
            near = slab(saliency, place).thresholded(style.threshold)
            self._codes = saliency_codes(reslice(near, place), style, signed=is_signed(saliency))
            self._saliency, self._threshold = saliency, style.threshold
        return self._codes
