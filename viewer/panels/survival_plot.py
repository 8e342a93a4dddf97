"""The survival curve of a result. The plotting library is loaded when the first curve is drawn."""

from PySide6.QtWidgets import QWidget

from core.prognosis import SurvivalCurve
from viewer.panels.still_plot import add_points, set_quarters, still_plot

HEIGHT_PX = 165


def survival_plot(curve: SurvivalCurve) -> QWidget:
    """Survival (0..1) over years, linear between the breaks of the model's intervals."""
    plot = still_plot("Survival curve", curve_words(curve), bottom="Years", left="Survival")
    plot.setFixedHeight(HEIGHT_PX)
    set_quarters(plot, ("left",))
    plot.setXRange(0, curve.time_years[-1], padding=0.03)
    plot.setYRange(0, 1, padding=0.08)
    add_points(plot, curve.time_years, curve.survival, joined=True)
    widget: QWidget = plot
    return widget


def curve_words(curve: SurvivalCurve) -> str:
    """The curve as text, a break a line."""
    pairs = zip(curve.time_years, curve.survival, strict=True)
    return "\n".join(f"{years:g} years: survival {survival:.3f}" for years, survival in pairs)
