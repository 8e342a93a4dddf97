import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless

from core.data.decoding_server import POOL_FROM_SLICES
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, write_series

ROOT = Path(__file__).resolve().parents[3]
AXIAL = STORAGE_ORDERS["axial to the head"]

INDEX_ONLY = """
import sys
from pathlib import Path
from core.data.series_index import index
if {guard}:
    children = Path(f"/proc/self/task/{{__import__('os').getpid()}}/children")
    index(Path(sys.argv[1]), is_read_next={is_read_next})
    print(*children.read_text().split(), flush=True)
    sys.stdin.read()
"""


def scan(folder, count):
    geometry = VolumeGeometry.from_axes((count, 8, 8), (1, 2, 3), AXIAL, (2.5, 40, 40))
    hu = np.arange(count * 64).reshape(count, 8, 8) % 500
    for path in write_series(folder, hu.astype(np.int16), geometry):
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    return folder


def started(tmp_path, folder, *, guard="__name__ == '__main__'", is_read_next=True):
    """A program that indexes a folder, and the servers among its child processes."""
    script = tmp_path / "program.py"
    script.write_text(INDEX_ONLY.format(guard=guard, is_read_next=is_read_next))
    program = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        text=True,
    )
    children = program.stdout.readline().split()
    return program, [child for child in children if "forkserver" in command_line(child)]


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize("ending", ["leaves", "is killed"])
def test_an_index_of_many_compressed_slices_starts_one_server_that_ends_with_the_program(
    tmp_path, ending
):
    program, servers = started(tmp_path, scan(tmp_path / "scan", POOL_FROM_SLICES))
    assert len(servers) == 1
    with program:
        program.kill() if ending == "is killed" else program.stdin.close()
    end = time.monotonic() + 30
    while command_line(servers[0]) and time.monotonic() < end:
        time.sleep(0.05)
    assert not command_line(servers[0])


@pytest.mark.parametrize(("missing", "is_read_next"), [(1, True), (0, False)])
def test_too_few_slices_or_nothing_to_read_start_none(tmp_path, missing, is_read_next):
    folder = scan(tmp_path / "scan", POOL_FROM_SLICES - missing)
    program, servers = started(tmp_path, folder, is_read_next=is_read_next)
    with program:
        program.stdin.close()
    assert not servers


def test_a_program_without_a_guard_does_not_start_servers_without_end(tmp_path):
    """The server imports the program again, which then indexes again."""
    program, servers = started(tmp_path, scan(tmp_path / "scan", POOL_FROM_SLICES), guard="True")
    with program:
        time.sleep(1.0)
        grandchildren = Path(f"/proc/{servers[0]}/task/{servers[0]}/children")
        assert not grandchildren.exists() or not grandchildren.read_text()
        program.stdin.close()
