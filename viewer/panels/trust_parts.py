"""The checks behind the trust score: each with its value, a bar and what was seen."""

from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from core.saliency.map_trust import PART_TITLES, MapTrust, TrustPart
from viewer.panels.labels import clear_layout, notice, text_label
from viewer.panels.trust_badge import trust_level

CHECKING = "Checking the maps… The score appears when the checks are through."
NOT_CHECKED = "The maps of this result have not been checked."
NOT_A_PROOF = (
    "Checked is the GradCAM of the mortality, no other map. A high score does not say that it is "
    "right, only that it is not arbitrary."
)
BAR_STEPS = 100


class TrustParts(QWidget):
    """Built anew for every other `MapTrust`, and only then: rebuilding moves the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAccessibleName("Trust in the map, by check")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._shown: tuple[MapTrust | None, bool] | None = None
        self.show_trust(None, checking=False)

    def show_trust(self, trust: MapTrust | None, *, checking: bool) -> None:
        """Show score and parts, that they are being made, or that there are none."""
        if self._shown == (trust, checking):
            return
        self._shown = trust, checking
        clear_layout(self)
        column = self.layout()
        if trust is None:
            column.addWidget(text_label(CHECKING if checking else NOT_CHECKED, "muted"))
            return
        said = f"Trust {trust.score} of 100: {trust.words}"
        column.addWidget(notice(trust_level(trust.score), said))
        for part in trust.parts:
            column.addWidget(_part_row(part))
        column.addWidget(text_label(NOT_A_PROOF, "muted"))


def _part_row(part: TrustPart) -> QWidget:
    """Title and value above, bar and words beneath."""
    row = QWidget()
    row.setObjectName("section")
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(2)
    title = PART_TITLES.get(part.name, part.name)
    bar = QProgressBar()
    bar.setRange(0, BAR_STEPS)
    bar.setValue(round(part.value * BAR_STEPS))
    bar.setTextVisible(False)
    bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    bar.setAccessibleName(title)
    bar.setAccessibleDescription(f"{part.value:.2f} of 1. {part.words}")
    grid.addWidget(QLabel(title), 0, 0)
    grid.addWidget(QLabel(f"{part.value:.2f}"), 0, 1)
    grid.addWidget(bar, 1, 0, 1, 2)
    grid.addWidget(text_label(part.words, "muted"), 2, 0, 1, 2)
    grid.setColumnStretch(0, 1)
    return row
