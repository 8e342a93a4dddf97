import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from viewer.hatching import hatch


def hatched(area, apart_px):
    picture = QImage(60, 40, QImage.Format.Format_Grayscale8)
    picture.fill(0)
    painter = QPainter(picture)
    hatch(painter, area, QColor("#ffffff"), apart_px)
    painter.end()
    return np.array(picture.constBits(), np.uint8).reshape(40, picture.bytesPerLine())[:, :60]


def test_lines_stay_inside_their_area_and_rise_to_the_right():
    drawn = hatched(QRectF(10, 5, 30, 20), 10.0)
    rows, columns = np.nonzero(drawn)
    assert rows.min() >= 5
    assert rows.max() < 25
    assert columns.min() >= 10
    assert columns.max() < 40
    assert 0.05 < (drawn[5:25, 10:40] > 0).mean() < 0.25
    assert set(np.unique((rows + columns) % 10)) <= {0, 9}


def test_hatches_of_neighbouring_areas_fit_together():
    whole = hatched(QRectF(0, 0, 60, 40), 8.0)
    left, right = hatched(QRectF(0, 0, 30, 40), 8.0), hatched(QRectF(30, 0, 30, 40), 8.0)
    np.testing.assert_array_equal(whole, np.maximum(left, right))
