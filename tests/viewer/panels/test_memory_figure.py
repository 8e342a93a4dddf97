import os
import subprocess
import sys
from mmap import mmap

import pytest

from viewer.panels.memory_figure import EVERY_MS, MemoryFigure
from viewer.resident_memory import resident_bytes

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
MEGABYTE = 1_000_000


def figure_of(qtbot, child_pid, amounts):
    figure = MemoryFigure(lambda: child_pid, read=amounts.get)
    qtbot.addWidget(figure)
    return figure


@ONLY_LINUX
def test_a_process_that_takes_memory_is_seen_to_have_it():
    before = resident_bytes(os.getpid())
    with mmap(-1, 60 * MEGABYTE) as taken:  # pages of its own, whatever the heap has left
        taken.write(b"1" * len(taken))
        assert resident_bytes(os.getpid()) - before > 50 * MEGABYTE


@ONLY_LINUX
def test_of_a_process_that_is_gone_nothing_is_known():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert resident_bytes(child.pid) is None


def test_the_figure_is_the_sum_and_its_parts_are_told(qtbot):
    figure = figure_of(qtbot, 7, {os.getpid(): 812 * MEGABYTE, 7: 1_534 * MEGABYTE})
    figure.renew()
    assert figure.text() == "Memory 2.3 GB"
    assert figure.toolTip() == "In use: window 0.81 GB, model 1.53 GB"
    assert figure.accessibleDescription() == figure.toolTip()


@pytest.mark.parametrize("child_pid", [None, 8])
def test_without_a_child_it_is_the_window_alone(qtbot, child_pid):
    figure = figure_of(qtbot, child_pid, {os.getpid(): 812 * MEGABYTE})
    figure.renew()
    assert figure.text() == "Memory 0.8 GB"
    assert "model not loaded" in figure.toolTip()


def test_where_the_system_does_not_tell_nothing_is_shown(qtbot):
    figure = figure_of(qtbot, None, {})
    figure.renew()
    assert figure.text() == ""


def test_it_counts_only_while_it_is_seen(qtbot):
    asked = []
    figure = MemoryFigure(lambda: asked.append(1), read=lambda _pid: MEGABYTE)
    qtbot.addWidget(figure)
    assert asked == []
    figure.show()
    assert asked == [1]
    qtbot.waitUntil(lambda: len(asked) == 2, timeout=2 * EVERY_MS)
    figure.hide()
    qtbot.wait(EVERY_MS // 2)
    assert len(asked) == 2
