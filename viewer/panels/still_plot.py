"""A plot that is only looked at: no menu, no dragging, muted axes, its content also in words."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt

from viewer.theme import ACCENT, MUTED, PANEL

QUARTERS = (0, 0.25, 0.5, 0.75, 1)


def still_plot(name: str, words: str, *, bottom: str, left: str) -> Any:
    """A `pyqtgraph.PlotWidget` without content; the library is loaded with the first one.

    Args:
        name: For screen readers.
        words: What it shows, as text.
        bottom: Title of the horizontal axis.
        left: Title of the vertical axis.
    """
    import pyqtgraph

    plot = pyqtgraph.PlotWidget(background=PANEL)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAccessibleName(name)
    plot.setAccessibleDescription(words)
    plot.setToolTip(words)
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.showGrid(x=True, y=True, alpha=0.15)
    for side, text in (("bottom", bottom), ("left", left)):
        axis = plot.getAxis(side)
        axis.setTextPen(MUTED)
        axis.setPen(MUTED)
        axis.setLabel(text, color=MUTED)
        axis.enableAutoSIPrefix(False)
    return plot


def set_quarters(plot: Any, sides: Sequence[str]) -> None:
    """Ticks of an axis that runs from 0 to 1."""
    for side in sides:
        plot.getAxis(side).setTicks([[(tick, f"{tick:g}") for tick in QUARTERS]])


def add_points(plot: Any, x: Sequence[float], y: Sequence[float], *, joined: bool) -> None:
    """Draw points, and the line through them."""
    import pyqtgraph

    plot.plot(
        x,
        y,
        pen=pyqtgraph.mkPen(ACCENT, width=2) if joined else None,
        symbol="o",
        symbolSize=6,
        symbolBrush=ACCENT,
        symbolPen=None,
        antialias=True,
    )
