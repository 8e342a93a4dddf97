"""The VTK scene of the volume view: an off-screen window, the CT, surfaces round the saliency.

Imported at the first rendering only: VTK takes half a second. Nothing here knows a widget; all
calls come from the GUI thread. No VTK observer is used, so nothing keeps a closed scene alive.
"""

import os
import re
import sys
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkVolume
from vtkmodules.vtkRenderingUI import vtkGenericRenderWindowInteractor

from core.errors import ResourcesError
from core.views.overlay import OverlayStyle
from core.volume import SaliencyMap, Volume
from viewer.saliency_surfaces import saliency_actors
from viewer.volume_appearance import ct_mapper, ct_property, to_vtk

SOFTWARE_RENDERERS = ("llvmpipe", "swiftshader", "softpipe", "software", "swr", "gdi generic")
VIEW_ANGLE_DEGREES = 26.0
FILLED_SHARE = 0.94
"""Share of the picture that the CT fills: VTK's own fitting leaves wide margins."""


class Detail(Enum):
    """How finely the CT is drawn: (picture pixels a ray, voxels a step)."""

    FULL = (1.0, 0.75)
    DRAGGING = (3.0, 1.6)


class VolumeScene:
    """Owns every VTK object of the view; `close` frees them."""

    def __init__(self) -> None:
        self._window = _new_window()
        if not self._window.SupportsOpenGL():
            self._window = None
            raise ResourcesError(
                "OpenGL 3.2 was expected for the volume view; this machine offers none.",
                "The slice views do not need it. A graphics driver or Mesa would give it.",
            )
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetSize(64, 64)
        self._window.Initialize()
        self.renderer_name = _renderer_name(self._window)
        self.software = any(each in self.renderer_name.lower() for each in SOFTWARE_RENDERERS)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        self._renderer.TwoSidedLightingOn()
        self._window.AddRenderer(self._renderer)
        self._in_front = vtkRenderer()
        self._in_front.SetLayer(1)
        self._in_front.SetActiveCamera(self._renderer.GetActiveCamera())
        self._in_front.InteractiveOff()
        self._window.SetNumberOfLayers(2)
        self._window.AddRenderer(self._in_front)
        self._interactor = vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.SetInteractorStyle(vtkInteractorStyleTrackballCamera())
        self._interactor.EnableRenderOff()  # we render once an event-loop turn, not at each event
        self._interactor.Initialize()
        self._mapper = ct_mapper(software=self.software)
        self._actors: tuple[object, ...] = ()
        self._volume: vtkVolume | None = None
        self._spacing_mm = 1.0

    def show_volume(self, volume: Volume) -> None:
        """Replace the CT. It is drawn as given: reduce it first."""
        self._remove_volume()
        image, matrix = to_vtk(volume.hu, volume.geometry)
        self._mapper.SetInputDataObject(image)
        self._spacing_mm = float(np.mean(volume.geometry.spacing_mm))
        self._volume = vtkVolume()
        self._volume.SetMapper(self._mapper)
        self._volume.SetProperty(ct_property(self._spacing_mm))
        self._volume.SetUserMatrix(matrix)
        self._renderer.AddVolume(self._volume)
        self.set_detail(Detail.FULL)

    def show_saliency(self, saliency: SaliencyMap | None, style: OverlayStyle) -> None:
        """Replace the surfaces round saliency above the threshold; None takes them away."""
        for actor in self._actors:
            self._in_front.RemoveActor(actor)
        self._actors = () if saliency is None else saliency_actors(saliency, style.of(saliency))
        for actor in self._actors:
            self._in_front.AddActor(actor)

    def empty(self) -> None:
        """Let go of everything that belongs to a series."""
        self._remove_volume()
        self.show_saliency(None, OverlayStyle())

    def _remove_volume(self) -> None:
        if self._volume is not None:
            self._renderer.RemoveVolume(self._volume)
            self._volume = None
            self._mapper.RemoveAllInputs()
            self._mapper = ct_mapper(software=self.software)  # the old one keeps its gradients

    # --- camera ---

    def look(self, towards: tuple[float, float, float], up: tuple[float, float, float]) -> None:
        """Look at the whole CT in an LPS direction, with another one upwards."""
        camera = self._renderer.GetActiveCamera()
        camera.SetViewAngle(VIEW_ANGLE_DEGREES)
        camera.SetFocalPoint(0, 0, 0)
        camera.SetPosition(*(-np.array(towards)))
        camera.SetViewUp(*up)
        self._renderer.ResetCamera()
        self._fit()
        self._renderer.ResetCameraClippingRange()

    def _fit(self) -> None:
        """Go so near that the middles of the CT's six faces just lie within the picture."""
        if self._volume is None:
            return
        bounds = np.array(self._volume.GetBounds()).reshape(3, 2)
        centre, half = bounds.mean(axis=1), np.diff(bounds)[:, 0] / 2
        size = np.array(self._window.GetSize())
        faces = [centre + sign * half * axis for axis in np.eye(3) for sign in (-1, 1)]
        away = np.array([np.abs(np.array(self.project(face)) / size * 2 - 1) for face in faces])
        self._renderer.GetActiveCamera().Dolly(FILLED_SHARE / away.max())

    def project(self, point_mm: NDArray[np.float64]) -> tuple[float, float]:
        """Where a patient point is seen: pixels from the left and from the top of the picture."""
        width, height = self._window.GetSize()
        camera = self._renderer.GetActiveCamera()
        matrix = camera.GetCompositeProjectionTransformMatrix(width / height, -1, 1)
        x, y, _, w = matrix.MultiplyPoint((*map(float, point_mm), 1.0))
        return (x / w + 1) / 2 * width, (1 - y / w) / 2 * height

    def axes_on_screen(self) -> NDArray[np.float64]:
        """3 x 3: row k is LPS unit vector k in camera axes (right, up, towards the viewer)."""
        matrix: vtkMatrix4x4 = self._renderer.GetActiveCamera().GetViewTransformMatrix()
        return np.array([[matrix.GetElement(r, k) for r in range(3)] for k in range(3)])

    def zoom(self, factor: float) -> None:
        """Go nearer (more than 1) or further away."""
        self._renderer.GetActiveCamera().Dolly(factor)
        self._renderer.ResetCameraClippingRange()

    # --- gestures: coordinates in picture pixels from the top left ---

    def press(self, gesture: str, x: float, y: float) -> None:
        """Begin to "rotate", "pan" or "zoom"."""
        self._interactor.SetEventInformationFlipY(round(x), round(y), 0, 0, "\0", 0, None)
        style = self._interactor.GetInteractorStyle()
        style.FindPokedRenderer(*self._interactor.GetEventPosition())
        begin = {"rotate": style.StartRotate, "pan": style.StartPan, "zoom": style.StartDolly}
        begin[gesture]()

    def move(self, x: float, y: float) -> None:
        """Go on with the gesture."""
        self._interactor.SetEventInformationFlipY(round(x), round(y), 0, 0, "\0", 0, None)
        self._interactor.MouseMoveEvent()

    def release(self) -> None:
        """End the gesture."""
        self._interactor.GetInteractorStyle().StopState()

    # --- drawing ---

    def resize(self, width: int, height: int) -> None:
        """Size of the picture in device pixels."""
        if (width, height) != tuple(self._window.GetSize()):
            self._window.SetSize(width, height)

    def set_detail(self, detail: Detail) -> None:
        """Trade fineness for speed; the GPU needs no trade."""
        pixels, voxels = detail.value if self.software else Detail.FULL.value
        if self.software:
            self._mapper.SetImageSampleDistance(pixels)
            self._mapper.SetInteractiveSampleDistance(voxels * self._spacing_mm)
        self._mapper.SetSampleDistance(voxels * self._spacing_mm)

    def picture(self) -> QImage:
        """Render and read back."""
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        width, height = self._window.GetSize()
        pixels = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, pixels)
        upright = np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 4)[::-1])
        picture = QImage(upright.data, width, height, 4 * width, QImage.Format.Format_RGBX8888)
        return picture.copy()

    def close(self) -> None:
        """Free the window, its context and all that was drawn."""
        self.empty()
        for renderer in (self._in_front, self._renderer):
            renderer.RemoveAllViewProps()
            self._window.RemoveRenderer(renderer)
        self._interactor.SetInteractorStyle(None)
        self._interactor.SetRenderWindow(None)
        self._window.Finalize()


def _new_window() -> vtkRenderWindow:
    """An EGL window on Linux without a display, which VTK would otherwise first look for."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        from vtkmodules.vtkRenderingOpenGL2 import vtkEGLRenderWindow

        return vtkEGLRenderWindow()
    return vtkRenderWindow()


def _renderer_name(window: vtkRenderWindow) -> str:
    found = re.search(r"OpenGL renderer string:\s*(.+)", window.ReportCapabilities())
    return found.group(1).strip() if found else "unknown renderer"
