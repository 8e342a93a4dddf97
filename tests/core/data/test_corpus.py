import json
from collections import Counter

import numpy as np
import pytest

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of
from core.data.read_series import read, read_with_report
from core.data.series_index import index
from core.report.index_listing import index_document
from tests.corpus import CASES, PLANTED_ID, PLANTED_NAME, hu, write_large_folder


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request):
    return request.param


def verdicts(record):
    fitness = fitness_of(record)
    return tuple(each.level for each in (fitness.view, fitness.model, fitness.calcium))


def test_the_verdict_is_exactly_the_written_one(case, tmp_path):
    folder = tmp_path / "scan"
    case.build(folder)
    found = index(folder)
    said = [(record.slice_count, *verdicts(record)) for record in found.series]
    written = [(each.slices, each.view, each.model, each.calcium) for each in case.series]
    assert Counter(said) == Counter(written), _explain(found)
    for record, expected in zip(found.series, case.series, strict=True):
        text = _reasons(record)
        for word in expected.words:
            assert word.lower() in text.lower(), text
    _assert_listed(found, case.listed)
    document = json.dumps(index_document(found, {r.uid: fitness_of(r) for r in found.series}))
    assert PLANTED_NAME not in document
    assert PLANTED_ID not in document
    if case.hu_is_exact:
        np.testing.assert_array_equal(read(found.series[0]).hu, hu())
    if case.quarantined:
        _assert_put_aside(found.series[0], case.quarantined)


def _assert_put_aside(record, words):
    """The rest is read, and where the slices would lie nothing is shown."""
    result = read_with_report(record)
    assert len(result.quarantined) == len(words)
    for each, word in zip(result.quarantined, words, strict=True):
        assert word in each.reason
        assert each.path.name not in each.reason
    assert result.volume.missing_slices == (20,)
    present = np.arange(64) != 20
    np.testing.assert_array_equal(result.volume.hu[present], hu()[present])
    assert (result.volume.hu[20] == -1024).all()


def _reasons(record):
    fitness = fitness_of(record)
    verdicts_ = (fitness.view, fitness.model, fitness.calcium)
    return " ".join(reason.text for verdict in verdicts_ for reason in verdict.reasons)


def _explain(found):
    return [
        *(f"{r.slice_count}: {verdicts(r)} {_reasons(r)}" for r in found.series),
        *Counter(each.reason for each in found.unreadable).items(),
    ]


def _assert_listed(found, words):
    """Every file that is in no series has a reason, and each written word stands in one."""
    reasons = [each.reason for each in found.unreadable]
    assert len(reasons) == len(words), _explain(found)
    for word in sorted(words, key=len, reverse=True):
        match = next((reason for reason in reasons if word.lower() in reason.lower()), None)
        assert match is not None, (word, reasons)
        reasons.remove(match)


@pytest.mark.slow
def test_the_300_slices_among_10_000_files_are_found_and_the_rest_is_accounted_for(tmp_path):
    others = write_large_folder(tmp_path)
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [300]
    assert verdicts(found.series[0])[0] == Level.PASS
    reasons = Counter(each.reason for each in found.unreadable)
    assert sum(others.values()) + 300 == 10_000
    for word, count in others.items():
        assert sum(n for reason, n in reasons.items() if word in reason) == count, reasons
