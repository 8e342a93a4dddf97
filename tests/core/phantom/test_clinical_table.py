"""The questionnaire: the same columns for everyone, and a weak witness."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from core.models.architectures import architecture
from core.models.clinical_values import scaled
from core.phantom.clinical_table import clinical_row
from core.phantom.disease import draw_subject
from core.phantom.outcome import CARDIAC_OR_RESPIRATORY, draw_outcome


def test_everyone_answers_the_same_questions_in_the_same_order() -> None:
    columns = list(clinical_row(draw_subject(0)))
    assert len(columns) == 35
    assert all(list(clinical_row(draw_subject(seed))) == columns for seed in range(50))


def test_answers_are_finite_and_belong_to_the_person() -> None:
    for seed in range(200):
        subject = draw_subject(seed)
        row = clinical_row(subject)
        assert row == clinical_row(subject)
        assert all(np.isfinite(value) for value in row.values())
        assert row["age_years"] == subject.age_years
        assert row["pack_years"] == subject.pack_years
        smoked = row["cigarettes_per_day"] / 20 * row["smoking_years"]
        assert abs(smoked - row["pack_years"]) < 3  # both are rounded to one decimal


def test_a_questionnaire_says_something_of_death_but_not_much() -> None:
    people = [draw_subject(seed) for seed in range(9000)]
    outcomes = [draw_outcome(each) for each in people]
    kept = [k for k, o in enumerate(outcomes) if not o.event or o.cause in CARDIAC_OR_RESPIRATORY]
    answers = np.array([list(clinical_row(people[k]).values()) for k in kept])
    diseases = ("history_", "heart", "hypertension", "stroke", "diabetes", "family", "asbestos")
    history = [name.startswith(diseases) for name in clinical_row(people[0])]
    died = np.array([outcomes[k].event for k in kept])
    model = LogisticRegression(max_iter=500, class_weight="balanced")
    area = cross_val_score(model, answers[:, history], died, cv=3, scoring="roc_auc").mean()
    assert 0.53 < area < 0.72


def test_model_e_takes_the_answers_of_everyone() -> None:
    card = architecture("E").card
    wanted = [column.name for column in card.clinical]
    assert len(wanted) == 11
    for seed in range(500):
        row = clinical_row(draw_subject(seed))
        values = scaled(card, {name: row[name] for name in wanted})
        assert all(0 <= value <= 1 for value in values)
        assert row["copd_or_emphysema"] == max(row["history_copd"], row["history_emphysema"])
