from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import ReportError
from core.whole_file import write_whole


def test_an_old_file_is_replaced(tmp_path):
    path = tmp_path / "result.json"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing_half_written(tmp_path):
    path = tmp_path / "report.pdf"
    path.mkdir()
    (path / "kept").touch()
    with pytest.raises(ReportError, match=r"report\.pdf could not be written"):
        write_whole(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
    assert (path / "kept").exists()


def test_a_missing_folder_is_told_without_its_path(tmp_path):
    with pytest.raises(ReportError) as caught:
        write_whole(tmp_path / "secret-name" / "a.json", b"")
    assert "secret-name" not in str(caught.value)


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    path = tmp_path / "f"
    contents = [bytes([number]) * 100_000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_whole(path, content), contents))
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]
