"""What the user is told. Messages wait until something shows them; all are logged.

Nothing posted here may hold a patient's name, an identifier or a path: it goes into the log.
"""

import logging
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QMetaMethod, QObject, QTimer, Signal, Slot

from core.bugs import Bug
from core.errors import ThoralensError

LOGGER = logging.getLogger("thoralens")

WAITING_AT_MOST = 50
"""Messages kept while no window listens; the oldest go first."""


class MessageLevel(IntEnum):
    """How serious a message is; the values are those of `logging`."""

    NOTE = logging.INFO
    WARNING = logging.WARNING
    ERROR = logging.ERROR


@dataclass(frozen=True)
class Message:
    """One thing to tell the user.

    Attributes:
        level: How serious.
        text: What happened.
        remedy: What the user can do; empty if nothing needs doing.
        details: For *Copy details*; empty except for bugs. Never logged.
    """

    level: MessageLevel
    text: str
    remedy: str = ""
    details: str = ""


def message_of(error: ThoralensError) -> Message:
    """The message that shows an error; with details if it is a bug."""
    details = error.details if isinstance(error, Bug) else ""
    return Message(MessageLevel.ERROR, error.message, error.remedy, details)


class Messages(QObject):
    """Takes messages from everywhere and passes them on once someone listens.

    Signals:
        posted: (Message), on the next turn of the event loop, in order.
    """

    posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Message] = deque(maxlen=WAITING_AT_MOST)
        self._has_listener = False
        self._delivery = QTimer(self, singleShot=True, interval=0)
        self._delivery.timeout.connect(self._deliver)

    def post(self, message: Message) -> None:
        """Log a message and show it. On the GUI thread only."""
        LOGGER.log(message.level, "%s %s", message.text, message.remedy)
        self._waiting.append(message)
        if self._has_listener:
            self._delivery.start()

    def post_error(self, error: ThoralensError) -> None:
        """Post an error."""
        self.post(message_of(error))

    def connectNotify(self, signal: QMetaMethod) -> None:
        """Qt calls this when someone begins to listen: what waited is delivered."""
        if signal.name() == b"posted":
            self._has_listener = True
            self._delivery.start()

    @Slot()
    def _deliver(self) -> None:
        while self._waiting:
            self.posted.emit(self._waiting.popleft())
