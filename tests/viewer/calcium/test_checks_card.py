"""The first line of the pre-flight card."""

import pytest

from core.calcium.protocol import Check, Light
from viewer.calcium.checks_card import summary

GREEN = Check("Kernel", Light.GREEN, "B30f")
SLICES = Check("Slices", Light.AMBER, "every 1 mm")
GATING = Check("ECG gating", Light.AMBER, "not stated")
NOISE = Check("Noise", Light.RED, "40 HU")


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ((GREEN, GREEN), "✓ 2 of 2 checks"),
        ((GREEN, SLICES, GATING), "✓ 1 of 3 checks   ! Slices   ! ECG gating"),
        ((GREEN, SLICES, NOISE), "✓ 1 of 3 checks   ! Slices   ✕ Noise"),
        ((GREEN, SLICES, GATING, NOISE), "✓ 1 of 4 checks   ✕ 3 to look at"),
    ],
)
def test_the_first_line_names_what_is_not_green_or_counts_it(checks, words):
    assert summary(checks) == words


@pytest.mark.gui
def test_the_panel_is_never_wider_than_its_place(hands):
    """Five of the six checks of this scan are not green."""
    panel = hands.window.calcium.panel
    assert panel.rest.width() <= panel.width()
    assert panel.rest.minimumSizeHint().width() <= panel.width()
