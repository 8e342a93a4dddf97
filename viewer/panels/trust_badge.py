"""How far the map may be trusted, beside the legend: a score and its word, never colour alone."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from core.data.fitness import Level
from core.saliency.map_trust import CONSISTENT_FROM, DOUBTFUL_FROM, PART_TITLES, MapTrust
from viewer.theme import LEVEL_MARKS

CHECKING = "Checking\nthe maps…"
NOT_CHECKED = "Maps not\nchecked"
WIDTH_PX = 118


def trust_level(score: int) -> Level:
    """Verdict for a score: whose mark and colour stand beside it."""
    if score >= CONSISTENT_FROM:
        return Level.PASS
    return Level.WARN if score >= DOUBTFUL_FROM else Level.BLOCK


def parts_words(trust: MapTrust) -> str:
    """Score and parts as text, a part a line."""
    parts = [f"{PART_TITLES.get(part.name, part.name)}: {part.value:.2f}" for part in trust.parts]
    return "\n".join((f"Trust in the map: {trust.score} of 100. {trust.words}", *parts))


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

    def show_trust(self, trust: MapTrust | None, *, checking: bool) -> None:
        """Show a score, that it is being made, or that there is none."""
        level = None
        if trust is not None:
            level = trust_level(trust.score)
            self.setText(f"{LEVEL_MARKS[level]}  Trust {trust.score}/100\n{trust.band}")
            words = parts_words(trust)
        else:
            self.setText(CHECKING if checking else NOT_CHECKED)
            words = "Sanity checks of the maps run in the background after each run of the model."
        self.setAccessibleDescription(words)
        self.setToolTip(f"{words}\nA click shows the parts.")
        self.setProperty("level", level.word if level is not None else "")
        self.style().unpolish(self)  # the style sheet colours its edge by the level
        self.style().polish(self)
