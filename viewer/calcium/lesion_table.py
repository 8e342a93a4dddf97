"""The live table: vessels with their sums, and under each its lesions. A click goes there."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QBrush, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.calcium.lesion import LesionScore
from core.calcium.marking import MarkedLesion
from core.calcium.scores import CalciumScore, Vessel
from core.views.planes import Plane, slice_number
from viewer.calcium.state import CalciumState
from viewer.calcium.target import point_of
from viewer.calcium.vessels import VESSEL_COLOURS, VESSEL_NAMES

COLUMNS = ("Lesions", "Agatston", "mm³", "Max HU", "Slices")
POINT_ROLE = Qt.ItemDataRole.UserRole
ROW_PX = 22
SWATCH_PX = 10
STYLE = """
QTreeWidget { background: transparent; border: none; outline: none; }
QTreeWidget::item { height: 22px; border: none; }
QTreeWidget::item:hover, QTreeWidget::item:selected { background: #3a3d41; color: #e4e6e8; }
"""


class LesionTable(QTreeWidget):
    """Every vessel, also without lesions, and the total.

    Signals:
        place_chosen: Patient point (LPS mm) of a lesion.
    """

    place_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lesions by vessel")
        self.setStyleSheet(STYLE)
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(COLUMNS)
        self.setIndentation(14)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(SWATCH_PX, SWATCH_PX))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(COLUMNS)):
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        self._swatches = {vessel: _swatch(vessel) for vessel in Vessel}
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def show_state(self, state: CalciumState) -> None:
        """Show another reading."""
        self.clear()
        score = state.score
        if score is None:
            return
        for vessel in Vessel:
            marked = [each for each in state.reading.marks.lesions if each.vessel is vessel]
            self._add_vessel(state, score, vessel, marked)
        total = score.total
        texts = ("Total, coronary", f"{total.agatston:.1f}", f"{total.volume_mm3:.0f}",
                 _or_dash(total.max_hu), "")  # fmt: skip
        self._strong(_item(self, texts))
        self.expandAll()
        rows = 1 + len(Vessel) + len(state.reading.marks.lesions)
        self.setFixedHeight(self.header().sizeHint().height() + rows * ROW_PX + 6)

    def rows(self) -> list[tuple[str, ...]]:
        """Every row as it is written, from the top."""
        found = []
        for number in range(self.topLevelItemCount()):
            top = self.topLevelItem(number)
            items = (top, *(top.child(k) for k in range(top.childCount())))
            found.extend(tuple(each.text(k) for k in range(len(COLUMNS))) for each in items)
        return found

    def _add_vessel(
        self,
        state: CalciumState,
        score: CalciumScore,
        vessel: Vessel,
        marked: Sequence[MarkedLesion],
    ) -> None:
        sums = score.vessels[vessel]
        count = f"{vessel.value}  {len(marked)}" if marked else vessel.value
        numbers = (f"{sums.agatston:.1f}", f"{sums.volume_mm3:.0f}", _or_dash(sums.max_hu), "")
        parent = _item(self, (count, *(numbers if marked else ("–", "", "", ""))))
        parent.setIcon(0, self._swatches[vessel])
        parent.setToolTip(0, VESSEL_NAMES[vessel])
        self._strong(parent)
        volume = state.reading.volume
        for number, lesion in enumerate(marked, start=1):
            found = state.reading.measured(lesion)
            child = _item(parent, _lesion_texts(number, found, volume.geometry.shape[0]))
            child.setData(0, POINT_ROLE, point_of(volume.geometry, lesion))
            if lesion.words:
                child.setText(0, f"{number}  !")
                child.setToolTip(0, lesion.words)

    def _strong(self, item: QTreeWidgetItem) -> None:
        font = self.font()
        font.setWeight(font.Weight.DemiBold)
        for column in range(len(COLUMNS)):
            item.setFont(column, font)

    def _choose(self, item: QTreeWidgetItem) -> None:
        point_mm = item.data(0, POINT_ROLE)
        if point_mm is not None:
            self.place_chosen.emit(point_mm)


def _item(parent: QTreeWidget | QTreeWidgetItem, texts: tuple[str, ...]) -> QTreeWidgetItem:
    item = QTreeWidgetItem(parent, list(texts))
    for column in range(1, len(COLUMNS)):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def _lesion_texts(number: int, found: LesionScore | None, count: int) -> tuple[str, ...]:
    """Slices are counted as in the views: from the head down."""
    if found is None:
        return str(number), "0.0", "0", "–", ""
    shown = sorted(slice_number(Plane.AXIAL, index, count) for index in found.slices)
    slices = f"{shown[0]}–{shown[1]}" if shown[0] != shown[1] else f"{shown[0]}"
    return (
        str(number),
        f"{found.agatston:.1f}",
        f"{found.volume_mm3:.0f}",
        str(found.max_hu),
        slices,
    )


def _or_dash(value: int | None) -> str:
    return "–" if value is None else str(value)


def _swatch(vessel: Vessel) -> QIcon:
    picture = QPixmap(SWATCH_PX, SWATCH_PX)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(VESSEL_COLOURS[vessel]))
    painter.drawEllipse(0, 0, SWATCH_PX, SWATCH_PX)
    painter.end()
    return QIcon(picture)
