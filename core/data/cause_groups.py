"""Causes of death by ICD-10 code, in the groups of Lu et al., IEEE Access 2022 (section II-A)."""

import re
from enum import StrEnum

CODE = re.compile(r"([A-Z])([0-9])([0-9A-Z])(?:\.?[0-9A-Z]{1,4})?", re.ASCII)
"""A letter, two digits (the second may be a letter in ICD-10-CM), then the subdivision."""


class CauseGroup(StrEnum):
    """What a person died of, as coarsely as the published models tell causes apart."""

    CARDIAC = "cardiac"
    RESPIRATORY = "respiratory"
    LUNG_CANCER = "lung_cancer"
    OTHER = "other"
    UNKNOWN = "unknown"


RANGES = {
    CauseGroup.CARDIAC: ("I10", "I52"),
    CauseGroup.RESPIRATORY: ("J00", "J99"),
    CauseGroup.LUNG_CANCER: ("C33", "C34"),
}
"""First and last three-character category of each group."""


def is_icd10(code: str) -> bool:
    """Whether a text has the form of an ICD-10 code, with or without the point."""
    return CODE.fullmatch(code.strip().upper()) is not None


def cause_group(icd10: str) -> CauseGroup:
    """The group of an ICD-10 code: cardiac I10-I52, respiratory J00-J99, lung cancer C33-C34.

    Args:
        icd10: Code in any case, with or without the point; "" where the cause is not known.

    Raises:
        ValueError: The text has not the form of a code.
    """
    code = icd10.strip().upper()
    if not code:
        return CauseGroup.UNKNOWN
    if not is_icd10(code):
        raise ValueError("an ICD-10 code begins with a letter and two digits, such as I25.1")
    category = code[:3]
    if not category[1:].isdigit():  # C4A, M1A: categories of ICD-10-CM outside all groups
        return CauseGroup.OTHER
    for group, (first, last) in RANGES.items():
        if first <= category <= last:
            return group
    return CauseGroup.OTHER
