"""Tells the user one thing at a time, above the views; never in a window that must be closed."""

from collections import deque

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from core.data.fitness import Level
from viewer.messages import Message, MessageLevel
from viewer.panels.labels import text_label

LEVELS = {
    MessageLevel.NOTE: Level.PASS,
    MessageLevel.WARNING: Level.WARN,
    MessageLevel.ERROR: Level.BLOCK,
}


class MessageBar(QWidget):
    """Shows the newest message; dismissing it brings back what came before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self._messages: deque[Message] = deque(maxlen=20)
        self.text = text_label(name="notice")
        self.copy_button = QPushButton("Copy details")
        self.copy_button.setAccessibleName("Copy the details of the fault")
        self.copy_button.clicked.connect(self._copy)
        self.dismiss_button = QPushButton("Dismiss")
        self.dismiss_button.setAccessibleName("Dismiss the message")
        self.dismiss_button.clicked.connect(self._dismiss)
        for button in (self.copy_button, self.dismiss_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the view
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.addWidget(self.text, 1)
        row.addWidget(self.copy_button)
        row.addWidget(self.dismiss_button)
        self.hide()

    @property
    def shown(self) -> Message | None:
        """The message that is shown."""
        return self._messages[-1] if self._messages else None

    def show_message(self, message: Message) -> None:
        """Show a message; a note gives way to whatever comes next."""
        if self._messages and self._messages[-1].level is MessageLevel.NOTE:
            self._messages.pop()
        if not self._messages or self._messages[-1] != message:
            self._messages.append(message)
        self._refresh()

    def clear(self) -> None:
        """Forget every message: what they were about is over."""
        self._messages.clear()
        self._refresh()

    def _dismiss(self) -> None:
        if self._messages:
            self._messages.pop()
        self._refresh()

    def _copy(self) -> None:
        if self.shown is not None:
            message = self.shown
            QGuiApplication.clipboard().setText(
                f"{message.text}\n{message.remedy}\n{message.details}"
            )

    def _refresh(self) -> None:
        message = self.shown
        self.setVisible(message is not None)
        if message is None:
            return
        more = len(self._messages) - 1
        earlier = f"   (and {more} earlier)" if more else ""
        self.text.setText(f"{message.text} {message.remedy}".strip() + earlier)
        self.text.setProperty("level", LEVELS[message.level].word)
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        self.copy_button.setVisible(bool(message.details))
