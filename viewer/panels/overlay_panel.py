"""How the saliency is laid over the views: what is explained, how, opacity, threshold, colours."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.explanation import GRADCAM
from core.prognosis import SALIENCY_CAPTION
from core.saliency.targets import MORTALITY, targets_of
from core.views.colour_maps import COLOUR_MAPS, DIVERGING_MAPS
from core.views.overlay import is_signed
from core.volume import SaliencyMap
from viewer.legend import threshold_words
from viewer.method_names import cell_size_words, method_name, target_name
from viewer.panels.labels import text_label
from viewer.panels.legend_strip import HEIGHT_PX, LegendStrip
from viewer.panels.trust_badge import TrustBadge
from viewer.session import Session, SessionState
from viewer.view_changes import map_chosen, threshold_moved, threshold_scaled, with_overlay

METHODS = ("gradcam", "gradient", "signed_gradient", "smoothgrad", "occlusion")
SLOW_METHODS = {"smoothgrad": "about a minute", "occlusion": "a few minutes"}
"""Computed only where the user says so; the others at once when they are chosen."""

PERCENT = 100
HIGHEST_THRESHOLD = 95
"""In per cent: at 100 only one cell would be left."""

NOTHING_DRAWN = "The threshold is above the {unit} of this map: nothing is drawn."

RELATIVE, ABSOLUTE = "relative", "absolute"


class OverlayPanel(QWidget):
    """Controls of the overlay; every change is a new `ViewState`.

    Signals:
        map_wanted: (Target, method) of a map that the session does not hold.
    """

    map_wanted = Signal(object, str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Overlay")
        self._session = session
        self._at_work, self._checking = "", False
        self.visible = QCheckBox("Show (O)")
        self.visible.setAccessibleName("Show the saliency overlay")
        self.visible.setToolTip("O toggles; hold O to peek")
        self.visible.toggled.connect(lambda on: self._show(overlay_visible=on))
        self.target = _combo("What the map explains")
        self.target.currentIndexChanged.connect(self._choose_map)
        self.method = _combo("Saliency method")
        self.method.currentIndexChanged.connect(self._choose_map)
        self.colour_map = _combo("Colour map")
        self.colour_map.currentIndexChanged.connect(self._choose_colours)
        self.opacity, self.opacity_value = _slider("Opacity of the overlay", PERCENT)
        self.opacity.setToolTip("[ and ], or Shift and the wheel over a view")
        self.opacity.valueChanged.connect(lambda v: self._style(opacity=v / PERCENT))
        self.threshold, self.threshold_value = _slider("Threshold", HIGHEST_THRESHOLD)
        self.threshold.valueChanged.connect(self._move_threshold)
        self.scale = _combo("Scale of the threshold")
        for name in (RELATIVE, ABSOLUTE):
            self.scale.addItem(name, name)
        self.scale.currentIndexChanged.connect(self._choose_scale)
        self.legend = LegendStrip()
        self.badge = TrustBadge()
        self.compute = QPushButton()
        self.compute.setObjectName("action")
        self.compute.clicked.connect(self._ask_for_map)
        self.words = text_label(name="muted")
        self._lay_out()
        session.changed.connect(self._follow)
        self._refresh(session.state)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        rows = (
            ("Explains", (self.target, self.method)),
            ("Opacity", (self.opacity, self.opacity_value, self.colour_map)),
            ("Threshold", (self.threshold, self.threshold_value, self.scale)),
        )
        for row, (name, widgets) in enumerate(rows):
            grid.addWidget(_buddy(name, widgets[0]), row, 0)
            line = QHBoxLayout()
            line.setSpacing(8)
            for widget in widgets:
                line.addWidget(widget, 1 if widget is widgets[0] else 0)
            grid.addLayout(line, row, 1)
        for combo in (self.colour_map, self.scale):
            combo.setFixedWidth(94)
        self.method.setFixedWidth(142)
        self.target.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.target.setMinimumContentsLength(6)
        self.compute.setFixedHeight(HEIGHT_PX)
        top = QHBoxLayout()
        top.addWidget(text_label("Overlay", "heading"), 1)
        top.addWidget(self.visible)
        beneath = QHBoxLayout()
        beneath.setSpacing(8)
        for widget in (self.legend, self.compute):
            beneath.addWidget(widget, 1)
        beneath.addWidget(self.badge)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 10)
        column.setSpacing(6)
        column.addLayout(top)
        column.addLayout(grid)
        column.addLayout(beneath)
        column.addWidget(self.words)
        column.addWidget(text_label(SALIENCY_CAPTION, "muted"))

    def choose_method(self, method: str) -> None:
        """Show the map of a method, as if it were chosen in the menu."""
        self.method.setCurrentIndex(max(self.method.findData(method), 0))

    def show_at_work(self, words: str) -> None:
        """Say that a map is being computed; empty words end it."""
        self._at_work = words
        self._refresh_map(self._session.state)

    def show_checking(self, checking: bool) -> None:
        """Say that the maps are being checked, or no longer."""
        self._checking = checking
        self._refresh_badge(self._session.state)

    def _show(self, **changes: object) -> None:
        self._session.show(replace(self._session.state.view, **changes))

    def _style(self, **changes: object) -> None:
        self._session.show(with_overlay(self._session.state.view, **changes))

    def _choose_map(self, _row: int) -> None:
        """Show another map; one that is missing and quickly made is asked for at once."""
        target, method = self.target.currentData(), self.method.currentData()
        if target is None or method is None:
            return
        state = self._session.state
        view = map_chosen(state.view, state.map_in_view, target=target, method=method)
        self._session.show(view)
        if self._session.state.map_in_view is None and method not in SLOW_METHODS:
            self._ask_for_map()

    def _ask_for_map(self) -> None:
        view = self._session.state.view
        if view.overlay_method is not None:
            self.map_wanted.emit(view.target, view.overlay_method)

    def _choose_colours(self, _row: int) -> None:
        name = self.colour_map.currentData()
        self._style(**{"diverging_map" if name in DIVERGING_MAPS else "colour_map": name})

    def _move_threshold(self, percent: int) -> None:
        state = self._session.state
        self._session.show(threshold_moved(state.view, percent / PERCENT, state.map_in_view))

    def _choose_scale(self, _row: int) -> None:
        state, absolute = self._session.state, self.scale.currentData() == ABSOLUTE
        self._session.show(threshold_scaled(state.view, state.map_in_view, absolute=absolute))

    def _follow(self, old: SessionState, new: SessionState) -> None:
        old_view, view = old.view, new.view
        same = (
            new.result is old.result
            and new.trust is old.trust
            and new.map_in_view is old.map_in_view
            and view.overlay == old_view.overlay
            and view.target == old_view.target
            and view.overlay_method == old_view.overlay_method
            and view.overlay_visible == old_view.overlay_visible
        )
        if not same:
            self._refresh(new)

    def _refresh(self, state: SessionState) -> None:
        """Show the state in every control, without the controls answering back."""
        controls = (
            self.visible,
            self.target,
            self.method,
            self.colour_map,
            self.opacity,
            self.threshold,
            self.scale,
        )
        blockers = [QSignalBlocker(control) for control in controls]
        for control in controls:
            control.setEnabled(state.result is not None)
        self.visible.setChecked(state.view.overlay_visible)
        self._refresh_menus(state)
        style, saliency = state.view.overlay, state.map_in_view
        shown = style if saliency is None else style.of(saliency)
        self.opacity.setValue(round(style.opacity * PERCENT))
        self.threshold.setValue(round(shown.threshold * PERCENT))
        self.scale.setCurrentIndex(0 if style.raw_threshold is None else 1)
        self._refresh_scale(saliency)
        del blockers
        self.opacity_value.setText(f"{style.opacity:.0%}")
        self.threshold_value.setText(threshold_words(style))
        self._refresh_map(state)

    def _refresh_menus(self, state: SessionState) -> None:
        result, view = state.result, state.view
        self.target.clear()
        self.method.clear()
        if result is None:
            self.target.addItem("After a run")
            self.method.addItem("After a run")
        else:
            for target in targets_of(result.card):
                self.target.addItem(target_name(target), target)
            made = [each.method for each in result.saliency if each.method not in METHODS]
            for method in (*METHODS, *made):
                self.method.addItem(method_name(method), method)
        targets = [self.target.itemData(row) for row in range(self.target.count())]
        self.target.setCurrentIndex(targets.index(view.target) if view.target in targets else 0)
        self.method.setCurrentIndex(max(self.method.findData(view.overlay_method), 0))
        signed = state.map_in_view is not None and is_signed(state.map_in_view)
        self.colour_map.clear()
        for name in DIVERGING_MAPS if signed else COLOUR_MAPS:
            self.colour_map.addItem(name.capitalize(), name)
        chosen = view.overlay.diverging_map if signed else view.overlay.colour_map
        self.colour_map.setCurrentIndex(max(self.colour_map.findData(chosen), 0))

    def _refresh_map(self, state: SessionState) -> None:
        """Legend and words of the map; where it is not computed yet, the button for it."""
        method, saliency = state.view.overlay_method, state.map_in_view
        self.legend.show_legend(state.view.overlay, saliency)
        is_missing = state.result is not None and method is not None and saliency is None
        self.compute.setVisible(is_missing)
        self._refresh_badge(state)
        self.words.setVisible(saliency is not None or is_missing)
        name = method_name(method or "")
        if saliency is not None:
            hidden = state.view.overlay.of(saliency).draws_nothing
            above = NOTHING_DRAWN.format(unit=saliency.unit_words)
            self.words.setText(above if hidden else cell_size_words(saliency))
            self.words.setToolTip("Drawn interpolated between the middles of its cells.")
        elif is_missing:
            takes = f" It takes {SLOW_METHODS[method]}." if method in SLOW_METHODS else ""
            self.compute.setText("Computing…" if self._at_work else f"Compute {name}")
            self.compute.setEnabled(not self._at_work)
            self.words.setText(
                self._at_work or f"{name} is not computed for this target yet.{takes}"
            )

    def _refresh_scale(self, saliency: SaliencyMap | None) -> None:
        """Say of what the relative threshold is a share."""
        relative = relative_words(saliency)
        unit = "maximum" if saliency is None else saliency.unit_words
        self.scale.setEnabled(saliency is not None)
        self.scale.setItemText(0, relative)
        self.scale.setToolTip(
            f"{relative[:1].upper()}{relative[1:]}: a share of the map's {unit}. Absolute: a raw "
            "attribution, kept while scan, model, target and method stay the same."
        )

    def _refresh_badge(self, state: SessionState) -> None:
        view = state.view
        self.badge.setVisible(state.result is not None)
        self.badge.show_trust(
            state.trust,
            checking=self._checking,
            is_of_map=(view.target, view.overlay_method) == (MORTALITY, GRADCAM),
        )


def relative_words(saliency: SaliencyMap | None) -> str:
    """The relative scale in the menu: of what a threshold is a share, as short as can be."""
    percentile = 100.0 if saliency is None else saliency.unit_percentile
    return "of max." if percentile == 100 else f"of P{percentile:g}"


def _buddy(name: str, control: QWidget) -> QLabel:
    label = QLabel(name)
    label.setBuddy(control)
    return label


def _combo(spoken: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(spoken)
    return combo


def _slider(spoken: str, highest: int) -> tuple[QSlider, QLabel]:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, highest)
    slider.setSingleStep(5)
    slider.setPageStep(10)
    slider.setAccessibleName(spoken)
    value = QLabel()
    value.setMinimumWidth(46)
    value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return slider, value
