"""Surfaces round saliency in the volume view: a translucent shell and a denser core."""

from dataclasses import replace

import numpy as np
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersCore import (
    vtkFlyingEdges3D,
    vtkPolyDataNormals,
    vtkWindowedSincPolyDataFilter,
)
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from core.views.overlay import OverlayStyle, is_signed, overlay_colours
from core.volume import SaliencyMap
from viewer.volume_appearance import to_vtk
from viewer.volume_reduction import for_surfaces

HALF_FADED = 0.75
"""Share of the threshold at which the slices' overlay is at half its opacity: the shell's level."""

CORE_SHARE = 0.25
"""The core lies this far from the threshold to 1."""

SHELL_STRENGTH, CORE_STRENGTH = 0.7, 1.7
"""Opacity of the surfaces for each unit of the overlay's: the shell shows what is inside it."""

SHELL_COLOUR, CORE_COLOUR = 110, 215
"""Where in the 256 colours from threshold to 1 the surfaces take theirs."""

SMOOTHING_ITERATIONS = 15
PASS_BAND = 0.08


def surface_levels(threshold: float) -> tuple[float, float]:
    """Saliency on the shell and on the core."""
    faintest_level = 0.02  # a threshold of 0 would put the shell into the noise floor
    shell = max(threshold * HALF_FADED, faintest_level)
    return shell, threshold + (1 - threshold) * CORE_SHARE


def saliency_actors(saliency: SaliencyMap, style: OverlayStyle) -> tuple[vtkActor, ...]:
    """Shell and core of a map, in its own place in the patient; of a signed one for each sign.

    Args:
        saliency: As computed, not yet thresholded.
        style: Its threshold, a share of this map's maximum, is applied before any interpolation.
    """
    signs = (-1, 1) if is_signed(saliency) else (0,)
    return tuple(actor for sign in signs for actor in _side_actors(saliency, style, sign))


def _side_actors(saliency: SaliencyMap, style: OverlayStyle, sign: int) -> tuple[vtkActor, ...]:
    """Surfaces round one side of a signed map (`sign` -1 or 1), or round an unsigned one (0)."""
    values = np.maximum(saliency.values * np.float32(sign), 0) if sign else saliency.values
    drawn = for_surfaces(replace(saliency, values=values), style.threshold)
    image, matrix = to_vtk(drawn.values, drawn.geometry)
    colours = overlay_colours(style, sign=sign)
    shell, core = surface_levels(style.threshold)
    kinds = (
        (core, colours[CORE_COLOUR], min(1.0, style.opacity * CORE_STRENGTH)),
        (shell, colours[SHELL_COLOUR], min(1.0, style.opacity * SHELL_STRENGTH)),
    )
    return tuple(
        _actor(image, matrix, level=level, rgb=tuple(c / 255 for c in rgb), opacity=opacity)
        for level, rgb, opacity in kinds
        if level <= float(drawn.values.max())
    )


def _actor(
    image: object,
    matrix: vtkMatrix4x4,
    *,
    level: float,
    rgb: tuple[float, ...],
    opacity: float,
) -> vtkActor:
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(SMOOTHING_ITERATIONS)
    smooth.SetPassBand(PASS_BAND)
    smooth.NormalizeCoordinatesOn()
    normals = vtkPolyDataNormals()
    normals.SetInputConnection(smooth.GetOutputPort())
    normals.SplittingOff()
    normals.Update()
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(normals.GetOutput())
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.SetUserMatrix(matrix)
    look = actor.GetProperty()
    look.SetColor(*rgb)
    look.SetOpacity(opacity)
    look.SetAmbient(0.5)
    look.SetDiffuse(0.7)
    look.BackfaceCullingOn()
    return actor
