"""De-identification: nothing by which a patient could be known is left, the picture untouched."""

import json
import re
import struct
from dataclasses import asdict
from datetime import date

import numpy as np
import pydicom
import pytest
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import (
    ComprehensiveSRStorage,
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from core.data.deidentify import deidentify_file, deidentify_series
from core.data.deidentify_key import DeidentificationKey
from core.data.deidentify_profile import ACTIONS, CLASS_UIDS
from core.data.deidentify_rules import DeidentificationOptions
from core.data.read_series import read
from core.data.series_index import index
from core.errors import ReportError, SeriesError
from core.progress import Cancelled, Silent
from tests.core.data.planted import (
    ACCEPTED,
    EVERYTHING_KEPT,
    KEY,
    NAME_BYTES,
    SHIFTED,
    TEXT,
    cleaned,
    plain_slice,
    save,
)
from tests.phantoms import STORAGE_ORDERS, marked_thorax, write_series


def planted_value(representation):
    if representation == "SQ":
        inner = Dataset()
        inner.PatientName, inner.CodeMeaning = "Zzyzx^Qwerta", "Zzyzx Qwerta"
        inner.private_block(0x0029, "ZZYZX", create=True).add_new(1, "LO", "Qwerta")
        return [inner]
    if representation.startswith("O") or representation == "UN":
        return b"ZzyzxQwertaZzyzx"
    return TEXT.get(representation, "Zzyzx Qwerta")


def plant_everywhere(dataset):
    """A name in every attribute of the standard that can hold one."""
    for tag, (representation, _, _, _, keyword) in DicomDictionary.items():
        group = tag >> 16
        is_text = representation in (*TEXT, "LO", "LT", "ST", "UC", "UT")
        is_other = representation in ("SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN")
        if group < 8 or group == 0x7FE0 or not keyword or not (is_text or is_other):
            continue
        if keyword in dataset or keyword in CLASS_UIDS or keyword == "SpecificCharacterSet":
            continue
        if keyword.endswith(("LookupTableData", "IndexList", "CoordinatesData", "CoordinateData")):
            continue  # parts of the picture: numbers, kept bit for bit
        if keyword.startswith("ExtendedOffset") or keyword == "ConversionType":
            continue
        dataset.add_new(tag, representation, planted_value(representation))


@pytest.mark.parametrize("sop_class", [CTImageStorage, EnhancedCTImageStorage])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("options", [ACCEPTED, EVERYTHING_KEPT], ids=["basic", "all kept"])
def test_a_name_in_every_attribute_of_the_standard_leaves_no_byte(
    tmp_path, sop_class, syntax, options
):
    dataset = plain_slice(sop_class)
    plant_everywhere(dataset)
    assert len(dataset) > 2500
    copy, removed, content = cleaned(dataset, tmp_path, options, syntax)
    found = NAME_BYTES.search(content)
    assert found is None, content[max(found.start() - 60, 0) : found.end() + 20]
    assert copy.PixelData == dataset.PixelData
    assert not NAME_BYTES.search(repr(removed).encode())


def test_private_groups_curves_overlays_and_unknown_elements_go_wherever_they_are_nested(tmp_path):
    dataset = plain_slice()
    deep = Dataset()
    deep.private_block(0x0019, "ZZYZX", create=True).add_new(0x02, "UN", b"Qwerta")
    deep.CodeMeaning = "Iohexol"
    middle = Dataset()
    middle.ConceptCodeSequence = [deep]
    dataset.private_block(0x0029, "ZZYZX", create=True).add_new(0x10, "SQ", [middle])
    dataset.ContrastBolusAgentSequence = [middle]
    dataset.add_new(0x50003000, "OW", b"ZzyzxQwertaZzyzx")
    dataset.add_new(0x60003000, "OW", b"ZzyzxQwertaZzyzx")
    dataset.add_new(0x60000010, "US", 4)
    dataset.add_new(0x00110011, "LO", "Zzyzx Qwerta")
    dataset.add_new(0x00084321, "LO", "Zzyzx Qwerta")  # even, and in no dictionary
    copy, removed, content = cleaned(dataset, tmp_path)
    assert not NAME_BYTES.search(content)
    kept = copy.ContrastBolusAgentSequence[0].ConceptCodeSequence[0]
    assert [element.keyword for element in kept] == ["CodeMeaning"]
    listed = {(each.keyword, each.action) for each in removed.elements}
    assert {("private group 0029", "X"), ("private group 0011", "X")} <= listed
    assert {("curve or overlay group 5000", "X"), ("unknown 0008,4321", "X")} <= listed
    assert all(not element.tag.is_private for element in copy.iterall())


def test_a_name_where_only_a_number_or_a_term_may_stand_goes_too(tmp_path):
    dataset = plain_slice(Manufacturer="Qwerta Inc", BodyPartExamined="QWERTA")
    for keyword, representation in (("KVP", "DS"), ("SeriesNumber", "IS"), ("ScanOptions", "CS")):
        tag = Tag(keyword)
        dataset[tag] = RawDataElement(
            tag, representation, 12, b"Zzyzx^Qwerta", 0, is_implicit_VR=False, is_little_endian=True
        )
    dataset.ConvolutionKernel = "B30f"
    copy, removed, content = cleaned(dataset, tmp_path)
    assert not NAME_BYTES.search(content)
    assert copy.ConvolutionKernel == "B30f"
    assert not copy.Manufacturer
    assert ("Manufacturer", "Z", 1) in {tuple(asdict(each).values()) for each in removed.elements}


@pytest.mark.parametrize(
    ("name", "manufacturer", "kept"),
    [
        ("Medica^Eve", "GE MEDICAL SYSTEMS", False),  # long: gone even as a part of a word
        ("Ems^Eve", "GE MEDICAL SYSTEMS", True),  # short: only as a word of its own
        ("Philips^Eve", "Philips", False),
        ("Li^Eve", "LI Scanners", True),  # two letters are no evidence
    ],
)
def test_a_name_is_looked_for_in_the_text_that_stays(tmp_path, name, manufacturer, kept):
    dataset = plain_slice(PatientName=name, Manufacturer=manufacturer)
    copy, _, _ = cleaned(dataset, tmp_path)
    assert (copy.Manufacturer == manufacturer) is kept


def test_a_placeholder_number_does_not_stop_a_file(tmp_path):
    dataset = plain_slice(PatientID="00000000", SliceThickness="1.000000000000")
    dataset.SeriesNumber = 555777
    dataset.AccessionNumber = "555777"
    copy, _, _ = cleaned(dataset, tmp_path)
    assert copy.SliceThickness == 1
    assert copy.SeriesNumber is None


def test_a_name_in_a_comment_of_the_compressed_pixels_stops_the_file(tmp_path):
    dataset = plain_slice()
    comment = b"Zzyzx Qwerta"
    stream = b"\xff\x4f\xff\x64" + struct.pack(">HH", len(comment) + 4, 1) + comment + b"\xff\xd9"
    dataset.PixelData = encapsulate([stream + b"\0" * (len(stream) % 2)])
    dataset["PixelData"].VR = "OB"
    source = save(dataset, tmp_path / "source", JPEG2000Lossless)
    with pytest.raises(SeriesError, match="would remain") as refusal:
        deidentify_file(source, tmp_path / "copy.dcm", KEY)
    assert not NAME_BYTES.search(str(refusal.value).encode())
    assert not (tmp_path / "copy.dcm").exists()


def test_uids_are_replaced_alike_in_every_file_and_reference_and_never_for_another_key(tmp_path):
    first = plain_slice(FrameOfReferenceUID="1.2.94311070.9")
    second = plain_slice(SOPInstanceUID="1.2.94311070.2", FrameOfReferenceUID="1.2.94311070.9")
    reference = Dataset()
    reference.ReferencedSOPClassUID = CTImageStorage
    reference.ReferencedSOPInstanceUID = first.SOPInstanceUID
    second.ReferencedImageSequence = [reference]
    one, _, _ = cleaned(first, tmp_path)
    two, _, _ = cleaned(second, tmp_path)
    assert two.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert two.ReferencedImageSequence[0].ReferencedSOPClassUID == CTImageStorage
    assert two.FrameOfReferenceUID == one.FrameOfReferenceUID
    assert two.SOPInstanceUID != one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
    assert re.fullmatch(r"2\.25\.[1-9]\d{30,38}", one.StudyInstanceUID)
    assert one.SOPClassUID == one.file_meta.MediaStorageSOPClassUID == CTImageStorage
    fresh = DeidentificationKey.fresh()
    assert fresh.uid("1.2.94311070.9") != one.FrameOfReferenceUID
    assert fresh.uid("1.2.840.10008.1.4.1.1") == "1.2.840.10008.1.4.1.1"  # the standard's own


def test_a_replaced_uid_is_a_uuid_that_says_so():
    number = int(KEY.uid("1.2.3").removeprefix("2.25."))
    assert number >> 76 & 0xF == 8
    assert number >> 62 & 0x3 == 2


def test_a_patient_keeps_one_pseudonym_and_two_patients_get_two(tmp_path):
    one, _, _ = cleaned(plain_slice(), tmp_path)
    again, _, _ = cleaned(plain_slice(SOPInstanceUID="1.2.94311070.44"), tmp_path)
    other, _, _ = cleaned(plain_slice(PatientID="94311070B"), tmp_path)
    assert one.PatientID == again.PatientID != other.PatientID
    assert one.PatientName == f"{one.PatientID}^Pseudonym"
    assert re.fullmatch(r"P-[A-Z2-7]{8}", one.PatientID)


def test_the_copy_says_how_it_was_made(tmp_path):
    copy, _, content = cleaned(plain_slice(), tmp_path, SHIFTED)
    assert copy.PatientIdentityRemoved == "YES"
    codes = [item.CodeValue for item in copy.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107"]
    assert copy.LongitudinalTemporalInformationModified == "MODIFIED"
    assert content[:128] == b"\0" * 128
    assert "SourceApplicationEntityTitle" not in copy.file_meta
    basic, _, _ = cleaned(plain_slice(), tmp_path)
    assert basic.LongitudinalTemporalInformationModified == "REMOVED"


def test_shifted_dates_keep_every_interval_and_nothing_else_of_the_date(tmp_path):
    dates = {"StudyDate": "19431107", "SeriesDate": "19431109", "PatientBirthDate": "19431101"}
    dataset = plain_slice(**dates, AcquisitionDateTime="19431107101112.5+0100", StudyTime="101112")
    copy, _, content = cleaned(dataset, tmp_path, SHIFTED)
    study, series = (date.fromisoformat(copy[k].value) for k in ("StudyDate", "SeriesDate"))
    assert (series - study).days == 2
    assert 100 <= (date(1943, 11, 7) - study).days < 3750
    assert copy.AcquisitionDateTime == f"{study:%Y%m%d}101112.5+0100"
    assert copy.StudyTime == "101112"
    assert copy.PatientBirthDate == ""
    assert b"1943110" not in content
    later, _, _ = cleaned(plain_slice(StudyDate="19441107"), tmp_path, SHIFTED)
    assert (date.fromisoformat(later.StudyDate) - study).days == 366


def test_a_date_that_is_none_is_emptied_when_dates_are_shifted(tmp_path):
    dataset = plain_slice(AcquisitionDateTime="1943")
    dataset.add_new("StudyDate", "DA", "")
    copy, _, _ = cleaned(dataset, tmp_path, SHIFTED)
    assert not copy.AcquisitionDateTime
    assert not copy.StudyDate
    without, _, _ = cleaned(plain_slice(StudyDate="19431107", StudyTime="101112"), tmp_path)
    assert without.StudyDate == without.StudyTime == ""


def test_scanner_and_station_stay_only_where_asked(tmp_path):
    tags = {"DeviceSerialNumber": "SN-5", "StationName": "CT2", "Manufacturer": "SIEMENS"}
    basic, _, _ = cleaned(plain_slice(**tags), tmp_path)
    assert (basic.DeviceSerialNumber, basic.StationName) == ("", "")
    assert basic.Manufacturer == "SIEMENS"
    option = DeidentificationOptions(keep_device_identity=True)
    kept, _, _ = cleaned(plain_slice(**tags), tmp_path, option)
    assert (kept.DeviceSerialNumber, kept.StationName) == ("SN-5", "CT2")


@pytest.mark.parametrize(("agent", "said"), [("Iohexol 94311070", "CONTRAST"), ("NONE", "")])
def test_whether_contrast_was_given_stays_known_but_not_its_name(tmp_path, agent, said):
    copy, _, _ = cleaned(plain_slice(ContrastBolusAgent=agent), tmp_path)
    assert (copy.ContrastBolusAgent or "") == said


def test_a_structured_report_keeps_its_tree_and_loses_its_text(tmp_path):
    dataset = plain_slice(ComprehensiveSRStorage, Modality="SR", CompletionFlag="COMPLETE")
    for keyword in ("Rows", "Columns", "PixelData", "ImageType"):
        del dataset[keyword]
    concept = Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator = "121071", "DCM"
    concept.CodeMeaning = "Finding"
    leaf = Dataset()
    leaf.RelationshipType, leaf.ValueType = "CONTAINS", "TEXT"
    leaf.ConceptNameCodeSequence, leaf.TextValue = [concept], "Mr Zzyzx has a nodule"
    person = Dataset()
    person.ValueType, person.PersonName = "PNAME", "Zzyzx^Qwerta"
    dataset.ContentSequence = [leaf, person]
    observer = Dataset()
    observer.VerifyingObserverName, observer.VerifyingOrganization = "Doc^Smith", "St Elsewhere"
    observer.VerificationDateTime = "19431107101010"
    dataset.VerifyingObserverSequence = [observer]
    copy, _, content = cleaned(dataset, tmp_path)
    assert not NAME_BYTES.search(content)
    assert not re.search(rb"nodule|Smith|Elsewhere", content)
    text, name = copy.ContentSequence
    assert (text.ValueType, text.TextValue) == ("TEXT", "REMOVED")
    assert text.ConceptNameCodeSequence[0].CodeMeaning == "Finding"
    assert name.PersonName == "Removed^"


def test_every_transfer_syntax_keeps_its_pixels_bit_for_bit(shared_data, tmp_path):
    files = sorted((shared_data / "transfer-syntaxes").glob("*.dcm"))
    assert len(files) == 17
    for source in files:
        deidentify_file(source, tmp_path / "copy.dcm", KEY)
        before, after = pydicom.dcmread(source), pydicom.dcmread(tmp_path / "copy.dcm")
        assert after.PixelData == before.PixelData
        assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
        for keyword in ("Rows", "BitsStored", "PixelRepresentation", "RescaleIntercept"):
            assert after.get(keyword) == before.get(keyword)


def test_a_copied_series_reads_as_the_same_volume(tmp_path):
    phantom = marked_thorax(STORAGE_ORDERS["feet first, columns to the right"])
    write_series(tmp_path / "Zzyzx", phantom.hu, phantom.geometry, PatientName="Zzyzx^Qwerta")
    (record,) = index(tmp_path / "Zzyzx").series
    report = deidentify_series(record, tmp_path / "out" / "a", key=KEY, progress=Silent())
    assert report.file_count == record.slice_count
    assert report.left_out == ()
    names = sorted(path.name for path in report.folder.iterdir())
    assert names == [f"{number:05d}.dcm" for number in range(1, report.file_count + 1)]
    (copied,) = index(report.folder).series
    assert copied.uid == report.series_uid
    before, after = read(record, Silent()), read(copied, Silent())
    np.testing.assert_array_equal(after.hu, before.hu)
    np.testing.assert_array_equal(after.geometry.affine, before.geometry.affine)
    assert all(not NAME_BYTES.search(path.read_bytes()) for path in report.folder.iterdir())
    assert "zzyzx" not in json.dumps([asdict(e) for e in report.elements]).lower()
    assert "Zzyzx" not in repr(report)


class StopsAfter:
    """Progress that is cancelled at its n-th step."""

    def __init__(self, steps):
        self.left = steps

    def step(self, fraction, message):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def phantom_record(folder, **tags):
    phantom = marked_thorax(STORAGE_ORDERS["axial to the head"])
    write_series(folder, phantom.hu, phantom.geometry, **tags)
    return index(folder).series[0]


def test_a_cancelled_export_leaves_nothing(tmp_path):
    record = phantom_record(tmp_path / "in")
    with pytest.raises(Cancelled):
        deidentify_series(record, tmp_path / "out" / "a", key=KEY, progress=StopsAfter(5))
    assert list((tmp_path / "out").iterdir()) == []


def test_an_export_never_writes_among_other_files_nor_over_its_source(tmp_path):
    record = phantom_record(tmp_path / "in")
    with pytest.raises(ReportError, match="empty folder"):
        deidentify_series(record, tmp_path / "in", key=KEY, progress=Silent())
    source = record.slices[0].path
    before = source.read_bytes()
    with pytest.raises(ReportError, match="replace its source"):
        deidentify_file(source, source, KEY)
    assert source.read_bytes() == before


def test_slices_with_text_are_left_out_and_named_by_number(tmp_path):
    record = phantom_record(tmp_path / "in")
    spoiled = record.slices[4].path
    dataset = pydicom.dcmread(spoiled)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(spoiled)
    report = deidentify_series(record, tmp_path / "out", key=KEY, progress=Silent())
    assert report.file_count == record.slice_count - 1
    ((number, reason),) = [(each.number, each.reason) for each in report.left_out]
    assert (number, "burned in" in reason) == (5, True)


def test_a_series_of_which_nothing_may_leave_is_refused(tmp_path):
    record = phantom_record(tmp_path / "in", BurnedInAnnotation="YES")
    with pytest.raises(SeriesError, match=r"No slice .* burned in"):
        deidentify_series(record, tmp_path / "out", key=KEY, progress=Silent())
    assert not (tmp_path / "out").exists()


def test_damaged_files_are_refused_in_our_words_without_a_name(tmp_path):
    whole = save(plain_slice(), tmp_path / "Zzyzx").read_bytes()
    refusals = []
    for end in range(0, len(whole) - 40, 7):
        source = tmp_path / "Zzyzx"
        source.write_bytes(whole[:end])
        try:
            deidentify_file(source, tmp_path / "copy.dcm", KEY)
        except SeriesError as error:
            refusals.append(str(error))
        else:
            assert not NAME_BYTES.search((tmp_path / "copy.dcm").read_bytes())
    assert len(refusals) > 20
    assert not NAME_BYTES.search(" ".join(refusals).encode())
    with pytest.raises(SeriesError, match="cannot be opened"):
        deidentify_file(tmp_path / "nowhere", tmp_path / "copy.dcm", KEY)


def test_a_short_secret_is_no_secret():
    with pytest.raises(ValueError, match="at least 16"):
        DeidentificationKey(b"short")
    assert "secret" not in repr(KEY)


def test_the_table_holds_the_profile():
    assert len(ACTIONS) > 640
    assert {ACTIONS[k] for k in ("PatientID",)} == {"Z/D"}
    assert [ACTIONS[k] for k in ("PatientName", "PatientAge", "SOPInstanceUID")] == ["Z", "X", "U"]
    known = {keyword_for_tag(tag) for tag in DicomDictionary}
    unknown = {
        word for word in ACTIONS if word not in known and not re.fullmatch("[0-9A-F]{8}", word)
    }
    assert not unknown
