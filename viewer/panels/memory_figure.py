"""Memory of the window and of the model's process, in the status bar."""

import os
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from viewer.resident_memory import resident_bytes

EVERY_MS = 2000
GIGABYTE = 1e9


class MemoryFigure(QLabel):
    """A figure that is renewed every two seconds while it can be seen; empty where unknown.

    Args:
        child_pid: Process number of the model's process, None while there is none.
        read: Process number -> bytes in RAM, or None.
        parent: Widget that it belongs to.
    """

    def __init__(
        self,
        child_pid: Callable[[], int | None],
        *,
        read: Callable[[int], int | None] = resident_bytes,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._child_pid = child_pid
        self._read = read
        self.setObjectName("muted")
        self.setAccessibleName("Memory")
        self.setContentsMargins(8, 0, 8, 0)
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.renew)

    def renew(self) -> None:
        """Read both processes and show their sum."""
        window = self._read(os.getpid())
        pid = self._child_pid()
        model = None if pid is None else self._read(pid)
        if window is None:
            self.clear()
            return
        self.setText(f"Memory {(window + (model or 0)) / GIGABYTE:.1f} GB")
        words = f"In use: window {window / GIGABYTE:.2f} GB, "
        words += "model not loaded" if model is None else f"model {model / GIGABYTE:.2f} GB"
        self.setToolTip(words)
        self.setAccessibleDescription(words)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to count."""
        super().showEvent(event)
        self.renew()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: rest."""
        super().hideEvent(event)
        self._timer.stop()
