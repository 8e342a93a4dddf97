import re

import pytest
from PySide6.QtGui import QColor

from core.data.fitness import Level
from viewer import theme

SURFACES = (theme.CHROME, theme.PANEL, theme.RAISED)
TEXTS = (theme.TEXT, theme.MUTED, theme.ACCENT, theme.GREEN, theme.AMBER, theme.RED)


def luminance(colour):
    """Relative luminance of WCAG 2."""
    channels = QColor(colour).getRgbF()[:3]
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_legible_on_every_surface(text, surface):
    assert contrast(text, surface) >= 4.5


def test_the_primary_button_is_legible():
    assert contrast(theme.ON_ACCENT, theme.ACCENT) >= 4.5


def test_every_verdict_has_its_own_colour_and_its_own_mark():
    assert len(set(theme.LEVEL_COLOURS.values())) == len(Level)
    assert len(set(theme.LEVEL_MARKS.values())) == len(Level)


def test_the_style_sheet_names_only_declared_colours():
    declared = {value for value in vars(theme).values() if isinstance(value, str)}
    used = set(re.findall(r"#[0-9a-f]{6}", theme.STYLE_SHEET))
    assert used <= declared


def test_the_pictures_of_the_style_sheet_exist():
    assert theme.CHECK_MARK.is_file()
    assert len(list(theme.FONT_FOLDER.glob("*.ttf"))) == 2
