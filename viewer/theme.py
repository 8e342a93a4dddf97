"""Colours, type and the style sheet: dark grey chrome, black images, one calm accent.

Contrast of every text colour on every surface it is used on is at least 4.5:1 (a test counts it).
"""

from pathlib import Path

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from core.data.fitness import Level

FONT_FOLDER = Path(__file__).resolve().parents[1] / "resources" / "fonts"
CHECK_MARK = FONT_FOLDER.parent / "icons" / "check.png"
FONT_FAMILY = "Inter"
FONT_POINT_SIZE = 10

CHROME = "#1e1e1e"
PANEL = "#242527"
RAISED = "#2f3134"
HOVER = "#3a3d41"
BORDER = "#43464b"
TEXT = "#e4e6e8"
MUTED = "#a8adb4"
ACCENT = "#6cb2e0"
ON_ACCENT = "#0d1a24"
ACCENT_HOVER = "#86c2ea"
DISABLED = "#7d8288"
GREEN = "#7cc48d"
AMBER = "#e5b457"
RED = "#f08a80"

LEVEL_COLOURS = {Level.PASS: GREEN, Level.WARN: AMBER, Level.BLOCK: RED}
LEVEL_MARKS = {Level.PASS: "✓", Level.WARN: "!", Level.BLOCK: "✕"}
"""A verdict is never told by its colour alone."""

STYLE_SHEET = f"""
QWidget {{ color: {TEXT}; background: {CHROME}; }}
QLabel, QCheckBox {{ background: transparent; }}
QToolTip {{ color: {TEXT}; background: {RAISED}; border: 1px solid {BORDER}; padding: 6px; }}
QMenuBar {{ background: {CHROME}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 5px 10px; border-radius: 4px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {HOVER}; }}
QMenu {{ background: {RAISED}; border: 1px solid {BORDER}; padding: 4px; }}
QMenu::item {{ padding: 6px 28px 6px 14px; border-radius: 4px; }}
QMenu::item:disabled {{ color: {DISABLED}; }}
QMenu::separator {{ height: 1px; background: {BORDER}; margin: 4px 8px; }}
QStatusBar {{ background: {CHROME}; border-top: 1px solid {BORDER}; }}
QStatusBar::item {{ border: none; }}

#panel, #panel QWidget#section, #panel QScrollArea, #panel QScrollArea > QWidget > QWidget
    {{ background: {PANEL}; }}
#heading {{ font-weight: 600; font-size: 12pt; }}
#title {{ font-weight: 600; font-size: 26pt; }}
#number {{ font-weight: 600; font-size: 24pt; }}
#risk {{ font-weight: 600; font-size: 13pt; }}
#muted {{ color: {MUTED}; }}
#caution {{ color: {AMBER}; }}
#line {{ background: {BORDER}; }}
#researchUse {{ color: {AMBER}; font-weight: 600; padding: 8px 12px;
    background: {RAISED}; border-bottom: 1px solid {BORDER}; }}
#researchUseStatus {{ color: {AMBER}; padding: 0 8px; }}
#notice {{ background: {RAISED}; border-left: 3px solid {ACCENT}; padding: 8px 10px; }}
#notice[level="warn"] {{ border-left-color: {AMBER}; }}
#notice[level="block"] {{ border-left-color: {RED}; }}
#notice[level="pass"] {{ border-left-color: {GREEN}; }}
#warningBox {{ color: {AMBER}; font-weight: 600; background: {RAISED};
    border: 1px solid {AMBER}; border-radius: 6px; padding: 7px 10px; }}
#dropTarget {{ border: 2px dashed {BORDER}; border-radius: 12px; background: {PANEL}; }}
#dropTarget[active="true"] {{ border-color: {ACCENT}; }}
#dropTarget QLabel, #dropTarget QWidget#section {{ background: transparent; }}

QPushButton, QToolButton {{ background: {RAISED}; border: 1px solid {BORDER}; border-radius: 6px;
    padding: 5px 12px; min-height: 20px; }}
QPushButton:hover, QToolButton:hover {{ background: {HOVER}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {CHROME}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QCheckBox:focus,
QListView:focus, QSlider:focus {{ border: 1px solid {ACCENT}; }}
QCheckBox, QSlider {{ border: 1px solid transparent; border-radius: 4px; min-height: 24px; }}
QPushButton:disabled, QToolButton:disabled {{ color: {DISABLED}; background: {CHROME}; }}
QPushButton#primary {{ background: {ACCENT}; color: {ON_ACCENT}; font-weight: 600;
    border-color: {ACCENT}; }}
QPushButton#primary:hover {{ background: {ACCENT_HOVER}; }}
QPushButton#primary:focus {{ border: 2px solid {TEXT}; padding: 4px 11px; }}
QPushButton#primary:disabled {{ background: {RAISED}; color: {DISABLED};
    border-color: {BORDER}; }}
QPushButton#action {{ padding: 5px 8px; }}
QPushButton#preset {{ padding: 3px 10px; border-radius: 4px; min-height: 20px; }}
QPushButton#preset:checked {{ background: {HOVER}; border-color: {ACCENT}; }}
QToolButton#badge {{ padding: 2px 6px; border-radius: 6px; border: 1px solid {BORDER};
    min-height: 0; }}
QToolButton#badge[level="pass"] {{ border-left: 3px solid {GREEN}; }}
QToolButton#badge[level="warn"] {{ border-left: 3px solid {AMBER}; }}
QToolButton#badge[level="block"] {{ border-left: 3px solid {RED}; }}
QToolButton#badge:focus {{ border: 1px solid {ACCENT}; }}
QPushButton#link {{ background: transparent; border: 1px solid transparent; color: {ACCENT};
    text-align: left; padding: 3px 6px; min-height: 22px; }}
QPushButton#link:hover {{ background: {HOVER}; }}
QPushButton#link:focus {{ border-color: {ACCENT}; }}

QComboBox, QLineEdit {{ background: {RAISED}; border: 1px solid {BORDER}; border-radius: 6px;
    padding: 4px 8px; min-height: 22px; selection-background-color: {ACCENT};
    selection-color: {ON_ACCENT}; }}
QComboBox:disabled, QLineEdit:disabled {{ color: {DISABLED}; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: none; width: 0; height: 0; margin-right: 8px;
    border-left: 4px solid {RAISED}; border-right: 4px solid {RAISED};
    border-top: 5px solid {MUTED}; }}
QComboBox QAbstractItemView {{ background: {RAISED}; border: 1px solid {BORDER};
    selection-background-color: {HOVER}; selection-color: {TEXT}; outline: none; }}
QSlider {{ background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; background: {BORDER}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {BORDER}; }}
QSlider::handle:horizontal {{ width: 16px; height: 16px; margin: -6px 0; border-radius: 8px;
    background: {TEXT}; }}
QSlider::handle:horizontal:disabled {{ background: {DISABLED}; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator {{ width: 16px; height: 16px; border: 1px solid {MUTED};
    border-radius: 3px; background: {RAISED}; }}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT};
    image: url("{CHECK_MARK.as_posix()}"); }}
QCheckBox::indicator:disabled {{ background: {BORDER}; border-color: {BORDER}; }}
QCheckBox:disabled {{ color: {DISABLED}; }}
QProgressBar {{ background: {RAISED}; border: none; border-radius: 3px; max-height: 6px;
    min-height: 6px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QListView {{ background: {PANEL}; border: 1px solid transparent; outline: none; }}
QTableWidget {{ background: transparent; border: none; gridline-color: {BORDER}; }}
QHeaderView::section {{ background: transparent; color: {MUTED}; border: none;
    border-bottom: 1px solid {BORDER}; padding: 4px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {BORDER}; border-radius: 4px; min-height: 30px;
    margin: 1px; }}
QScrollBar::handle:vertical:hover {{ background: {DISABLED}; }}
QScrollBar::handle:vertical:disabled {{ background: transparent; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; }}
QScrollBar::handle:horizontal {{ background: {BORDER}; border-radius: 4px; min-width: 30px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {BORDER}; background: {PANEL}; }}
QTabBar {{ background: {PANEL}; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: {PANEL}; color: {MUTED}; padding: 5px 18px; border: none;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {TEXT}; font-weight: 600; border-bottom-color: {ACCENT}; }}
QTabBar::tab:hover {{ color: {TEXT}; background: {HOVER}; }}
QTabBar::tab:focus {{ border: 1px solid {ACCENT}; }}
QListWidget#places {{ background: transparent; border: none; outline: none; }}
QListWidget#places::item {{ background: {RAISED}; border-radius: 6px; }}
QListWidget#places::item:hover {{ background: {HOVER}; }}
QListWidget#places::item:selected {{ background: {HOVER}; border: 1px solid {ACCENT}; }}
QListWidget#places QLabel {{ background: transparent; }}
QSplitter::handle {{ background: {BORDER}; }}
"""


def apply_theme(application: QApplication) -> None:
    """Load the bundled fonts and dress the whole application."""
    for path in sorted(FONT_FOLDER.glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))
    application.setFont(QFont(FONT_FAMILY, FONT_POINT_SIZE))
    application.setStyle("Fusion")
    application.setPalette(_palette())
    application.setStyleSheet(STYLE_SHEET)


def _palette() -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, CHROME),
        (roles.Base, PANEL),
        (roles.AlternateBase, RAISED),
        (roles.Button, RAISED),
        (roles.ToolTipBase, RAISED),
        (roles.WindowText, TEXT),
        (roles.Text, TEXT),
        (roles.ButtonText, TEXT),
        (roles.ToolTipText, TEXT),
        (roles.PlaceholderText, MUTED),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, ON_ACCENT),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, QColor(colour))
    return palette
