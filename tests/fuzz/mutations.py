"""How a seed is damaged: a short list of byte operations that can be written down and replayed."""

import random
import re
import struct
from dataclasses import dataclass

import pydicom
from pydicom.dataelem import RawDataElement

from tests.fuzz.seeds import Seed

Operation = tuple[str, int, str]
"""("set" | "insert", offset, hex), ("delete", offset, count as text), ("truncate", length, "")."""

LONG_FORMS = ("OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UC", "UN", "UR", "UT", "SV", "UV")
FORMS = (*LONG_FORMS, "US", "SS", "UL", "SL", "FL", "FD", "DS", "IS", "CS", "UI", "PN", "AT", "LO")
LENGTHS = (0, 1, 2, 3, 7, 255, 0x7FFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
BINARY_NUMBERS = (0, 1, 2, 3, 7, 8, 12, 16, 17, 32, 64, 255, 256, 4096, 32767, 32768, 65535)
TEXT_NUMBERS = (
    "", " ", "0", "-0", "-1", "1", "2", "1e308", "-1e308", "1e-320", "nan", "inf", "-inf", "1e5",
    "65535", "99999999", "2147483648", "-2147483649", "0.00001", "1,5", "0x10", "1\\2", "\\", "a",
    "\x00", "\xff", "1e999", "9" * 40, "3.0000001",
)  # fmt: skip
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
TEXT_HEADER_BYTES = 1024


@dataclass(frozen=True)
class Element:
    """Where an element of a DICOM file lies."""

    tag_offset: int
    value_offset: int
    length: int
    form: str
    is_implicit: bool
    is_little_endian: bool


def apply(content: bytes, operations: tuple[Operation, ...]) -> bytes:
    """The damaged bytes."""
    result = bytearray(content)
    for name, offset, text in operations:
        if name == "set":
            new = bytes.fromhex(text)
            result[offset : offset + len(new)] = new
        elif name == "insert":
            result[offset:offset] = bytes.fromhex(text)
        elif name == "delete":
            del result[offset : offset + int(text)]
        else:
            del result[offset:]
    return bytes(result)


def elements_of(seed: Seed) -> list[Element]:
    """Top level elements of a DICOM seed, the file meta group included."""
    if not seed.is_dicom or seed.name.endswith(("deflated", "1.2.1.99")):
        return []
    import io

    dataset = pydicom.dcmread(io.BytesIO(seed.content), force=True)
    found = []
    for part in (dataset.file_meta, dataset):
        for tag in part.keys():  # noqa: SIM118  # a Dataset iterates over converted elements
            raw = part.get_item(tag)
            if isinstance(raw, RawDataElement):
                found.append(_element(raw))
    return found


def _element(raw: RawDataElement) -> Element:
    form = raw.VR or ""
    head = 12 if not raw.is_implicit_VR and form in LONG_FORMS else 8
    return Element(
        raw.value_tell - head, raw.value_tell, raw.length, form,
        raw.is_implicit_VR, raw.is_little_endian,
    )  # fmt: skip


class Mutator:
    """Draws operations; the same random numbers give the same ones."""

    def __init__(self, seeds: dict[str, Seed]) -> None:
        self._seeds = seeds
        self._elements = {name: elements_of(seed) for name, seed in seeds.items()}
        names = list(seeds)
        # Real seeds are large; JPEG starts a decoding process for every mutant.
        self._weights = [1.0 if name.startswith(("real", "JPEG")) else 4.0 for name in names]
        self._names = names

    def draw(self, seed_number: int, number: int) -> tuple[str, tuple[Operation, ...]]:
        """Name of a seed, and what is done to it."""
        dice = random.Random(f"{seed_number}:{number}")
        name = dice.choices(self._names, self._weights)[0]
        operations: list[Operation] = []
        for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5))):
            operations += self._one(dice, name)
        return name, tuple(operations)

    def _one(self, dice: random.Random, name: str) -> list[Operation]:
        general = (self._flip, self._flip, self._truncate, self._splice, self._cut, self._repeat)
        aimed = (self._length, self._length, self._tag, self._form, self._value, self._value,
                 self._value, self._value)  # fmt: skip
        if self._elements[name]:
            return dice.choice(general + aimed)(dice, name)
        return dice.choice((*general, self._number, self._number, self._number))(dice, name)

    def _place(self, dice: random.Random, name: str) -> int:
        size = len(self._seeds[name].content)
        return dice.randrange(min(size, 3000)) if dice.random() < 0.7 else dice.randrange(size)

    def _flip(self, dice: random.Random, name: str) -> list[Operation]:
        content = self._seeds[name].content
        places = [self._place(dice, name) for _ in range(dice.choice((1, 1, 2, 8, 40)))]
        return [
            ("set", place, bytes([content[place] ^ dice.randrange(1, 256)]).hex())
            for place in places
        ]

    def _truncate(self, dice: random.Random, name: str) -> list[Operation]:
        return [("truncate", self._place(dice, name), "")]

    def _splice(self, dice: random.Random, name: str) -> list[Operation]:
        other = self._seeds[dice.choice(self._names)].content
        length = dice.choice((4, 16, 64, 256, 1024))
        start = dice.randrange(max(1, len(other) - length))
        way = dice.choice(("set", "insert"))
        return [(way, self._place(dice, name), other[start : start + length].hex())]

    def _cut(self, dice: random.Random, name: str) -> list[Operation]:
        return [("delete", self._place(dice, name), str(dice.choice((1, 2, 4, 8, 100))))]

    def _repeat(self, dice: random.Random, name: str) -> list[Operation]:
        place, length = self._place(dice, name), dice.choice((1, 2, 8, 32, 200))
        again = self._seeds[name].content[place : place + length]
        return [("insert", place, (again * dice.choice((1, 2, 50))).hex())]

    def _number(self, dice: random.Random, name: str) -> list[Operation]:
        """Another number: as text where the header is text, else binary."""
        content = self._seeds[name].content
        found = list(NUMBER.finditer(content[:TEXT_HEADER_BYTES]))
        if found and dice.random() < 0.7:
            hit = dice.choice(found)
            text = dice.choice(TEXT_NUMBERS).encode("latin-1")
            return [("delete", hit.start(), str(len(hit[0]))), ("insert", hit.start(), text.hex())]
        place = dice.randrange(min(len(content), TEXT_HEADER_BYTES)) & ~1
        kind = dice.choice(("<H", ">H", "<L", "<f", "<d"))
        value = dice.choice(BINARY_NUMBERS if kind[1] in "HL" else (0, -1, 1e38, float("nan")))
        return [("set", place, struct.pack(kind, value).hex())]

    def _length(self, dice: random.Random, name: str) -> list[Operation]:
        element = dice.choice(self._elements[name])
        order = "<" if element.is_little_endian else ">"
        value = dice.choice((*LENGTHS, element.length + 1, element.length + 2, element.length - 2))
        if element.is_implicit or element.form in LONG_FORMS:
            packed = struct.pack(f"{order}L", value & 0xFFFFFFFF)
            return [("set", element.value_offset - 4, packed.hex())]
        packed = struct.pack(f"{order}H", value & 0xFFFF)
        return [("set", element.value_offset - 2, packed.hex())]

    def _tag(self, dice: random.Random, name: str) -> list[Operation]:
        one, other = (dice.choice(self._elements[name]) for _ in range(2))
        tag = self._seeds[name].content[other.tag_offset : other.tag_offset + 4]
        return [("set", one.tag_offset, tag.hex())]

    def _form(self, dice: random.Random, name: str) -> list[Operation]:
        element = dice.choice(self._elements[name])
        return [("set", element.tag_offset + 4, dice.choice(FORMS).encode().hex())]

    def _value(self, dice: random.Random, name: str) -> list[Operation]:
        """Another value of the same length, so that what follows stays readable."""
        element = dice.choice([e for e in self._elements[name] if 0 < e.length < 64] or
                              self._elements[name])  # fmt: skip
        length = min(element.length, 64)
        if element.form in ("US", "SS", "UL", "SL") or (element.is_implicit and length == 2):
            kind = ("<" if element.is_little_endian else ">") + ("H" if length % 4 else "L")
            packed = struct.pack(kind, dice.choice(BINARY_NUMBERS))
            return [("set", element.value_offset, (packed * (length // len(packed))).hex())]
        text = dice.choice(TEXT_NUMBERS).encode("latin-1")[:length].ljust(length)
        return [("set", element.value_offset, text.hex())]
