"""What stands behind the map that is shown: where it lies, how far to trust it, "Why here?"."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.prognosis import SALIENCY_CAPTION
from viewer.method_names import method_name, target_name
from viewer.panels.influence_list import InfluenceList
from viewer.panels.labels import line, text_label
from viewer.panels.organ_share_chart import OrganShareChart, share_words
from viewer.panels.page_scroll import PageScroll
from viewer.panels.trust_parts import TrustParts
from viewer.session import Session, SessionState

NO_RESULT = "Run a model first. Then this page tells where its map lies and how far to trust it."
NO_SHARES = "No shares: this map is empty or not computed yet."
OUTSIDE_SHOWN = "Outside the region that the model is shown: {share}"
HOW_TO_ASK = (
    "Right-click a place in a slice, or press Ctrl+Space at the crosshair: the place is replaced "
    "by its surroundings and the model is run again."
)
SIZES_MM = (10.0, 20.0, 30.0, 40.0)
FIRST_SIZE_MM = 20.0
SETTLED_AFTER_MS = 60
"""By then texts that changed have wrapped anew and everything below them has moved."""


class ExplanationPanel(QWidget):
    """Shows the session's shares, trust and answers; asks for more.

    Signals:
        ask_requested: "Why here?" at the crosshair.
        place_chosen: Patient point (LPS mm) to go to.
    """

    ask_requested = Signal()
    place_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Explanation")
        self._session = session
        self._checking = False
        self.empty = text_label(NO_RESULT, "muted")
        self.weights = text_label(name="warningBox")
        self.share_title = text_label(name="muted")
        self.shares = OrganShareChart()
        self.outside = text_label(name="muted")
        self.trust = TrustParts()
        self.size = QComboBox()
        self.size.setAccessibleName("Size of the place that is replaced")
        for size_mm in SIZES_MM:
            self.size.addItem(f"{size_mm:g} mm", size_mm)
        self.size.setCurrentIndex(SIZES_MM.index(FIRST_SIZE_MM))
        self.ask_button = QPushButton("Why here?")
        self.ask_button.setObjectName("action")
        self.ask_button.setToolTip("Ask about the place at the crosshair (Ctrl+Space)")
        self.ask_button.clicked.connect(self.ask_requested)
        self.asking = text_label(name="muted")
        self.asking.hide()
        self.influences = InfluenceList()
        self.influences.place_chosen.connect(self.place_chosen)
        self._filled = QWidget()
        self._filled.setObjectName("section")
        self._lay_out()
        session.changed.connect(self._follow)
        self._refresh(session.state)

    def size_mm(self) -> float:
        """Edge of the place that "Why here?" replaces."""
        return float(self.size.currentData())

    def show_checking(self, checking: bool) -> None:
        """Say that the maps are being checked, or no longer."""
        self._checking = checking
        self.trust.show_trust(self._session.state.trust, checking=checking)

    def show_asking(self, words: str) -> None:
        """Say that an answer is being worked out; empty words end it."""
        begins = bool(words) and self.asking.isHidden()
        self.asking.setText(words)
        self.asking.setVisible(bool(words))
        if begins:
            self.scroll_to(self.asking)

    def scroll_to(self, part: QWidget) -> None:
        """Bring a part of the page into sight, once it has its place."""
        QTimer.singleShot(SETTLED_AFTER_MS, part, lambda: self.scroll.ensureWidgetVisible(part))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self._filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (
            self.weights,
            text_label("Where the map lies", "heading"),
            self.share_title,
            self.shares,
            self.outside,
            line(),
        ):
            column.addWidget(widget)
        column.addLayout(self._question_row())
        for widget in (
            text_label(HOW_TO_ASK, "muted"),
            self.asking,
            self.influences,
            line(),
            text_label("How far to trust it", "heading"),
            self.trust,
            line(),
            text_label(SALIENCY_CAPTION, "muted"),
        ):
            column.addWidget(widget)
        page = QWidget()
        page.setObjectName("section")
        content = QVBoxLayout(page)
        content.setContentsMargins(14, 10, 4, 10)
        content.setAlignment(Qt.AlignmentFlag.AlignTop)
        content.addWidget(self.empty)
        content.addWidget(self._filled)
        scroll = self.scroll = PageScroll(page, "Explanation of the map")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _question_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(text_label("Why here?", "heading"), 1)
        label = QLabel("Size")
        label.setBuddy(self.size)
        for widget in (label, self.size, self.ask_button):
            row.addWidget(widget)
        return row

    def _follow(self, old: SessionState, new: SessionState) -> None:
        named = (old.view.overlay_method, old.view.target) != (
            new.view.overlay_method,
            new.view.target,
        )
        told = any(
            getattr(old, name) is not getattr(new, name)
            for name in ("result", "organ_share", "trust", "influences")
        )
        if named or told:
            self._refresh(new)
        if len(new.influences) > len(old.influences):
            self.scroll_to(self.influences)

    def _refresh(self, state: SessionState) -> None:
        result = state.result
        self.empty.setVisible(result is None)
        self._filled.setVisible(result is not None)
        if result is None:
            return
        self.weights.setText("\n".join(result.card.weights_warnings))
        self.weights.setVisible(bool(result.card.weights_warnings))
        method = state.view.overlay_method
        shares = state.chosen_share
        map_words = f"{method_name(method)}, {target_name(state.view.target)}" if method else ""
        self.share_title.setText(
            f"Share of the map by region: {map_words}" if shares else NO_SHARES
        )
        outside = state.chosen_outside_share
        self.outside.setText(
            " " if outside is None else OUTSIDE_SHOWN.format(share=share_words(outside))
        )
        self.shares.show_shares(shares)
        self.trust.show_trust(state.trust, checking=self._checking)
        is_far = result.prognosis.is_far_from_training
        self.influences.show_influences(state.influences, is_far=is_far)
