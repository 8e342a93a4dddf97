"""A reading beside a scan of 140 MB takes less than a third of it more."""

import sys

import pytest

from tests.core.calcium_memory import shares_held


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_open_score_and_uncertainty_hold_less_than_1_3_times_the_volume(shared_data):
    held = shares_held(shared_data / "lung1-001", slices_of_each=2)  # thin: two phases of averages
    assert set(held) == {"open", "score", "uncertainty"}
    assert max(held.values()) < 1.3, held
