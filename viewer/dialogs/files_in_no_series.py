"""Every file that is in no series, under the reason why."""

from collections import defaultdict
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.data.series import SeriesIndex, UnreadableFile
from viewer.panels.labels import text_label


class FilesInNoSeriesDialog(QDialog):
    """Reasons with their files, the most frequent reason first.

    Args:
        index: What was found.
        parent: Window that it belongs to.
    """

    def __init__(self, index: SeriesIndex, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Files in no series")
        self.resize(760, 520)
        count = len(index.unreadable)
        noun = "file is" if count == 1 else "files are"
        words = f"{count} {noun} in no series. They stay as they are."
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Files in no series, by reason")
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        for reason, files in by_reason(index):
            branch = QTreeWidgetItem(self.tree, [f"{len(files)} × {reason}"])
            branch.setToolTip(0, reason)
            branch.addChildren([QTreeWidgetItem([file_name(index.root, each)]) for each in files])
        if self.tree.topLevelItemCount() == 1:
            self.tree.topLevelItem(0).setExpanded(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(text_label(words))
        column.addWidget(self.tree)
        column.addWidget(buttons)


def by_reason(index: SeriesIndex) -> list[tuple[str, list[UnreadableFile]]]:
    """Reasons with their files, the most frequent first."""
    files: dict[str, list[UnreadableFile]] = defaultdict(list)
    for each in index.unreadable:
        files[each.reason].append(each)
    return sorted(files.items(), key=lambda item: -len(item[1]))


def file_name(root: Path, file: UnreadableFile) -> str:
    """A file as seen from the opened folder, with its name inside an archive."""
    inside = file.path.is_relative_to(root) and file.path != root
    name = file.path.relative_to(root).as_posix() if inside else file.path.name
    return f"{file.member} in {name}" if file.member else name
