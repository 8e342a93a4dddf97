"""What is seen while a folder is open: series on the left, views in the middle, model on the right.

On the right two pages share the room above the overlay's controls: the prognosis, and what stands
behind the map.
The research-use line stands on top of the right side and cannot be hidden.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from core.models.cards import ModelCard
from core.prognosis import RESEARCH_USE_ONLY
from viewer.panels.explanation_panel import ExplanationPanel
from viewer.panels.labels import line, text_label
from viewer.panels.overlay_panel import OverlayPanel
from viewer.panels.preset_strip import PresetStrip
from viewer.panels.prognosis_panel import PrognosisPanel
from viewer.panels.series_panel import SeriesPanel
from viewer.panels.view_grid import ViewGrid
from viewer.session import Session

RIGHT_WIDTH_PX = 372


class Workplace(QWidget):
    """All panels of an open folder, beside each other."""

    def __init__(
        self, session: Session, cards: Sequence[ModelCard], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.series_panel = SeriesPanel(session)
        self.views = ViewGrid(session)
        self.preset_strip = PresetStrip(session)
        self.prognosis_panel = PrognosisPanel(session, cards)
        self.explanation_panel = ExplanationPanel(session)
        self.overlay_panel = OverlayPanel(session)
        self.overlay_panel.badge.clicked.connect(self._show_trust)
        centre = QVBoxLayout()
        centre.setSpacing(0)
        centre.addWidget(self.views, 1)
        centre.addWidget(self.preset_strip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.series_panel)
        row.addLayout(centre, 1)
        row.addWidget(self._right_side())

    def show_explanation(self) -> None:
        """Turn to the page of the map."""
        self.pages.setCurrentWidget(self.explanation_panel)

    def _show_trust(self) -> None:
        self.show_explanation()
        self.explanation_panel.scroll_to(self.explanation_panel.trust)

    def turn_page(self) -> None:
        """Turn to the next page of the right side."""
        self.pages.setCurrentIndex((self.pages.currentIndex() + 1) % self.pages.count())

    def show_page(self, page: QWidget, title: str, *, shown: bool) -> None:
        """Add a page of a mode, in which the overlay rests, or take it away again."""
        if shown:
            self.pages.addTab(page, title)
            self.pages.setCurrentWidget(page)
        else:
            self.pages.removeTab(self.pages.indexOf(page))
            page.hide()
        self.overlay_panel.setVisible(not shown)

    def _right_side(self) -> QWidget:
        side = QWidget()
        side.setObjectName("panel")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setFixedWidth(RIGHT_WIDTH_PX)
        self.research_use = text_label(RESEARCH_USE_ONLY, "researchUse")
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        self.pages.setAccessibleName("Prognosis and explanation")
        self.pages.addTab(self.prognosis_panel, "Prognosis")
        self.pages.addTab(self.explanation_panel, "Explanation")
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.research_use)
        column.addWidget(self.pages, 1)
        column.addWidget(line())
        column.addWidget(self.overlay_panel)
        return side


def research_use_label() -> QLabel:
    """The research-use line for the status bar."""
    label = QLabel(RESEARCH_USE_ONLY)
    label.setObjectName("researchUseStatus")
    label.setAccessibleName(RESEARCH_USE_ONLY)
    return label
