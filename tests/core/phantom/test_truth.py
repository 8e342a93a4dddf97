import json

import numpy as np
import pytest

from core.phantom.disease import draw_subject
from core.phantom.outcome import draw_outcome, hazards
from core.phantom.plaque import Plaque
from core.phantom.protocol import draw_protocol
from core.phantom.subject import Finding, Vessel
from core.phantom.truth import BITS, TruthMasks, packed, truth_document

AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def some_masks():
    random = np.random.default_rng(0)
    findings = (Finding.HEART, Finding.CORONARY_CALCIUM, Finding.EFFUSION)
    return {finding: random.random((4, 5, 6)) < 0.4 for finding in findings}


def test_masks_that_lie_in_each_other_come_back_as_they_were():
    masks = some_masks()
    truth = TruthMasks(packed(masks, (4, 5, 6)))
    assert set(truth) == set(Finding)
    for finding in Finding:
        expected = masks.get(finding, np.zeros((4, 5, 6), bool))
        assert np.array_equal(truth[finding], expected)


def test_voxels_are_counted_finding_by_finding():
    masks = some_masks()
    counts = TruthMasks(packed(masks, (4, 5, 6))).voxels()
    assert counts == {
        finding: int(masks[finding].sum()) if finding in masks else 0 for finding in Finding
    }


def test_every_finding_has_a_bit_of_its_own_that_int16_holds():
    assert len(set(BITS.values())) == len(Finding)
    assert all(bit.bit_count() == 1 and 0 < bit < 2**15 for bit in BITS.values())


def test_the_labels_refuse_writing():
    labels = TruthMasks(packed(some_masks(), (4, 5, 6))).labels
    with pytest.raises(ValueError, match="read-only"):
        labels[0] = 1


def test_the_document_is_json_with_every_amount_in_it():
    subject = draw_subject(5)
    plaque = Plaque(
        Finding.CORONARY_CALCIUM, Vessel.LAD, (1.0, 2.0, 3.0), (1.0, 1.0, 2.0), AXES, 600.0, 25.0
    )
    outcome = draw_outcome(subject)
    document = json.loads(
        json.dumps(
            truth_document(
                subject,
                draw_protocol(subject),
                plaques=[plaque],
                volumes_ml={Finding.HEART: 612.34567},
                outcome=outcome,
            ),
            allow_nan=False,
        )
    )
    assert document["subject"]["seed"] == 5
    agatston = document["subject"]["diseases"]["coronary_agatston"]
    assert agatston == {v.value: a for v, a in subject.diseases.coronary_agatston.items()}
    assert document["plaques"][0]["vessel"] == "LAD"
    assert document["plaques"][0]["centre_mm"] == [1, 2, 3]
    assert document["volumes_ml"] == {"heart": 612.346}
    assert document["bits"]["heart"] == BITS[Finding.HEART]
    assert document["outcome"]["time_years"] == outcome.time_years
    assert document["hazards_per_year"] == {c.value: h for c, h in hazards(subject).items()}
    assert "Not for diagnosis" in document["notice"]
