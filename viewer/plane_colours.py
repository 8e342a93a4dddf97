"""One colour for each plane, wherever it is drawn: the convention of OHIF and 3D Slicer."""

from PySide6.QtGui import QColor, QFont, QFontDatabase

from core.views.planes import Plane

PLANE_COLOURS = {
    Plane.AXIAL: QColor("#e0564f"),
    Plane.SAGITTAL: QColor("#e5c04b"),
    Plane.CORONAL: QColor("#55b567"),
}
TEXT = QColor("#d7dade")
QUIET_TEXT = QColor("#8a9099")
LETTERS = QColor("#f2e6b8")


def view_font(pixels: int, *, strong: bool = False) -> QFont:
    """The bundled font where the application has loaded it, else the system's."""
    font = QFont("Inter") if "Inter" in QFontDatabase.families() else QFont()
    font.setPixelSize(pixels)
    if strong:
        font.setWeight(QFont.Weight.DemiBold)
    return font
