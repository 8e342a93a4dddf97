"""How values are written in the report, and what stands where a value is missing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.data.series import Patient, SeriesRecord
from core.geometry import VolumeGeometry
from core.models.cards import ModelCard
from core.prognosis import HorizonRisk
from core.volume import SaliencyMap

NOT_GIVEN = "not given by this model"
NOT_STATED = "not stated"
ANONYMISED = "anonymised"

SEX = {"F": "female", "M": "male", "O": "other"}
METHOD_NAMES = {
    "gradcam": "GradCAM",
    "gradient": "Gradient",
    "signed_gradient": "Signed gradient",
    "smoothgrad": "SmoothGrad",
    "occlusion": "Occlusion",
}
AGE_UNITS = {"D": "days", "W": "weeks", "M": "months", "Y": "years"}

SMALLEST_SHOWN = 0.0005
"""Below this a probability would be rounded to 0.0 %, which reads as "never"."""


def percent(probability: float | None) -> str:
    """A probability with one decimal; very small and very large ones are not rounded to 0 or 100.

    >>> percent(0.0412), percent(0.00001), percent(0.99999), percent(None)
    ('4.1 %', '< 0.1 %', '> 99.9 %', 'not given by this model')
    """
    if probability is None:
        return NOT_GIVEN
    if 0 < probability < SMALLEST_SHOWN:
        return "< 0.1 %"
    if 1 - SMALLEST_SHOWN < probability < 1:
        return "> 99.9 %"
    return f"{100 * probability:.1f} %"


def interval(bounds: tuple[float, float] | None) -> str:
    """An interval of a probability."""
    return NOT_GIVEN if bounds is None else f"{percent(bounds[0])} to {percent(bounds[1])}"


def place(share: float | None, comparison: str) -> str:
    """A place among other scans, such as "higher than 62 of 100"."""
    return NOT_GIVEN if share is None else f"{comparison} than {100 * share:.0f} of 100"


def horizon_rows(horizons: tuple[HorizonRisk, ...]) -> list[tuple[str, str, str]]:
    """Horizon, probability and interval in words; one row that says so where there is none."""
    rows = [
        (years(each.years), percent(each.probability), interval(each.interval)) for each in horizons
    ]
    return rows or [("any time", "not given", "not given")]


def signed(value: float) -> str:
    """A number with its sign, a true minus and three decimals."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def years(value: float) -> str:
    """A horizon: "1 year", "3 years"."""
    return f"{value:g} year" if value == 1 else f"{value:g} years"


def times(sizes: Iterable[str]) -> str:
    """Sizes with a multiplication sign between them."""
    return " \N{MULTIPLICATION SIGN} ".join(sizes)


def stated(value: str) -> str:
    """The value, or "not stated"."""
    return value.strip() or NOT_STATED


def patient_line(patient: Patient) -> str:
    """Name and identifier, or "anonymised" where the headers hold neither."""
    name = " ".join(part for part in patient.name.replace("^", " ").split() if part)
    parts = [part for part in (name, patient.identifier.strip()) if part]
    return " · ".join(parts) if parts else ANONYMISED


def age_and_sex(patient: Patient) -> str:
    """DICOM age "067Y" and sex "F" in words."""
    digits, unit = patient.age[:-1], patient.age[-1:]
    age = NOT_STATED
    if digits.isdigit() and unit in AGE_UNITS:
        age = f"{int(digits)} {AGE_UNITS[unit]}"
    sex = SEX.get(patient.sex.strip().upper(), NOT_STATED)
    if age == sex:
        return NOT_STATED
    return f"{age if age != NOT_STATED else 'age not stated'}, " + (
        sex if sex != NOT_STATED else "sex not stated"
    )


def method_name(method: str) -> str:
    """Name of a saliency method; one that is not known keeps its own word."""
    return METHOD_NAMES.get(method, method)


def one_cell(saliency: SaliencyMap) -> str:
    """Size of the cells of a map, such as "1 GradCAM cell = 11 × 11 × 14 mm" (left, back, head)."""
    digits = 0 if min(saliency.geometry.spacing_mm) >= 3 else 1
    size = times(f"{each:.{digits}f}" for each in reversed(saliency.geometry.spacing_mm))
    return f"1 {method_name(saliency.method)} cell = {size} mm"


def cells(saliency: SaliencyMap) -> str:
    """How fine a map is."""
    shape = times(str(count) for count in saliency.geometry.shape)
    return f"{shape} cells of {one_cell(saliency).partition(' = ')[2]}"


def threshold(saliency: SaliencyMap) -> str:
    """From where a map is shown: share (`units`), and the raw attribution of that share."""
    return f"threshold {saliency.threshold:g} ({raw_threshold(saliency)})"


def units(maps: Sequence[SaliencyMap]) -> str:
    """Of what the thresholds of maps are a share, such as "the maximum (GradCAM)"."""
    named: dict[str, list[str]] = {}
    for each in maps:
        names = named.setdefault(each.unit_words, [])
        if (name := method_name(each.method)) not in names:
            names.append(name)
    if len(named) == 1:
        return f"the {next(iter(named))}"
    return ", ".join(f"the {unit} ({', '.join(names)})" for unit, names in named.items())


def raw_threshold(saliency: SaliencyMap) -> str:
    """The threshold of a map in its own unit, such as "5.1e−05"."""
    value = saliency.threshold * saliency.unit_value
    return f"{value:.2g}".replace("-", "\N{MINUS SIGN}")


def lungs(volumes_l: tuple[float, float]) -> str:
    """Volumes of the right and the left lung."""
    right_l, left_l = volumes_l
    return f"right {right_l:.1f} L, left {left_l:.1f} L"


def date(dicom_date: str) -> str:
    """DICOM date "20190314" as 2019-03-14."""
    try:
        return datetime.strptime(dicom_date.strip(), "%Y%m%d").date().isoformat()
    except ValueError:
        return NOT_STATED


def scanner(series: SeriesRecord) -> str:
    """Maker and model of the scanner."""
    return stated(" ".join(part for part in (series.manufacturer, series.scanner_model) if part))


def slices(series: SeriesRecord, geometry: VolumeGeometry) -> str:
    """How many slices, and how thick they are."""
    thicknesses = {each.thickness_mm for each in series.slices}
    thickness = thicknesses.pop() if len(thicknesses) == 1 else None
    thick = f"{thickness:g} mm thick" if thickness is not None else "thickness not stated"
    return f"{geometry.shape[0]}, {thick}"


def voxels(geometry: VolumeGeometry) -> str:
    """Voxel size, in the plane of the slices first."""
    through, down, right = geometry.spacing_mm
    return f"{times(f'{spacing:.3g}' for spacing in (right, down, through))} mm"


def tube_voltage(series: SeriesRecord) -> str:
    """Peak voltage of the tube."""
    return NOT_STATED if series.kvp is None else f"{series.kvp:g} kV"


def weights_state(card: ModelCard) -> str:
    """What the weights are where their numbers say nothing of a patient; else ""."""
    if not card.trained:
        return "model not trained"
    return "demonstration weights" if card.demonstration else ""
