"""Arrays that ride on a geometry: the CT itself, labels, saliency. All read-only."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.geometry import BuiltAnew, VolumeGeometry, read_only


def _ride(values: NDArray[np.generic], geometry: VolumeGeometry, kind: type) -> NDArray[np.generic]:
    if values.shape != geometry.shape:
        raise ValueError(f"values must have the geometry's shape {geometry.shape}, {values.shape=}")
    if values.dtype != kind:
        raise TypeError(f"values must be {np.dtype(kind)}, got {values.dtype}")
    return read_only(values)


@dataclass(frozen=True, eq=False)
class Volume(BuiltAnew):
    """A CT in hounsfield units.

    Attributes:
        hu: int16 (slice, row, column).
        geometry: Where the voxels lie.
        series_uid: DICOM Series Instance UID the pixels came from.
        padding: True where the scanner stored no measurement; None if everywhere is measured.
        missing_slices: Indices of slices that no file holds. Their HU is -1024 and `padding` is
            True there: shown as a hatched band, never measured.
        missing_axis: Index of the grid along which slices were stored; `reorient` may change it.
    """

    hu: NDArray[np.int16]
    geometry: VolumeGeometry
    series_uid: str = ""
    padding: NDArray[np.bool_] | None = None
    missing_slices: tuple[int, ...] = ()
    missing_axis: int = 0

    def __post_init__(self) -> None:
        count = self.geometry.shape[self.missing_axis]
        if any(not 0 <= k < count for k in self.missing_slices):
            raise ValueError(f"missing_slices must be slices of the grid, {self.missing_slices=}")
        object.__setattr__(self, "hu", _ride(self.hu, self.geometry, np.int16))
        if self.padding is not None:
            object.__setattr__(self, "padding", _ride(self.padding, self.geometry, np.bool_))


@dataclass(frozen=True, eq=False)
class Mask(BuiltAnew):
    """Labels on their own geometry.

    Attributes:
        labels: uint8 (slice, row, column); 0 is outside.
        geometry: Where the voxels lie.
    """

    labels: NDArray[np.uint8]
    geometry: VolumeGeometry

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", _ride(self.labels, self.geometry, np.uint8))


@dataclass(frozen=True, eq=False)
class SaliencyMap(BuiltAnew):
    """Where a model looked, on the grid on which it was computed: never interpolated.

    Attributes:
        values: float32 (slice, row, column), 0..1, of a signed map -1..1; `unit_value` times this
            is the raw attribution.
        geometry: Where the cells lie. An overlay is a reslice of this, in mm.
        method: One of `core.explanation.METHODS`, or "occlusion".
        target: The output that was explained, in words.
        threshold: Cells below this share of the unit are set to 0 by `thresholded`.
        unit_value: Raw attribution that became 1.
        unit_percentile: Of the sizes that are not 0, which one became 1; what is larger is 1 too.
    """

    values: NDArray[np.float32]
    geometry: VolumeGeometry
    method: str
    target: str
    threshold: float
    unit_value: float = 1.0
    unit_percentile: float = 100.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _ride(self.values, self.geometry, np.float32))

    @property
    def unit_words(self) -> str:
        """What a share of 1 is: "maximum", or "99.9th percentile"."""
        return (
            "maximum" if self.unit_percentile == 100 else f"{self.unit_percentile:g}th percentile"
        )

    def thresholded(self, threshold: float | None = None) -> "SaliencyMap":
        """The same map with every cell below the threshold at 0, before any interpolation.

        A cell of a signed map is kept for its size, whatever its sign.
        """
        level = self.threshold if threshold is None else threshold
        kept = np.where(np.abs(self.values) >= level, self.values, np.float32(0))
        return replace(self, values=kept, threshold=level)
