"""How the saliency is laid over the views: method, opacity, threshold, colours, and what it is."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from core.prognosis import SALIENCY_CAPTION
from core.views.colour_maps import COLOUR_MAPS
from core.volume import SaliencyMap
from viewer.panels.labels import text_label
from viewer.panels.legend_strip import LegendStrip
from viewer.session import Session, SessionState
from viewer.view_changes import with_overlay

METHOD_TITLES = {"gradcam": "GradCAM", "gradient": "Gradient"}
PERCENT = 100
HIGHEST_THRESHOLD = 95
"""In per cent: at 100 only one cell would be left."""


def cell_size_words(saliency: SaliencyMap) -> str:
    """Native cell of a map, such as "1 GradCAM cell = 11 x 11 x 14 mm" (left, back, head)."""
    spacing_mm = saliency.geometry.spacing_mm
    digits = 0 if min(spacing_mm) >= 3 else 1
    size = " x ".join(f"{each:.{digits}f}" for each in reversed(spacing_mm))
    return f"1 {METHOD_TITLES.get(saliency.method, saliency.method)} cell = {size} mm"


class OverlayPanel(QWidget):
    """Controls of the overlay; every change is a new `ViewState`."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Overlay")
        self._session = session
        self.visible = QCheckBox("Show (O)")
        self.visible.setAccessibleName("Show the saliency overlay")
        self.visible.setToolTip("O toggles; hold O to peek")
        self.visible.toggled.connect(lambda on: self._show(overlay_visible=on))
        self.method = _combo("Saliency method")
        self.method.currentIndexChanged.connect(self._choose_method)
        self.colour_map = _combo("Colour map")
        for name in COLOUR_MAPS:
            self.colour_map.addItem(name.capitalize(), name)
        self.colour_map.currentIndexChanged.connect(self._choose_colours)
        self.opacity, self.opacity_value = _slider("Opacity of the overlay", PERCENT)
        self.opacity.setToolTip("[ and ], or Shift and the wheel over a view")
        self.opacity.valueChanged.connect(lambda v: self._style(opacity=v / PERCENT))
        self.threshold, self.threshold_value = _slider("Threshold", HIGHEST_THRESHOLD)
        self.threshold.setToolTip("Cells below this share of the maximum are not drawn")
        self.threshold.valueChanged.connect(lambda v: self._style(threshold=v / PERCENT))
        self.legend = LegendStrip()
        self.words = text_label(name="muted")
        self._lay_out()
        session.changed.connect(self._follow)
        self._refresh(session.state)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        choices = QHBoxLayout()
        for name, combo in (("Method", self.method), ("Colours", self.colour_map)):
            choices.addWidget(_buddy(name, combo))
            choices.addWidget(combo, 1)
        sliders = (
            ("Opacity", self.opacity, self.opacity_value),
            ("Threshold", self.threshold, self.threshold_value),
        )
        for row, (name, slider, value) in enumerate(sliders):
            for place, widget in enumerate((_buddy(name, slider), slider, value)):
                grid.addWidget(widget, row, place)
        top = QHBoxLayout()
        top.addWidget(text_label("Overlay", "heading"), 1)
        top.addWidget(self.visible)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(choices)
        column.addLayout(grid)
        column.addWidget(self.legend)
        column.addWidget(self.words)
        column.addWidget(text_label(SALIENCY_CAPTION, "muted"))

    def _show(self, **changes: object) -> None:
        self._session.show(replace(self._session.state.view, **changes))

    def _style(self, **changes: float) -> None:
        self._session.show(with_overlay(self._session.state.view, **changes))

    def _choose_method(self, _row: int) -> None:
        if self.method.currentData() is not None:
            self._show(overlay_method=self.method.currentData())

    def _choose_colours(self, _row: int) -> None:
        view = with_overlay(self._session.state.view, colour_map=self.colour_map.currentData())
        self._session.show(view)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        old_view, view = old.view, new.view
        same = (
            new.result is old.result
            and view.overlay == old_view.overlay
            and view.overlay_method == old_view.overlay_method
            and view.overlay_visible == old_view.overlay_visible
        )
        if not same:
            self._refresh(new)

    def _refresh(self, state: SessionState) -> None:
        """Show the state in every control, without the controls answering back."""
        controls = (self.visible, self.method, self.colour_map, self.opacity, self.threshold)
        blockers = [QSignalBlocker(control) for control in controls]
        style, result = state.view.overlay, state.result
        for control in controls:
            control.setEnabled(result is not None)
        self.visible.setChecked(state.view.overlay_visible)
        self.method.clear()
        for saliency in result.saliency if result else ():
            title = METHOD_TITLES.get(saliency.method, saliency.method)
            self.method.addItem(title, saliency.method)
        if not self.method.count():
            self.method.addItem("After a run")
        self.method.setCurrentIndex(max(self.method.findData(state.view.overlay_method), 0))
        self.colour_map.setCurrentIndex(self.colour_map.findData(style.colour_map))
        self.opacity.setValue(round(style.opacity * PERCENT))
        self.threshold.setValue(round(style.threshold * PERCENT))
        del blockers
        self.opacity_value.setText(f"{style.opacity:.0%}")
        self.threshold_value.setText(f"{style.threshold:.2f}")
        self._refresh_words(state)

    def _refresh_words(self, state: SessionState) -> None:
        method = state.view.overlay_method
        saliency = state.result.saliency_by(method) if state.result and method else None
        self.legend.show_legend(state.view.overlay, saliency)
        self.words.setVisible(saliency is not None)
        if saliency is not None:
            size = cell_size_words(saliency)
            self.words.setText(f"Explains the {saliency.target}. {size}, drawn interpolated.")


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
    value.setMinimumWidth(40)
    value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return slider, value
