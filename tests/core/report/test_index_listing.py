import json

import numpy as np

from core.data.geometry_gate import fitness_of
from core.data.series_index import index
from core.geometry import VolumeGeometry
from core.report.index_listing import index_document, print_index
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]


def document_of(folder):
    found = index(folder)
    document = index_document(found, {r.uid: fitness_of(r) for r in found.series})
    return json.loads(json.dumps(document, allow_nan=False))


def scan(folder, count=20, spacing_mm=2.5, **tags):
    geometry = VolumeGeometry.from_axes((count, 4, 5), (1, 2, 3), AXIAL, (spacing_mm, 70, 80))
    return write_series(folder, np.zeros((count, 4, 5), np.int16), geometry, **tags)


def test_a_missing_slice_and_its_damaged_file_are_both_told(tmp_path):
    paths = scan(tmp_path)
    paths[7].write_bytes(paths[7].read_bytes()[:-3])
    (series,) = document_of(tmp_path)["series"]
    assert series["geometry"]["missing"] == [{"after_slice": 12, "before_slice": 14, "count": 1}]
    assert series["geometry"]["grid_slices"] == 20
    assert series["geometry"]["gaps_mm"] == [2.5, 5.0]
    (damaged,) = series["quarantined"]
    assert damaged["file"] == paths[7].name
    assert "truncated" in damaged["reason"]
    assert series["fitness"]["view"]["verdict"] == "warn"
    assert series["fitness"]["model"]["verdict"] == "block"


def test_both_choices_come_with_their_reasons(tmp_path):
    scan(tmp_path / "thin", 80, 1.0, SeriesInstanceUID="1.2.1")
    scan(tmp_path / "three", 80, 3.0, SeriesInstanceUID="1.2.3")
    choices = document_of(tmp_path)["choices"]
    assert choices["calcium"]["uid"] == "1.2.3"
    assert choices["calcium"]["reason"] == "Nearest to 3 mm of 2 series: 80 slices of 3 mm."
    assert choices["model"]["uid"] == "1.2.1"


def test_doubles_are_named_by_their_slices(tmp_path):
    scan(tmp_path / "a")
    scan(tmp_path / "b", 1, intercept=-1000)  # at the place nearest to the feet
    (series,) = document_of(tmp_path)["series"]
    assert series["geometry"]["doubled"] == [20]
    assert series["geometry"]["counted_from"] == "the head"


def test_sub_series_say_why_they_were_split(tmp_path):
    scan(tmp_path / "a", ConvolutionKernel="B30f")
    scan(tmp_path / "b", 10, ConvolutionKernel="B70f")
    first, second = document_of(tmp_path)["series"]
    assert (first["split_by"], second["split_by"]) == ("", "kernel")
    assert second["uid"] == f"{first['uid']}#2"


def test_the_table_says_it_to_people(tmp_path, capsys):
    paths = scan(tmp_path, double=())
    paths[3].unlink()
    (tmp_path / "notes.txt").write_text("a note " * 50)
    print_index(document_of(tmp_path))
    shown = capsys.readouterr().out
    assert "best for model: series 1." in shown
    assert "series 1, view: One slice is missing between slice 16 and 18" in shown
    assert "notes.txt: not a DICOM file" in shown


def test_an_empty_study_has_no_choice(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("a note " * 50)
    document = document_of(tmp_path)
    assert document["choices"] == {"model": None, "calcium": None}
    print_index(document)
    assert "No CT series was found." in capsys.readouterr().out
