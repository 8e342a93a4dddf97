import pytest
from PySide6.QtWidgets import QPushButton

from viewer.panels.result_actions import ResultActions


@pytest.fixture
def actions(qtbot, themed):
    row = ResultActions()
    qtbot.addWidget(row)
    return row


def button(actions, title):
    return next(each for each in actions.findChildren(QPushButton) if each.text() == title)


@pytest.mark.parametrize(
    ("title", "signal"),
    [
        ("Export…", "export_requested"),
        ("Export PDF…", "export_pdf_requested"),
        ("Model card…", "card_requested"),
    ],
)
def test_each_button_asks_for_its_own_thing(qtbot, actions, title, signal):
    with qtbot.waitSignal(getattr(actions, signal), timeout=1000):
        button(actions, title).click()


def test_without_a_result_only_the_card_can_be_asked_for(actions):
    actions.enable(has_result=False, has_card=True)
    assert not button(actions, "Export…").isEnabled()
    assert not button(actions, "Export PDF…").isEnabled()
    assert button(actions, "Model card…").isEnabled()
    actions.enable(has_result=True, has_card=True)
    assert button(actions, "Export…").isEnabled()
