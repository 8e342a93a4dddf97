"""The Qt binding keeps Python's singletons alive (PySide6 6.12.0 on Python 3.11 did not)."""

import subprocess
import sys

CODE = """
import sys
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Sender(QObject):
    sent = Signal(int)

application = QApplication([])
sender, label = Sender(), QLabel("text")
sender.sent.connect(lambda number: None)
label.show()
before = sys.getrefcount(True), sys.getrefcount(None)
for number in range(5000):
    sender.sent.emit(number)
    if number % 50 == 0:
        label.grab()
after = sys.getrefcount(True), sys.getrefcount(None)
sys.exit(min(b - a for a, b in zip(before, after, strict=True)) < -50)
"""


def test_five_thousand_signals_and_a_hundred_pictures_lose_no_reference_of_true_or_none():
    run = subprocess.run([sys.executable, "-c", CODE], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
