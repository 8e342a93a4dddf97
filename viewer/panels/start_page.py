"""What is seen when nothing is open: open a folder, open the sample, open what was open before."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.prognosis import RESEARCH_USE_ONLY
from viewer.panels.labels import clear_layout, line, text_label

PRODUCT = "Thoralens"
PURPOSE = "Open a chest CT, run a prognosis model on this computer, and see where the model looked."
WIDTH_PX = 620


def dropped_path(event: QDropEvent) -> Path | None:
    """What was dropped: a folder, an archive or a file; the folder of several files.

    Returns:
        None if the drop holds no local file.
    """
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    if not paths:
        return None
    together = {path.parent for path in paths}
    return paths[0] if len(paths) == 1 or len(together) > 1 else together.pop()


class StartPage(QWidget):
    """Product name, two buttons, recent folders; the whole page takes a dropped folder.

    Signals:
        open_requested: The user wants to choose a folder.
        sample_requested: The user wants the synthetic sample.
        folder_chosen: A `Path`, recent or dropped.
        folder_forgotten: A `Path` that shall no longer be listed.
    """

    open_requested = Signal()
    sample_requested = Signal()
    folder_chosen = Signal(object)
    folder_forgotten = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setAccessibleName("Start page")
        self._target = QFrame()
        self._target.setObjectName("dropTarget")
        self._target.setFixedWidth(WIDTH_PX)
        self._recent = QWidget()
        self._recent.setObjectName("section")
        QVBoxLayout(self._recent).setContentsMargins(0, 0, 0, 0)
        self._fill_target()
        page = QVBoxLayout(self)
        page.addStretch(2)
        middle = QHBoxLayout()  # an alignment instead would cut the height that wrapped text needs
        middle.addStretch()
        middle.addWidget(self._target)
        middle.addStretch()
        page.addLayout(middle)
        page.addStretch(3)

    def _fill_target(self) -> None:
        column = QVBoxLayout(self._target)
        column.setContentsMargins(48, 40, 48, 40)
        column.setSpacing(14)
        column.addWidget(text_label(PRODUCT, "title"))
        column.addWidget(text_label(PURPOSE))
        column.addSpacing(6)
        column.addLayout(self._buttons())
        column.addWidget(
            text_label(
                "or drop a folder, a zip archive or a NIfTI, NRRD or MHA file anywhere here",
                "muted",
            )
        )
        column.addSpacing(6)
        column.addWidget(line())
        column.addWidget(self._recent)
        column.addWidget(text_label(RESEARCH_USE_ONLY, "muted"))

    def _buttons(self) -> QHBoxLayout:
        self.open_button = QPushButton("Open folder…")
        self.open_button.setObjectName("primary")
        self.open_button.setAccessibleName("Open a folder of DICOM files")
        self.open_button.clicked.connect(self.open_requested)
        self.sample_button = QPushButton("Open sample")
        self.sample_button.setAccessibleName("Open the synthetic sample scan")
        self.sample_button.setToolTip("A synthetic thorax, made on this computer: no patient.")
        self.sample_button.clicked.connect(self.sample_requested)
        row = QHBoxLayout()
        for button in (self.open_button, self.sample_button):
            button.setMinimumHeight(38)
            row.addWidget(button)
        row.addStretch()
        return row

    def show_recent(self, folders: Sequence[Path]) -> None:
        """List recent folders, the newest first."""
        clear_layout(self._recent)
        layout = self._recent.layout()
        layout.setSpacing(2)
        heading = "Recent folders" if folders else "No recent folders yet"
        layout.addWidget(text_label(heading, "muted"))
        for folder in folders:
            layout.addWidget(self._recent_row(folder))

    def _recent_row(self, folder: Path) -> QWidget:
        row = QWidget()
        row.setObjectName("section")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        shown = self.fontMetrics().elidedText(
            str(folder), Qt.TextElideMode.ElideMiddle, WIDTH_PX - 220
        )
        choose = QPushButton(shown)
        choose.setObjectName("link")
        choose.setToolTip(str(folder))
        choose.setAccessibleName(f"Open recent folder {folder}")
        choose.clicked.connect(lambda: self.folder_chosen.emit(folder))
        forget = QPushButton("Forget")
        forget.setObjectName("link")
        forget.setAccessibleName(f"Forget recent folder {folder}")
        forget.setToolTip("Remove this folder from the list; its files stay.")
        forget.clicked.connect(lambda: self.folder_forgotten.emit(folder))
        layout.addWidget(choose, 1)
        layout.addWidget(forget)
        return row

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept what holds a folder, and show that it may be dropped."""
        if dropped_path(event) is not None:
            event.acceptProposedAction()
            self._set_active(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing hovers any more."""
        self._set_active(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._set_active(False)
        folder = dropped_path(event)
        if folder is not None:
            event.acceptProposedAction()
            self.folder_chosen.emit(folder)

    def _set_active(self, active: bool) -> None:
        self._target.setProperty("active", active)
        self._target.style().unpolish(self._target)
        self._target.style().polish(self._target)
