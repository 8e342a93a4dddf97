"""What can be done with a result; always in sight, however long the result is."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget


class ResultActions(QWidget):
    """Export PDF, export everything, read the model card.

    Signals:
        export_pdf_requested: The user wants the report alone.
        export_requested: The user wants every output in a folder.
        card_requested: The user wants to read the whole model card.
    """

    export_pdf_requested = Signal()
    export_requested = Signal()
    card_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("What to do with the result")
        pdf = self._button("Export PDF…", "Save the report as a PDF (Ctrl+Shift+E)")
        pdf.clicked.connect(self.export_pdf_requested)
        everything = self._button("Export…", "Save every output to a folder (Ctrl+E)")
        everything.clicked.connect(self.export_requested)
        self.card_button = self._button("Model card…", "Read the whole model card (Ctrl+I)")
        self.card_button.clicked.connect(self.card_requested)
        self._of_result = (pdf, everything)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for button in (pdf, everything, self.card_button):
            row.addWidget(button, 1)

    def enable(self, *, has_result: bool, has_card: bool) -> None:
        """Exports need a result, the card a model."""
        for button in self._of_result:
            button.setEnabled(has_result)
        self.card_button.setEnabled(has_card)

    def _button(self, text: str, help_text: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("action")
        button.setAccessibleName(help_text.rsplit(" (", 1)[0])
        button.setToolTip(help_text)
        return button
