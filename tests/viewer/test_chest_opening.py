from dataclasses import replace

import numpy as np

from core.volume import Volume
from tests.results import HEART_FROM_CENTRE_MM, thorax_volume
from viewer.chest_opening import opened_chest


def value_at(volume: Volume, from_centre_mm: tuple) -> int:
    point = volume.geometry.centre_mm + np.array(from_centre_mm)
    return int(volume.hu[tuple(np.rint(volume.geometry.to_index(point)).astype(int))])


def test_skin_and_muscle_go_while_heart_spine_and_lung_stay():
    whole = thorax_volume()
    opened = opened_chest(whole)
    muscle = (0.0, -80.0, 0.0)
    assert value_at(whole, muscle) > 0
    assert value_at(opened, muscle) < -700  # where the opacity is 0
    assert value_at(opened, tuple(HEART_FROM_CENTRE_MM)) > 0
    assert value_at(opened, (0.0, 75.0, 0.0)) > 200
    assert -950 < value_at(opened, (-72.0, 5.0, 10.0)) < -700


def test_the_table_goes():
    volume = thorax_volume()
    hu = volume.hu.copy()
    hu[:, 93, :] = 600  # 4 mm thick, 20 mm behind the back
    opened = opened_chest(replace(volume, hu=hu))
    assert opened.hu[:, 92:, :].max() < -900


def test_a_scan_without_lungs_stays_as_it_is():
    volume = thorax_volume()
    solid = replace(volume, hu=np.full_like(volume.hu, 40))
    assert opened_chest(solid) is solid
