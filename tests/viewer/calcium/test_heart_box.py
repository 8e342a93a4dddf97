"""A box round the heart, where nothing tells where the heart is."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.calcium.within import is_inside
from core.views.planes import Plane
from tests.viewer.calcium.small_scan import (
    DENSE,
    DENSE_POINTS,
    FAINT,
    MILD,
    MILD_POINTS,
    small_scan,
)
from viewer.calcium.heart_box import box_between, corners_mm
from viewer.calcium.state import Tool
from viewer.self_test_hands import picture_of

pytestmark = pytest.mark.gui
ROUND_TWO = ((5, 15, 15), (5, 30, 47))
"""Corners round DENSE and MILD."""


def draw(hands, qtbot, corners=ROUND_TWO):
    hands.press(Qt.Key.Key_B)
    hands.drag(corners)
    qtbot.waitUntil(lambda: hands.state.tool is Tool.CLICK)


@pytest.mark.parametrize("order", [1, -1])
def test_a_box_holds_what_lies_between_its_corners_in_every_slice(order):
    geometry = small_scan().geometry
    corners = [geometry.to_patient(each) for each in ((5, 9.6, 19.6), (5, 30.4, 40.4))][::order]
    box = box_between(geometry, *(tuple(each) for each in corners))
    inside = is_inside(np.argwhere(np.ones(geometry.shape, bool)), geometry, box)
    held = np.argwhere(inside.reshape(geometry.shape))
    assert held.min(axis=0).tolist() == [0, 10, 20]
    assert held.max(axis=0).tolist() == [11, 30, 40]
    reach = geometry.to_index(corners_mm(box))
    assert np.allclose(reach.min(axis=0), (-0.5, 9.6, 19.6))
    assert np.allclose(reach.max(axis=0), (11.5, 30.4, 40.4))


def test_the_second_reader_looks_in_the_box_alone_and_the_score_stays(hands, qtbot):
    hands.click(FAINT)
    total = hands.total()
    draw(hands, qtbot)
    assert [each.agatston for each in hands.state.left_over] == pytest.approx(
        [DENSE_POINTS, MILD_POINTS]
    )
    assert "in the box: 2" in hands.window.calcium.panel.second.heading.text()
    assert hands.total() == total
    draw(hands, qtbot, ((5, 15, 35), (5, 30, 47)))
    assert [each.agatston for each in hands.state.left_over] == pytest.approx([MILD_POINTS])
    draw(hands, qtbot, ((5, 2, 2), (5, 8, 8)))
    assert hands.state.left_over == (), "an empty box holds nothing"


def test_what_lies_beside_the_box_is_dimmed_and_can_still_be_clicked(hands, qtbot):
    draw(hands, qtbot)
    assert hands.state.case.in_heart.part_at(DENSE) is not None
    assert hands.state.case.in_heart.part_at(FAINT) is None
    hands.click(FAINT)
    assert hands.vessels() == {"LAD": 1}


def test_a_change_of_rule_keeps_the_box(hands, qtbot):
    draw(hands, qtbot)
    menu = hands.window.calcium.panel.rule.rules
    menu.setCurrentIndex(2)
    qtbot.waitUntil(lambda: hands.state.reading.rule.is_modified)
    assert len(hands.state.left_over) == 2


@pytest.mark.parametrize("plane", Plane)
def test_the_box_is_seen_in_every_plane(hands, qtbot, plane):
    hands.at((5, 50, 30))
    view = hands.window.views.slices[plane]
    before = picture_of(view)
    draw(hands, qtbot)
    hands.move_to((5, 50, 30))
    assert (picture_of(view) != before).sum() > 100


def test_where_a_heart_was_found_no_box_is_drawn(hands):
    button = hands.window.calcium.panel.hand.tools[Tool.BOX]
    assert button.isVisible()
    case = hands.state.case
    found = replace(case, heart=case.barrier)
    hands.window.session.replace(calcium=replace(hands.state, case=found))
    assert not button.isVisible()
    hands.press(Qt.Key.Key_B)
    assert hands.state.tool is Tool.CLICK


def test_a_box_of_a_click_is_no_box(hands):
    hands.press(Qt.Key.Key_B)
    hands.click(MILD)
    assert hands.state.box is None
    assert hands.vessels() == {}
