"""A de-identified copy from the real window: options, folder, list of what was removed."""

import json

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from core.data.deidentify_rules import DeidentificationOptions
from viewer.dialogs.deidentify import (
    DeidentifiedDialog,
    DeidentifyDialog,
    removed_text,
    warning_sentences,
)

pytestmark = pytest.mark.gui
WITHIN_MS = 60_000
DOCUMENT = {
    "series": [
        {
            "folder": "series-001",
            "files": 12,
            "removed": [
                {"keyword": "PatientName", "action": "D", "count": 12},
                {"keyword": "InstitutionName", "action": "X", "count": 12},
            ],
            "warnings": ["a head may show a face"],
            "left_out": [{"number": 3, "reason": "text may be drawn into it"}],
        }
    ],
    "refused": ["series-002: Text is drawn into the pixels."],
}


def dialog_of(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=WITHIN_MS)
    return QApplication.activeModalWidget()


def test_the_ticks_are_the_options(qtbot):
    dialog = DeidentifyDialog()
    qtbot.addWidget(dialog)
    assert dialog.options() == DeidentificationOptions()
    for box in (dialog.keep_dates, dialog.keep_device, dialog.accept_text):
        box.setChecked(True)
    assert dialog.options() == DeidentificationOptions(True, True, True)


def test_what_was_done_is_told_in_words():
    assert removed_text(DOCUMENT).splitlines() == [
        "PatientName: replaced by a dummy (12 x)",
        "InstitutionName: removed (12 x)",
    ]
    assert warning_sentences(DOCUMENT) == (
        "a head may show a face.",
        "File 3 was left out: text may be drawn into it.",
        "series-002: Text is drawn into the pixels.",
    )


def test_the_list_dialog_shows_counts_and_warnings(qtbot):
    dialog = DeidentifiedDialog(DOCUMENT)
    qtbot.addWidget(dialog)
    from PySide6.QtWidgets import QLabel

    told = "\n".join(label.text() for label in dialog.findChildren(QLabel))
    assert "12 files were written." in told
    assert "left out" in told
    assert "PatientName" in dialog.removed.toPlainText()


def test_the_menu_entry_writes_a_copy_without_the_name(qtbot, make_window, shared_data, tmp_path):
    window = make_window()
    window.opener.open_folder(shared_data / "lungdx-a0002" / "dicom")
    qtbot.waitUntil(lambda: window.session.state.volume is not None, timeout=WITHIN_MS)
    name = window.session.state.series.patient.name
    folder = tmp_path / "copy"
    folder.mkdir()
    window.actions_by_id["deidentify"].trigger()
    QTest.mouseClick(dialog_of(qtbot, DeidentifyDialog).go_on, Qt.MouseButton.LeftButton)
    chooser = dialog_of(qtbot, QFileDialog)
    chooser.findChild(QLineEdit, "fileNameEdit").setText(str(folder))
    chooser.accept()
    dialog = dialog_of(qtbot, DeidentifiedDialog)
    assert "PatientID" in dialog.removed.toPlainText()
    dialog.close()
    copies = sorted(folder.rglob("*.dcm"))
    assert len(copies) == len(window.session.state.series.slices)
    assert name not in str(pydicom.dcmread(copies[0]).PatientName)
    listed = json.loads((folder / "removed.json").read_text())
    assert [entry["folder"] for entry in listed["series"]] == ["series-001"]


def test_without_a_series_the_entry_rests(make_window):
    assert not make_window().actions_by_id["deidentify"].isEnabled()
