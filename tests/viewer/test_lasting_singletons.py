import subprocess
import sys

import pytest

from viewer.lasting_singletons import EXTRA_REFERENCES, IMMORTAL_FROM, make_singletons_last

PROGRAM = """
{first}
from PySide6.QtCore import QObject, Signal, QTimer
class Bell(QObject):
    rang = Signal(object)
bell, timer = Bell(), QTimer()
for _ in range(20_000):
    bell.rang.emit(None)
    timer.stop()
print("alive")
"""


def test_importing_the_viewer_lets_twenty_thousand_signals_pass():
    program = PROGRAM.format(first="import viewer")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


@pytest.mark.skipif(sys.version_info >= IMMORTAL_FROM, reason="Python keeps them itself")
def test_references_are_added_once():
    for singleton in (None, True, False):
        assert EXTRA_REFERENCES // 2 < sys.getrefcount(singleton) < 2 * EXTRA_REFERENCES
    make_singletons_last()
    assert sys.getrefcount(None) < 2 * EXTRA_REFERENCES
