"""Which convolution kernels are sharp: made for bone and lung, not for soft tissue.

The names are the makers' own: Siemens count sharpness in the number (B70f, Br60), Canon and Toshiba
in the family (FC50 to FC59 lung, FC30 to FC39 bone, FC80 and more high resolution), GE in words,
Philips in letters. An unknown name is not called sharp.
"""

import re

SIEMENS_SHARP_FROM = 50
"""B50, I50, Br56, Bl57, Qr59 ...: edge enhancing; B30 to B46 are the soft tissue kernels."""

SHARP_WORDS = ("BONE", "BONEPLUS", "BONE PLUS", "LUNG", "EDGE", "EDGE PLUS", "ULTRA")
"""GE, and what others call theirs."""

PHILIPS_SHARP = ("E", "F", "L", "YC", "YD", "YE")

_SIEMENS = re.compile(
    r"(?:B|H|I|J|D|U|T|S|Br|Bl|Bv|Hr|Hc|Hv|Qr|Ub|Ur)(\d\d)[a-z]{0,2}(?:[\\ /].*)?"
)
_CANON = re.compile(r"FC(\d\d)(?:[\\ /].*)?", re.IGNORECASE)


def is_sharp(kernel: str) -> bool:
    """True where the name is known to be that of a sharp kernel."""
    name = kernel.strip()
    siemens, canon = _SIEMENS.fullmatch(name), _CANON.fullmatch(name)
    if siemens:
        return int(siemens[1]) >= SIEMENS_SHARP_FROM
    if canon:
        return canon[1][0] in "3589"
    return name.upper() in SHARP_WORDS or name.upper() in PHILIPS_SHARP
