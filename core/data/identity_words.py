"""The words of a DICOM header by which somebody could be known, and where else they appear."""

import re
from collections.abc import Iterator

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue

from core.data.deidentify_profile import keywords
from core.data.dicom_file import DAMAGED

IDENTIFIERS = keywords("""
        AccessionNumber AdmissionID InstitutionAddress InstitutionName MedicalRecordLocator
        OtherPatientIDs PatientAddress PatientID PatientTelephoneNumbers RequestedProcedureID
        ServiceEpisodeID
""")
SHORTEST_NAME = 3
SHORTEST_IDENTIFIER = 4
SHORTEST_SURE_WORD = 6
"""Six letters or eight digits do not turn up in a file by chance."""
SHORTEST_SURE_NUMBER = 8
DISTINCT_LETTERS = 3
"""00000001 is a number like any other, and part of many."""

PLACEHOLDERS = keywords("""
        anonym anonymous anonymised anonymized deidentified name none null patient phantom removed
        test unknown unnamed yes
""")
"""What stands in a name's place where there is no name."""

DEFINED_TERMS = frozenset(("axial", "derived", "localizer", "original", "primary", "secondary"))
"""Words that stand in nearly every image and would be found there if somebody were called so."""


def identity_words(dataset: Dataset) -> frozenset[str]:
    """Names and identifiers of everybody in the header, lower case, sequences included.

    Placeholders and the terms of Image Type are no such words.
    """
    words: set[str] = set()
    for element in _elements(dataset):
        if element.VR == "PN":
            parts = re.split(r"[\^=,;\s]+", " ".join(_values(element)))
            words.update(part for part in parts if len(part) >= SHORTEST_NAME)
        elif element.keyword in IDENTIFIERS:
            words.update(each for each in _values(element) if len(each) >= SHORTEST_IDENTIFIER)
    return frozenset(words - PLACEHOLDERS - DEFINED_TERMS)


def mentions(text: str, words: frozenset[str]) -> bool:
    """True where a word stands in the text: a short one by itself, a long one anywhere."""
    lowered = text.lower()
    return any(
        word in lowered and (_sure(word) or re.search(_alone(word), lowered)) for word in words
    )


def _alone(word: str) -> str:
    return rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"


def remains(content: bytes, words: frozenset[str]) -> bool:
    """True where a word too long to be chance stands anywhere in the bytes, in any letter case."""
    lowered = content.lower()
    return any(word.encode("utf-8", "surrogateescape") in lowered for word in words if _sure(word))


def _sure(word: str) -> bool:
    if len(set(word)) < DISTINCT_LETTERS:
        return False
    if any(letter.isalpha() for letter in word):
        return len(word) >= SHORTEST_SURE_WORD
    return len(word) >= SHORTEST_SURE_NUMBER


def _elements(dataset: Dataset) -> Iterator[DataElement]:
    for tag in dataset.keys():  # noqa: SIM118 - iterating the data set itself converts each value
        if tag.is_private:
            continue
        try:
            element = dataset[tag]
        except DAMAGED:
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _elements(item)
        else:
            yield element


def _values(element: DataElement) -> list[str]:
    value = element.value
    parts = value if isinstance(value, MultiValue) else [value]
    return [str(part).strip().lower() for part in parts if part]
