"""The menu of a place in a slice: right click without a drag, or the Menu key at the crosshair."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from viewer.session import Session
from viewer.view_changes import overlay_toggled
from viewer.view_state import Point

NEEDS_RESULT = "Why here? (run a model first)"


def place_menu(
    session: Session,
    point_mm: Point,
    *,
    size_mm: float,
    ask: Callable[[Point], None],
    parent: QWidget,
) -> QMenu:
    """A menu for one patient point.

    Args:
        session: Tells whether there is a result to ask about.
        point_mm: The place (LPS).
        size_mm: Edge of what "Why here?" would replace.
        ask: Called with the place.
        parent: Owner of the menu, which deletes itself when it closes.

    Returns:
        The menu; `popup` opens it without stopping anything that runs.
    """
    menu = QMenu(parent)
    menu.setAccessibleName("This place")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    has_result = session.state.result is not None
    why = menu.addAction(f"Why here? ({size_mm:g} mm)" if has_result else NEEDS_RESULT)
    why.setEnabled(has_result)
    why.triggered.connect(lambda: ask(point_mm))
    crosshair = menu.addAction("Crosshair here")
    crosshair.triggered.connect(lambda: session.move_crosshair(point_mm))
    menu.addSeparator()
    visible = session.state.view.overlay_visible
    overlay = menu.addAction("Hide overlay" if visible else "Show overlay")
    overlay.setEnabled(has_result)
    overlay.triggered.connect(lambda: session.show(overlay_toggled(session.state.view)))
    return menu
