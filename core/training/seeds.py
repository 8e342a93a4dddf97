"""Every draw of chance hangs on the seed and on its place in the run, never on what came before.

A run that was killed and resumed, or spread over processes, therefore draws the same numbers; no
state of a generator is ever stored.
"""

import hashlib

import numpy as np


def derived_seed(*place: int | str) -> int:
    """A seed of 63 bits for a place such as (seed, "fold-1", "mortality", epoch, step)."""
    digest = hashlib.sha256("/".join(map(str, place)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator(*place: int | str) -> np.random.Generator:
    """A stream of chance of its own for each place."""
    return np.random.default_rng(derived_seed(*place))
