"""The list of series of what was opened, where their slices lie, what each may be used for."""

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage
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

from core.data.series import SeriesIndex, SeriesRecord
from viewer.dialogs.files_in_no_series import FilesInNoSeriesDialog
from viewer.panels.geometry_strip import GeometryStrip
from viewer.panels.labels import line, text_label, upright_line
from viewer.panels.series_delegate import (
    LISTED_ROLE,
    OPEN_ROLE,
    PICTURE_ROLE,
    PURPOSES,
    SeriesDelegate,
    fitness_words,
    series_line,
)
from viewer.panels.series_order import (
    ListedSeries,
    best_series,
    best_words,
    listed_series,
    series_title,
)
from viewer.panels.series_reasons import SeriesReasons
from viewer.session import Session, SessionState

if TYPE_CHECKING:
    from core.data.choice import Choice

LEAST_WIDTH_PX, WIDTH_PX = 270, 304
"""The panel gives way on small screens."""

REASONS_AT_MOST = 4
"""More reasons than this, and their files, are for the dialog."""


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
        self.setMinimumWidth(LEAST_WIDTH_PX)
        self.setMaximumWidth(WIDTH_PX)
        self._session = session
        self._best: dict[str, Choice] = {}
        self._pictures: dict[str, QImage] = {}
        self.list = self._made_list()
        self.strip = GeometryStrip(session)
        self.strip.told.connect(self._tell_place)
        self._reasons = SeriesReasons()
        self._reasons.better_chosen.connect(self._choose_record)
        self.stack_words = text_label(name="muted")
        self.place_words = text_label()
        self._make_unreadable()
        self._lay_out()
        session.changed.connect(self._follow)
        self._fill(session.state)

    def _made_list(self) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName("Series of the opened folder")
        made.setItemDelegate(SeriesDelegate(made))
        made.setMouseTracking(True)
        made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.itemClicked.connect(self._choose)
        made.itemActivated.connect(self._choose)
        made.currentItemChanged.connect(self._explain)
        return made

    def _make_unreadable(self) -> None:
        self.unreadable_button = QPushButton()
        self.unreadable_button.setObjectName("link")
        self.unreadable_button.setCheckable(True)
        self.unreadable_button.toggled.connect(self._show_unreadable)
        self.unreadable_label = text_label(name="muted")
        self.unreadable_label.setContentsMargins(12, 0, 12, 4)
        self.list_files_button = QPushButton("List every file…")
        self.list_files_button.setObjectName("link")
        self.list_files_button.setAccessibleName("List every file that is in no series")
        self.list_files_button.clicked.connect(self._list_files)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self._reasons)
        scroll.setAccessibleName("Reasons")
        heading = text_label("Series", "heading")
        heading.setContentsMargins(12, 10, 12, 6)
        use = text_label("What this series may be used for", "muted")
        use.setContentsMargins(12, 8, 12, 0)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(heading)
        column.addWidget(self.list, 1)
        beside_texts = QVBoxLayout()
        beside_texts.setContentsMargins(5, 0, 5, 0)  # and the link's own padding
        beside_texts.addWidget(self.unreadable_button)
        beside_texts.addWidget(self.unreadable_label)
        beside_texts.addWidget(self.list_files_button)
        column.addLayout(beside_texts)
        column.addWidget(line())
        for label, top in ((self.stack_words, 8), (self.place_words, 0)):
            label.setContentsMargins(12, top, 12, 2)
            column.addWidget(label)
        column.addWidget(use)
        column.addWidget(scroll, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column, 1)
        row.addWidget(upright_line())
        row.addWidget(self.strip)

    def sizeHint(self) -> QSize:
        """As wide as it may get."""
        return QSize(WIDTH_PX, super().sizeHint().height())

    def choose_neighbour(self, steps: int) -> None:
        """Open the series `steps` below the current one, if there is one."""
        row = self.list.currentRow() + steps
        if 0 <= row < self.list.count():
            self.list.setCurrentRow(row)
            self._choose(self.list.item(row))

    def reasons_text(self) -> str:
        """What the panel says about the chosen series."""
        return self._reasons.text()

    def show_thumbnail(self, uid: str, picture: QImage) -> None:
        """Draw the picture of a series from now on."""
        self._pictures[uid] = picture
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(LISTED_ROLE).record.uid == uid:
                item.setData(PICTURE_ROLE, picture)

    # --- listening ---

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.series_index is not old.series_index:
            self._pictures = {}
        if new.series_index is not old.series_index or new.fitness is not old.fitness:
            self._fill(new)
        elif new.series is not old.series:
            self._mark_open(new)

    def _fill(self, state: SessionState) -> None:
        index, fitness = state.series_index, state.fitness or {}
        self.list.clear()
        self._best = best_series(index, fitness) if index else {}
        for listed in listed_series(index, fitness, self._best) if index else ():
            item = _item(listed)
            item.setData(PICTURE_ROLE, self._pictures.get(listed.record.uid))
            self.list.addItem(item)
        self._mark_open(state)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(0)
        self._explain(self.list.currentItem())
        self._fill_unreadable(index)

    def _mark_open(self, state: SessionState) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            is_open = state.series is not None and item.data(LISTED_ROLE).record is state.series
            item.setData(OPEN_ROLE, is_open)
            if is_open:
                self.list.setCurrentItem(item)

    def _fill_unreadable(self, index: SeriesIndex | None) -> None:
        files = index.unreadable if index else ()
        counts = Counter(file.reason for file in files)
        words = [f"{n} × {why}" for why, n in counts.most_common(REASONS_AT_MOST)]
        if len(counts) > REASONS_AT_MOST:
            words.append(f"and {len(counts) - REASONS_AT_MOST} other reasons")
        self.unreadable_label.setText("\n".join(words))
        noun = "file is" if len(files) == 1 else "files are"
        self.unreadable_button.setText(f"{len(files)} {noun} in no series: why?")
        self.unreadable_button.setAccessibleName(f"{len(files)} {noun} in no series; show reasons")
        self.unreadable_button.setVisible(bool(files))
        self.unreadable_button.setChecked(False)
        self._show_unreadable(False)

    def _show_unreadable(self, shown: bool) -> None:
        self.unreadable_label.setVisible(shown)
        self.list_files_button.setVisible(shown)

    def _list_files(self) -> None:
        index = self._session.state.series_index
        if index is not None:
            dialog = FilesInNoSeriesDialog(index, self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    # --- choosing ---

    def _choose(self, item: QListWidgetItem) -> None:
        self.series_chosen.emit(item.data(LISTED_ROLE).record)

    def _choose_record(self, record: SeriesRecord) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(LISTED_ROLE).record is record:
                self.list.setCurrentRow(row)
                self._choose(self.list.item(row))
                return

    def _explain(self, item: QListWidgetItem | None) -> None:
        listed: ListedSeries | None = item.data(LISTED_ROLE) if item is not None else None
        self._reasons.show_series(listed, self._best)
        self.strip.show_record(listed.record if listed is not None else None)
        self.stack_words.setText(self.strip.places.summary if self.strip.places else "")

    def _tell_place(self, words: str) -> None:
        is_other_open = self._session.state.volume is not None
        self.place_words.setText(words or ("This series is not open" if is_other_open else ""))


def _item(listed: ListedSeries) -> QListWidgetItem:
    item = QListWidgetItem()
    record, fitness = listed.record, listed.fitness
    item.setData(LISTED_ROLE, listed)
    best = [best_words(listed.best_for)] if listed.best_for else []
    item.setToolTip("\n".join((*best, fitness_words(fitness))))
    spoken = f"{series_title(record)}, {series_line(record)}"
    levels = ", ".join(f"{name} {getattr(fitness, name.lower()).level.word}" for name in PURPOSES)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ". ".join((spoken, levels, *best)))
    return item
