"""Signs that a picture may have a name drawn into its pixels, where no header can remove it."""

from pydicom import Dataset

from core.data.dicom_file import text, texts, whole_number
from core.errors import SeriesError

CAPTURE_CLASSES = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary Capture Image Storage and, below it, its multi-frame kinds."""

ENCAPSULATED_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104"

SCREEN_TERMS = ("SCREEN", "CAPTURE", "DOSE", "PROT", "REPORT", "SUMMARY")
"""Within the third and later values of Image Type: vendors' marks of a picture of a form."""

SCREEN_DESCRIPTIONS = (
    "DOSE REPORT", "DOSE INFO", "PATIENT PROTOCOL", "SCREEN SAVE", "SCREEN CAPTURE", "SCREENSHOT",
    "SUMMARY",
)  # fmt: skip
"""Phrases, not words: "lung screening, low dose" describes a scan."""

FIRST_OVERLAY_GROUP, LAST_OVERLAY_GROUP = 0x6000, 0x601E


class BurnedInTextError(SeriesError):
    """A picture that may show a name is not exported unless somebody has looked at it."""


def burned_in_signs(dataset: Dataset) -> tuple[str, ...]:
    """Reasons to look at the picture before it leaves the house; empty where there is none."""
    sop_class = text(dataset, "SOPClassUID")
    if sop_class.startswith(ENCAPSULATED_DOCUMENTS):
        return ("it is a document, whose text nobody can clean",)
    if not whole_number(dataset, "Rows"):
        return ()
    found = []
    if text(dataset, "BurnedInAnnotation").upper() == "YES":
        found.append("the header says that annotation is burned in")
    if text(dataset, "RecognizableVisualFeatures").upper() == "YES":
        found.append("the header says that the person can be recognised in it")
    if sop_class == CAPTURE_CLASSES or sop_class.startswith(f"{CAPTURE_CLASSES}."):
        found.append("it is a secondary capture: a picture of a screen or of paper")
    elif text(dataset, "ConversionType"):
        found.append("it was converted from a screen, film or paper")
    if text(dataset, "Modality").upper() in ("OT", "SC", "DOC", "XC"):
        found.append("its modality is that of captures and photographs")
    if (whole_number(dataset, "SamplesPerPixel") or 1) > 1:
        found.append("it is in colour, as pictures of a screen are")
    found += _signs_of_type(dataset)
    if _overlay_in_pixels(dataset):
        found.append("an overlay is stored in the unused bits of its pixels")
    return tuple(found)


def _signs_of_type(dataset: Dataset) -> list[str]:
    terms = [term.upper() for term in texts(dataset, "ImageType")]
    found = []
    if any(word in term for term in terms[2:] for word in SCREEN_TERMS):
        found.append("its image type is that of a screen, a dose page or a report")
    elif "LOCALIZER" in terms and terms[0] == "DERIVED":
        found.append("it is a derived localizer: some scanners draw lines and text into it")
    description = text(dataset, "SeriesDescription").upper().replace("_", " ")
    if any(phrase in description for phrase in SCREEN_DESCRIPTIONS):
        found.append("its series is described as a screen, a dose page or a protocol")
    return found


def _overlay_in_pixels(dataset: Dataset) -> bool:
    """True for overlays of the old kind: bits above the stored ones, which stay in the pixels."""
    groups = {tag.group for tag in dataset.keys()}  # noqa: SIM118 - values are not needed
    overlays = (g for g in groups if FIRST_OVERLAY_GROUP <= g <= LAST_OVERLAY_GROUP and not g % 2)
    return any((group, 0x3000) not in dataset and (group, 0x0010) in dataset for group in overlays)
