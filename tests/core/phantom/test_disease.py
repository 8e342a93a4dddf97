"""People of a screening trial: the same for a seed, plausible as a crowd."""

import numpy as np
import pytest

from core.phantom.disease import AGES_YEARS, PACK_YEARS, draw_subject
from core.phantom.subject import Sex, Subject

CROWD = 3000


@pytest.fixture(scope="module")
def crowd() -> list[Subject]:
    return [draw_subject(seed) for seed in range(CROWD)]


def test_a_seed_gives_one_person() -> None:
    assert draw_subject(7) == draw_subject(7)
    assert draw_subject(7) != draw_subject(8)


def test_streams_of_chance_hang_on_seed_and_name() -> None:
    subject = Subject(seed=5)
    first = subject.random("noise").integers(0, 2**32, 4)
    assert np.array_equal(first, subject.random("noise").integers(0, 2**32, 4))
    assert not np.array_equal(first, subject.random("vessels").integers(0, 2**32, 4))
    assert not np.array_equal(first, Subject(seed=6).random("noise").integers(0, 2**32, 4))


def test_everybody_could_have_joined_the_trial(crowd: list[Subject]) -> None:
    assert all(AGES_YEARS[0] <= each.age_years <= AGES_YEARS[1] for each in crowd)
    assert all(PACK_YEARS[0] <= each.pack_years <= PACK_YEARS[1] for each in crowd)
    men = np.mean([each.sex is Sex.MALE for each in crowd])
    assert men == pytest.approx(0.59, abs=0.03)  # NLST: 59 % men


def test_amounts_stay_within_what_the_painters_can_draw(crowd: list[Subject]) -> None:
    for each in crowd:
        sick = each.diseases
        assert 0 <= sick.centrilobular + sick.panlobular <= 0.5
        assert 0 <= sick.fibrosis <= 0.30
        assert 1 <= sick.heart_scale <= 1.5
        assert 50 <= sick.vertebral_hu <= 230
        assert 0.5 <= sick.muscle <= 1.1
        assert 0 <= sick.nodule_mm <= 50
        assert all(0 <= ml <= 600 for ml in sick.effusion_ml)
        assert 0 <= sick.total_agatston <= 2501


def test_calcium_is_commoner_in_men_and_in_the_old(crowd: list[Subject]) -> None:
    def share(chosen: list[Subject]) -> float:
        return float(np.mean([each.diseases.total_agatston > 0 for each in chosen]))

    men = [each for each in crowd if each.sex is Sex.MALE]
    women = [each for each in crowd if each.sex is Sex.FEMALE]
    assert 0.65 < share(men) < 0.85
    assert 0.40 < share(women) < 0.65
    assert share([each for each in crowd if each.age_years > 66]) > share(
        [each for each in crowd if each.age_years < 60]
    )


def test_the_artery_in_front_holds_about_half_of_the_calcium(crowd: list[Subject]) -> None:
    total = sum(each.diseases.total_agatston for each in crowd)
    lad = sum(each.diseases.coronary_agatston.get("LAD", 0.0) for each in crowd)  # type: ignore[call-overload]
    assert lad / total == pytest.approx(0.5, abs=0.06)


def test_bone_and_muscle_are_lost_with_age(crowd: list[Subject]) -> None:
    age = [each.age_years for each in crowd]
    assert np.corrcoef(age, [each.diseases.vertebral_hu for each in crowd])[0, 1] < -0.2
    assert np.corrcoef(age, [each.diseases.muscle for each in crowd])[0, 1] < -0.2


def test_women_have_breasts_and_smaller_chests(crowd: list[Subject]) -> None:
    women = [each.build for each in crowd if each.sex is Sex.FEMALE]
    men = [each.build for each in crowd if each.sex is Sex.MALE]
    assert all(build.breast >= 0.3 for build in women)
    assert all(build.breast == 0 for build in men)
    assert np.mean([b.height for b in women]) < np.mean([b.height for b in men])
