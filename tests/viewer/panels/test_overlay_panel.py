from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from core.prognosis import SALIENCY_CAPTION
from tests.results import example_result
from viewer.panels.overlay_panel import OverlayPanel, cell_size_words
from viewer.session import Session
from viewer.view_changes import opacity_moved, with_overlay


@pytest.fixture
def session():
    request, result = example_result()
    session = Session()
    view = replace(session.state.view, overlay_method="gradcam")
    session.replace(volume=request.volume, series=request.series, result=result, view=view)
    return session


@pytest.fixture
def panel(qtbot, session):
    panel = OverlayPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_moving_a_slider_changes_the_view_and_its_number(session, panel):
    panel.opacity.setValue(80)
    panel.threshold.setValue(25)
    overlay = session.state.view.overlay
    assert (overlay.opacity, overlay.threshold) == (0.8, 0.25)
    assert panel.opacity_value.text() == "80%"
    assert panel.threshold_value.text() == "0.25"


def test_the_panel_follows_keys_pressed_elsewhere(session, panel):
    session.show(opacity_moved(session.state.view, 1))
    session.show(with_overlay(session.state.view, threshold=0.3))
    session.show(replace(session.state.view, overlay_visible=False))
    assert panel.opacity.value() == 60
    assert panel.threshold.value() == 30
    assert not panel.visible.isChecked()


def test_choosing_a_method_draws_that_map(session, panel):
    assert panel.method.count() == 2
    panel.method.setCurrentIndex(panel.method.findData("gradient"))
    assert session.state.overlay_map.method == "gradient"


def test_choosing_colours_changes_the_style(session, panel):
    panel.colour_map.setCurrentIndex(panel.colour_map.findData("viridis"))
    assert session.state.view.overlay.colour_map == "viridis"


def test_unticking_hides_the_map(qtbot, session, panel):
    qtbot.keyClick(panel.visible, Qt.Key.Key_Space)
    assert session.state.overlay_map is None


def test_refreshing_the_panel_changes_nothing_in_the_session(session, panel):
    changes = []
    session.changed.connect(lambda old, new: changes.append(new))
    session.show(with_overlay(session.state.view, threshold=0.123))
    assert len(changes) == 1
    assert session.state.view.overlay.threshold == 0.123


def test_without_a_result_nothing_can_be_moved_and_no_legend_is_shown(session, panel):
    session.replace(result=None, view=replace(session.state.view, overlay_method=None))
    for control in (panel.method, panel.opacity, panel.threshold, panel.colour_map, panel.visible):
        assert not control.isEnabled()
    assert panel.legend.isHidden()
    assert panel.words.isHidden()


def test_the_native_cell_is_told_in_mm_left_back_head(session, panel):
    gradcam = session.state.result.saliency_by("gradcam")  # 384 x 384 x 280 mm in 8 x 8 x 4 cells
    assert cell_size_words(gradcam) == "1 GradCAM cell = 48 x 48 x 70 mm"
    assert cell_size_words(gradcam) in panel.words.text()
    assert gradcam.target in panel.words.text()


def test_the_caption_is_always_there(panel):
    from PySide6.QtWidgets import QLabel

    assert SALIENCY_CAPTION in [label.text() for label in panel.findChildren(QLabel)]


def test_the_legend_is_painted(panel):
    image = panel.legend.grab().toImage()
    colours = {image.pixel(x, image.height() // 2) for x in range(image.width())}
    assert len(colours) > 20
