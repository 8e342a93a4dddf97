"""How a model was taught, in the sentences that stand on its card."""

from core.training.configuration import StageSettings, TrainingConfiguration

OF_STAGE = {
    "findings": "to name findings by a head that was thrown away",
    "mortality": "to tell deaths of the endpoint from survivors",
    "survival": "to give the time of death, by the survival head; other deaths count as censored",
    "hybrid": "to weigh clinical values beside the scan, by the last layer alone",
}
SOURCES = {
    "": "random numbers",
    "medicalnet": "MedicalNet's weights",
    "bundle": "the weights of another bundle",
    "run": "the weights of an earlier run",
}
KNOWLEDGE = (
    "The findings that it was told are knowledge beside the scan, which a model trained on scans "
    "and outcomes alone does not have."
)

BEFORE = "Before: "


def training_words(
    configuration: TrainingConfiguration, before: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """A sentence for where the weights began, one for each stage, and one on what it was told.

    Args:
        configuration: Of the run.
        before: What the run or bundle that lends the weights says of itself; stands first.
    """
    source = configuration.model.initial.partition(":")[0]
    settings = configuration.training
    augmented = "with" if settings.augmentation else "without"
    first = (
        f"Training began with {SOURCES[source]} (seed {settings.seed}, {augmented} augmentation)."
    )
    stages = (
        f"Stage {number}: {_of_stage(configuration, stage)}"
        for number, stage in enumerate(configuration.stage, 1)
    )
    earlier = (BEFORE + each.removeprefix(BEFORE) for each in before if each != KNOWLEDGE)
    was_told = KNOWLEDGE in before or any(stage.has_findings for stage in configuration.stage)
    return (*earlier, first, *stages, *([KNOWLEDGE] if was_told else []))


def _of_stage(configuration: TrainingConfiguration, stage: StageSettings) -> str:
    shape = " x ".join(map(str, configuration.stage_shape(stage)))
    epochs = f"{stage.epochs} epoch{'' if stage.epochs == 1 else 's'}"
    stop = stage.early_stop_epochs
    early = f", stopped after {stop} epochs that were no better" if stop else ""
    words = (
        f"{OF_STAGE[stage.name]}; at most {epochs}{early}, batch {stage.batch}, "
        f"learning rate {stage.learning_rate:g} ({stage.schedule}), {_of_backbone(stage)}, "
        f"weight decay {stage.weight_decay:g}, input {shape}."
    )
    return words + _of_findings(configuration, stage)


def _of_backbone(stage: StageSettings) -> str:
    if stage.is_frozen:
        return "backbone frozen"
    if stage.backbone_factor == 1:
        return "the backbone too"
    return f"backbone at {stage.backbone_factor:g} of that rate"


def _of_findings(configuration: TrainingConfiguration, stage: StageSettings) -> str:
    """What was known of the training scans that no scan tells."""
    if not stage.has_findings:
        return ""
    where = "a table of its own" if configuration.cohort.findings_csv else "the cohort"
    return f" Told of each training scan, by {where}: {', '.join(stage.columns)}."
