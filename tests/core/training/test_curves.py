import io

import numpy as np
import pytest
from PIL import Image

from core.metrics.classification import auc, average_precision
from core.progress import Silent
from core.training.curves import (
    draw_calibration,
    draw_precision_recall,
    draw_roc,
    precision_at,
    roc_at,
)
from core.training.evaluate import evaluate
from core.training.evaluation_settings import read_settings
from core.training.scored_parts import ScoredPart
from tests.core.training.studies import write_scores, write_study


def part_of(labels, scores):
    labels = np.array(labels, dtype=bool)
    size = labels.size
    known, time = np.ones(size, dtype=bool), np.ones(size)
    names = tuple(map(str, range(size)))
    return ScoredPart(names, labels, known, labels, time, np.array(scores, dtype=float))


def sample(seed):
    random = np.random.default_rng(seed)
    labels = random.random(150) < 0.4
    return part_of(labels, random.normal(size=150) + labels)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curves")
    cohort, folds, hazard = write_study(folder, people=200)
    path = folder / "a" / "predictions.csv"
    write_scores(path, cohort, folds, lambda who: float(np.log(hazard[who])))
    (folder / "evaluate.toml").write_text(
        '[cohort]\ncsv = "cohort.csv"\nfolds = "folds.json"\n'
        '[[model]]\nname = "A"\npredictions = "a/predictions.csv"\n'
        "[evaluation]\nresamples = 100\n"
    )
    return evaluate(read_settings(folder / "evaluate.toml"), Silent())


def test_the_area_below_the_drawn_roc_curve_is_the_auc():
    part, grid = sample(1), np.linspace(0, 1, 20001)
    drawn = np.trapezoid(roc_at(part, grid), grid)
    assert drawn == pytest.approx(auc(part.labels, part.scores), abs=1e-4)


def test_the_area_below_the_drawn_precision_recall_curve_is_the_average_precision():
    part, grid = sample(2), (np.arange(20000) + 0.5) / 20000
    drawn = precision_at(part, grid).mean()
    assert drawn == pytest.approx(average_precision(part.labels, part.scores), abs=1e-4)


def test_precision_is_that_of_the_first_threshold_that_reaches_the_recall():
    part = part_of([1, 0, 1, 0], [4, 3, 2, 1])
    assert precision_at(part, np.array([0.25, 0.5, 0.51, 1.0])) == pytest.approx(
        [1, 1, 2 / 3, 2 / 3]
    )


@pytest.mark.parametrize("draw", [draw_roc, draw_precision_recall, draw_calibration])
def test_curves_are_pictures_with_a_white_margin_on_every_side(draw, evaluation):
    """Nothing is cut off: the outermost pixels are white, and there is ink inside."""
    pixels = np.asarray(Image.open(io.BytesIO(draw(evaluation))).convert("L"))
    assert min(pixels.shape) > 500
    rim = [pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:]]
    assert min(side.min() for side in rim) == 255
    assert (pixels < 100).mean() > 0.003


def test_the_same_evaluation_gives_the_same_bytes(evaluation):
    assert draw_roc(evaluation) == draw_roc(evaluation)
