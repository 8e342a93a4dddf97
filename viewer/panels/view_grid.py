"""The four views: two by two, or one of them alone."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from core.views.planes import Plane
from viewer.preview import Preview
from viewer.session import Session, SessionState
from viewer.slice_view import SliceView
from viewer.volume_view import VolumeView

PLACES = {
    Plane.AXIAL.value: (0, 0),
    Plane.SAGITTAL.value: (0, 1),
    Plane.CORONAL.value: (1, 0),
    "volume": (1, 1),
}


class ViewGrid(QWidget):
    """Axial and sagittal above, coronal and volume below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Views")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet("ViewGrid { background: #000000; }")
        self.slices = {plane: SliceView(session, plane) for plane in Plane}
        self.volume = VolumeView(session)
        self._views: dict[str, QWidget] = {
            **{plane.value: view for plane, view in self.slices.items()},
            "volume": self.volume,
        }
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        for name, place in PLACES.items():
            self._grid.addWidget(self._views[name], *place)
        session.changed.connect(self._follow)
        self._arrange(session.state.view.maximised)

    def focused_slice_view(self) -> SliceView:
        """The slice view with the focus, or the one alone, or the axial one."""
        focused = QApplication.focusWidget()
        for view in self.slices.values():
            if view is focused or (focused is not None and view.isAncestorOf(focused)):
                return view
        visible = [view for view in self.slices.values() if view.isVisible()]
        return visible[0] if len(visible) == 1 else self.slices[Plane.AXIAL]

    def show_preview(self, preview: Preview | None) -> None:
        """Every view shows what is being read in place of the open series; None ends it."""
        for view in (*self.slices.values(), self.volume):
            view.show_preview(preview)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.view.maximised != old.view.maximised:
            self._arrange(new.view.maximised)

    def _arrange(self, alone: str | None) -> None:
        """Show all views or one; a hidden row or column gives its room away."""
        for name, view in self._views.items():
            view.setVisible(alone is None or name == alone)
        row, column = PLACES.get(alone or "", (None, None))
        for k in (0, 1):
            self._grid.setRowStretch(k, 0 if row not in (None, k) else 1)
            self._grid.setColumnStretch(k, 0 if column not in (None, k) else 1)
