"""The places that were asked about: a sentence each; a click or Enter goes there."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QWidget

from core.saliency.influence import Influence
from viewer.influence_words import influence_sentence

PADDING_PX = 6
EDGE_PX = 4


class InfluenceList(QListWidget):
    """The newest place first, numbered as in the views; as high as its sentences.

    Signals:
        place_chosen: Patient point (LPS mm) to go to.
    """

    place_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("places")
        self.setAccessibleName("Places that were asked about")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSpacing(2)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)
        self.show_influences(())

    def show_influences(self, influences: Sequence[Influence], *, is_far: bool = False) -> None:
        """Show other answers; the last one asked stands first.

        Args:
            influences: In the order in which they were asked for.
            is_far: Whether the scan is far from the training scans.
        """
        blocker = QSignalBlocker(self)
        self.clear()
        for number, influence in reversed(list(enumerate(influences, start=1))):
            item = QListWidgetItem(self)
            item.setData(Qt.ItemDataRole.UserRole, influence.point_mm)
            words = f"{number}.  {influence_sentence(influence, is_far=is_far)}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            label = QLabel(words)
            label.setWordWrap(True)
            label.setContentsMargins(PADDING_PX, PADDING_PX, PADDING_PX, PADDING_PX)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.setItemWidget(item, label)
        del blocker
        self.setVisible(self.count() > 0)
        self._fit()

    def sentences(self) -> tuple[str, ...]:
        """What is written, from the top."""
        rows = (self.item(row) for row in range(self.count()))
        return tuple(each.data(Qt.ItemDataRole.AccessibleTextRole) for each in rows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the sentences anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _choose(self, item: QListWidgetItem) -> None:
        self.place_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _fit(self) -> None:
        """Give every row the height of its wrapped sentence, and the list that of its rows."""
        width = self.viewport().width() - 2 * self.spacing()
        total = 2 * EDGE_PX
        for row in range(self.count()):
            item = self.item(row)
            label = self.itemWidget(item)
            size = label.sizeHint()
            size.setHeight(label.heightForWidth(width))
            size.setWidth(width)
            item.setSizeHint(size)
            total += size.height() + 2 * self.spacing()
        self.setFixedHeight(total)
