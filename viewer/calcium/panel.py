"""The calcium page of the right side: everything about the reading except the picture."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.data.fitness import Level
from viewer.calcium.checks_card import ChecksCard
from viewer.calcium.hand_strip import HandStrip
from viewer.calcium.lesion_table import LesionTable
from viewer.calcium.result_strip import ResultStrip, beside_lines
from viewer.calcium.rule_strip import RuleStrip
from viewer.calcium.second_list import SecondReaderList
from viewer.calcium.state import CalciumState, has_marks
from viewer.calcium.verdict_strip import VerdictStrip
from viewer.panels.labels import line, notice, text_label
from viewer.session import Session, SessionState

REFUSED_REMEDY = "Choose the series without contrast agent."
PREPARING = "Preparing the scan: finding candidates, heart region and bones …"


class CalciumPanel(QWidget):
    """Follows the session; tells what the reader wants.

    Signals:
        restore_requested: Take up what is kept on disk.
        anew_requested: Begin anew.
        export_requested: Save the reading.
        leave_requested: Out of the mode.
    """

    restore_requested = Signal()
    anew_requested = Signal()
    export_requested = Signal()
    leave_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("panel")
        self.setAccessibleName("Calcium")
        self.hand = HandStrip()
        self.result = ResultStrip()
        self.table = LesionTable()
        self.verdict = VerdictStrip()
        self.second = SecondReaderList()
        self.checks = ChecksCard()
        self.rule = RuleStrip()
        self.beside = text_label("", "muted")
        self.preparing = notice(Level.PASS, PREPARING)
        self.refused = notice(Level.BLOCK, "")
        self.offer = self._offer()
        self.table.place_chosen.connect(session.move_crosshair)
        self.second.place_chosen.connect(session.move_crosshair)
        self.rule.rule_chosen.connect(lambda _: self._show_rule())  # until it is in force
        self._lay_out()
        session.changed.connect(self._follow)
        self._show(session.state.calcium)

    def _lay_out(self) -> None:
        top, rest = QWidget(), QWidget()
        for part, widgets in (
            (top, (self.preparing, self.refused, self.offer, self.hand, self.result)),
            (rest, (self.checks, self.table, self.verdict, self.second, self.rule, self.beside)),
        ):
            part.setObjectName("section")
            column = QVBoxLayout(part)
            column.setContentsMargins(12, 8, 12, 4)
            column.setSpacing(8)
            for widget in widgets:
                column.addWidget(widget)
        rest.layout().addStretch(1)
        self.rest = rest
        scroll = QScrollArea()
        scroll.setWidget(rest)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addWidget(line())
        column.addWidget(scroll, 1)
        column.addWidget(line())
        column.addWidget(self._foot())

    def _foot(self) -> QWidget:
        foot = QWidget()
        foot.setObjectName("section")
        self.export = QPushButton("Export…")
        self.export.setObjectName("action")
        self.export.setToolTip("Save lesions, label map and report to a folder (Ctrl+E)")
        self.export.clicked.connect(self.export_requested)
        leave = QPushButton("Leave calcium mode  C")
        leave.setObjectName("action")
        leave.setToolTip("The edits are kept")
        leave.clicked.connect(self.leave_requested)
        row = QHBoxLayout(foot)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(self.export, 1)
        row.addWidget(leave, 1)
        return foot

    def _offer(self) -> QWidget:
        """The reading that is kept on disk: take it up, or begin anew."""
        offer = QWidget()
        offer.setObjectName("section")
        self.offer_words = notice(Level.WARN, "")
        self.restore = QPushButton("Restore")
        self.restore.setObjectName("primary")
        self.restore.clicked.connect(self.restore_requested)
        self.anew = QPushButton("Begin anew")
        self.anew.clicked.connect(self.anew_requested)
        row = QHBoxLayout()
        row.addWidget(self.restore, 1)
        row.addWidget(self.anew, 1)
        column = QVBoxLayout(offer)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.offer_words)
        column.addLayout(row)
        return offer

    def _follow(self, old: SessionState, new: SessionState) -> None:
        if new.calcium is not old.calcium:
            self._show(new.calcium, old.calcium)

    def _show(self, state: CalciumState | None, old: CalciumState | None = None) -> None:
        if state is None:
            return
        self.hand.show_state(state)
        self._show_notice(state)
        self.offer.setVisible(state.kept_edits > 0)
        self.offer_words.setText(
            f"!  A reading of this scan with {state.kept_edits} edits is kept on disk."
        )
        if old is None or (state.case, state.reading, state.kept_edits) != (
            old.case,
            old.reading,
            old.kept_edits,
        ):
            self._show_reading(state)
            self._show_checks(state, old)
        if old is None or (state.reading, state.spread, state.patch) != (
            old.reading,
            old.spread,
            old.patch,
        ):
            self.result.show_state(state)
            self.beside.setText("" if state.reading is None else "\n".join(beside_lines(state)))

    def _show_notice(self, state: CalciumState) -> None:
        refused = state.refusal
        if refused is not None:
            self.refused.setText(f"✕  No score: {refused.value}. {refused.words}\n{REFUSED_REMEDY}")
        self.refused.setVisible(refused is not None)
        self.preparing.setVisible(state.case is None)
        self.rest.setVisible(state.case is not None)
        self.hand.setEnabled(state.reading is not None)

    def _show_reading(self, state: CalciumState) -> None:
        self.table.show_state(state)
        self.verdict.show_state(state)
        self.export.setEnabled(state.reading is not None and bool(state.reading.done))
        self._show_rule()
        for part in (self.table, self.verdict, self.second):
            part.setVisible(state.reading is not None)
        if state.case is not None:
            where = "in the scan" if state.case.heart is None else "in the heart region"
            where = "in the box" if state.box is not None else where
            self.second.show_left(state.left_over, state.case.volume.geometry, where)

    def _show_rule(self) -> None:
        state, series = self._session.state.calcium, self._session.state.series
        if state is not None:
            self.rule.show_state(state, None if series is None else series.kvp)

    def _show_checks(self, state: CalciumState, old: CalciumState | None) -> None:
        """Open the card with the scan, close it at the first mark."""
        if state.case is None:
            return
        if old is None or old.case is None or old.case.checks is not state.case.checks:
            self.checks.show_checks(state.case.checks)
            self.checks.set_open(True)
        elif has_marks(state) and not has_marks(old):
            self.checks.set_open(False)
