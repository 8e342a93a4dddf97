"""How values are written in the report, and what stands where a value is missing."""

from collections.abc import Sequence
from datetime import datetime

from core.data.series import Patient, SeriesRecord
from core.geometry import VolumeGeometry

NOT_GIVEN = "not given by this model"
NOT_STATED = "not stated"
ANONYMISED = "anonymised"

SEX = {"F": "female", "M": "male", "O": "other"}
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


def signed(value: float) -> str:
    """A number with its sign, a true minus and three decimals."""
    return f"{value:+.3f}".replace("-", "−")


def years(value: float) -> str:
    """A horizon: "1 year", "3 years"."""
    return f"{value:g} year" if value == 1 else f"{value:g} years"


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
    """How many slices, their thickness, and the voxel size."""
    thicknesses = {each.thickness_mm for each in series.slices}
    count = f"{geometry.shape[0]} slices"
    thickness = thicknesses.pop() if len(thicknesses) == 1 else None
    thick = f"{thickness:g} mm thick" if thickness is not None else "thickness not stated"
    size = " × ".join(f"{spacing:.3g}" for spacing in _in_plane_first(geometry))
    return f"{count}, {thick}, voxels {size} mm"


def _in_plane_first(geometry: VolumeGeometry) -> Sequence[float]:
    through, down, right = geometry.spacing_mm
    return right, down, through
