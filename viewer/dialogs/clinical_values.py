"""Asks for the clinical values of a hybrid model. Nothing is guessed: all values, or no run."""

from collections.abc import Mapping

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.models.cards import ClinicalColumn, ModelCard
from viewer.panels.labels import text_label

EXPLANATION = "This model needs every one of these values; none is guessed."


def read_value(column: ClinicalColumn, text: str) -> float | str:
    """The typed value, or in words why it cannot be used."""
    if not text.strip():
        return "missing"
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return "not a number"
    return column.fault(value) or value


class ClinicalValuesDialog(QDialog):
    """A form from the card: title, unit and range of every value.

    Args:
        card: Whose `clinical` values are asked for.
        known: Values that were given before.
        parent: Window that it belongs to.
    """

    def __init__(
        self,
        card: ModelCard,
        known: Mapping[str, float] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Clinical values")
        self.resize(620, 680)
        self._columns = card.clinical
        self.fields: dict[str, QLineEdit | QComboBox] = {}
        page = QWidget()
        form = QFormLayout(page)
        for column in card.clinical:
            form.addRow(_row_title(column), self._field(column, known or {}))
        self._faults = text_label(name="notice")
        self._faults.setProperty("level", "warn")
        self._faults.setAccessibleName("What is missing")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run_button = self._buttons.addButton("Run", QDialogButtonBox.ButtonRole.AcceptRole)
        self.run_button.setObjectName("primary")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(page)
        scroll.setAccessibleName("Clinical values")
        outer = QVBoxLayout(self)
        for widget in (text_label(card.title, "heading"), text_label(EXPLANATION, "muted"), scroll):
            outer.addWidget(widget)
        outer.addWidget(self._faults)
        outer.addWidget(self._buttons)
        self._check()

    def _field(self, column: ClinicalColumn, known: Mapping[str, float]) -> QWidget:
        text = f"{known[column.name]:g}" if column.name in known else ""
        field = self._choice(text) if column.yes_or_no else self._line(column, text)
        field.setAccessibleName(_row_title(column))
        self.fields[column.name] = field
        return field

    def _line(self, column: ClinicalColumn, text: str) -> QLineEdit:
        field = QLineEdit(text)
        field.setPlaceholderText(f"{column.minimum:g} to {column.maximum:g}")
        field.textChanged.connect(self._check)
        return field

    def _choice(self, text: str) -> QComboBox:
        field = QComboBox()
        for word, value in (("choose…", ""), ("no", "0"), ("yes", "1")):
            field.addItem(word, value)
        field.setCurrentIndex(max(field.findData(text), 0))
        field.currentIndexChanged.connect(self._check)
        return field

    def faults(self) -> tuple[str, ...]:
        """Every value that cannot be used, with the reason."""
        read = ((column, self._read(column)) for column in self._columns)
        return tuple(f"{column.title}: {why}" for column, why in read if isinstance(why, str))

    def values(self) -> dict[str, float]:
        """The values by column name; only complete without `faults`."""
        read = {column.name: self._read(column) for column in self._columns}
        return {name: value for name, value in read.items() if not isinstance(value, str)}

    def _read(self, column: ClinicalColumn) -> float | str:
        field = self.fields[column.name]
        text = field.currentData() if isinstance(field, QComboBox) else field.text()
        return read_value(column, text)

    def _check(self) -> None:
        faults = self.faults()
        self.run_button.setEnabled(not faults)
        shown = "\n".join(faults[:3]) + ("\n…" if len(faults) > 3 else "")
        self._faults.setText(
            f"{len(faults)} of {len(self._columns)} values are missing or cannot be used.\n{shown}"
        )
        self._faults.setVisible(bool(faults))


def _row_title(column: ClinicalColumn) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title
