from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from core.prognosis import SALIENCY_CAPTION
from core.saliency.map_trust import SHIFT, TrustPart, trust_of
from core.saliency.targets import MORTALITY, Target, targets_of
from tests.results import example_result
from viewer.method_names import cell_size_words
from viewer.panels.overlay_panel import METHODS, OverlayPanel
from viewer.session import Session
from viewer.view_changes import opacity_moved, with_overlay

FIVE_YEARS = Target("horizon", 5.0)


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
    assert [panel.method.itemData(k) for k in range(panel.method.count())] == list(METHODS)
    panel.method.setCurrentIndex(panel.method.findData("gradient"))
    assert session.state.overlay_map.method == "gradient"


def test_choosing_colours_changes_the_style(session, panel):
    panel.colour_map.setCurrentIndex(panel.colour_map.findData("viridis"))
    assert session.state.view.overlay.colour_map == "viridis"


def choose(combo, data):
    rows = [combo.itemData(row) for row in range(combo.count())]
    combo.setCurrentIndex(rows.index(data))


def test_every_target_of_the_model_can_be_chosen(session, panel):
    offered = [panel.target.itemData(row) for row in range(panel.target.count())]
    assert offered == list(targets_of(session.state.result.card))
    names = [panel.target.itemText(row) for row in range(panel.target.count())]
    assert names[:3] == ["Mortality", "Risk score", "1-year risk"]


def test_a_map_of_another_target_is_asked_for_and_meanwhile_none_is_drawn(qtbot, session, panel):
    with qtbot.waitSignal(panel.map_wanted) as asked:
        choose(panel.target, FIVE_YEARS)
    assert asked.args == [FIVE_YEARS, "gradcam"]
    assert session.state.overlay_map is None
    assert panel.legend.isHidden()
    assert panel.compute.isVisible()


def test_a_map_that_arrives_is_drawn_with_its_own_words(session, panel):
    choose(panel.target, FIVE_YEARS)
    gradcam = session.state.result.saliency_by("gradcam")
    arrived = replace(gradcam, target=FIVE_YEARS.words)
    session.replace(explanations={(FIVE_YEARS.words, "gradcam"): arrived})
    assert session.state.chosen_map is arrived
    assert panel.compute.isHidden()
    assert FIVE_YEARS.words in panel.legend.accessibleDescription()


def test_a_slow_map_waits_for_the_button(qtbot, session, panel):
    with qtbot.assertNotEmitted(panel.map_wanted):
        choose(panel.method, "occlusion")
    assert "minutes" in panel.words.text()
    with qtbot.waitSignal(panel.map_wanted) as asked:
        panel.compute.click()
    assert asked.args == [MORTALITY, "occlusion"]


def test_while_a_map_is_computed_its_button_rests(session, panel):
    choose(panel.method, "occlusion")
    panel.show_at_work("Occlusion 3 of 90")
    assert not panel.compute.isEnabled()
    assert panel.words.text() == "Occlusion 3 of 90"
    panel.show_at_work("")
    assert panel.compute.isEnabled()


def test_the_absolute_scale_tells_raw_attributions(session, panel):
    unit = session.state.result.saliency_by("gradcam").unit_value  # 0.0123
    panel.threshold.setValue(50)
    choose(panel.scale, "absolute")
    assert session.state.view.overlay.raw_threshold == pytest.approx(0.5 * unit)
    assert panel.threshold_value.text() == "0.00615"  # 0.5 x 0.0123
    panel.threshold.setValue(80)
    assert session.state.view.overlay.raw_threshold == pytest.approx(0.8 * unit)
    choose(panel.scale, "relative")
    assert session.state.view.overlay.raw_threshold is None
    assert session.state.view.overlay.threshold == pytest.approx(0.8)


def test_the_absolute_scale_does_not_outlive_its_target(session, panel):
    choose(panel.scale, "absolute")
    choose(panel.target, FIVE_YEARS)  # whose map is not made yet
    assert session.state.view.overlay.raw_threshold is None
    assert session.state.view.overlay.threshold == pytest.approx(0.5)
    assert panel.threshold_value.text() == "0.50"


def test_a_threshold_above_the_maximum_is_told_as_it_is_and_nothing_is_drawn(session, panel):
    session.show(with_overlay(session.state.view, raw_threshold=0.5))  # the maximum is 0.0123
    assert panel.threshold_value.text() == "0.5"
    assert "above the maximum of this map" in panel.words.text()
    assert not session.state.overlay_map.values.any()
    panel.threshold.setValue(50)
    assert panel.threshold_value.text() == "0.00615"
    assert "cell" in panel.words.text()


def test_of_what_the_threshold_is_a_share_is_told_for_each_map(session, panel):
    assert panel.scale.itemText(0) == "of max."
    gradient = session.state.result.saliency_by("gradient")
    shown = replace(gradient, method="smoothgrad", unit_percentile=99.9)
    session.replace(explanations={(MORTALITY.words, "smoothgrad"): shown})
    choose(panel.method, "smoothgrad")
    assert panel.scale.itemText(0) == "of P99.9"
    assert "99.9th percentile" in panel.scale.toolTip()
    assert "1 is its 99.9th percentile" in panel.legend.accessibleDescription()


def test_the_score_stands_only_beside_the_map_that_was_checked(session, panel):
    session.replace(trust=trust_of((TrustPart(SHIFT, 0.9, "Seen so.", 0.1),)))
    assert "GradCAM, mortality" in panel.badge.text()
    assert "90/100" in panel.badge.text()
    for combo, other, back in (
        (panel.method, "gradient", "gradcam"),
        (panel.target, FIVE_YEARS, MORTALITY),
    ):
        choose(combo, other)
        assert panel.badge.text() == "Not checked\nfor this map"
        assert "GradCAM, mortality: 90 of 100" in panel.badge.accessibleDescription()
        choose(combo, back)
        assert "90/100" in panel.badge.text()


def test_the_absolute_scale_does_not_outlive_its_method(session, panel):
    choose(panel.scale, "absolute")
    choose(panel.method, "gradient")
    assert session.state.view.overlay.raw_threshold is None
    assert session.state.view.overlay.threshold == pytest.approx(0.5)


def test_a_signed_map_offers_diverging_colours(session, panel):
    signed = replace(session.state.result.saliency_by("gradient"), method="signed_gradient")
    session.replace(explanations={(MORTALITY.words, "signed_gradient"): signed})
    choose(panel.method, "signed_gradient")
    names = [panel.colour_map.itemData(row) for row in range(panel.colour_map.count())]
    assert names == ["berlin", "managua"]
    choose(panel.colour_map, "managua")
    style = session.state.view.overlay
    assert (style.diverging_map, style.colour_map) == ("managua", "inferno")


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
    assert gradcam.target in panel.legend.accessibleDescription()


def test_the_caption_is_always_there(panel):
    from PySide6.QtWidgets import QLabel

    assert SALIENCY_CAPTION in [label.text() for label in panel.findChildren(QLabel)]


def test_the_legend_is_painted(panel):
    image = panel.legend.grab().toImage()
    colours = {image.pixel(x, image.height() // 2) for x in range(image.width())}
    assert len(colours) > 20
