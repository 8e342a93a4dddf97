"""The calcium report as read by another program, and its place in the report of a model."""

import json
import re
from io import BytesIO

import numpy as np
import pypdf
import pytest

from core.calcium.categories import VisualGrade
from core.calcium.edits import AddLesion
from core.calcium.scores import Vessel
from core.calcium.vessel_colours import VESSEL_COLOURS
from core.data.series import Patient
from core.prognosis import RESEARCH_USE_ONLY
from core.report.calcium_figures import MOST_IMAGES, PIXEL_MM, TITLE_BAND_PX, key_images
from core.report.calcium_pdf import write_calcium_pdf
from core.report.content import result_document
from core.report.outputs import write_outputs
from core.report.pdf import write_pdf
from tests.core.calcium.blocks import at, scan
from tests.core.report.calcium_readings import heart_case, report_of
from tests.results import example_result


def read_back(path):
    return pypdf.PdfReader(BytesIO(path.read_bytes()))


def text_of(reader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def written(tmp_path, report):
    path = tmp_path / "calcium.pdf"
    write_calcium_pdf(path, report.record, report.reading, report.document, report.created)
    return read_back(path)


def test_a_reading_fits_one_page_with_table_rule_checks_and_use(tmp_path):
    reader = written(tmp_path, report_of(Vessel.LAD, Vessel.RCA, Vessel.OTHER))
    assert len(reader.pages) == 1
    text = text_of(reader)
    assert text.count(RESEARCH_USE_ONLY) == 2
    for vessel in Vessel:
        assert vessel.value in text
    for part in (
        "70.0", "130/200/300/400", "8 neighbours", "Mass not calibrated", "ECG gating", "amber",
        "120 kVp", "95 % of draws", "another category than 11-100",
    ):  # fmt: skip
        assert part in text.replace("\n", " "), part


def test_a_scan_that_is_not_gated_shows_category_and_grade_before_the_points(tmp_path):
    text = text_of(written(tmp_path, report_of(Vessel.LAD, grade=VisualGrade.MILD)))
    places = [text.index(part) for part in ("Agatston category", "Visual grade", "Agatston est")]
    assert places == sorted(places)
    assert "Motion blurs calcium" in text
    assert "V1/N1" in text


def test_zero_that_nobody_confirmed_is_called_so(tmp_path):
    assert "not confirmed" in text_of(written(tmp_path, report_of()))
    confirmed = text_of(written(tmp_path, report_of(zero_by="AB")))
    assert "not confirmed" not in confirmed
    assert "Zero confirmed by AB." in confirmed
    assert "nothing to vary" in confirmed


def test_a_modified_score_and_both_scores_of_thin_slices_are_said(tmp_path):
    report = report_of(Vessel.LAD, increment_mm=1.5, kvp=100.0)
    text = text_of(written(tmp_path, report)).replace("\n", " ")
    assert "Modified score: scanned with 100 kVp" in text
    assert "on averages of 3 mm" in text
    assert "on the slices of 1.5 mm" in text


def test_no_treatment_is_advised(tmp_path):
    text = text_of(written(tmp_path, report_of(Vessel.LAD))).lower()
    for word in ("statin", "recommend", "aspirin", "therapy", "refer to"):
        assert word not in text


def test_the_numbers_are_attached(tmp_path):
    report = report_of(Vessel.LAD)
    (attached,) = written(tmp_path, report).attachments["calcium.json"]
    assert json.loads(attached) == report.document


def test_the_same_reading_gives_the_same_bytes_whatever_the_patients_name(tmp_path):
    report = report_of(Vessel.LAD, patient=Patient(name="Ünüsual^Nàme\N{SNOWMAN}"))
    twice = []
    for _ in range(2):
        written(tmp_path, report)
        content = (tmp_path / "calcium.pdf").read_bytes()
        without_moment = re.sub(rb'xmp:(Modify|Metadata)Date="[^"]*"', b"", content)  # of writing
        twice.append(re.sub(rb"/ID \[[^\]]*\]", b"", without_moment))  # a digest of it all
    assert twice[0] == twice[1]


def test_key_images_outline_each_lesion_in_the_colour_of_its_vessel():
    report = report_of(Vessel.LAD, Vessel.RCA, Vessel.OTHER)
    images = key_images(report.reading)
    assert [image.slice_index for image in images] == [2, 4]
    assert [image.lesions for image in images] == [(1, 2), (3,)]
    for image, vessels in zip(images, ((Vessel.LAD, Vessel.RCA), (Vessel.OTHER,)), strict=True):
        colours = {tuple(pixel) for pixel in image.pixels.reshape(-1, 3).tolist()}
        for vessel in Vessel:
            assert (VESSEL_COLOURS[vessel] in colours) is (vessel in vessels)


def test_outlines_run_along_the_edges_of_the_voxels():
    """The LAD block: rows 5 and 6, columns 5 to 9, of 1 mm."""
    report = report_of(Vessel.LAD)
    (image,) = key_images(report.reading)
    pixels = image.pixels[TITLE_BAND_PX:]
    assert pixels.shape == (40 / PIXEL_MM, 40 / PIXEL_MM, 3)  # the whole small slice
    drawn = (pixels == VESSEL_COLOURS[Vessel.LAD]).all(axis=-1)
    side = round(1 / PIXEL_MM)
    block = drawn[: 9 * side, : 10 * side + 3]  # letters stand to its right
    rows, columns = np.nonzero(block)
    assert rows.min() == pytest.approx(5 * side, abs=1)
    assert rows.max() == pytest.approx(7 * side, abs=1)
    assert columns.min() == pytest.approx(5 * side, abs=1)
    assert not drawn[6 * side, 7 * side]  # nothing inside: what was scored stays visible


def test_many_lesions_are_shown_on_few_slices_and_what_is_left_out_is_said(tmp_path):
    blocks = [(slice(k, k + 1), slice(5, 8), slice(5, 8), 300) for k in range(0, 24, 2)]
    case, record = heart_case()
    volume = scan(blocks, shape=(24, 40, 40))
    reading = type(case.reading())(volume)
    for k in range(0, 24, 2):
        x, y, z = at(volume, (k, 6, 6))
        reading = reading.edited(AddLesion((float(x), float(y), float(z)), Vessel.LAD))
    assert len(key_images(reading)) == MOST_IMAGES
    document = {**report_of(Vessel.LAD).document}
    path = tmp_path / "many.pdf"
    write_calcium_pdf(path, record, reading, document, "2026-01-02T03:04:05+00:00")
    assert "4 lesions not shown" in text_of(read_back(path))


PICTURES = {
    name: np.full((88, 96, 3), 40, np.uint8) for name in ("axial", "coronal", "sagittal", "volume")
}


def test_the_report_of_a_model_holds_the_reading_if_there_is_one(tmp_path):
    request, result = example_result()
    path = tmp_path / "report.pdf"
    write_pdf(path, request, result, PICTURES)
    assert "Coronary calcium" not in text_of(read_back(path))
    report = report_of(Vessel.LAD)
    write_pdf(path, request, result, PICTURES, calcium=report)
    reader = read_back(path)
    assert "Coronary calcium" in reader.pages[-1].extract_text()
    (attached,) = reader.attachments["result.json"]
    assert json.loads(attached)["calcium"] == report.document


def test_result_json_is_null_without_a_reading_and_its_document_with_one(tmp_path):
    request, result = example_result()
    assert result_document(request, result)["calcium"] is None
    report = report_of(Vessel.LAD, Vessel.RCA)
    write_outputs(tmp_path, request, result, calcium=report)
    document = json.loads((tmp_path / "result.json").read_text())
    assert document["calcium"]["total"]["agatston"] == 70
    names = {path.name for path in tmp_path.iterdir()}
    assert {"calcium.nii.gz", "calcium-lesions.csv", "report.pdf"} <= names
