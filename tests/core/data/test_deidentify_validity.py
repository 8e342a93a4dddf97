"""De-identified objects keep to the rules of the standard as well as their sources did."""

import re
import shutil
import subprocess

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from core.data.deidentify import deidentify_file
from tests.core.data.planted import BASIC, EVERYTHING_KEPT, KEY, SHIFTED


def real_slices(shared_data, lidc_folder):
    folders = [
        shared_data / "lung1-001" / "dicom", lidc_folder, shared_data / "lungdx-a0002" / "dicom",
        shared_data / "cip-tiny" / "dicom",
    ]  # fmt: skip
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix == ".dcm")
        yield from (files[0], files[len(files) // 2])
    yield shared_data / "transfer-syntaxes" / "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm"


def complaints(path):
    """Errors that the checker of the standard's rules has, without the values."""
    run = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
    lines = (run.stderr + run.stdout).splitlines()
    assert lines
    return {line for line in lines if line.startswith("Error")}


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("options", [BASIC, SHIFTED], ids=["basic", "shifted"])
def test_a_valid_object_stays_valid(shared_data, lidc_folder, tmp_path, options):
    for source in real_slices(shared_data, lidc_folder):
        deidentify_file(source, tmp_path / "copy.dcm", KEY, options)
        assert complaints(tmp_path / "copy.dcm") <= complaints(source)


def named_slices(shared_data):
    slices = [
        pydicom.dcmread(p) for p in sorted((shared_data / "cip-tiny" / "dicom").iterdir())[:4]
    ]
    for each in slices:
        each.PatientName, each.PatientID = "Zzyzx^Qwerta", "94311070"
        each.AccessionNumber = "94311070"
        each.StudyID, each.StudyDate, each.StudyTime = "7", "19431107", "101010"
    return slices


def segmentation(slices):
    algorithm = hd.AlgorithmIdentificationSequence(
        name="threshold", version="1", family=codes.cid7162.ArtificialIntelligence
    )
    lung = hd.seg.SegmentDescription(
        1, "Lung", codes.SCT.Lung, codes.SCT.Lung, "AUTOMATIC", algorithm,
        tracking_id="Zzyzx, left", tracking_uid=hd.UID(),
    )  # fmt: skip
    return hd.seg.Segmentation(
        slices, np.ones((4, 64, 64), np.uint8), "BINARY", [lung], hd.UID(), 3, hd.UID(), 1,
        "Thoralens", "Thoralens", "1", "94311070", content_creator_name="Zzyzx^Doctor",
        content_description="for Zzyzx", series_description="Zzyzx",
    )  # fmt: skip


def report(slices):
    person = hd.sr.PersonObserverIdentifyingAttributes(name="Zzyzx^Doctor")
    observer = hd.sr.ObserverContext(codes.DCM.Person, person)
    place = hd.sr.ImageRegion3D("POINT", np.array([[1.0, 2, 3]]), slices[0].FrameOfReferenceUID)
    nodule = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(hd.UID(), "Zzyzx 1"), referenced_region=place
    )
    content = hd.sr.MeasurementReport(
        hd.sr.ObservationContext(observer), codes.LN.CTUnspecifiedBodyRegion, [nodule]
    )
    return hd.sr.Comprehensive3DSR(
        slices, content, hd.UID(), 4, hd.UID(), 1, "Thoralens", is_complete=True, is_verified=True,
        verifying_observer_name="Zzyzx^Doctor", verifying_organization="Zzyzx Clinic",
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # highdicom remarks on the old names in the source
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("make", [segmentation, report])
@pytest.mark.parametrize("options", [BASIC, EVERYTHING_KEPT], ids=["basic", "all kept"])
def test_segmentations_and_reports_stay_valid_and_linked(shared_data, tmp_path, make, options):
    slices = named_slices(shared_data)
    source, copy = tmp_path / "source.dcm", tmp_path / "copy.dcm"
    make(slices).save_as(source)
    deidentify_file(source, copy, KEY, options)
    assert complaints(copy) <= complaints(source)
    content = copy.read_bytes()
    assert not re.search(rb"zzyzx|19431107|doctor|clinic", content, re.IGNORECASE)
    assert content.count(KEY.uid(slices[0].SOPInstanceUID).encode()) >= 1
    assert slices[0].SOPInstanceUID.encode() not in content
