"""A de-identified copy: what to keep, asked before; what was removed, shown after."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from core.data.fitness import Level
from viewer.panels.labels import notice, text_label

if TYPE_CHECKING:  # at run time it brings pydicom, which the window starts without
    from core.data.deidentify_rules import DeidentificationOptions

WHAT = (
    "Writes a copy of the open series after the DICOM basic confidentiality profile: names, "
    "identifiers and dates go, every UID is replaced, the pixels stay bit for bit. The original "
    "is not touched."
)
FACES = (
    "Text that is drawn into the pixels cannot be removed, and a head in the scan shows a face: "
    "look before you pass it on."
)
ACTIONS = {
    "X": "removed",
    "Z": "emptied",
    "D": "replaced by a dummy",
    "U": "replaced by a new UID",
    "C": "cleaned",
}


class DeidentifyDialog(QDialog):
    """Asks what shall be kept; accepted by the button that goes on to the folder."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("De-identified copy")
        self.resize(560, 360)
        self.keep_dates = QCheckBox("Keep dates, all moved by the same number of days")
        self.keep_device = QCheckBox("Keep the scanner's serial number and station")
        self.accept_text = QCheckBox("I have looked at the pictures: no text is drawn into them")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.go_on = buttons.addButton("Choose folder…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.go_on.setObjectName("primary")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(text_label(WHAT))
        column.addWidget(notice(Level.WARN, FACES))
        for box in (self.keep_dates, self.keep_device, self.accept_text):
            box.setAccessibleName(box.text())
            column.addWidget(box)
        column.addStretch()
        column.addWidget(buttons)

    def options(self) -> "DeidentificationOptions":
        """What the user ticked."""
        from core.data.deidentify_rules import DeidentificationOptions

        return DeidentificationOptions(
            keep_dates_shifted=self.keep_dates.isChecked(),
            keep_device_identity=self.keep_device.isChecked(),
            accept_burned_in=self.accept_text.isChecked(),
        )


class DeidentifiedDialog(QDialog):
    """Shows the list of a finished copy.

    Args:
        document: What `core.deidentify_command.export_deidentified` gave.
        parent: Window that it belongs to.
    """

    def __init__(self, document: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("De-identified copy")
        self.resize(620, 520)
        count = sum(entry["files"] for entry in document["series"])
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(text_label(f"{count} files were written.", "heading"))
        for warning in warning_sentences(document):
            column.addWidget(notice(Level.WARN, warning))
        self.removed = QPlainTextEdit(removed_text(document))
        self.removed.setReadOnly(True)
        self.removed.setAccessibleName("What was removed")
        column.addWidget(
            text_label("What was changed, as removed.json in the folder tells", "muted")
        )
        column.addWidget(self.removed, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)


def warning_sentences(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Warnings, slices that were left out and refusals, a sentence each."""
    sentences = []
    for entry in document["series"]:
        sentences += [f"{warning}." for warning in entry["warnings"]]
        sentences += [f"File {e['number']} was left out: {e['reason']}." for e in entry["left_out"]]
    return (*sentences, *document["refused"])


def removed_text(document: Mapping[str, Any]) -> str:
    """An element a line: its keyword, what was done, how often."""
    lines = []
    for entry in document["series"]:
        for each in entry["removed"]:
            done = ACTIONS.get(each["action"], each["action"])
            lines.append(f"{each['keyword']}: {done} ({each['count']} x)")
    return "\n".join(lines)
