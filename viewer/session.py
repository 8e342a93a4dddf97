"""The only holder of changing state. Everything in it is immutable: a change is a replacement.

Widgets listen to `Session.changed(old, new)` and compare; they never write to each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from core.analysis_result import AnalysisResult
from core.data.fitness import Fitness
from core.data.series import SeriesIndex, SeriesRecord
from core.saliency.influence import Influence
from core.saliency.map_trust import MapTrust
from core.saliency.targets import Target
from core.volume import SaliencyMap, Volume
from viewer.calcium.state import CalciumState
from viewer.view_state import Point, ViewState

MapKey = tuple[str, str]
"""(target in words, method) of a saliency map."""


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
        explanations: Maps that were asked for after the run, by (target in words, method).
        organ_share: Of those maps, by the same key: region -> share of the map.
        outside_share: Of those maps, by the same key: share outside what the model is shown.
        trust: How far the maps of the result may be trusted; None until they are checked.
        influences: Answers to "Why here?", in the order in which they were asked.
        calcium: The calcium reading of this volume; None before calcium mode was entered.
    """

    series_index: SeriesIndex | None = None
    fitness: dict[str, Fitness] | None = None
    series: SeriesRecord | None = None
    volume: Volume | None = None
    view: ViewState = ViewState()
    result: AnalysisResult | None = None
    explanations: Mapping[MapKey, SaliencyMap] = field(default_factory=dict)
    organ_share: Mapping[MapKey, Mapping[str, float]] = field(default_factory=dict)
    outside_share: Mapping[MapKey, float] = field(default_factory=dict)
    trust: MapTrust | None = None
    influences: tuple[Influence, ...] = ()
    calcium: CalciumState | None = None

    @property
    def map_in_view(self) -> SaliencyMap | None:
        """The map of the chosen target and method, hidden or not; None where it is not made yet."""
        method = self.view.overlay_method
        return None if method is None else self.made_map(self.view.target, method)

    def made_map(self, target: Target, method: str) -> SaliencyMap | None:
        """The map of a target by a method, of the run or asked for since; None where not made."""
        made = None if self.result is None else self.result.saliency_by(method)
        if made is not None and made.target == target.words:
            return made
        return self.explanations.get((target.words, method))

    @property
    def chosen_map(self) -> SaliencyMap | None:
        """The map in view as computed; None where none is to be drawn."""
        return self.map_in_view if self.view.overlay_visible else None

    @property
    def overlay_map(self) -> SaliencyMap | None:
        """The chosen saliency map thresholded as chosen; None where none is to be drawn."""
        chosen = self.chosen_map
        return (
            None if chosen is None else chosen.thresholded(self.view.overlay.of(chosen).threshold)
        )

    @property
    def chosen_share(self) -> Mapping[str, float]:
        """Region -> share of the map in view; empty where there is none."""
        chosen = self.map_in_view
        if chosen is None or self.result is None:
            return {}
        if chosen is self.result.saliency_by(chosen.method):
            return self.result.organ_share.get(chosen.method, {})
        return self.organ_share.get((chosen.target, chosen.method), {})

    @property
    def chosen_outside_share(self) -> float | None:
        """Share of the map in view outside what the model is shown; None where not known."""
        chosen = self.map_in_view
        if chosen is None or self.result is None:
            return None
        if chosen is self.result.saliency_by(chosen.method):
            return self.result.outside_region_share.get(chosen.method)
        return self.outside_share.get((chosen.target, chosen.method))


_NOTHING_ASKED = {
    "explanations": {},
    "organ_share": {},
    "outside_share": {},
    "trust": None,
    "influences": (),
}


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
        """Replace fields of the state and tell the listeners once.

        What was asked about a result goes with it.
        """
        old, new = self._state, replace(self._state, **changes)
        if new.result is not old.result or new.volume is not old.volume:
            new = replace(new, **{**_NOTHING_ASKED, **changes})
        if new.volume is not old.volume:
            new = replace(new, calcium=None)
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
