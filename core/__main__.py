"""The command line, `thoralens-core`: a stable interface that scripts may rely on.

Exit status: 0 done, 2 wrong use, 3 input refused (reason and remedy on standard error), 1 a bug.
With --json, one JSON document on standard output and nothing else there.
"""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from core.bugs import understood
from core.console import print_bug, print_note, print_refusal, progress_on_stderr
from core.errors import ThoralensError
from core.prognosis import RESEARCH_USE_ONLY

REFUSED = 3
EPILOG = RESEARCH_USE_ONLY

app = typer.Typer(
    help="Prognosis from chest CT, headless.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
phantom_app = typer.Typer(help="Synthetic chest CTs.", no_args_is_help=True)
app.add_typer(phantom_app, name="phantom")

PathArgument = Annotated[Path, typer.Argument(help="Folder with DICOM files, at any depth.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


class Device(StrEnum):
    """Where the model may run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"
    XPU = "xpu"


class Precision(StrEnum):
    """How exactly the model may compute."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class ScanSize(StrEnum):
    """Grid of a synthetic scan."""

    FULL = "full"
    WORKING = "working"
    HALF = "half"


class ScanForm(StrEnum):
    """How a synthetic scan is stored."""

    COMPRESSED = "nii.gz"
    PLAIN = "nii"
    DICOM = "dicom"


@app.command("index", epilog=EPILOG)
def index_command(path: PathArgument, as_json: JsonOption = False) -> None:
    """Every series under PATH, its fitness, every unreadable file with its reason."""
    from core.data.geometry_gate import fitness_of
    from core.data.series_index import index
    from core.report.index_listing import index_document, print_index

    with progress_on_stderr() as progress:
        found = index(path, progress)
    document = index_document(found, {record.uid: fitness_of(record) for record in found.series})
    if as_json:
        _print_json(document)
    else:
        print_index(document)


@app.command("analyse", epilog=EPILOG)
def analyse_command(  # noqa: PLR0913  one parameter for each option
    path: PathArgument,
    out: OutOption,
    series: Annotated[str, typer.Option(help="Series UID; else the one that fits best.")] = "",
    model: Annotated[str, typer.Option(help="Model id; see `thoralens-core models`.")] = "",
    clinical: Annotated[Path | None, typer.Option(help="JSON file of clinical values.")] = None,
    device: Device = Device.AUTO,
    precision: Precision = Precision.AUTO,
    no_trust: Annotated[
        bool, typer.Option("--no-trust", help="Skip the checks of how far to trust the map.")
    ] = False,
    target: Annotated[
        str, typer.Option(help="What the maps explain: mortality, risk_score or horizon:YEARS.")
    ] = "mortality",
    methods: Annotated[
        str, typer.Option(help="Maps to make: gradcam, gradient, signed_gradient, smoothgrad.")
    ] = "gradcam,gradient",
) -> None:
    """Run a model on a CT; write result.json, maps, key views and report.pdf into --out."""
    from core.analyse_command import AnalyseOptions, analyse_and_write, clinical_values
    from core.analysis_result import DEFAULT_MODEL_ID
    from core.saliency.targets import parse_target

    options = AnalyseOptions(
        series_uid=series,
        model_id=model or DEFAULT_MODEL_ID,
        clinical=clinical_values(clinical),
        device=device.value,
        precision=precision.value,
        target=parse_target(target),
        methods=tuple(each.strip() for each in methods.split(",")),
        with_trust=not no_trust,
    )
    with progress_on_stderr() as progress:
        warnings = analyse_and_write(path, out, options, progress)
    for warning in warnings:
        print_note(f"Warning: {warning}")
    print_note(EPILOG)


@app.command("score", epilog=EPILOG)
def score_command(
    cohort: Annotated[Path, typer.Argument(help="CSV table of the cohort.")],
    out: Annotated[Path, typer.Option("--out", help="CSV table to write.")],
    model: Annotated[str, typer.Option(help="Model id; see `thoralens-core models`.")] = "",
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler; else on this machine.")
    ] = "",
    device: Device = Device.AUTO,
    precision: Precision = Precision.AUTO,
) -> None:
    """Run a model on every scan of a cohort; a run that was killed goes on where it stopped.

    The columns patient_id and scan are enough.

    Dask workers run whatever their scheduler sends: give only one that you trust.
    """
    from core.analysis_result import DEFAULT_MODEL_ID
    from core.score_command import score_cohort

    with progress_on_stderr() as progress:
        scored, refused = score_cohort(
            cohort,
            out,
            model_id=model or DEFAULT_MODEL_ID,
            scheduler=scheduler,
            device=device.value,
            precision=precision.value,
            progress=progress,
        )
    print_note(f"{scored} scans scored, {refused} refused (the table's last column says why).")
    print_note(EPILOG)


@app.command("lungs", epilog=EPILOG)
def lungs_command(
    path: PathArgument,
    out: OutOption,
    series: Annotated[str, typer.Option(help="Series UID; else the one that fits best.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write the lungs (1 right, 2 left) and the region of lungs and heart; print their volumes."""
    from core.lungs_command import print_lungs, write_lungs

    with progress_on_stderr() as progress:
        document = write_lungs(path, out, progress=progress, series_uid=series)
    if as_json:
        _print_json(document)
    else:
        print_lungs(document)
    print_note(EPILOG)


@app.command("calcium", epilog=EPILOG)
def calcium_command(  # noqa: PLR0913  one parameter for each option
    path: PathArgument,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="List everything that could be calcium.")
    ] = False,
    marks: Annotated[
        Path | None, typer.Option(help='JSON file: [{"vessel": "LAD", "point_mm": [x, y, z]}].')
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files of the score.")
    ] = None,
    series: Annotated[str, typer.Option(help="Series UID; else the best for calcium.")] = "",
    rule: Annotated[
        str, typer.Option(help="Cut points for another tube voltage, by the begin of their name.")
    ] = "",
    connectivity: Annotated[int, typer.Option(help="Neighbours in plane: 8 or 4.")] = 8,
    calibration: Annotated[
        float | None, typer.Option(help="Mass per mm3 and HU, in mg; else no mass.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score marked coronary calcium, or list every candidate; points in patient LPS mm."""
    _require_sense(candidates, marks, out, connectivity, calibration)
    from core.calcium_command import calcium_document, print_calcium, rule_named

    with progress_on_stderr() as progress:
        document = calcium_document(
            path,
            progress=progress,
            marks=marks,
            out=out,
            series_uid=series,
            rule=rule_named(rule, connectivity),
            calibration=calibration,
        )
    if as_json:
        _print_json(document)
    else:
        print_calcium(document)
    print_note(EPILOG)


def _require_sense(
    candidates: bool,
    marks: Path | None,
    out: Path | None,
    connectivity: int,
    calibration: float | None,
) -> None:
    if candidates == (marks is not None):
        raise typer.BadParameter("Give either --candidates or --marks FILE.json.")
    if candidates and out is not None:
        raise typer.BadParameter("--out goes with --marks: candidates are no score.")
    if connectivity not in (4, 8):
        raise typer.BadParameter("--connectivity is 4 or 8.")
    if calibration is not None and not 0 < calibration < float("inf"):
        raise typer.BadParameter("--calibration is a factor over 0.")


@app.command("deidentify", epilog=EPILOG)
def deidentify_command(
    path: PathArgument,
    out: OutOption,
    series: Annotated[str, typer.Option(help="Series UID; else every series.")] = "",
    keep_dates_shifted: Annotated[
        bool, typer.Option("--keep-dates-shifted", help="Dates moved, alike for each patient.")
    ] = False,
    keep_device_identity: Annotated[
        bool, typer.Option("--keep-device-identity", help="Keep serial number and station.")
    ] = False,
    accept_burned_in: Annotated[
        bool, typer.Option("--accept-burned-in", help="I looked: no text is in the pixels.")
    ] = False,
    secret: Annotated[
        Path | None, typer.Option(help="File of random bytes: the same UIDs in every export.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write copies without names, after the DICOM basic profile, and a list of what was removed."""
    from core.data.deidentify_rules import DeidentificationOptions
    from core.deidentify_command import export_deidentified, print_export

    options = DeidentificationOptions(keep_dates_shifted, keep_device_identity, accept_burned_in)
    with progress_on_stderr() as progress:
        document = export_deidentified(
            path, out, progress=progress, series_uid=series, options=options, secret_file=secret
        )
    if as_json:
        _print_json(document)
    else:
        print_export(document)


@app.command("train", epilog=EPILOG)
def train_command(
    configuration: Annotated[Path, typer.Argument(help="TOML file; the README shows one.")],
) -> None:
    """Train a model on a cohort, or go on with it; print the folder of the results."""
    from core.train_command import train

    folder = train(configuration)
    print_note(EPILOG)
    sys.stdout.write(f"{folder}\n")


@app.command("cohort", epilog=EPILOG)
def cohort_command(  # noqa: PLR0913  one parameter for each option
    table: Annotated[Path, typer.Argument(help="CSV: patient_id, scan, event, time_years, ...")],
    include: Annotated[list[str] | None, typer.Option(help="Rule, repeatable; see above.")] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Rules of Lu et al. 2022, 1:2 matching included.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="New table of those who enter.")] = None,
    folds: Annotated[Path | None, typer.Option(help="JSON file of the folds to write.")] = None,
    fold_count: Annotated[
        int, typer.Option(help="Folds of the cross-validation; 0 makes everyone a test set.")
    ] = 5,
    validation: Annotated[float, typer.Option(help="Patients for validation, or a share.")] = 48,
    test: Annotated[float, typer.Option(help="Patients of the test set, or a share.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the deal.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Check a cohort table, count who enters by which rule, deal the folds of all models.

    Rules: thin_slices=MM, usable_scan, known_outcome, followed_up=YEARS,
    one_scan_a_patient, complete_values=COLUMN,COLUMN, matched_sample=RATIO.

    matched_sample reads the columns age_years, male and pack_years. A death and its
    matches stay in one fold, by this rule or by the table's column matched_set.
    """
    from core.cohort_command import CohortOptions, check_cohort, print_cohort

    options = CohortOptions(
        rules=tuple(include or ()),
        is_published=published,
        out=out,
        folds=folds,
        fold_count=fold_count,
        validation=validation,
        test=test,
        seed=seed,
    )
    document = check_cohort(table, options)
    if as_json:
        _print_json(document)
    else:
        print_cohort(document)
    print_note(EPILOG)


@app.command("evaluate", epilog=EPILOG)
def evaluate_command(
    configuration: Annotated[
        Path, typer.Argument(help="TOML file: cohort, folds, the models' predictions, oracle.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Compare models on the same patients: table, intervals, ROC, precision-recall, calibration."""
    from core.evaluate_command import evaluate_and_write, evaluation_document, evaluation_table

    with progress_on_stderr() as progress:
        evaluation, note = evaluate_and_write(configuration, progress)
    if as_json:
        _print_json(evaluation_document(evaluation))
    else:
        sys.stdout.write(evaluation_table(evaluation))
    if note:
        print_note(note)
    print_note(EPILOG)


@app.command("models", epilog=EPILOG)
def models_command(as_json: JsonOption = False) -> None:
    """Cards, parameter counts, weights present / missing / damaged."""
    from core.models.bundle_folders import bundles
    from core.models.bundles import parameter_counts

    if as_json:
        rows = [
            {
                "id": bundle.card.id,
                "title": bundle.card.title,
                "trained": bundle.card.trained,
                "demonstration": bundle.card.demonstration,
                "parameters": parameter_counts(bundle),
                "weights": bundle.weights,
                "card": bundle.card.model_dump(mode="json"),
            }
            for bundle in bundles()
        ]
        _print_json({"models": rows})
        return
    # What is typed after --model is never cut, however narrow the terminal.
    table = Table(Column("id", no_wrap=True), "title", "parameters", "weights")
    for bundle in bundles():
        counts = parameter_counts(bundle)
        table.add_row(
            bundle.card.id,
            bundle.card.title,
            f"{counts['published_model']:,}\n+ {counts['survival_head']:,} of the survival head",
            bundle.state_in_words,
        )
    Console().print(table)


@app.command("doctor", epilog=EPILOG)
def doctor_command() -> None:
    """What this machine has and lacks, in words."""
    from core.doctor import examine

    console = Console()
    for finding in examine():
        mark = "[green]ok   [/]" if finding.is_well else "[red]lacks[/]"
        words = escape(f"{finding.topic}: {finding.text}")
        console.print(f"{mark}  {words}", highlight=False, soft_wrap=True)


@phantom_app.command("sample", epilog=EPILOG)
def phantom_sample_command(
    out: Annotated[Path | None, typer.Option("--out", help="Folder; else the cache.")] = None,
) -> None:
    """Write the synthetic chest CT that the viewer opens as its sample; print its folder."""
    from core.phantom_command import write_sample

    with progress_on_stderr() as progress:
        folder = write_sample(out, progress)
    sys.stdout.write(f"{folder}\n")


@phantom_app.command("cohort", epilog=EPILOG)
def phantom_cohort_command(
    subjects: Annotated[
        int, typer.Option(help="People to image; with --matched its cases and controls.", min=1)
    ],
    seed: Annotated[int, typer.Option(help="Of the people: the same cohort, bit for bit.", min=0)],
    out: Annotated[Path, typer.Option("--out", help="Folder: new, or of a run to go on with.")],
    size: Annotated[
        ScanSize,
        typer.Option(help="full 160 x 512 x 512, working 128 x 256 x 256, half 64 x 128 x 128."),
    ] = ScanSize.FULL,
    form: Annotated[
        ScanForm, typer.Option(help="How scans are stored: NIfTI or a DICOM folder.")
    ] = ScanForm.COMPRESSED,
    matched: Annotated[
        bool,
        typer.Option(
            "--matched",
            help="Deaths of heart and lung with two controls each; lung cancer deaths held out.",
        ),
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes that paint and scan.", min=1)] = 1,
    shuffled_table: Annotated[
        bool,
        typer.Option(
            "--shuffled-table",
            help="Also cohort-shuffled.csv: outcomes of others, from which nothing can be learned.",
        ),
    ] = False,
) -> None:
    """Image synthetic people whose diseases cause their deaths; print the path of cohort.csv."""
    from core.phantom.imaging import Form
    from core.phantom.protocol import Size
    from core.phantom_command import CohortOptions, write_cohort

    options = CohortOptions(
        subjects, seed, Size(size), Form(form), matched, workers, with_shuffled_table=shuffled_table
    )
    with progress_on_stderr() as progress:
        table = write_cohort(out, options, progress)
    sys.stdout.write(f"{table}\n")


@phantom_app.command("maps", epilog=EPILOG)
def phantom_maps_command(
    out: OutOption,
    model: Annotated[str, typer.Option(help="Model id; see `thoralens-core models`.")] = "",
    people: Annotated[int, typer.Option(help="Phantoms for each disease.", min=1)] = 8,
    occlusion: Annotated[
        bool, typer.Option("--occlusion", help="Also occlusion maps: a minute for each on a CPU.")
    ] = False,
) -> None:
    """Do a model's maps point at the disease? Measured on phantoms with one disease each."""
    from core.analysis_result import DEFAULT_MODEL_ID
    from core.saliency_study_command import StudyOptions, write_study

    options = StudyOptions(model or DEFAULT_MODEL_ID, people, with_occlusion=occlusion)
    with progress_on_stderr() as progress:
        table = write_study(out, options, progress)
    sys.stdout.write(f"{table}\n")


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def main() -> None:
    """Run the command line; refusals end with status 3, bugs with status 1."""
    sys.excepthook = print_bug
    try:
        typer.main.get_command(app)()  # calling the app itself would set another hook
    except (ThoralensError, MemoryError) as error:
        print_refusal(understood(error))
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
