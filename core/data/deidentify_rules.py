"""What happens to each element of a header: the profile's table, then what its kind of value asks.

Source: DICOM PS3.15 Annex E, basic application level confidentiality profile.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage

from core.data.deidentify_key import DeidentificationKey
from core.data.deidentify_profile import (
    ACTIONS,
    CLASS_UIDS,
    CLEANED_SEQUENCES,
    DEVICE_IDENTITY,
    IMAGE_BYTES,
    NEVER_KEPT_DATES,
    STRUCTURAL,
    TECHNICAL_TEXT,
)
from core.data.dicom_file import DAMAGED
from core.data.identity_words import SHORTEST_SURE_WORD, mentions
from core.data.use_rules import NO_CONTRAST

PLAIN_CLASSES = (CTImageStorage, SecondaryCaptureImageStorage)
"""Objects in which the table's alternatives are optional or may be empty (PS3.3 A.3, A.8)."""

DATE_KINDS = ("DA", "DT", "TM")
FREE_TEXT_KINDS = ("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
BINARY_KINDS = ("OB", "OW", "OF", "OD", "OL", "OV", "UN")
NUMBERS = ("DS", "IS", "AS", "TM")
PATTERNS = {
    "AS": r"(\d{3}[DWMY])?",
    "CS": r"[-\w +./]{0,16}",
    "DS": r"[-+.0-9Ee ]*",
    "IS": r"[-+0-9. ]*",
    "TM": r"[0-9.:]*",
    "UI": r"[0-9.]{0,64}",
}
"""What a kept value of these kinds may look like, a little wider than the standard's rule."""
CHECKED_KINDS = (*FREE_TEXT_KINDS, *PATTERNS)
DUMMIES: dict[str, object] = {
    "AE": "REMOVED", "AS": "000D", "CS": "REMOVED", "DA": "19000101", "DT": "19000101000000",
    "TM": "000000", "DS": "0", "IS": "0", "PN": "Removed^", "UR": "urn:removed",
    "OB": b"\0\0", "OW": b"\0\0", "OF": b"\0" * 4, "OD": b"\0" * 8, "OL": b"\0" * 4,
    "OV": b"\0" * 8, "UN": b"", "AT": 0, "FD": 0.0, "FL": 0.0, "SL": 0, "SS": 0, "SV": 0, "UL": 0,
    "US": 0, "UV": 0,
}  # fmt: skip
"""A value of each kind that says nothing; text of any other kind becomes "REMOVED"."""

KEPT = ""
REMOVED, EMPTIED, DUMMY, REPLACED = "X", "Z", "D", "U"
CLEANED = "C"
"""A kept text in which a name of this very file stood, or a date that was shifted."""


@dataclass(frozen=True)
class DeidentificationOptions:
    """Named options of the profile; all off is the basic profile.

    Attributes:
        keep_dates_shifted: Retain longitudinal temporal information with modified dates: each
            patient's dates move back by the same number of days, times of day stay.
        keep_device_identity: Retain the identity of scanner and station.
        accept_burned_in: Somebody looked at the pictures: no text is drawn into them.
    """

    keep_dates_shifted: bool = False
    keep_device_identity: bool = False
    accept_burned_in: bool = False


@dataclass(frozen=True)
class HeaderCleaner:
    """Applies the profile to one object's header, in place.

    Attributes:
        key: Where the new identities come from.
        options: What else is kept.
        identity: Tells this patient from others in the source.
        words: Names and identifiers in this file (`identity_words.identity_words`).
        is_plain: True where the table's alternatives may be empty or absent.
    """

    key: DeidentificationKey
    options: DeidentificationOptions
    identity: str
    words: frozenset[str]
    is_plain: bool

    def clean(self, dataset: Dataset, done: Counter[tuple[str, str]]) -> None:
        """Clean a data set and all its sequences.

        Args:
            dataset: Changed in place.
            done: Counts each (keyword, action); never a value.
        """
        for tag in list(dataset.keys()):
            keyword, action = self._treat(dataset, tag, done)
            if action != KEPT:
                done[keyword, action] += 1

    def _treat(
        self, dataset: Dataset, tag: BaseTag, done: Counter[tuple[str, str]]
    ) -> tuple[str, str]:
        if tag.is_private or _is_drawing(tag):
            del dataset[tag]
            kind = "private" if tag.is_private else "curve or overlay"
            return f"{kind} group {tag.group:04X}", REMOVED
        if tag.element == 0:  # a group's length: retired, and wrong after any change
            del dataset[tag]
            return "", KEPT
        try:
            element = dataset[tag]
        except DAMAGED:
            del dataset[tag]
            return f"unreadable {tag.group:04X},{tag.element:04X}", REMOVED
        name = element.keyword or f"unknown {tag.group:04X},{tag.element:04X}"
        action = self._action(element)
        if action == REMOVED:
            del dataset[tag]
            return name, action
        if element.VR == "SQ":
            self._sequence(element, action, done)
            return name, action
        return name, self._value(element, action)

    def _action(self, element: DataElement) -> str:
        """Action of the table, its alternatives decided; for others what the kind asks."""
        listed = ACTIONS.get(element.keyword) or ACTIONS.get(f"{element.tag:08X}")
        if self._retained(element):
            return CLEANED
        if listed is not None:
            return _decided(listed, is_plain=self.is_plain, is_sequence=element.VR == "SQ")
        return self._action_of_kind(element)

    def _action_of_kind(self, element: DataElement) -> str:
        """Action for what the table does not name: only technical text and image bytes stay."""
        keyword, kind = element.keyword, element.VR.split()[-1]  # "OB or OW" counts as OW
        if not keyword:
            return REMOVED
        if kind == "UI":
            return KEPT if keyword in CLASS_UIDS else REPLACED
        if kind in BINARY_KINDS:
            return KEPT if keyword in IMAGE_BYTES else REMOVED
        if kind in DATE_KINDS or (kind in FREE_TEXT_KINDS and keyword not in TECHNICAL_TEXT):
            return EMPTIED if self.is_plain else DUMMY
        return KEPT

    def _retained(self, element: DataElement) -> bool:
        """True where an option of the caller keeps the element."""
        keyword = element.keyword
        if self.options.keep_device_identity and keyword in DEVICE_IDENTITY:
            return True
        if not self.options.keep_dates_shifted or keyword in NEVER_KEPT_DATES:
            return False
        return element.VR in DATE_KINDS or keyword == "TimezoneOffsetFromUTC"

    def _sequence(self, element: DataElement, action: str, done: Counter[tuple[str, str]]) -> None:
        if action == EMPTIED:
            element.value = []
        elif action == DUMMY and element.keyword not in CLEANED_SEQUENCES:
            element.value = element.value[:1]
            for item in element.value:
                self._wipe(item)
        else:
            for item in element.value:
                self.clean(item, done)

    def _wipe(self, item: Dataset) -> None:
        """Give every element of an item a value that says nothing."""
        for tag in list(item.keys()):
            try:
                element = item[tag]
            except DAMAGED:
                del item[tag]
                continue
            if tag.is_private or not element.keyword or element.VR in BINARY_KINDS:
                del item[tag]
            elif element.VR == "SQ":
                element.value = element.value[:1]
                for nested in element.value:
                    self._wipe(nested)
            else:
                self._dummy(element)

    def _value(self, element: DataElement, action: str) -> str:
        """Carry out an action on a value; return what was done in the end."""
        if action == REPLACED:
            return self._replace_uids(element)
        if action == DUMMY:
            return self._dummy(element)
        if action == EMPTIED:
            return _emptied(element)
        if action == CLEANED and element.VR in ("DA", "DT"):
            return self._shift(element)
        return KEPT if self._is_clean(element) else self._without_name(element)

    def _without_name(self, element: DataElement) -> str:
        """Take the value of a kept element away, without making the object invalid."""
        if element.keyword in STRUCTURAL:
            return self._overwrite(element)
        return _emptied(element) if self.is_plain else self._dummy(element)

    def _overwrite(self, element: DataElement) -> str:
        """Replace those of an element's values that are no term or mention somebody."""
        values = [str(value) for value in _as_list(element.value)]
        kept = [value if self._is_clean_value(value, element.VR) else "REMOVED" for value in values]
        element.value = kept if len(kept) != 1 else kept[0]
        return CLEANED

    def _dummy(self, element: DataElement) -> str:
        if element.is_empty:
            return KEPT
        if element.VR == "UI":
            return self._replace_uids(element)
        if element.keyword == "ContrastBolusAgent":
            was_none = str(element.value).strip().upper() in NO_CONTRAST
            element.value = "" if was_none else "CONTRAST"
        else:
            element.value = DUMMIES.get(element.VR, "REMOVED")
        return DUMMY

    def _replace_uids(self, element: DataElement) -> str:
        values = _as_list(element.value)
        changed = [self.key.uid(str(value)) for value in values if value]
        if changed == values:
            return KEPT
        element.value = changed if len(changed) != 1 else changed[0]
        return REPLACED

    def _shift(self, element: DataElement) -> str:
        """Move the days of a DA or DT; what is no whole date is emptied."""
        try:
            moved = [self._shifted_text(str(value)) for value in _as_list(element.value)]
        except (ValueError, OverflowError):
            return _emptied(element)
        element.value = moved if len(moved) != 1 else moved[0]
        return CLEANED

    def _shifted_text(self, stored: str) -> str:
        """Date, or date and time, whose first eight digits are moved.

        Raises:
            ValueError: The text is no date of eight digits.
            OverflowError: It would be before the year 1.
        """
        if not stored:
            return stored
        match = re.fullmatch(r"(\d{4})\.?(\d{2})\.?(\d{2})([-+.0-9]*)", stored)
        if match is None:
            raise ValueError("no whole date")
        year, month, day = (int(part) for part in match.groups()[:3])
        moved = self.key.shifted(date(year, month, day), self.identity)
        return f"{moved.year:04d}{moved:%m%d}{match[4]}"

    def _is_clean(self, element: DataElement) -> bool:
        """True where every kept value is of its kind and mentions nobody of this file."""
        kind = element.VR
        if kind not in CHECKED_KINDS or element.keyword in IMAGE_BYTES:
            return True
        return all(self._is_clean_value(str(each), kind) for each in _as_list(element.value))

    def _is_clean_value(self, value: str, kind: str) -> bool:
        pattern = PATTERNS.get(kind)
        if pattern is not None and not re.fullmatch(pattern, value.strip()):
            return False
        if kind in NUMBERS:
            return len(value) < SHORTEST_SURE_WORD or value.strip().lower() not in self.words
        return not mentions(value, self.words)


def _decided(listed: str, *, is_plain: bool, is_sequence: bool) -> str:
    """One action out of the table's alternatives, so that the object stays valid."""
    if listed == "X/Z/U*":
        return CLEANED
    choices = listed.split("/")
    if DUMMY in choices and (not is_plain or len(choices) == 1):
        return DUMMY
    if is_plain and REMOVED in choices and (EMPTIED not in choices or is_sequence):
        return REMOVED
    return EMPTIED if EMPTIED in choices else choices[0]


def _is_drawing(tag: BaseTag) -> bool:
    """True for curves (50xx) and overlays (60xx)."""
    return tag.group & 0xFF00 in (0x5000, 0x6000)


def _emptied(element: DataElement) -> str:
    if element.is_empty:
        return KEPT
    element.value = element.empty_value
    return EMPTIED


def _as_list(value: object) -> list[object]:
    if isinstance(value, MultiValue):
        return list(value)
    return [] if value is None or value == "" else [value]
