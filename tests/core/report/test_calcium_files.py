"""Lesions as CSV, the label map as others read it."""

import csv
import io
import json

import numpy as np
import pytest
import SimpleITK as sitk

from core.calcium.edit_documents import edits_of
from core.calcium.scores import Vessel
from core.calcium_case import open_case
from core.errors import ReportError
from core.prognosis import RESEARCH_USE_ONLY
from core.report.calcium_files import LABELS, lesions_csv, write_calcium
from core.report.calcium_report import calcium_report, write_calcium_report
from tests.core.calcium_scans import AXIAL_ORDERS, MARKS, calcified_thorax, chosen
from tests.core.report.calcium_readings import report_of
from tests.phantoms import write_series


def rows_of(document):
    return list(csv.DictReader(io.StringIO(lesions_csv(document))))


def test_the_table_holds_one_line_a_lesion_with_its_use():
    document = report_of(Vessel.LAD, Vessel.OTHER).document
    first, second = rows_of(document)
    assert (first["vessel"], second["vessel"]) == ("LAD", "other")
    assert float(first["agatston"]) == 40
    assert float(first["area_mm2"]) == pytest.approx(20)
    assert (first["first_slice"], first["last_slice"]) == ("1", "2")
    assert float(first["clicked_x_mm"]) == document["lesions"][0]["clicked_mm"][0]
    assert float(first["centre_z_mm"]) == document["lesions"][0]["centre_mm"][2]
    assert first["mass_mg"] == ""  # not calibrated
    assert first["by"] == "AB"
    assert {row["use"] for row in (first, second)} == {RESEARCH_USE_ONLY}


def test_what_a_spreadsheet_would_compute_is_text():
    document = report_of(Vessel.LAD).document
    document["lesions"][0]["by"] = "=1+1"
    assert rows_of(document)[0]["by"] == "'=1+1"


def test_a_lesion_of_which_nothing_counts_has_empty_cells():
    document = report_of(Vessel.LAD).document
    document["lesions"][0].update(
        dict.fromkeys(("max_hu", "mean_hu", "mass_mg", "slices", "centre_mm"))
    )
    row = rows_of(document)[0]
    assert (row["first_slice"], row["centre_x_mm"], row["max_hu"]) == ("", "", "")


@pytest.mark.parametrize("order", AXIAL_ORDERS)
def test_the_label_map_lies_on_the_scan_as_another_reader_sees_it(tmp_path, order):
    volume = calcified_thorax(order)
    write_series(tmp_path / "series", volume.hu, volume.geometry)
    record, stored = chosen(tmp_path / "series")
    case = open_case(record, stored)
    reading, missed = case.reading().with_edits(edits_of(MARKS))
    assert not missed
    report = calcium_report(case, reading, record, stored.geometry)
    out = tmp_path / "out"
    out.mkdir()
    write_calcium(out, report.reading, report.document, report.stored)
    labels = sitk.ReadImage(str(out / "calcium.nii.gz"))
    assert labels.GetSize() == stored.geometry.shape[::-1]
    values = sitk.GetArrayFromImage(labels)
    assert [(values == k).sum() for k in LABELS.values()] == [
        sum(len(lesion.voxels) for lesion in reading.marks.lesions if lesion.vessel is vessel)
        for vessel in LABELS
    ]
    scan = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "series")))
    hu = sitk.GetArrayFromImage(scan)
    for mark in MARKS:
        place = labels.TransformPhysicalPointToIndex(mark["point_mm"])
        assert labels[place] == LABELS[Vessel(mark["vessel"])]
    for voxel in np.argwhere(values > 0)[::7]:
        point = labels.TransformIndexToPhysicalPoint([int(n) for n in voxel[::-1]])
        i, j, k = scan.TransformPhysicalPointToIndex(point)
        assert hu[k, j, i] >= 130


def test_four_files_are_written_and_the_json_is_the_document(tmp_path):
    report = report_of(Vessel.LAD)
    write_calcium_report(tmp_path, report)
    assert {path.name for path in tmp_path.iterdir()} == {
        "calcium.json", "calcium-lesions.csv", "calcium.nii.gz", "calcium.pdf",
    }  # fmt: skip
    assert json.loads((tmp_path / "calcium.json").read_text()) == report.document


def test_a_folder_that_does_not_exist_is_an_error_in_words(tmp_path):
    with pytest.raises(ReportError, match="could not be written"):
        write_calcium_report(tmp_path / "missing", report_of(Vessel.LAD))
