"""The calibration plot of a model's card: what was predicted against what came to pass."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from core.models.cards import CalibrationBin
from viewer.panels.still_plot import add_points, set_quarters, still_plot
from viewer.theme import ACCENT, MUTED

SIDE_PX = 260


def calibration_plot(bins: Sequence[CalibrationBin]) -> QWidget:
    """Share that died over predicted probability, with intervals and the line of a perfect model.

    The plotting library is loaded when the first plot is drawn.
    """
    import pyqtgraph

    words = calibration_words(bins)
    plot = still_plot(
        "Calibration plot", words, bottom="Predicted probability", left="Share that died"
    )
    plot.setFixedSize(SIDE_PX, SIDE_PX)
    set_quarters(plot, ("bottom", "left"))
    plot.setXRange(0, 1, padding=0.07)
    plot.setYRange(0, 1, padding=0.07)
    dashes = pyqtgraph.mkPen(MUTED, width=1, style=Qt.PenStyle.DashLine)
    plot.plot((0, 1), (0, 1), pen=dashes, antialias=True)
    for each in bins:
        interval = (each.predicted, each.predicted), (each.low, each.high)
        plot.plot(*interval, pen=pyqtgraph.mkPen(ACCENT, width=1.5), antialias=True)
    predicted = [each.predicted for each in bins]
    add_points(plot, predicted, [each.observed for each in bins], joined=False)
    widget: QWidget = plot
    return widget


def calibration_words(bins: Sequence[CalibrationBin]) -> str:
    """The plot as text, a point a line."""
    return "\n".join(
        f"predicted {each.predicted:.2f}: {each.observed:.2f} died ({each.low:.2f} to "
        f"{each.high:.2f}), {each.scans} scans"
        for each in bins
    )
