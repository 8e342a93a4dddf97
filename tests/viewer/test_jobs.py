import threading
import time

import pytest

from core.bugs import Bug
from core.errors import SeriesError
from viewer.jobs import SHUT_DOWN_PATIENCE_S, JobRunner, JobState
from viewer.messages import MessageLevel, Messages

pytestmark = pytest.mark.usefixtures("nothing_left_running")


@pytest.fixture
def messages(qtbot) -> Messages:
    return Messages()


@pytest.fixture
def runner(messages):
    runner = JobRunner(messages)
    yield runner
    runner.shut_down()


def states_of(runner: JobRunner) -> list[tuple[int, JobState]]:
    """The states of every ticket as they change."""
    seen: list[tuple[int, JobState]] = []

    def note(job) -> None:
        if (job.ticket, job.state) not in seen:
            seen.append((job.ticket, job.state))

    runner.job_changed.connect(note)
    return seen


def wait_for_cancel(progress) -> None:
    """Work that ends only by being cancelled."""
    for _ in range(2000):
        progress.step(0.1, "Waiting")
        time.sleep(0.005)


def test_the_result_arrives_on_the_gui_thread(qtbot, runner):
    heard = []

    def work(progress):
        progress.step(0.5, "Half")
        return threading.current_thread()

    states = states_of(runner)
    job = runner.start(
        "load",
        work,
        on_done=lambda result: heard.append((result, threading.current_thread())),
        label="Reading",
    )
    assert (job.state, job.label) == (JobState.WAITING, "Reading")
    qtbot.waitUntil(lambda: bool(heard))
    worked_on, heard_on = heard[0]
    assert worked_on is not threading.main_thread()
    assert heard_on is threading.main_thread()
    assert states == [(1, JobState.WAITING), (1, JobState.RUNNING), (1, JobState.DONE)]
    assert runner.job("load").state is JobState.DONE


def test_nothing_is_heard_before_the_caller_returns_to_the_event_loop(qtbot, runner):
    heard = []
    runner.start("load", lambda _: 5, on_done=heard.append)
    time.sleep(0.1)
    assert heard == []
    qtbot.waitUntil(lambda: heard == [5])


def test_progress_is_heard_by_the_caller_and_by_the_status_bar(qtbot, runner):
    steps, shown, done = [], [], []
    runner.job_changed.connect(lambda job: shown.append((job.label, job.fraction, job.message)))

    def work(progress):
        progress.step(0.25, "Reading")
        progress.step(0.75, "Sorting")

    runner.start(
        "index",
        work,
        on_done=done.append,
        on_progress=lambda fraction, message: steps.append((fraction, message)),
        label="Looking into the folder",
    )
    qtbot.waitUntil(lambda: bool(done))
    assert (0.25, "Reading") in steps
    assert (0.75, "Sorting") in steps
    assert ("Looking into the folder", 0.75, "Sorting") in shown


def test_the_newest_of_a_group_replaces_the_older(qtbot, runner):
    heard, states = [], states_of(runner)
    first = runner.start("load", wait_for_cancel, on_done=heard.append)
    qtbot.waitUntil(lambda: runner.job("load").state is JobState.RUNNING)
    second = runner.start("load", lambda _: "second", on_done=heard.append)
    qtbot.waitUntil(lambda: heard == ["second"])
    assert (first.ticket, JobState.CANCELLED) in states
    assert (second.ticket, JobState.DONE) in states


def test_a_late_result_of_a_replaced_job_is_dropped(qtbot, runner):
    heard, may_end = [], threading.Event()

    def deaf(_progress):
        may_end.wait(5)
        return "first"

    runner.start("load", deaf, on_done=heard.append)
    runner.start("load", lambda _: "second", on_done=heard.append)
    qtbot.waitUntil(lambda: heard == ["second"])
    may_end.set()
    qtbot.wait(100)
    assert heard == ["second"]


def test_a_result_that_is_already_on_its_way_is_dropped_by_cancel(qtbot, runner):
    heard, worked = [], threading.Event()

    def work(_progress):
        worked.set()

    runner.start("load", work, on_done=heard.append)
    assert worked.wait(5)
    time.sleep(0.05)  # its signal is queued, the event loop has not turned
    runner.cancel("load")
    qtbot.wait(50)
    assert heard == []
    assert runner.job("load").state is JobState.CANCELLED


def test_groups_do_not_disturb_each_other(qtbot, runner):
    heard = []
    runner.start("load", wait_for_cancel, on_done=heard.append)
    runner.start("report", lambda _: "report", on_done=heard.append)
    qtbot.waitUntil(lambda: heard == ["report"])
    assert not runner.job("load").state.is_over


def test_cancel_is_seen_at_once_and_ends_the_work(qtbot, runner):
    ended = threading.Event()

    def work(progress):
        try:
            wait_for_cancel(progress)
        finally:
            ended.set()

    runner.start("load", work, on_done=pytest.fail)
    qtbot.waitUntil(lambda: runner.job("load").state is JobState.RUNNING)
    runner.cancel("load")
    assert runner.job("load").state is JobState.CANCELLED
    assert ended.wait(1)


def test_cancelling_nothing_does_nothing(qtbot, runner):
    states = states_of(runner)
    runner.cancel("load")
    assert states == []


def test_an_error_goes_to_the_caller_if_he_wants_it(qtbot, runner, messages):
    posted, failures = [], []
    messages.posted.connect(posted.append)

    def work(_progress):
        raise SeriesError("Slices are missing.", "Copy the folder anew.")

    runner.start("load", work, on_done=pytest.fail, on_failed=failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    qtbot.wait(20)
    assert isinstance(failures[0], SeriesError)
    assert posted == []
    assert runner.job("load").state is JobState.FAILED


def test_an_error_that_nobody_handles_becomes_a_message(qtbot, runner, messages):
    posted = []
    messages.posted.connect(posted.append)

    def work(_progress):
        raise SeriesError("Slices are missing.", "Copy the folder anew.")

    runner.start("load", work, on_done=pytest.fail)
    qtbot.waitUntil(lambda: bool(posted))
    assert (posted[0].level, posted[0].text) == (MessageLevel.ERROR, "Slices are missing.")


def test_a_bug_is_a_message_with_details(qtbot, runner, messages):
    posted = []
    messages.posted.connect(posted.append)

    def work(_progress):
        return 1 / 0

    runner.start("load", work, on_done=pytest.fail)
    qtbot.waitUntil(lambda: bool(posted))
    assert "ZeroDivisionError" in posted[0].text
    assert "in work: return 1 / 0" in posted[0].details


def test_a_bug_that_the_caller_handles_is_a_bug_to_him(qtbot, runner):
    failures = []
    runner.start("load", lambda _: [][1], on_done=pytest.fail, on_failed=failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0], Bug)


def test_a_job_may_be_started_from_the_end_of_another_of_its_group(qtbot, runner):
    heard = []

    def load(found) -> None:
        runner.start("load", lambda _: found + 1, on_done=heard.append)

    runner.start("load", lambda _: 1, on_done=load)
    qtbot.waitUntil(lambda: heard == [2])


def test_shutting_down_cancels_and_does_not_wait_for_the_deaf(qtbot, messages):
    runner, may_end = JobRunner(messages), threading.Event()
    runner.start("index", wait_for_cancel, on_done=pytest.fail)
    runner.start("load", lambda _: may_end.wait(10), on_done=pytest.fail)
    time.sleep(0.05)
    start_s = time.monotonic()
    runner.shut_down()
    elapsed_s = time.monotonic() - start_s
    may_end.set()
    assert elapsed_s < SHUT_DOWN_PATIENCE_S + 0.5
    assert runner.job("index").state is JobState.CANCELLED
    qtbot.wait(50)
