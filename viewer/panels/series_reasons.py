"""What the chosen series may be used for, why not, and which other one suits better."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from core.data.fitness import Level, Verdict
from viewer.panels.labels import clear_layout, notice
from viewer.panels.series_delegate import PURPOSES
from viewer.panels.series_order import ListedSeries, series_title

if TYPE_CHECKING:
    from core.data.choice import Choice

VERDICT_WORDS = {
    "View": ("Can be viewed", "Can be viewed, with care", "Cannot be viewed"),
    "Model": ("Fits the model", "Fits the model, with care", "Not for the model"),
    "Calcium": ("Fits calcium scoring", "Calcium scoring, with care", "Not for calcium scoring"),
}
LINK_WIDTH_PX = 210
USES = {"Model": "the model", "Calcium": "calcium"}


class SeriesReasons(QWidget):
    """Notices about one series.

    Signals:
        better_chosen: A `SeriesRecord` that suits better, and that the user wants to see.
    """

    better_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("What the chosen series may be used for")
        QVBoxLayout(self).setContentsMargins(12, 8, 12, 12)

    def text(self) -> str:
        """Everything that is said."""
        return "\n".join(label.text() for label in self.findChildren(QLabel))

    def show_series(self, listed: ListedSeries | None, best: Mapping[str, "Choice"]) -> None:
        """Say what a series may be used for; None for no series.

        Args:
            listed: Row of the list.
            best: Use -> the best series of all, `series_order.best_series`.
        """
        clear_layout(self)
        layout = self.layout()
        if listed is None:
            return
        for purpose in PURPOSES:
            self._add_verdict(purpose, getattr(listed.fitness, purpose.lower()))
            choice = best.get(purpose)
            if purpose in listed.best_for:
                words = f"Best for {USES[purpose]}. {listed.best_for[purpose]}"
                layout.addWidget(notice(Level.PASS, words))
            elif choice is not None:
                layout.addWidget(self._link_to_better(purpose, choice))
        layout.addStretch()

    def _add_verdict(self, purpose: str, verdict: Verdict) -> None:
        layout = self.layout()
        if verdict.level is Level.PASS:
            layout.addWidget(notice(Level.PASS, VERDICT_WORDS[purpose][Level.PASS]))
        for reason in sorted(verdict.reasons, key=lambda each: -each.level):
            # A lesser reason of a refused purpose must not sound like leave to use it.
            words = VERDICT_WORDS[purpose][verdict.level]
            lead = f"{words}. " if reason.level is verdict.level else f"{purpose}: "
            layout.addWidget(notice(reason.level, lead + reason.text, reason.remedy))

    def _link_to_better(self, purpose: str, choice: "Choice") -> QPushButton:
        title = series_title(choice.record)
        button = QPushButton()
        button.setObjectName("link")
        shown = f"Better for {USES[purpose]}: {title}"
        button.setText(
            button.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, LINK_WIDTH_PX)
        )
        button.setToolTip(f"{title}\n{choice.reason}")
        button.setAccessibleName(f"Open {title}, better for {USES[purpose]}. {choice.reason}")
        button.clicked.connect(lambda: self.better_chosen.emit(choice.record))
        return button
