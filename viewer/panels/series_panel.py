"""The list of series of the opened folder, what each may be used for, and why not."""

from collections import Counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.data.fitness import Fitness, Level
from core.data.series import SeriesIndex, SeriesRecord
from viewer.panels.labels import clear_layout, line, notice, text_label
from viewer.panels.series_delegate import (
    FITNESS_ROLE,
    OPEN_ROLE,
    PURPOSES,
    RECORD_ROLE,
    SeriesDelegate,
    fitness_words,
    series_line,
)
from viewer.session import Session, SessionState

WIDTH_PX = 264
VERDICT_WORDS = {
    "View": ("Can be viewed", "Can be viewed, with care", "Cannot be viewed"),
    "Model": ("Fits the model", "Fits the model, with care", "Not for the model"),
    "Calcium": ("Fits calcium scoring", "Calcium scoring, with care", "Not for calcium scoring"),
}


class SeriesPanel(QWidget):
    """Shows `SessionState.series_index`; a click on a series asks to open it.

    Signals:
        series_chosen: A `SeriesRecord` that the user wants to see.
    """

    series_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH_PX)
        self._session = session
        self.list = QListWidget()
        self.list.setAccessibleName("Series of the opened folder")
        self.list.setItemDelegate(SeriesDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.list.currentItemChanged.connect(self._explain)
        self._reasons = QWidget()
        self._reasons.setObjectName("section")
        self._reasons.setAccessibleName("What the chosen series may be used for")
        QVBoxLayout(self._reasons).setContentsMargins(12, 8, 12, 12)
        self.unreadable_button = QPushButton()
        self.unreadable_button.setObjectName("link")
        self.unreadable_button.setCheckable(True)
        self.unreadable_button.toggled.connect(self._show_unreadable)
        self.unreadable_label = text_label(name="muted")
        self.unreadable_label.setContentsMargins(12, 0, 12, 8)
        self._lay_out()
        session.changed.connect(self._follow)
        self._fill(session.state)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self._reasons)
        scroll.setAccessibleName("Reasons")
        heading = text_label("Series", "heading")
        heading.setContentsMargins(12, 10, 12, 6)
        use = text_label("What this series may be used for", "muted")
        use.setContentsMargins(12, 10, 12, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(heading)
        column.addWidget(self.list, 1)
        beside_texts = QHBoxLayout()
        beside_texts.setContentsMargins(5, 0, 5, 0)  # and the link's own padding
        beside_texts.addWidget(self.unreadable_button)
        column.addLayout(beside_texts)
        column.addWidget(self.unreadable_label)
        column.addWidget(line())
        column.addWidget(use)
        column.addWidget(scroll, 1)

    def choose_neighbour(self, steps: int) -> None:
        """Open the series `steps` below the current one, if there is one."""
        row = self.list.currentRow() + steps
        if 0 <= row < self.list.count():
            self.list.setCurrentRow(row)
            self._choose(self.list.item(row))

    def reasons_text(self) -> str:
        """What the panel says about the chosen series."""
        labels = self._reasons.findChildren(type(self.unreadable_label))
        return "\n".join(label.text() for label in labels)

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.series_index is not old.series_index or new.fitness is not old.fitness:
            self._fill(new)
        elif new.series is not old.series:
            self._mark_open(new)

    def _fill(self, state: SessionState) -> None:
        self.list.clear()
        for record in state.series_index.series if state.series_index else ():
            self.list.addItem(_item(record, (state.fitness or {}).get(record.uid, Fitness())))
        self._mark_open(state)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(0)
        self._fill_unreadable(state.series_index)

    def _mark_open(self, state: SessionState) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            is_open = state.series is not None and item.data(RECORD_ROLE) is state.series
            item.setData(OPEN_ROLE, is_open)
            if is_open:
                self.list.setCurrentItem(item)

    def _fill_unreadable(self, index: SeriesIndex | None) -> None:
        files = index.unreadable if index else ()
        counts = Counter(file.reason for file in files)
        self.unreadable_label.setText("\n".join(f"{n} × {why}" for why, n in counts.most_common()))
        noun = "file is" if len(files) == 1 else "files are"
        self.unreadable_button.setText(f"{len(files)} {noun} in no series: why?")
        self.unreadable_button.setAccessibleName(f"{len(files)} {noun} in no series; show reasons")
        self.unreadable_button.setVisible(bool(files))
        self.unreadable_button.setChecked(False)
        self.unreadable_label.hide()

    def _show_unreadable(self, shown: bool) -> None:
        self.unreadable_label.setVisible(shown)

    def _choose(self, item: QListWidgetItem) -> None:
        self.series_chosen.emit(item.data(RECORD_ROLE))

    def _explain(self, item: QListWidgetItem | None) -> None:
        clear_layout(self._reasons)
        layout = self._reasons.layout()
        if item is None:
            return
        fitness: Fitness = item.data(FITNESS_ROLE)
        for purpose in PURPOSES:
            verdict = getattr(fitness, purpose.lower())
            if verdict.level is Level.PASS:
                layout.addWidget(notice(Level.PASS, VERDICT_WORDS[purpose][Level.PASS]))
            for reason in sorted(verdict.reasons, key=lambda each: -each.level):
                # A lesser reason of a refused purpose must not sound like leave to use it.
                words = VERDICT_WORDS[purpose][verdict.level]
                lead = f"{words}. " if reason.level is verdict.level else f"{purpose}: "
                layout.addWidget(notice(reason.level, lead + reason.text, reason.remedy))
        layout.addStretch()


def _item(record: SeriesRecord, fitness: Fitness) -> QListWidgetItem:
    item = QListWidgetItem()
    item.setData(RECORD_ROLE, record)
    item.setData(FITNESS_ROLE, fitness)
    item.setToolTip(fitness_words(fitness))
    spoken = f"{record.description or 'Series without description'}, {series_line(record)}"
    levels = ", ".join(f"{name} {getattr(fitness, name.lower()).level.word}" for name in PURPOSES)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{spoken}. {levels}")
    return item
