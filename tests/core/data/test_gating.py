"""Whether the ECG triggered a scan, from headers as scanners write them."""

import numpy as np
import pytest

from core.data.gating import is_gated
from core.data.nifti import write_nifti
from core.data.series_index import index
from tests.core.calcium.blocks import scan
from tests.phantoms import write_series


def record_of(folder, **tags):
    volume = scan([], shape=(4, 8, 8))
    write_series(folder, volume.hu, volume.geometry, **tags)
    (record,) = index(folder).series
    return record


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        ({"CardiacSynchronizationTechnique": "NONE"}, False),
        ({"CardiacSynchronizationTechnique": "PROSPECTIVE"}, True),
        ({"CardiacSynchronizationTechnique": "RETROSPECTIVE"}, True),
        ({"CardiacSynchronizationTechnique": "NONE", "HeartRate": 60}, False),
        ({"CardiacSynchronizationTechnique": ""}, None),
        ({"TriggerTime": "412.5"}, True),
        ({"TriggerTime": "0"}, None),
        ({"NominalPercentageOfCardiacPhase": 75.0}, True),
        ({"HeartRate": 0}, None),
    ],
)
def test_the_header_says_whether_the_ecg_triggered_the_scan(tmp_path, tags, expected):
    assert is_gated(record_of(tmp_path / "series", **tags)) is expected


def test_a_volume_file_does_not_say(tmp_path):
    volume = scan([], shape=(4, 8, 8))
    write_nifti(tmp_path / "scan.nii.gz", volume.hu.astype(np.int16), volume.geometry)
    (record,) = index(tmp_path).series
    assert is_gated(record) is None


def test_a_file_that_is_gone_does_not_say(tmp_path):
    record = record_of(tmp_path / "series", CardiacSynchronizationTechnique="PROSPECTIVE")
    for path in (tmp_path / "series").iterdir():
        path.unlink()
    assert is_gated(record) is None
