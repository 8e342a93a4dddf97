"""A page scrolls, and goes without a word."""

import gc

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from viewer.panels.page_scroll import PageScroll

pytestmark = pytest.mark.gui


def page(lines):
    label = QLabel("\n".join(["a line of the page"] * lines))
    widget = QWidget()
    QVBoxLayout(widget).addWidget(label)
    return widget


@pytest.mark.parametrize(("lines", "scrolls"), [(1, False), (80, True)])
def test_the_bar_is_always_there_and_works_where_the_page_is_too_long(qtbot, lines, scrolls):
    scroll = PageScroll(page(lines), "A page")
    qtbot.addWidget(scroll)
    scroll.resize(200, 200)
    scroll.show()
    qtbot.waitExposed(scroll)
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().isEnabled() == scrolls)
    assert scroll.verticalScrollBar().isVisible()


def test_a_page_that_changes_while_its_window_goes_raises_nothing(qtbot):
    for _ in range(20):
        window = QWidget()
        scroll = PageScroll(page(80), "A page")
        QVBoxLayout(window).addWidget(scroll)
        window.resize(200, 200)
        window.show()
        scroll.setWidget(page(2))
        window.deleteLater()
        del window, scroll
        gc.collect()
    qtbot.wait(20)
