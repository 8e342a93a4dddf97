"""The survival curve of a result. The plotting library is loaded when the first curve is drawn."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from core.prognosis import SurvivalCurve
from viewer.theme import ACCENT, MUTED, PANEL

HEIGHT_PX = 165
SURVIVAL_TICKS = (0, 0.25, 0.5, 0.75, 1)


def survival_plot(curve: SurvivalCurve) -> QWidget:
    """Survival (0..1) over years, linear between the breaks of the model's intervals."""
    import pyqtgraph

    plot = pyqtgraph.PlotWidget(background=PANEL)
    plot.setFixedHeight(HEIGHT_PX)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAccessibleName("Survival curve")
    plot.setAccessibleDescription(curve_words(curve))
    plot.setToolTip(curve_words(curve))
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.showGrid(x=True, y=True, alpha=0.15)
    for side, text in (("bottom", "Years"), ("left", "Survival")):
        axis = plot.getAxis(side)
        axis.setTextPen(MUTED)
        axis.setPen(MUTED)
        axis.setLabel(text, color=MUTED)
        axis.enableAutoSIPrefix(False)
    plot.getAxis("left").setTicks([[(tick, f"{tick:g}") for tick in SURVIVAL_TICKS]])
    plot.setXRange(0, curve.time_years[-1], padding=0.03)
    plot.setYRange(0, 1, padding=0.08)
    plot.plot(
        curve.time_years,
        curve.survival,
        pen=pyqtgraph.mkPen(ACCENT, width=2),
        symbol="o",
        symbolSize=6,
        symbolBrush=ACCENT,
        symbolPen=None,
        antialias=True,
    )
    return plot


def curve_words(curve: SurvivalCurve) -> str:
    """The curve as text, a break a line."""
    pairs = zip(curve.time_years, curve.survival, strict=True)
    return "\n".join(f"{years:g} years: survival {survival:.3f}" for years, survival in pairs)
