import logging

import pytest

from core.bugs import Bug
from core.errors import SeriesError
from viewer.messages import WAITING_AT_MOST, Message, MessageLevel, Messages, message_of


@pytest.fixture
def messages(qtbot) -> Messages:
    return Messages()


def note(text: str) -> Message:
    return Message(MessageLevel.NOTE, text)


def test_an_error_becomes_a_message_with_its_remedy_and_nothing_to_copy():
    message = message_of(SeriesError("Slices are missing.", "Copy the folder anew."))
    assert message == Message(MessageLevel.ERROR, "Slices are missing.", "Copy the folder anew.")
    assert message.details == ""


def test_a_bug_becomes_a_message_with_details_to_copy():
    message = message_of(Bug("KeyError", "core/x.py:3 in f"))
    assert message.details == "core/x.py:3 in f"
    assert "KeyError" in message.text


def test_messages_arrive_in_order(qtbot, messages):
    heard = []
    messages.posted.connect(heard.append)
    for text in "abc":
        messages.post(note(text))
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert [each.text for each in heard] == ["a", "b", "c"]


def test_what_was_posted_before_anyone_listened_is_not_lost(qtbot, messages):
    messages.post(note("early"))
    qtbot.wait(20)
    heard = []
    messages.posted.connect(heard.append)
    qtbot.waitUntil(lambda: heard == [note("early")])
    messages.post(note("late"))
    qtbot.waitUntil(lambda: heard == [note("early"), note("late")])


def test_while_nobody_listens_only_the_newest_are_kept(qtbot, messages):
    for number in range(WAITING_AT_MOST + 10):
        messages.post(note(str(number)))
    heard = []
    messages.posted.connect(heard.append)
    qtbot.waitUntil(lambda: len(heard) == WAITING_AT_MOST)
    assert heard[0].text == "10"


def test_every_message_is_logged_with_its_level_but_without_its_details(messages, caplog):
    with caplog.at_level(logging.INFO, logger="thoralens"):
        messages.post_error(Bug("KeyError", "core/x.py:3 in f"))
        messages.post(note("Saved."))
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "KeyError" in caplog.text
    assert "core/x.py" not in caplog.text
