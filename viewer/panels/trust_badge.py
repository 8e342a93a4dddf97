"""How far the checked map may be trusted, beside the legend: score and word, not colour alone.

Checked is the GradCAM of the mortality, which every run makes; no other map has a score.
"""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from core.data.fitness import Level
from core.saliency.map_trust import CONSISTENT_FROM, DOUBTFUL_FROM, PART_TITLES, MapTrust
from viewer.theme import LEVEL_MARKS

CHECKING = "Checking\nthe maps…"
NOT_CHECKED = "Maps not\nchecked"
NOT_THIS_MAP = "Not checked\nfor this map"
CHECKED_MAP = "GradCAM, mortality"
WIDTH_PX = 174


def trust_level(score: int) -> Level:
    """Verdict for a score: whose mark and colour stand beside it."""
    if score >= CONSISTENT_FROM:
        return Level.PASS
    return Level.WARN if score >= DOUBTFUL_FROM else Level.BLOCK


def parts_words(trust: MapTrust) -> str:
    """Score and parts as text, a part a line."""
    parts = [f"{PART_TITLES.get(part.name, part.name)}: {part.value:.2f}" for part in trust.parts]
    return "\n".join((f"{CHECKED_MAP}: {trust.score} of 100. {trust.words}", *parts))


class TrustBadge(QToolButton):
    """Shows the score; a click asks for the parts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("badge")
        self.setFixedWidth(WIDTH_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Trust in the map")
        self.show_trust(None, checking=False)

    def show_trust(self, trust: MapTrust | None, *, checking: bool, is_of_map: bool = True) -> None:
        """Show a score, that it is being made, or that there is none.

        Args:
            trust: Of the run's GradCAM; None until it is checked.
            checking: Whether it is being checked.
            is_of_map: Whether that is the map in view; beside another one no score stands.
        """
        level = None
        if trust is not None and is_of_map:
            level = trust_level(trust.score)
            self.setText(f"{CHECKED_MAP}:\n{LEVEL_MARKS[level]} {trust.score}/100 {trust.band}")
            words = parts_words(trust)
        elif trust is not None:
            self.setText(NOT_THIS_MAP)
            words = f"Only the run's map was checked.\n{parts_words(trust)}"
        else:
            self.setText(CHECKING if checking else NOT_CHECKED)
            words = "Sanity checks of the maps run in the background after each run of the model."
        self.setAccessibleDescription(words)
        self.setToolTip(f"{words}\nA click shows the parts.")
        self.setProperty("level", level.word if level is not None else "")
        self.style().unpolish(self)  # the style sheet colours its edge by the level
        self.style().polish(self)
