"""The frame of a key view: name, place, direction letters, legend and what must be said with it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.prognosis import RESEARCH_USE_ONLY
from core.views.lettering import AMBER, GREY, WHITE, Colour, width_px, write
from core.views.overlay import OverlayStyle, overlay_colours

Picture = NDArray[np.uint8]

WIDTH_PX, HEIGHT_PX = 960, 880
HEADER_PX, FOOTER_PX, LEGEND_PX, MARGIN_PX = 62, 140, 118, 18
BACKGROUND = (11, 14, 19)
TEXT_PX = 27
SMALL_PX = 23
TINY_PX = 19
SMALLEST_PX = 13
LINE_PX = 31
BAR_WIDTH_PX, BAR_HEIGHT_PX = 26, 380


@dataclass(frozen=True)
class Caption:
    """What is written around a picture.

    Attributes:
        name: Of the view.
        position: Where it lies.
        letters: Patient direction at "left", "right", "top", "bottom".
        overlay: What the colours are.
        warnings: Of the model's card.
        raw_threshold: What the threshold's share is in the map's own unit.
        unit: Of what the legend's 1 is a share, short.
    """

    name: str
    position: str
    letters: Mapping[str, str]
    overlay: str
    warnings: tuple[str, ...] = ()
    raw_threshold: str = ""
    unit: str = "of max."


def framed(pixels: Picture, caption: Caption, style: OverlayStyle) -> Picture:
    """Put a picture into its frame, as large as it fits, never distorted.

    Args:
        pixels: RGB uint8 (rows, columns, 3) with square pixels.
        caption: What is written around it.
        style: Of the overlay, for the legend.

    Returns:
        RGB uint8 (`HEIGHT_PX`, `WIDTH_PX`, 3).
    """
    canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), BACKGROUND)
    left, top, right, bottom = box = _fitted(pixels)
    size = (right - left, bottom - top)
    canvas.paste(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC), (left, top))
    draw = ImageDraw.Draw(canvas)
    _edge_letters(draw, caption.letters, box)
    _header(draw, caption)
    _legend(canvas, draw, style, caption)
    _footer(draw, caption)
    return np.array(canvas)


def picture_area() -> tuple[int, int, int, int]:
    """(left, top, right, bottom) in pixels of what the frame leaves for the picture."""
    return MARGIN_PX, HEADER_PX, WIDTH_PX - LEGEND_PX, HEIGHT_PX - FOOTER_PX


def _fitted(pixels: Picture) -> tuple[int, int, int, int]:
    left, top, right, bottom = picture_area()
    rows, columns = pixels.shape[:2]
    factor = min((right - left) / columns, (bottom - top) / rows)
    width, height = max(1, round(columns * factor)), max(1, round(rows * factor))
    left += (right - left - width) // 2
    top += (bottom - top - height) // 2
    return left, top, left + width, top + height


def _edge_letters(
    draw: ImageDraw.ImageDraw, letters: Mapping[str, str], box: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    places = {
        "left": (left + 8, middle_y, "lm"),
        "right": (right - 8, middle_y, "rm"),
        "top": (middle_x, top + 8, "mt"),
        "bottom": (middle_x, bottom - 8, "mb"),
    }
    for edge, (x, y, anchor) in places.items():
        write(draw, (x, y), letters[edge], size_px=38, anchor=anchor, bold=True, colour=AMBER)


def _header(draw: ImageDraw.ImageDraw, caption: Caption) -> None:
    write(draw, (MARGIN_PX, HEADER_PX / 2), caption.name, size_px=30, anchor="lm", bold=True)
    start = MARGIN_PX + width_px(caption.name, 30, bold=True) + 20
    _fitting(draw, (start, HEADER_PX / 2 + 2), caption.position, TEXT_PX)


def _footer(draw: ImageDraw.ImageDraw, caption: Caption) -> None:
    lines = [(caption.overlay, WHITE)]
    lines += [(line, AMBER) for line in _wrapped(" ".join(caption.warnings), SMALL_PX)]
    lines += [(RESEARCH_USE_ONLY, GREY)]
    line_px = min(LINE_PX, (FOOTER_PX - 16) // len(lines))
    for number, (line, colour) in enumerate(lines):
        y = HEIGHT_PX - FOOTER_PX + 20 + number * line_px
        _fitting(draw, (MARGIN_PX, y), line, max(min(SMALL_PX, line_px - 4), SMALLEST_PX), colour)


def _wrapped(text: str, size_px: int) -> list[str]:
    """Lines that are not wider than the frame."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_px(longer, size_px) <= WIDTH_PX - 2 * MARGIN_PX:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitting(
    draw: ImageDraw.ImageDraw,
    position: tuple[float, float],
    text: str,
    size_px: int,
    colour: Colour = WHITE,
) -> None:
    """Write one line: smaller where it would leave the picture, cut where that is not enough."""
    room = WIDTH_PX - MARGIN_PX - position[0]
    while size_px > SMALLEST_PX and width_px(text, size_px) > room:
        size_px -= 1
    if width_px(text, size_px) > room:
        while text and width_px(f"{text}…", size_px) > room:
            text = text[:-1]
        text = f"{text}…"
    write(draw, position, text, size_px=size_px, anchor="lm", colour=colour)


def _legend(
    canvas: Image.Image, draw: ImageDraw.ImageDraw, style: OverlayStyle, caption: Caption
) -> None:
    """A bar from 0 to 1: without colour below the threshold, which has its own tick and value."""
    left = WIDTH_PX - LEGEND_PX + 16
    top = HEADER_PX + (HEIGHT_PX - HEADER_PX - FOOTER_PX - BAR_HEIGHT_PX) // 2
    bottom = top + BAR_HEIGHT_PX
    threshold_y = round(bottom - style.threshold * BAR_HEIGHT_PX)
    coloured = max(1, threshold_y - top)
    colours = overlay_colours(style, coloured)[::-1]
    bar = np.repeat(colours[:, None], BAR_WIDTH_PX, axis=1)
    canvas.paste(Image.fromarray(bar), (left, top))
    draw.rectangle((left, top, left + BAR_WIDTH_PX, bottom), outline=GREY)
    right = left + BAR_WIDTH_PX
    write(draw, (left, top - 14), caption.unit, size_px=TINY_PX, anchor="ls", colour=GREY)
    for y, label in ((top, "1"), (threshold_y, f"{style.threshold:g}"), (bottom, "0")):
        draw.line((right, y, right + 8, y), fill=WHITE, width=2)
        write(draw, (right + 14, y), label, size_px=SMALL_PX, anchor="lm")
    edge = WIDTH_PX - MARGIN_PX // 2
    write(draw, (edge, threshold_y + 24), caption.raw_threshold, size_px=TINY_PX - 2, anchor="rm")
    write(draw, (left, bottom + 28), "hidden", size_px=TINY_PX, anchor="ls", colour=GREY)
