"""What is being done in the background: name, progress, Cancel. In the status bar."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

PROGRESS_STEPS = 1000


class JobBar(QWidget):
    """Shows one running job at a time, the one that was heard of last.

    Signals:
        cancel_requested: Name of the job that shall stop.
    """

    cancel_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._label = QLabel()
        self._label.setMinimumWidth(260)
        self._progress = QProgressBar()
        self._progress.setRange(0, PROGRESS_STEPS)
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(160)
        self._progress.setAccessibleName("Progress of the background work")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAccessibleName("Cancel the background work")
        self.cancel_button.clicked.connect(lambda: self.cancel_requested.emit(self._name))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(10)
        for widget in (self._label, self._progress, self.cancel_button):
            row.addWidget(widget)
        self.hide()

    def show_job(self, name: str, fraction: float, words: str) -> None:
        """Show how far a job is."""
        self._name = name
        self._label.setText(words)
        self._progress.setValue(round(fraction * PROGRESS_STEPS))
        self.show()

    def end_job(self, name: str) -> None:
        """A job is over: stop showing it if it is the one that is shown."""
        if name == self._name:
            self._name = ""
            self.hide()
