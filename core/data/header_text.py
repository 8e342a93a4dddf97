"""Numbers and file names in the text headers of volume files, checked."""

import math
import re

from core.data.volume_header import NotVolumeError


def numbers_in(text: str, count: int) -> tuple[float, ...]:
    """Exactly `count` finite numbers, between spaces or commas.

    Raises:
        NotVolumeError: Anything else stands there.
    """
    try:
        values = tuple(float(part) for part in re.split(r"[\s,]+", text.strip()))
    except ValueError:
        values = ()
    if len(values) != count or not all(map(math.isfinite, values)):
        raise NotVolumeError("damaged: numbers of its header cannot be read")
    return values


def whole_numbers_in(text: str, count: int) -> tuple[int, ...]:
    """Exactly `count` whole numbers.

    Raises:
        NotVolumeError: Anything else stands there.
    """
    values = numbers_in(text, count)
    if not all(value.is_integer() for value in values):
        raise NotVolumeError("damaged: numbers of its header cannot be read")
    return tuple(int(value) for value in values)


def beside(name: str) -> str:
    """Name of one file in the same folder, "" for none.

    Raises:
        NotVolumeError: A path to another folder, or a list or pattern of files.
    """
    if name.startswith("./"):
        name = name[2:]
    if re.search(r"[/\\:%\0]", name) or name in (".", "..") or re.match(r"LIST\b", name):
        raise NotVolumeError("its values lie in several files or another folder: not read")
    return name
