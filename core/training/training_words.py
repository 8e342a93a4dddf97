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
    "run": "the weights of an earlier run on the same folds, or on other patients",
}


BEFORE = "Before: "


def training_words(
    configuration: TrainingConfiguration, before: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """A sentence for where the weights began, then one for each stage.

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
    earlier = (BEFORE + each.removeprefix(BEFORE) for each in before)
    return (*earlier, first, *stages)


def _of_stage(configuration: TrainingConfiguration, stage: StageSettings) -> str:
    shape = " x ".join(map(str, configuration.stage_shape(stage)))
    epochs = f"{stage.epochs} epoch{'' if stage.epochs == 1 else 's'}"
    stop = stage.early_stop_epochs
    early = f", stopped after {stop} epochs that were no better" if stop else ""
    backbone = (
        "backbone frozen" if stage.is_frozen else f"backbone at {stage.backbone_factor:g} of it"
    )
    words = (
        f"{OF_STAGE[stage.name]}; at most {epochs}{early}, batch {stage.batch}, "
        f"learning rate {stage.learning_rate:g} ({stage.schedule}), {backbone}, weight decay "
        f"{stage.weight_decay:g}, input {shape}."
    )
    return words + _of_findings(configuration, stage)


def _of_findings(configuration: TrainingConfiguration, stage: StageSettings) -> str:
    """What was known of the training scans that no scan tells."""
    if not stage.has_findings:
        return ""
    where = "a table of its own" if configuration.cohort.findings_csv else "the cohort"
    return (
        f" It was given, of each training scan, {', '.join(stage.columns)} ({where}): knowledge "
        "beside the scan, which a model trained on scans and outcomes alone does not have."
    )
