"""The whole card of a model: what it is for, what it is not for, what it was trained on."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QScrollArea, QVBoxLayout, QWidget

from core.models.cards import ModelCard
from core.prognosis import RESEARCH_USE_ONLY
from viewer.panels.calibration_plot import calibration_plot
from viewer.panels.labels import text_label
from viewer.panels.result_words import CALIBRATION, card_paragraphs


class ModelCardDialog(QDialog):
    """Shows a card as headed paragraphs, its warnings first, with its calibration plot."""

    def __init__(self, card: ModelCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Model card")
        self.resize(680, 720)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(6)
        column.addWidget(text_label(card.title, "heading"))
        for warning in (*card.warnings, RESEARCH_USE_ONLY):
            column.addWidget(text_label(warning, "warningBox"))
        for heading, text in card_paragraphs(card):
            _add(column, heading, text)
            if heading == CALIBRATION and card.calibration is not None and card.calibration.bins:
                column.addWidget(calibration_plot(card.calibration.bins))
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(page)
        scroll.setAccessibleName("Model card")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        outer = QVBoxLayout(self)
        outer.addWidget(scroll)
        outer.addWidget(buttons)


def _add(column: QVBoxLayout, heading: str, text: str) -> None:
    title = text_label(heading, "muted")
    title.setContentsMargins(0, 10, 0, 0)
    column.addWidget(title)
    column.addWidget(text_label(text))
