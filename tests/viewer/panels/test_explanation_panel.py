"""What stands behind the map: shares, trust, answers, as the panel tells them."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar

from core.prognosis import FAR_FROM_TRAINING
from core.saliency.influence import Influence
from core.saliency.map_trust import PART_TITLES, TrustPart, trust_of
from core.saliency.targets import MORTALITY, Target
from tests.results import ORGAN_SHARE, example_result
from viewer.influence_words import influence_sentence
from viewer.panels.explanation_panel import SETTLED_AFTER_MS, ExplanationPanel
from viewer.panels.organ_share_chart import OrganShareChart
from viewer.panels.trust_badge import WIDTH_PX, TrustBadge
from viewer.session import Session

FIVE_YEARS = Target("horizon", 5.0)
HERE = Influence((1.0, 2.0, 3.0), 20.0, FIVE_YEARS, 0.312, 0.298, -0.014, -0.07, 0.002, False)
QUIET = replace(HERE, target=MORTALITY, after=0.3121, change=0.0001, point_mm=(4.0, 5.0, 6.0))
OUTSIDE = replace(HERE, after=0.312, change=0.0, change_logit=0.0, repeat_noise=0.0, outside=True)
PADDED_PX = 16  # padding and edges of the badge in the style sheet


def trust(value):
    return trust_of(tuple(TrustPart(name, value, "Seen so.", 0.5) for name in PART_TITLES))


@pytest.fixture
def session():
    request, result = example_result()
    session = Session()
    view = replace(session.state.view, overlay_method="gradient")
    session.replace(volume=request.volume, series=request.series, result=result, view=view)
    return session


@pytest.fixture
def panel(qtbot, session):
    panel = ExplanationPanel(session)
    qtbot.addWidget(panel)
    panel.resize(372, 700)
    panel.show()
    return panel


def texts(panel):
    QApplication.processEvents()  # what was just added to a layout is not visible before
    return "\n".join(each.text() for each in panel.findChildren(QLabel) if each.isVisible())


def test_without_a_result_only_one_sentence_is_shown(session, panel):
    session.replace(result=None)
    assert "Run a model first" in texts(panel)
    assert not panel.shares.isVisible()


def test_the_chart_shows_the_shares_of_the_map_in_view(session, panel):
    assert dict(panel.shares.shares)["Heart"] == ORGAN_SHARE["heart"]
    assert "Heart: 38 %" in panel.shares.accessibleDescription()
    session.show(replace(session.state.view, overlay_method="gradcam"))
    assert dict(panel.shares.shares)["Vertebrae"] == 0.0
    session.show(replace(session.state.view, overlay_method="occlusion"))
    assert panel.shares.isHidden()


def test_shares_of_a_later_map_are_found_by_its_target_and_method(session, panel):
    later = replace(session.state.result.saliency_by("gradcam"), target=FIVE_YEARS.words)
    key = (FIVE_YEARS.words, "gradcam")
    view = replace(session.state.view, target=FIVE_YEARS, overlay_method="gradcam")
    session.replace(explanations={key: later}, organ_share={key: {"heart": 1.0}}, view=view)
    assert panel.shares.shares == (("Heart", 1.0),)


def test_the_longest_bar_belongs_to_the_largest_share(qtbot):
    chart = OrganShareChart()
    qtbot.addWidget(chart)
    chart.resize(300, 100)
    chart.show_shares({"heart": 0.6, "left lung": 0.3, "outside the body": 0.0})
    chart.show()
    picture = chart.grab().toImage()
    pixels = [[picture.pixelColor(x, y) for x in range(picture.width())] for y in (10, 30, 50)]
    blue = [sum(p.blue() > 200 and p.red() < 140 for p in row) for row in pixels]
    assert blue[0] == pytest.approx(2 * blue[1], rel=0.15)
    assert blue[2] == 0


@pytest.mark.parametrize(
    ("value", "mark", "word"),
    [(0.9, "✓", "consistent"), (0.5, "!", "doubtful"), (0.1, "✕", "not trustworthy")],
)
def test_the_badge_tells_the_score_with_a_mark_and_a_word(qtbot, themed, value, mark, word):
    badge = TrustBadge()
    qtbot.addWidget(badge)
    badge.show_trust(trust(value), checking=False)
    assert mark in badge.text()
    assert f"{round(100 * value)}/100" in badge.text()
    assert word in badge.text()
    badge.ensurePolished()
    lines = badge.text().split("\n")
    assert max(map(badge.fontMetrics().horizontalAdvance, lines)) <= WIDTH_PX - PADDED_PX
    for title in PART_TITLES.values():
        assert title in badge.accessibleDescription()


def test_while_the_maps_are_checked_badge_and_page_say_so(qtbot, panel):
    badge = TrustBadge()
    qtbot.addWidget(badge)
    badge.show_trust(None, checking=True)
    panel.show_checking(True)
    assert "Checking" in badge.text()
    assert "Checking the maps" in texts(panel)


def test_every_check_is_shown_with_its_value(session, panel):
    session.replace(trust=trust(0.71))
    told = texts(panel)
    assert "Trust 71 of 100: consistent" in told
    assert told.count("0.71") == len(PART_TITLES)
    for title in PART_TITLES.values():
        assert title in told


def test_the_page_below_the_chart_stays_in_its_place_while_a_map_is_computed(session, panel):
    session.replace(trust=trust(0.71))
    QApplication.processEvents()
    bars, height = panel.findChildren(QProgressBar), panel.shares.height()
    place = panel.trust.mapTo(panel, QPoint())
    view = session.state.view
    session.show(replace(view, overlay_method="occlusion"))  # not computed yet
    QApplication.processEvents()
    assert panel.shares.isHidden()
    assert panel.trust.mapTo(panel, QPoint()) == place
    session.show(view)
    panel.show_checking(False)
    QApplication.processEvents()
    assert panel.shares.height() == height
    assert panel.findChildren(QProgressBar) == bars  # the same, not others like them


def test_the_sentence_of_an_answer_has_every_number():
    assert influence_sentence(HERE) == (
        "Replacing 20 mm here by its surroundings changes the 5-year risk from 31.2 % to 29.8 % "
        "(−1.4 points; repeat noise 0.2 points)."
    )


@pytest.mark.parametrize(
    ("change", "noise", "is_change"),
    [
        (-0.014, 0.002, True),
        (0.0041, 0.002, True),
        (0.004, 0.002, False),
        (0.003, 0.002, False),
        (0.00049, 0.0002, True),
        (0.000404, 0.0002, False),  # 0.040 against 0.020, as they are written
        (0.000008, 0.0000045, False),  # 0.001 against 0.000, as they are written
        (0.0, 0.0, False),
    ],
)
def test_only_more_than_twice_the_noise_is_called_a_change(change, noise, is_change):
    sentence = influence_sentence(replace(HERE, change=change, repeat_noise=noise))
    assert ("not a change" in sentence) != is_change


def test_of_a_scan_far_from_the_training_scans_only_the_change_is_told():
    near, far = influence_sentence(HERE), influence_sentence(HERE, is_far=True)
    assert " from " in near
    assert " from " not in far.removesuffix(FAR_FROM_TRAINING)
    assert far.endswith(FAR_FROM_TRAINING)
    assert "points; repeat noise" in far


def test_a_change_within_the_noise_is_called_so():
    assert influence_sentence(QUIET).endswith("No more than twice the repeat noise: not a change.")
    assert "mortality probability" in influence_sentence(QUIET)


def test_a_place_outside_the_models_region_gets_no_number():
    assert "outside the region" in influence_sentence(OUTSIDE)
    assert "%" not in influence_sentence(OUTSIDE)


def test_the_newest_answer_stands_first_and_a_click_goes_there(qtbot, session, panel):
    session.replace(influences=(HERE, QUIET))
    first, second = panel.influences.sentences()
    assert first == f"2.  {influence_sentence(QUIET)}"
    assert second == f"1.  {influence_sentence(HERE)}"
    place = panel.influences.visualItemRect(panel.influences.item(1)).center()
    with qtbot.waitSignal(panel.place_chosen) as chosen:
        qtbot.mouseClick(panel.influences.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [HERE.point_mm]


def test_enter_goes_to_the_place_too(qtbot, session, panel):
    session.replace(influences=(HERE, QUIET))
    panel.influences.setCurrentRow(0)
    with qtbot.waitSignal(panel.place_chosen) as chosen:
        qtbot.keyClick(panel.influences, Qt.Key.Key_Return)
    assert chosen.args == [QUIET.point_mm]


def test_the_list_is_as_high_as_its_sentences(session, panel):
    session.replace(influences=(HERE,) * 7)
    last = panel.influences.visualItemRect(panel.influences.item(6))
    assert last.bottom() <= panel.influences.viewport().height()
    assert panel.influences.verticalScrollBar().maximum() == 0


def test_a_new_answer_comes_into_sight(qtbot, session, panel):
    panel.resize(372, 320)
    session.replace(trust=trust(0.7))
    QApplication.processEvents()
    rows = panel.influences.viewport()
    assert rows.visibleRegion().isEmpty()
    session.replace(influences=(HERE,))
    qtbot.wait(3 * SETTLED_AFTER_MS)  # until everything has its place
    place = QRect(rows.mapTo(panel, QPoint()), rows.size())
    assert place.height() > 40
    assert panel.rect().contains(place)
