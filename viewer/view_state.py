"""What is looked at, and how: immutable, in patient millimetres, without Qt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core.saliency.targets import MORTALITY, Target
from core.views.overlay import OverlayStyle
from core.views.planes import Plane
from core.views.window import MEDIASTINUM, Window

Point = tuple[float, float, float]


@dataclass(frozen=True)
class PlaneView:
    """Zoom and pan of one slice view.

    Attributes:
        zoom: 1 fits the slice into the view.
        pan_px: (right, down) shift of the slice in screen pixels.
    """

    zoom: float = 1.0
    pan_px: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class ViewState:
    """Everything that decides what the four views show.

    Attributes:
        crosshair_mm: The one point, patient LPS, that all views share.
        window: Width and level of the slice views.
        planes: Zoom and pan by plane.
        target: What the shown map explains.
        overlay_method: Such as "gradcam" (`SaliencyMap.method`); None before a run.
        overlay_visible: False while hidden.
        overlay: Opacity, threshold, colours.
        crosshair_visible: Lines of the crosshair drawn.
        annotations_visible: Corner texts drawn (edge letters always are).
        patient_visible: Name and identifier drawn.
        averaged_slices: Axial slices shown as one average; 1 shows each by itself.
        maximised: The one view shown alone ("axial", "coronal", "sagittal", "volume"), or None.
    """

    crosshair_mm: Point = (0.0, 0.0, 0.0)
    window: Window = MEDIASTINUM
    planes: Mapping[Plane, PlaneView] = field(
        default_factory=lambda: MappingProxyType({plane: PlaneView() for plane in Plane})
    )
    target: Target = MORTALITY
    overlay_method: str | None = None
    overlay_visible: bool = True
    overlay: OverlayStyle = OverlayStyle()
    crosshair_visible: bool = True
    annotations_visible: bool = True
    patient_visible: bool = True
    averaged_slices: int = 1
    maximised: str | None = None

    def with_plane(self, plane: Plane, view: PlaneView) -> "ViewState":
        """The same state with another zoom and pan of one plane."""
        return replace(self, planes=MappingProxyType({**self.planes, plane: view}))
