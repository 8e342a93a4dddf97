"""The report's page and its building blocks: headings, facts, boxes. Nothing medical here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, XPos, YPos
from fpdf.fonts import TTFFont

from core.prognosis import RESEARCH_USE_ONLY

FONTS = Path(__file__).resolve().parents[2] / "resources" / "fonts"

Colour = tuple[int, int, int]
INK, MUTED, FAINT = (26, 32, 40), (96, 106, 118), (222, 226, 231)
ACCENT: Colour = (24, 90, 157)
WARNING_INK, WARNING_EDGE, WARNING_FILL = (122, 62, 0), (217, 130, 20), (255, 244, 224)

MARGIN_MM = 16.0
HEADER_MM, FOOTER_MM = 20.0, 18.0
LINE_MM = 4.4
UNKNOWN_CHARACTER = "?"
CUT = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class Identity:
    """What stands on every page.

    Attributes:
        title: Of the report.
        model: Id of the model, or name of the rule.
        digest: SHA-256 of its weights; the first 12 digits are shown. "" for what has none.
        state: Of the weights, where no number of theirs counts; "" where they do.
    """

    title: str
    model: str
    digest: str
    state: str = ""


class ReportPage(FPDF):
    """A4 portrait in Inter, with the same line above and below every page.

    A context manager: the library keeps the font files open until they are closed here.
    """

    def __init__(self, identity: Identity) -> None:
        super().__init__(format="A4", unit="mm", enforce_compliance="PDF/A-3B")
        self._identity = identity
        self.add_font("Inter", "", FONTS / "Inter-Regular.ttf")
        self.add_font("Inter", "B", FONTS / "Inter-SemiBold.ttf")
        self.set_margins(MARGIN_MM, HEADER_MM, MARGIN_MM)
        self.set_auto_page_break(True, FOOTER_MM + 2)
        self.set_font("Inter", "", 9)
        self.c_margin = 0

    def __enter__(self) -> "ReportPage":
        return self

    def __exit__(self, *_: object) -> None:
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def normalize_text(self, text: str) -> str:
        """Replace what the font lacks: the library would write it, a name maybe, into the log."""
        known = getattr(self.current_font, "cmap", {})
        shown = (c if ord(c) in known or c == "\n" else UNKNOWN_CHARACTER for c in text)
        return super().normalize_text("".join(shown))

    def header(self) -> None:
        """Name of the report and the line on its use."""
        self.set_y(9)
        self.ink(MUTED, 7.5)
        self.cell(self.epw / 2, LINE_MM, f"Thoralens · {self._identity.title}")
        self.ink(WARNING_INK, 7.5, bold=True)
        self.cell(self.epw / 2, LINE_MM, RESEARCH_USE_ONLY, align=Align.R)
        self.rule(14.5)
        self.set_y(HEADER_MM)

    def footer(self) -> None:
        """Use, model, weights and number of the page."""
        self.rule(self.h - FOOTER_MM + 4)
        self.set_y(-FOOTER_MM + 6)
        self.ink(MUTED, 7.5)
        model_mm = self.epw * 0.5
        self.cell(self.epw * 0.37, LINE_MM, RESEARCH_USE_ONLY)
        self.cell(model_mm, LINE_MM, self._model_words(model_mm))
        # The library right-aligns the placeholder for the count, not the count: start it ourselves.
        width = self.get_string_width(f"page {self.page_no()} of 9")
        self.set_x(self.w - self.r_margin - width)
        self.cell(width, LINE_MM, f"page {self.page_no()} of {{nb}}")

    def _model_words(self, width_mm: float) -> str:
        """Model, weights and their state; a name that is too long for the width is cut."""
        weights = f" · weights {self._identity.digest[:12]}" if self._identity.digest else ""
        state = f" · {self._identity.state}" if self._identity.state else ""
        name, rest = self._identity.model, f"{weights}{state}"
        while len(name) > 1 and self.get_string_width(f"{name}{rest}") > width_mm:
            name = f"{name.removesuffix(CUT)[:-1]}{CUT}"
        return f"{name}{rest}"

    def ink(self, colour: Colour, size_pt: float, *, bold: bool = False) -> None:
        """Choose the letters that follow."""
        self.set_font("Inter", "B" if bold else "", size_pt)
        self.set_text_color(*colour)

    def rule(self, y_mm: float) -> None:
        """A faint line across the page."""
        self.set_draw_color(*FAINT)
        self.set_line_width(0.25)
        self.line(self.l_margin, y_mm, self.w - self.r_margin, y_mm)

    def room(self, height_mm: float) -> None:
        """Begin a new page unless there is room for this height."""
        if self.will_page_break(height_mm):
            self.add_page()

    def heading(self, text: str, *, keep_mm: float = 24) -> None:
        """A section heading that stays with the next `keep_mm` of its section."""
        self.ln(3.5)
        self.room(keep_mm)
        self.start_section(text)
        self.ink(ACCENT, 11.5, bold=True)
        self.cell(0, 6.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(0.8)

    def paragraph(self, text: str, *, colour: Colour = INK, size_pt: float = 9) -> None:
        """Text across the page."""
        self.ink(colour, size_pt)
        self.multi_cell(0, size_pt * 0.49, text, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def facts(self, rows: Sequence[tuple[str, str]], *, columns: int = 1, label_mm: float) -> None:
        """Label and value, row by row; long values are wrapped below each other."""
        width = (self.epw - 6 * (columns - 1)) / columns
        for start in range(0, len(rows), columns):
            row = rows[start : start + columns]
            self.ink(INK, 9)
            heights = [self.text_height(value, width - label_mm) for _, value in row]
            self.room(max(heights))
            top = self.get_y()
            for number, (label, value) in enumerate(row):
                left = self.l_margin + number * (width + 6)
                self._fact(left, top, (label_mm, width - label_mm), (label, value))
            self.set_y(top + max(heights) + 0.9)

    def _fact(
        self, left: float, top: float, widths: tuple[float, float], fact: tuple[str, str]
    ) -> None:
        self.set_xy(left, top)
        self.ink(MUTED, 8)
        self.cell(widths[0], LINE_MM, fact[0])
        self.set_xy(left + widths[0], top)
        self.ink(INK, 9)
        self.multi_cell(widths[1], LINE_MM, fact[1], align=Align.L)

    def text_height(self, text: str, width_mm: float, *, line_mm: float = LINE_MM) -> float:
        """Height in mm that a text takes, in the letters chosen last."""
        lines = self.multi_cell(
            width_mm, line_mm, text, align=Align.L, dry_run=True, output=MethodReturnValue.LINES
        )
        return line_mm * len(lines) if isinstance(lines, list) else line_mm

    def warning_box(self, title: str, sentences: Sequence[str]) -> None:
        """A box that cannot be overlooked."""
        text = "\n".join(sentences)
        inner = self.epw - 12
        self.ink(WARNING_INK, 9.5)
        height = self.text_height(text, inner) * 1.12 + 12
        self.room(height)
        top = self.get_y()
        self.set_fill_color(*WARNING_FILL)
        self.set_draw_color(*WARNING_EDGE)
        self.set_line_width(0.5)
        self.rect(
            self.l_margin, top, self.epw, height, style="DF", round_corners=True, corner_radius=1.6
        )
        self.set_xy(self.l_margin + 6, top + 3)
        self.ink(WARNING_INK, 11.5, bold=True)
        self.cell(inner, 5.5, title)
        self.set_xy(self.l_margin + 6, top + 9)
        self.ink(WARNING_INK, 9.5)
        self.multi_cell(inner, LINE_MM * 1.12, text, align=Align.L)
        self.set_y(top + height + 2)
