"""A page that may be longer than its place: its texts wrap, and wrap the same way at any length."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget


class PageScroll(QScrollArea):
    """Scrolls a page up and down.

    Args:
        page: What is shown.
        name: For those who cannot see it.
    """

    def __init__(self, page: QWidget, name: str) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there: if it came and went, every text would wrap anew.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setEnabled(False)  # until a page is found to be longer
        # A method of this widget: the signal is cut with it, a free function would be called later.
        self.verticalScrollBar().rangeChanged.connect(self._enable_bar)
        self.setWidget(page)
        self.setAccessibleName(name)

    def _enable_bar(self, lowest: int, highest: int) -> None:
        self.verticalScrollBar().setEnabled(highest > lowest)
