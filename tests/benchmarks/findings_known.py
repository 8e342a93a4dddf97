"""What a trained backbone knows of each amount of disease: R2 of a ridge on its pooled features.

Fitted on the training scans of a finished run, measured on its test scans; the penalty is chosen by
leave-one-out on the training scans. The features lie in the run's cache, so this takes seconds.

    python -m tests.benchmarks.findings_known d.toml
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score

from core.data.cohort import read_cohort
from core.data.folds import read_folds
from core.progress import Silent
from core.training.checkpoint import load_weights
from core.training.configuration import read_configuration
from core.training.cross_validation import clinical_columns, described_input
from core.training.findings import read_findings
from core.training.initial_weights import FINAL, MODEL_FILE, new_network, take_weights
from core.training.input_cache import InputCache
from core.training.parts import parts_of
from core.training.preparing import prepared_examples
from core.training.processes import joined_processes
from core.training.stages import Training

PENALTIES = np.logspace(0, 4, 9)


def main(path: Path) -> None:
    """Print a line for each finding of the run's last findings stage."""
    configuration = read_configuration(path)
    cohort = read_cohort(configuration.cohort.csv)
    folds = read_folds(configuration.cohort.folds, cohort)
    findings = read_findings(configuration.cohort.findings_csv)
    columns = [stage.columns for stage in configuration.stage if stage.has_findings][-1]
    with joined_processes("auto", configuration.training.threads) as processes:
        cache = InputCache(configuration.input.cache, described_input(configuration))
        examples = prepared_examples(
            configuration, cohort, folds, columns=clinical_columns(configuration),
            cache=cache, processes=processes, progress=Silent(),
        )  # fmt: skip
        part = parts_of(examples, folds, (FINAL,))[0]
        network = new_network(configuration, clinical_columns(configuration))
        found = load_weights(configuration.output.folder / FINAL / MODEL_FILE)
        if found is None:
            sys.exit(f"{path.name} has no finished model yet: run `thoralens-core train` first.")
        take_weights(network, found[0])
        store = Training(configuration, cache, findings, processes).features(
            configuration.image_shape
        )
        taught = store.pooled(network, part.training.keys).numpy()
        tested = store.pooled(network, part.test.keys).numpy()
    mean, deviation = taught.mean(axis=0), taught.std(axis=0) + 1e-6
    known = findings.values(part.training.rows, columns)
    asked = findings.values(part.test.rows, columns)
    for place, column in enumerate(columns):
        ridge = RidgeCV(PENALTIES).fit((taught - mean) / deviation, known[:, place])
        said = ridge.predict((tested - mean) / deviation)
        r2 = r2_score(asked[:, place], said)
        sys.stdout.write(f"{column:32s} R2 {r2:5.2f} on {len(said)} test scans\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
