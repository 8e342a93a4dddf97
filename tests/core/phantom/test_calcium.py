from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from core.calcium.candidates import find_candidates
from core.phantom.calcium import plaques
from core.phantom.disease import draw_subject
from core.phantom.protocol import Protocol
from core.phantom.scanner import image
from core.phantom.subject import Diseases, Finding, Subject
from core.progress import Silent
from core.voxel_runs import voxels_of
from tests.core.phantom.calcium_scans import with_agatston

ALL = Diseases(
    coronary_agatston=draw_subject(11).diseases.coronary_agatston,
    aortic_calcium_mm3=300.0,
    valve_calcium_mm3=100.0,
)


def test_a_person_has_plaques_of_all_three_kinds_always_the_same():
    found = plaques(Subject(3, diseases=ALL))
    assert {each.finding for each in found} == {
        Finding.CORONARY_CALCIUM,
        Finding.AORTIC_CALCIUM,
        Finding.VALVE_CALCIUM,
    }
    assert plaques(Subject(3, diseases=ALL)) == found
    assert plaques(Subject(4, diseases=ALL)) != found


def test_other_diseases_move_no_plaque():
    found = plaques(Subject(3, diseases=ALL))
    sicker = replace(ALL, centrilobular=0.2, fibrosis=0.1, nodule_mm=20.0, vertebral_hu=80.0)
    assert plaques(Subject(3, diseases=sicker)) == found


def test_a_healthy_person_has_none():
    assert plaques(Subject(1)) == ()


@pytest.mark.slow
@pytest.mark.parametrize(("increment_mm", "slices"), [(3.0, 100), (1.0, 180)])
def test_a_whole_scan_of_a_person_scores_as_intended(increment_mm, slices):
    """Lesions that meet the mask of coronary calcium, in a gated scan without noise."""
    protocol = Protocol(
        noise_hu=0.0,
        slice_thickness_mm=increment_mm,
        increment_mm=increment_mm,
        slices=slices,
        gated=True,
    )
    scan = image(with_agatston(350, 21), protocol, Silent())
    near = binary_dilation(scan.truth[Finding.CORONARY_CALCIUM], np.ones((3, 5, 5)))
    found = find_candidates(scan.volume)
    voxel_lesion = np.repeat(found.lesion_of_part[found.parts.of_run], found.runs.lengths)
    coronary = np.unique(voxel_lesion[near[tuple(voxels_of(found.runs).T)]])
    assert found.agatston[coronary].sum() == pytest.approx(350, rel=0.15)
