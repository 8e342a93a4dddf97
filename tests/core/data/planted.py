"""A slice in which names are planted, and its de-identified copy."""

import re

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
)

from core.data.deidentify import deidentify_file
from core.data.deidentify_key import DeidentificationKey
from core.data.deidentify_rules import DeidentificationOptions

KEY = DeidentificationKey(b"a secret of this test, no more")
BASIC = DeidentificationOptions()
SHIFTED = DeidentificationOptions(keep_dates_shifted=True)
ACCEPTED = DeidentificationOptions(accept_burned_in=True)
EVERYTHING_KEPT = DeidentificationOptions(True, True, True)

NAME_BYTES = re.compile(rb"zzyzx|qwerta|94311070|19431107|9431107\.0", re.IGNORECASE)
"""All that `planted` puts into a header, in any letter case."""
TEXT = {
    "PN": "Zzyzx^Qwerta", "AE": "ZZYZX", "CS": "ZZYZX_QWERTA", "DA": "19431107", "TM": "194311.07",
    "DT": "19431107031415", "AS": "097Y", "UI": "1.2.94311070.3", "UR": "urn:zzyzx", "SH": "Zzyzx",
}  # fmt: skip


def plain_slice(sop_class=CTImageStorage, **tags):
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = "1.2.94311070.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.94311070.5", "1.2.94311070.6"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName, dataset.PatientID = "Zzyzx^Qwerta", "94311070"
    dataset.Rows = dataset.Columns = 4
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = np.arange(16, dtype="<u2").tobytes()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def save(dataset, path, syntax=ExplicitVRLittleEndian):
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.SourceApplicationEntityTitle = "ZZYZX"
    dataset.preamble = b"Zzyzx Qwerta".ljust(128)
    dataset.save_as(path, enforce_file_format=True)
    return path


def cleaned(dataset, folder, options=BASIC, syntax=ExplicitVRLittleEndian):
    source = save(dataset, folder / "source", syntax)
    assert NAME_BYTES.search(source.read_bytes())
    removed = deidentify_file(source, folder / "copy.dcm", KEY, options)
    return pydicom.dcmread(folder / "copy.dcm"), removed, (folder / "copy.dcm").read_bytes()
