"""What a run is, and what its initial weights bring along: patients, heads, how it was taught."""

import hashlib
from pathlib import Path

from core.data.cohort import Cohort
from core.data.folds import HELD_OUT, TEST, Folds
from core.models.cards import ModelCard, read_card
from core.training.configuration import MORTALITY, SURVIVAL, TrainingConfiguration
from core.training.run_record import RunRecord, folds_digest, named, read_record
from core.training.training_words import SOURCES, training_words

FINDINGS = "findings"
MEDICALNET = "medicalnet"
FINDINGS_FIRST = "Ours: pre-trained to name amounts of disease instead of MedicalNet's weights."
"""Stands among the deviations of a card."""


def record_of(configuration: TrainingConfiguration, cohort: Cohort, folds: Folds) -> RunRecord:
    """What a run is.

    Raises:
        TrainingError: It begins with the weights of a run that does not say what it is.
        WeightsError: It begins with a bundle that has no card.
    """
    source = source_of(configuration)
    findings = configuration.cohort.findings_csv
    parts = {patient: folds.part_of(patient) for patient in cohort.patients}
    taught = {named(patient) for patient, part in parts.items() if part not in (TEST, HELD_OUT)}
    tested = {named(patient) for patient, part in parts.items() if part is not None}
    return RunRecord(
        model_id=configuration.model.id,
        variant=configuration.model.variant,
        cohort_sha256=hashlib.sha256(configuration.cohort.csv.read_bytes()).hexdigest(),
        findings_sha256=hashlib.sha256(findings.read_bytes()).hexdigest() if findings else "",
        folds_sha256=folds_digest(folds),
        taught=tuple(sorted(taught.union(source.taught))),
        tested=tuple(sorted(tested)),
        heads=_heads(configuration, source),
        breaks_years=configuration.model.breaks_years,
        pretrained=_pretrained(configuration, source),
        training=training_words(configuration, source.training),
    )


def source_of(configuration: TrainingConfiguration) -> RunRecord:
    """What is known of the run or bundle that the initial weights come from; empty without one.

    Raises:
        TrainingError: The run does not say what it is.
        WeightsError: The bundle has no card.
    """
    source, _, place = configuration.model.initial.partition(":")
    if source == "run":
        return read_record(Path(place))
    return _of_card(read_card(Path(place))) if source == "bundle" else RunRecord()


def _of_card(card: ModelCard) -> RunRecord:
    """A bundle's card does not say whom it was taught on."""
    heads = (MORTALITY, SURVIVAL) if card.survival else (MORTALITY,)
    from_medicalnet = any(SOURCES[MEDICALNET] in sentence for sentence in card.training)
    from_findings = FINDINGS if FINDINGS_FIRST in card.deviations else ""
    return RunRecord(
        variant=card.variant,
        heads=heads if card.trained else (),
        breaks_years=card.survival.breaks_years if card.survival else (),
        pretrained=MEDICALNET if from_medicalnet else from_findings,
        training=card.training,
    )


def _heads(configuration: TrainingConfiguration, source: RunRecord) -> tuple[str, ...]:
    """Taught by a stage, or before where the weights fit and the backbone stays.

    Model D has no use for E's last layer; hazards between other breaks mean something else.
    """
    model = configuration.model
    stays = not configuration.moves_backbone
    inherits = {
        MORTALITY: stays and source.variant in ("D", model.variant),
        SURVIVAL: stays and bool(model.breaks_years) and source.breaks_years == model.breaks_years,
    }
    kept = {name for name, fits in inherits.items() if fits and name in source.heads}
    return tuple(sorted(kept | configuration.heads))


def _pretrained(configuration: TrainingConfiguration, source: RunRecord) -> str:
    if source.pretrained:
        return source.pretrained
    if configuration.model.initial.startswith(MEDICALNET):
        return MEDICALNET
    return FINDINGS if any(stage.name == FINDINGS for stage in configuration.stage) else ""
