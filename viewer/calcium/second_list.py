"""The second reader: what was left unmarked in the heart region, the largest first."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.calcium.second_reader import LeftOver
from core.geometry import VolumeGeometry
from core.views.planes import Plane, slice_number
from viewer.panels.labels import text_label

SHOWN_AT_MOST = 8
ROW_PX = 22
STYLE = """
QListWidget { background: transparent; border: none; outline: none; }
QListWidget::item { height: 22px; color: #e4e6e8; }
QListWidget::item:hover, QListWidget::item:selected { background: #3a3d41; color: #e4e6e8; }
"""


class SecondReaderList(QWidget):
    """Candidates that nobody marked; never adds anything by itself.

    Signals:
        place_chosen: Patient point (LPS mm) of a candidate.
    """

    place_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.heading: QLabel = text_label("", "muted")
        self.list = QListWidget()
        self.list.setAccessibleName("Left unmarked in the heart region")
        self.list.setStyleSheet(STYLE)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.heading)
        column.addWidget(self.list)

    def show_left(self, left: Sequence[LeftOver], geometry: VolumeGeometry, where: str) -> None:
        """Show other candidates.

        Args:
            left: The largest first.
            geometry: Of the scan, for the slice numbers.
            where: "in the heart region", or "in the scan" where that is not known.
        """
        count = len(left)
        self.heading.setText(f"Left unmarked {where}: {count}  ·  N: next")
        self.heading.setToolTip("The largest first; N goes through them")
        blocker = QSignalBlocker(self.list)
        self.list.clear()
        for each in left[:SHOWN_AT_MOST]:
            index = round(float(geometry.to_index(each.point_mm)[0]))
            number = slice_number(Plane.AXIAL, index, geometry.shape[0])
            words = (
                f"+{each.agatston:.1f}  ·  {each.area_mm2:.1f} mm²  ·  {each.max_hu} HU"
                f"  ·  slice {number}"
            )
            item = QListWidgetItem(words, self.list)
            item.setData(Qt.ItemDataRole.UserRole, each.point_mm)
        del blocker
        self.list.setFixedHeight(self.list.count() * ROW_PX + 4)

    def _choose(self, item: QListWidgetItem) -> None:
        self.place_chosen.emit(item.data(Qt.ItemDataRole.UserRole))
