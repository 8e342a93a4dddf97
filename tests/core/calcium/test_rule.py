"""The rule's edges are exact."""

import pytest

from core.calcium.rule import LOW_KVP_RULES, STANDARD, Rule


@pytest.mark.parametrize(
    ("max_hu", "weight"),
    [(129, 0), (130, 1), (199, 1), (200, 2), (299, 2), (300, 3), (399, 3), (400, 4), (3000, 4)],
)
def test_weights_change_exactly_at_the_published_values(max_hu, weight):
    assert STANDARD.weights(max_hu) == weight


def test_only_the_published_rule_is_not_modified():
    assert not STANDARD.is_modified
    assert Rule(connectivity=4).is_modified
    assert Rule(least_area_mm2=0.5).is_modified
    assert all(rule.is_modified for rule in LOW_KVP_RULES.values())


def test_both_published_tables_for_80_kvp_are_offered_by_name():
    cut_points = {rule.cut_points_hu for rule in LOW_KVP_RULES.values() if rule.kvp == 80}
    assert cut_points == {(177, 271, 408, 544), (167, 266, 408, 551)}


@pytest.mark.parametrize(
    "wrong",
    [{"connectivity": 6}, {"cut_points_hu": (130, 130, 300, 400)}, {"least_area_mm2": -1.0}],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must"):
        Rule(**wrong)
