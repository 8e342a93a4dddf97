"""The vessels as they are drawn, and the letters of one hand that choose them."""

from PySide6.QtGui import QColor

from core.calcium.scores import Vessel
from core.calcium.vessel_colours import VESSEL_COLOURS as RGB

VESSEL_KEYS = {
    Vessel.LM: "Q",
    Vessel.LAD: "W",
    Vessel.LCX: "E",
    Vessel.RCA: "R",
    Vessel.OTHER: "T",
}
VESSEL_COLOURS = {vessel: QColor(*rgb) for vessel, rgb in RGB.items()}
"""Okabe and Ito's, which all readers can tell apart; the vessel's letters stand beside them."""

VESSEL_NAMES = {
    Vessel.LM: "left main",
    Vessel.LAD: "left anterior descending",
    Vessel.LCX: "left circumflex",
    Vessel.RCA: "right coronary artery",
    Vessel.OTHER: "aorta, valve, graft: not coronary, not in the total",
}
