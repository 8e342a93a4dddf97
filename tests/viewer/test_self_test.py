"""The self test tells the truth: a step that fails is in the verdict and in the exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from viewer.self_test import Driver, StepFailedError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def driver(make_window, tmp_path):
    return Driver(tmp_path, make_window())


@pytest.mark.gui
def test_a_step_that_held_is_timed_and_noted(driver):
    with driver.step("look") as notes:
        driver.check(True, "the sky is blue")
        notes.add("blue")
    assert driver.ok
    report = driver.reports[0]
    assert (report.name, report.ok, report.detail) == ("look", True, "blue")
    assert report.seconds >= 0


@pytest.mark.gui
def test_a_step_that_failed_is_pictured_and_those_after_it_still_run(driver, tmp_path):
    with driver.step("look up"):
        driver.check(False, "the sky is green")
    with driver.step("look down"):
        pass
    driver.write_verdict()
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["ok"] is False
    assert [step["ok"] for step in verdict["steps"]] == [False, True]
    assert "the sky is green" in verdict["steps"][0]["detail"]
    assert (tmp_path / "01_failed_look_up.png").stat().st_size > 0


@pytest.mark.gui
def test_what_is_not_seen_in_time_fails(driver):
    with pytest.raises(StepFailedError, match=r"snow: not seen within 0\.05 s"):
        driver.until(lambda: False, "snow", within_s=0.05)
    assert driver.until(lambda: True, "rain", within_s=1) < 1


@pytest.mark.gui
def test_a_bug_that_is_told_during_a_step_fails_it(driver):
    from core.bugs import Bug

    with driver.step("stumble"):
        driver.window.messages.post_error(Bug("KeyError", "line 12"))
        driver.until(driver.window.message_bar.isVisible, "the message", within_s=5)
    assert not driver.ok
    assert "line 12" in driver.reports[0].detail


def test_no_steps_at_all_is_no_success(make_window, tmp_path):
    assert not Driver(tmp_path, make_window()).ok


@pytest.mark.slow
@pytest.mark.gui
@pytest.mark.timeout(900)
def test_the_whole_self_test_holds_without_a_screen(tmp_path):
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    run = subprocess.run(
        [sys.executable, "-m", "viewer", "--self-test", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key not in hidden},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["ok"]
    assert len(verdict["steps"]) >= 15
    assert all(step["ok"] for step in verdict["steps"])
    assert len(list(tmp_path.glob("*.png"))) >= 10
