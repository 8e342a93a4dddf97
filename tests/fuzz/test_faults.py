"""Every fault that the fuzzer found stays here as a tiny file: "<seed>, <what it did>.bin"."""

from pathlib import Path

import pytest

from tests.fuzz.mutations import Mutator, apply
from tests.fuzz.reading import Intake, take_in
from tests.fuzz.seeds import all_seeds

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.bin"))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return all_seeds(tmp_path_factory.mktemp("seeds"), None)


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_file_that_once_broke_the_intake_is_read_or_refused(seeds, tmp_path, path):
    seed = seeds[path.name.partition(",")[0]]
    folder = Intake(seeds, tmp_path).folder_of(seed.name, ())
    (folder / seed.file_name).write_bytes(seed.pack(path.read_bytes()))
    assert take_in(folder)["outcome"] in ("read", "listed")


def test_there_are_faults_to_look_at():
    assert FAULTS


def test_every_seed_without_damage_is_read(seeds, tmp_path):
    intake = Intake(seeds, tmp_path)
    for name in seeds:
        assert take_in(intake.folder_of(name, ()))["outcome"] == "read", name


def test_the_same_number_draws_the_same_mutant(seeds):
    one, other = Mutator(seeds), Mutator(seeds)
    for number in range(50):
        name, operations = one.draw(5, number)
        assert (name, operations) == other.draw(5, number)
        assert apply(seeds[name].content, operations) is not None


def test_operations_change_the_bytes_as_they_say():
    operations = (("set", 1, "ff"), ("insert", 0, "0102"), ("delete", 3, "1"), ("truncate", 4, ""))
    assert apply(b"\x0a\x0b\x0c\x0d", operations) == b"\x01\x02\x0a\x0c"
