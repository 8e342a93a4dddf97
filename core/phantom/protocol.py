"""How a subject is scanned: size of the grid, dose, kernel, tube voltage, slices, motion."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.geometry import VolumeGeometry
from core.phantom.kernels import Kernel
from core.phantom.noise import noise_ratio
from core.phantom.subject import Subject

CANVAS_PIXEL_MM = 1.48
"""The body is drawn on a grid about this fine and imaged on a finer one: four times quicker."""

AIR_HU, GE_FILL_HU = -1024, -2000
"""What scanners write outside the circle that they reconstruct."""

EXTENT_MM, FIELD_MM = 320.0, 372.0
"""Length of the scan, enough for tall people too, and field of view for the reference thorax."""

THICKEST_MM = 2.5
"""The thickest slices that the model's study admitted (Lu et al. 2022)."""

CENTRE_SPREAD_MM, MOST_SPREADS = np.array((4.0, 8.0, 3.0)), 2.0
"""How far people lie from the middle, along x, y and z; lungs stay within the scan."""

HEAD_BACK_LEFT = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]

NOISE_HU, NOISE_SPREAD = 17.0, 0.3
"""Of low-dose screening in soft slices of 2 mm at 512 x 512: median, spread of the logarithm."""

NOISE_SLICE_MM = 2.0


class Size(StrEnum):
    """Of a scan's grid."""

    FULL = "full"
    WORKING = "working"
    HALF = "half"

    @property
    def shape(self) -> tuple[int, int]:
        """Slices and matrix."""
        return {Size.FULL: (160, 512), Size.WORKING: (128, 256), Size.HALF: (64, 128)}[self]


@dataclass(frozen=True)
class Protocol:
    """Settings of a scanner.

    Attributes:
        kernel: Of the reconstruction.
        noise_hu: Standard deviation in the middle of the reference chest, in this scan.
        kvp: Tube voltage in kV, 80 to 140.
        slice_thickness_mm: Of one slice; more than the increment where slices overlap.
        increment_mm: Distance of slices.
        slices: Number of slices.
        pixel_mm: Distance of pixels.
        matrix: Rows and columns.
        padding_hu: What fills the corners outside the circle of reconstruction; None for a square
            field that is measured throughout.
        gated: True if the ECG triggered the scan: the heart stands still.
        breathing_mm: Motion of the lungs' bases along the body, standard deviation.
        centre_mm: LPS place of the middle of the scan: nobody lies in it exactly.
    """

    kernel: Kernel = Kernel.SOFT
    noise_hu: float = 12.0
    kvp: float = 120.0
    slice_thickness_mm: float = 2.0
    increment_mm: float = 2.0
    slices: int = 160
    pixel_mm: float = 0.74
    matrix: int = 512
    padding_hu: int | None = None
    gated: bool = False
    breathing_mm: float = 0.0
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def stride(self) -> int:
        """Pixels of the scan, along a row, in one pixel of the canvas."""
        wanted = max(round(CANVAS_PIXEL_MM / self.pixel_mm), 1)
        return next(n for n in range(wanted, 0, -1) if self.matrix % n == 0)

    @property
    def geometry(self) -> VolumeGeometry:
        """Grid of the scan: slices to the head, rows to the back, columns to the left."""
        return self._grid(1)

    @property
    def canvas_geometry(self) -> VolumeGeometry:
        """Grid on which the body is painted for this scan."""
        return self._grid(self.stride)

    def _grid(self, stride: int) -> VolumeGeometry:
        shape = (self.slices, self.matrix // stride, self.matrix // stride)
        spacing_mm = (self.increment_mm, self.pixel_mm * stride, self.pixel_mm * stride)
        half_mm = [(n - 1) / 2 * step for n, step in zip(shape, spacing_mm, strict=True)]
        origin_mm = np.array(self.centre_mm) - half_mm[::-1]
        return VolumeGeometry.from_axes(shape, origin_mm, HEAD_BACK_LEFT, spacing_mm)


def draw_protocol(subject: Subject, size: Size = Size.FULL) -> Protocol:
    """Scanner and dose of a subject: they hang on its seed and build, never on a disease.

    Low-dose screening as in the National Lung Screening Trial (2011,
    doi:10.1056/NEJMoa1102873): 120 to 140 kV, no contrast agent, no gating, a held breath, slices
    of 1 to 2.5 mm, one in five in the lung kernel. The same draws at every size.
    """
    random = subject.random("protocol")
    kernel = Kernel.LUNG if random.random() < 0.2 else Kernel.SOFT
    kvp = float(random.choice([100, 120, 140], p=[0.05, 0.8, 0.15]))
    noise_hu = NOISE_HU * np.exp(NOISE_SPREAD * random.standard_normal())
    overlap = float(random.choice([1.0, 1.25], p=[0.7, 0.3]))
    padding_hu = (None, AIR_HU, GE_FILL_HU)[random.choice(3, p=[0.3, 0.4, 0.3])]
    field_mm = FIELD_MM * max(subject.build.width, 0.94) * random.uniform(0.97, 1.05)
    breathing_mm = float(random.choice([0.0, 0.8, 2.0], p=[0.7, 0.2, 0.1]))
    centre_mm = CENTRE_SPREAD_MM * random.standard_normal(3).clip(-MOST_SPREADS, MOST_SPREADS)
    x, y, z = centre_mm
    slices, matrix = size.shape
    pixel_mm = round(float(field_mm) / matrix, 4)
    increment_mm = round(EXTENT_MM * min(subject.build.height, 1.0) / slices, 3)
    thickness_mm = max(round(min(increment_mm * overlap, THICKEST_MM), 3), increment_mm)
    noise_hu *= noise_ratio(pixel_mm, kernel) * np.sqrt(NOISE_SLICE_MM / thickness_mm)
    return Protocol(
        kernel=kernel,
        noise_hu=round(float(noise_hu), 1),
        kvp=kvp,
        slice_thickness_mm=thickness_mm,
        increment_mm=increment_mm,
        slices=slices,
        pixel_mm=pixel_mm,
        matrix=matrix,
        padding_hu=padding_hu,
        breathing_mm=breathing_mm,
        centre_mm=(round(float(x), 1), round(float(y), 1), round(float(z), 1)),
    )
