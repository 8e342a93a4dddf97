"""Whether a scan was triggered by the ECG, as far as its headers say."""

from pydicom.dataset import Dataset

from core.data.dicom_file import DAMAGED, read_header, text, without_warnings
from core.data.opened import open_source
from core.data.series import VOLUME_KINDS, SeriesRecord

TECHNIQUES_WITHOUT = ("", "NONE")
TAGS = (
    "CardiacSynchronizationTechnique",
    "TriggerTime",
    "NominalPercentageOfCardiacPhase",
    "CardiacRRIntervalSpecified",
    "HeartRate",
)


def is_gated(record: SeriesRecord) -> bool | None:
    """True if the first slice's header shows that the ECG triggered the scan.

    Returns:
        None where the header says nothing, or cannot be read any more: most scanners say nothing
        of scans that were not triggered.
    """
    first = record.slices[0]
    if first.transfer_syntax_uid in VOLUME_KINDS:
        return None
    try:
        with open_source(first) as file, without_warnings():
            return _stated(read_header(file, TAGS))
    except DAMAGED:
        return None


def _stated(header: Dataset) -> bool | None:
    technique = text(header, "CardiacSynchronizationTechnique").upper()
    if technique == "NONE":
        return False
    if technique not in TECHNIQUES_WITHOUT:
        return True
    return True if any(_is_over_zero(text(header, tag)) for tag in TAGS[1:]) else None


def _is_over_zero(value: str) -> bool:
    """True for a number over 0: scanners write 0 where there was no ECG."""
    try:
        return float(value) > 0
    except ValueError:
        return False
