"""One small phantom for all tests of this room: 4 mm slices, pixels of 2.96 mm, two seconds."""

import pytest

from core.phantom.sample import make_volume
from core.volume import Volume

SMALL_SHAPE, SMALL_SPACING_MM = (80, 128, 128), (4.0, 2.96, 2.96)


@pytest.fixture(scope="session")
def thorax() -> Volume:
    return make_volume(SMALL_SHAPE, SMALL_SPACING_MM)
