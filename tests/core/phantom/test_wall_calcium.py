import numpy as np
import pytest

from core.phantom.disease import draw_subject
from core.phantom.frame import to_reference
from core.phantom.great_vessels import Trunk, great_vessels
from core.phantom.subject import Build, Diseases, Finding, Subject
from core.phantom.wall_calcium import aortic_plaques, valve_plaques
from tests.core.phantom.calcium_scans import scanned


def sick(**amounts):
    return Subject(4, build=Build(width=0.95, height=0.97), diseases=Diseases(**amounts))


@pytest.mark.parametrize("volume_mm3", [20.0, 150.0, 900.0, 2500.0])
def test_plaques_have_the_intended_volume(volume_mm3):
    found = aortic_plaques(sick(aortic_calcium_mm3=volume_mm3))
    assert sum(each.volume_mm3 for each in found) == pytest.approx(volume_mm3, rel=1e-3)
    found = valve_plaques(sick(valve_calcium_mm3=volume_mm3))
    assert sum(each.volume_mm3 for each in found) == pytest.approx(volume_mm3, rel=1e-3)


def test_plaques_of_the_aorta_lie_in_its_wall_and_flat_on_it():
    subject = sick(aortic_calcium_mm3=1500.0)
    tube = great_vessels(subject)[Trunk.AORTA]
    found = aortic_plaques(subject)
    assert len(found) > 5
    for plaque in found:
        centre = to_reference(plaque.centre_mm, subject.build)
        apart = np.linalg.norm(tube.path_mm - centre, axis=1)
        nearest = apart.argmin()
        assert apart[nearest] == pytest.approx(tube.radii_mm[nearest], abs=1.2)
        outward = to_reference(plaque.axes[2], subject.build)
        assert abs(outward @ (centre - tube.path_mm[nearest])) > 0.9 * apart[nearest] * 0.9
        assert plaque.radii_mm[2] < plaque.radii_mm[1] < plaque.radii_mm[0]


def test_the_ascending_aorta_stays_free():
    """Its plaques lie along arch and descending aorta, away from the coronary arteries."""
    for seed in range(5):
        found = aortic_plaques(Subject(seed, diseases=Diseases(aortic_calcium_mm3=1500.0)))
        assert all(each.centre_mm[1] > -8 or each.centre_mm[2] > 25 for each in found)


def test_calcium_of_the_valve_lies_in_the_root_of_the_aorta():
    subject = sick(valve_calcium_mm3=300.0)
    root = great_vessels(subject)[Trunk.AORTA].path_mm[:5]
    for plaque in valve_plaques(subject):
        centre = to_reference(plaque.centre_mm, subject.build)
        assert np.linalg.norm(root - centre, axis=1).min() < 14


def test_painted_plaques_have_about_the_intended_volume():
    """In mm3 of calcium: each voxel of the mask counts by more than a quarter of itself."""
    _, masks = scanned(Subject(2, diseases=Diseases(valve_calcium_mm3=250.0)), 1.0)
    assert list(masks) == [Finding.VALVE_CALCIUM]
    volume_mm3 = masks[Finding.VALVE_CALCIUM].sum() * 0.74**2
    assert 250 < volume_mm3 < 450


def test_amounts_of_none_are_no_plaques():
    assert aortic_plaques(Subject(1)) == valve_plaques(Subject(1)) == ()


def test_densities_are_those_of_calcium():
    for seed in range(30):
        subject = draw_subject(seed)
        for plaque in aortic_plaques(subject) + valve_plaques(subject):
            assert 200 <= plaque.hu <= 1200
            assert min(plaque.radii_mm) > 0.3
