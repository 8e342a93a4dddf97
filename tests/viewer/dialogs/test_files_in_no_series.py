from pathlib import Path

from core.data.series import SeriesIndex, UnreadableFile
from viewer.dialogs.files_in_no_series import FilesInNoSeriesDialog, by_reason, file_name

ROOT = Path("scan")
FILES = (
    UnreadableFile(ROOT / "a" / "notes.txt", "not DICOM"),
    UnreadableFile(ROOT / "b.txt", "not DICOM"),
    UnreadableFile(ROOT / "cut.dcm", "truncated"),
    UnreadableFile(ROOT / "disc.zip", "truncated", member="x/1.dcm"),
    UnreadableFile(ROOT / "c.txt", "not DICOM"),
)


def test_every_file_stands_under_its_reason_the_most_frequent_first(qtbot):
    dialog = FilesInNoSeriesDialog(SeriesIndex(ROOT, (), FILES))
    qtbot.addWidget(dialog)
    tree = dialog.tree
    tops = [tree.topLevelItem(k) for k in range(tree.topLevelItemCount())]
    assert [top.text(0) for top in tops] == ["3 × not DICOM", "2 × truncated"]
    assert [tops[0].child(k).text(0) for k in range(3)] == ["a/notes.txt", "b.txt", "c.txt"]
    assert tops[1].child(1).text(0) == "x/1.dcm in disc.zip"
    assert sum(top.childCount() for top in tops) == len(FILES)


def test_a_dropped_file_is_named_without_its_folders():
    single = UnreadableFile(Path("far") / "away" / "notes.txt", "not DICOM")
    assert file_name(single.path, single) == "notes.txt"


def test_without_files_there_are_no_reasons():
    assert by_reason(SeriesIndex(ROOT, ())) == []
