"""Text burned into pictures: one font on every machine, so the pixels are the same everywhere."""

from functools import cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "fonts"

WHITE, GREY, AMBER, BLACK = (238, 241, 245), (160, 170, 182), (255, 196, 84), (0, 0, 0)
Colour = tuple[int, int, int]


@cache
def font(size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Inter in a size in pixels."""
    name = "Inter-SemiBold.ttf" if bold else "Inter-Regular.ttf"
    return ImageFont.truetype(FOLDER / name, size_px, layout_engine=ImageFont.Layout.BASIC)


def write(
    draw: ImageDraw.ImageDraw,
    position: tuple[float, float],
    text: str,
    *,
    size_px: int,
    anchor: str = "la",
    colour: Colour = WHITE,
    bold: bool = False,
) -> None:
    """Write one line with a dark rim, so that it can be read on bright tissue.

    Args:
        draw: What is written upon.
        position: (x, y) in pixels of the anchor.
        text: One line.
        size_px: Height of the font.
        anchor: Pillow's two letters: left, middle or right; ascender, middle, baseline, descender.
        colour: Of the letters.
        bold: Semi-bold letters.
    """
    draw.text(
        position,
        text,
        fill=colour,
        font=font(size_px, bold=bold),
        anchor=anchor,
        stroke_width=max(1, size_px // 14),
        stroke_fill=BLACK,
    )


def width_px(text: str, size_px: int, *, bold: bool = False) -> float:
    """Width of one line."""
    return font(size_px, bold=bold).getlength(text)
