"""The only holder of changing state. Everything in it is immutable: a change is a replacement.

Widgets listen to `Session.changed(old, new)` and compare; they never write to each other.
"""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from core.analysis_result import AnalysisResult
from core.data.fitness import Fitness
from core.data.series import SeriesIndex, SeriesRecord
from core.volume import SaliencyMap, Volume
from viewer.view_state import Point, ViewState


@dataclass(frozen=True)
class SessionState:
    """One consistent picture of what is open.

    Attributes:
        series_index: What was found under the opened folder.
        fitness: Verdicts by series UID, for every series of the index.
        series: The series that is shown.
        volume: Its pixels, reoriented (`core.preprocessing.reorient`).
        view: What is looked at.
        result: Of the last finished run on this volume.
    """

    series_index: SeriesIndex | None = None
    fitness: dict[str, Fitness] | None = None
    series: SeriesRecord | None = None
    volume: Volume | None = None
    view: ViewState = ViewState()
    result: AnalysisResult | None = None

    @property
    def chosen_map(self) -> SaliencyMap | None:
        """The chosen saliency map as computed; None where none is to be drawn."""
        if self.result is None or self.view.overlay_method is None or not self.view.overlay_visible:
            return None
        return self.result.saliency_by(self.view.overlay_method)

    @property
    def overlay_map(self) -> SaliencyMap | None:
        """The chosen saliency map thresholded as chosen; None where none is to be drawn."""
        chosen = self.chosen_map
        return None if chosen is None else chosen.thresholded(self.view.overlay.threshold)


class Session(QObject):
    """Holds the state and tells everyone when it was replaced.

    Signals:
        changed: (old, new), both `SessionState`.
    """

    changed = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._state = SessionState()

    @property
    def state(self) -> SessionState:
        """The present state."""
        return self._state

    def replace(self, **changes: object) -> None:
        """Replace fields of the state and tell the listeners once."""
        old, new = self._state, replace(self._state, **changes)
        if new == old:
            return
        self._state = new
        self.changed.emit(old, new)

    def show(self, view: ViewState) -> None:
        """Replace what is looked at."""
        self.replace(view=view)

    def move_crosshair(self, point_mm: Point) -> None:
        """Put the crosshair on a patient point, clipped to the open volume."""
        volume = self._state.volume
        if volume is None:
            return
        highest = [count - 1 for count in volume.geometry.shape]
        index = volume.geometry.to_index(point_mm).clip(0, highest)
        x, y, z = volume.geometry.to_patient(index)
        self.show(replace(self._state.view, crosshair_mm=(float(x), float(y), float(z))))
