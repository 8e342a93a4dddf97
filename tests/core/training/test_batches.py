"""Batches come in the order asked for, the same whatever the number of workers."""

import numpy as np
import pytest
import torch

from core.models.architectures import architecture
from core.training.augmentation import Augmentation
from core.training.batches import ScanReader, Wanted
from core.training.input_cache import InputCache

SHAPE = (8, 8, 8)
DESCRIBED = architecture("D").card.input.model_copy(update={"shape": SHAPE})


@pytest.fixture
def cache(tmp_path):
    made = InputCache(tmp_path, DESCRIBED)
    for number in range(12):
        made.write(f"k{number}", np.full(SHAPE, 20 * number, np.uint8))
    return made


def wanted(*numbers, place=None):
    return [Wanted(f"k{n}", None if place is None else (place, n)) for n in numbers]


def test_batches_come_in_order_with_intensities_0_to_1(cache):
    reader = ScanReader(cache, SHAPE, None, workers=3)
    batches = list(reader.batches([wanted(3, 1), wanted(0, 11), wanted(5), wanted(7, 8)]))
    assert [tuple(batch.shape) for batch in batches] == [
        (2, 1, *SHAPE), (2, 1, *SHAPE), (1, 1, *SHAPE), (2, 1, *SHAPE),
    ]  # fmt: skip
    firsts = torch.cat([batch[:, 0, 0, 0, 0] for batch in batches]) * 255 / 20
    torch.testing.assert_close(firsts, torch.tensor([3.0, 1, 0, 11, 5, 7, 8]))


def test_the_number_of_workers_changes_no_bit(cache):
    asked = [wanted(*range(6), place=1), wanted(*range(6, 12), place=2)]
    one, many = (
        torch.cat(list(ScanReader(cache, SHAPE, Augmentation(), workers).batches(asked)))
        for workers in (1, 4)
    )
    assert torch.equal(one, many)


def test_scans_that_name_no_place_stay_as_they_are(cache):
    reader = ScanReader(cache, SHAPE, Augmentation(), workers=1)
    (plain,) = reader.batches([wanted(5)])
    (changed,) = reader.batches([wanted(5, place=1)])
    assert torch.all(plain == plain.flatten()[0])
    assert not torch.equal(plain, changed)


def test_a_reader_that_is_not_read_to_its_end_stops(cache):
    batches = ScanReader(cache, SHAPE, None, workers=2).batches([wanted(n) for n in range(12)])
    next(batches)
    batches.close()
