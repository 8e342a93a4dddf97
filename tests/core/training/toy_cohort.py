"""A cohort that is learned in seconds: who has a bright block in the chest dies, and dies early.

No scan is read: the prepared inputs are written into the cache, under the keys of stand-in files.
"""

import csv
import json
from pathlib import Path

import numpy as np

from core.data.cohort import read_cohort
from core.data.folds import make_folds, write_folds
from core.training.configuration import read_configuration
from core.training.cross_validation import described_input
from core.training.input_cache import InputCache

SHAPE = (16, 32, 32)
WATER = 170
STAGE = {"epochs": 4, "batch": 8, "learning_rate": 1e-3, "backbone_factor": 1.0}
CLINICAL = [
    {"name": "age", "title": "Age", "minimum": 40, "maximum": 90},
    {"name": "tells", "title": "Tells who dies", "minimum": -5, "maximum": 5},
]


def toy_configuration(folder: Path, *, count=96, seed=1, folds=2, **changes):
    """A cohort of `count` scans in `folder` and the configuration that trains on it.

    Args:
        folder: Empty.
        count: Of scans.
        seed: Of the cohort.
        folds: Of the cross-validation.
        changes: Sections of the TOML file, merged into the usual ones.
    """
    rows, images = _people(count, np.random.default_rng(seed))
    (folder / "scans").mkdir(parents=True)
    with (folder / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    path = write_configuration(folder, "run", **changes)
    configuration = read_configuration(path)
    cache = InputCache(configuration.input.cache, described_input(configuration))
    for row, image in zip(rows, images, strict=True):
        scan = folder / row["scan"]
        scan.write_bytes(row["patient_id"].encode())
        cache.write(cache.key(scan), image)
    cohort = read_cohort(folder / "cohort.csv")
    write_folds(
        make_folds(cohort, folds, validation=count // 5, test=count // 5), folder / "folds.json"
    )
    return path


def write_configuration(folder: Path, name: str, **changes) -> Path:
    """Another configuration for the cohort in `folder`; its results go to the folder `name`."""
    document = {
        "cohort": {"csv": "cohort.csv", "folds": "folds.json"},
        "model": {"id": "toy-d"},
        "input": {"shape": list(SHAPE)},
        "training": {"precision": "fp32", "threads": 1, "seed": 3},
        "output": {"folder": name, "parts": ["final"]},
    }
    for section, values in changes.items():
        both_are_tables = isinstance(values, dict) and section in document
        document[section] = document[section] | values if both_are_tables else values
    document.setdefault("stage", [STAGE | {"name": "mortality"}])
    path = folder / f"{name}.toml"
    path.write_text(_toml(document))
    return path


def _people(count, random):
    """Rows of the table and prepared inputs: a block whose brightness is the risk."""
    rows, images = [], []
    for number in range(count):
        risk = random.normal()
        dies = bool(risk > 0.4)
        time_years = float(np.clip(6.5 - 2.5 * risk + random.normal(0, 0.2), 0.1, 6.9))
        image = np.clip(random.normal(WATER, 6, SHAPE), 0, 255)
        z, y, x = (int(random.integers(2, side - 10)) for side in SHAPE)
        image[z : z + 8, y : y + 8, x : x + 8] += 25 + 25 * risk
        images.append(np.clip(image, 0, 255).astype(np.uint8))
        rows.append(
            {
                "patient_id": f"p{number:03}",
                "scan": f"scans/{number}.bin",
                "event": int(dies),
                "time_years": time_years if dies else 6.95,
                "cause": "I21" if dies else "",
                "age": 60 + (number % 9),
                "brightness": float(risk),
                "tells": float(np.clip(risk + random.normal(0, 0.1), -5, 5)),
            }
        )
    return rows, images


def _toml(document) -> str:
    """TOML of tables and lists of tables; JSON writes their values as TOML wants them."""
    lines = []
    for name, section in document.items():
        for header, table in (
            [(f"[{name}]", section)]
            if isinstance(section, dict)
            else [(f"[[{name}]]", each) for each in section]
        ):
            lines.append(header)
            lines += [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _value(value) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        tables = [
            "{" + ", ".join(f"{key} = {_value(each)}" for key, each in table.items()) + "}"
            for table in value
        ]
        return "[" + ", ".join(tables) + "]"
    return json.dumps(value)
