"""How a CT looks in the volume view: ivory bone, a muted heart, lung vessels; VTK's images."""

import numpy as np
from numpy.typing import NDArray
from vtkmodules import vtkRenderingVolumeOpenGL2  # noqa: F401  (registers the GPU mapper)
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolumeProperty
from vtkmodules.vtkRenderingVolume import (
    vtkFixedPointVolumeRayCastMapper,
    vtkGPUVolumeRayCastMapper,
)

from core.geometry import VolumeGeometry

OPACITY = (
    (-1024, 0.0),
    (-700, 0.0),
    (-450, 0.10),
    (-200, 0.14),
    (-60, 0.05),
    (20, 0.20),
    (100, 0.26),
    (170, 0.40),
    (350, 0.85),
    (3000, 0.95),
)
"""HU -> opacity over `OPACITY_UNIT_MM`."""

COLOURS = (
    (-1024, (0.34, 0.33, 0.36)),
    (-500, (0.56, 0.52, 0.54)),
    (-150, (0.74, 0.66, 0.62)),
    (20, (0.62, 0.46, 0.44)),
    (110, (0.74, 0.58, 0.54)),
    (190, (0.93, 0.87, 0.77)),
    (500, (1.0, 0.98, 0.92)),
    (3000, (1.0, 1.0, 1.0)),
)
"""HU -> RGB; muted, because strong colours are the saliency's."""

OPACITY_UNIT_MM = 2.0
AMBIENT, DIFFUSE, SPECULAR, SPECULAR_POWER = 0.30, 1.0, 0.25, 14.0


def ct_mapper(*, software: bool) -> vtkFixedPointVolumeRayCastMapper | vtkGPUVolumeRayCastMapper:
    """Ray casting on the processor where OpenGL is software: several times faster there."""
    mapper = vtkFixedPointVolumeRayCastMapper() if software else vtkGPUVolumeRayCastMapper()
    mapper.AutoAdjustSampleDistancesOff()
    if software:
        mapper.LockSampleDistanceToInputSpacingOff()
    return mapper


def ct_property(spacing_mm: float) -> vtkVolumeProperty:
    """Colours, opacity and light of the CT."""
    opacity, colours = vtkPiecewiseFunction(), vtkColorTransferFunction()
    for hu, value in OPACITY:
        opacity.AddPoint(hu, value)
    for hu, rgb in COLOURS:
        colours.AddRGBPoint(hu, *rgb)
    prop = vtkVolumeProperty()
    prop.SetScalarOpacity(opacity)
    prop.SetColor(colours)
    prop.SetScalarOpacityUnitDistance(max(OPACITY_UNIT_MM, spacing_mm / 2))
    prop.SetInterpolationTypeToLinear()
    prop.ShadeOn()
    prop.SetAmbient(AMBIENT)
    prop.SetDiffuse(DIFFUSE)
    prop.SetSpecular(SPECULAR)
    prop.SetSpecularPower(SPECULAR_POWER)
    return prop


def to_vtk(
    values: NDArray[np.generic], geometry: VolumeGeometry
) -> tuple[vtkImageData, vtkMatrix4x4]:
    """An image of identity direction at the origin, and the matrix that puts it into the patient.

    Args:
        values: (slice, row, column); shared with the image where it is C-contiguous.
        geometry: Where the voxels lie.
    """
    depth_mm, row_mm, column_mm = geometry.spacing_mm
    image = vtkImageData()
    image.SetDimensions(*geometry.shape[::-1])
    image.SetSpacing(column_mm, row_mm, depth_mm)
    flat = np.ascontiguousarray(values).ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(flat))
    return image, _to_patient(geometry)


def _to_patient(geometry: VolumeGeometry) -> vtkMatrix4x4:
    """Millimetres along (column, row, slice) from voxel (0, 0, 0) -> LPS mm."""
    matrix = vtkMatrix4x4()
    axes = geometry.axes[::-1]
    for row in range(3):
        for column in range(3):
            matrix.SetElement(row, column, float(axes[column, row]))
        matrix.SetElement(row, 3, float(geometry.affine[row, 3]))
    return matrix
