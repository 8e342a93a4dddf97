"""The few kinds of text that every panel is made of."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from core.data.fitness import Level
from viewer.theme import LEVEL_MARKS


def text_label(text: str = "", name: str = "") -> QLabel:
    """A label that wraps and whose text can be selected with the mouse.

    Args:
        text: Shown as it is, never as markup.
        name: Object name that the theme styles: "heading", "muted", "caution", "number",
            "warningBox".
    """
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setObjectName(name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def notice(level: Level, text: str, remedy: str = "") -> QLabel:
    """A box that tells one reason in words, with a mark and a coloured edge."""
    mark = "" if level is Level.PASS else f"{LEVEL_MARKS[level]}  "
    label = text_label(f"{mark}{text}" + (f"\n{remedy}" if remedy else ""), "notice")
    label.setProperty("level", level.word)
    return label


def line() -> QFrame:
    """A thin line between two parts of a panel."""
    frame = QFrame()
    frame.setObjectName("line")
    frame.setFixedHeight(1)
    return frame


def upright_line() -> QFrame:
    """A thin line between two parts beside each other."""
    frame = QFrame()
    frame.setObjectName("line")
    frame.setFixedWidth(1)
    return frame


def clear_layout(parent: QWidget) -> None:
    """Remove every child from the layout of `parent`."""
    layout = parent.layout()
    while layout is not None and (item := layout.takeAt(0)) is not None:
        if (child := item.widget()) is not None:
            child.hide()  # else it would become a window of its own, and take the focus with it
            child.setParent(None)
            child.deleteLater()
