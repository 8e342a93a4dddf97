"""Calcium readings worked out by hand, with the report of each."""

from typing import Any

from core.calcium.categories import VisualGrade
from core.calcium.edits import AddLesion, ConfirmZero, Edit, Grade
from core.calcium.scores import Vessel
from core.calcium_case import CalciumCase, open_case
from core.report.calcium_report import CalciumReport, calcium_report
from tests.core.calcium.blocks import at, scan
from tests.phantoms import series_record

LAD_BLOCK = (slice(1, 3), slice(5, 7), slice(5, 10), 250)  # 2 x 10 mm2, weight 2: 40 points
RCA_BLOCK = (slice(2, 3), slice(20, 22), slice(5, 10), 350)  # 10 mm2, weight 3: 30 points
VALVE_BLOCK = (slice(4, 5), slice(30, 32), slice(20, 25), 800)  # 10 mm2, weight 4: 40 points
CREATED = "2026-01-02T03:04:05+00:00"
PLACES = {Vessel.LAD: (1, 6, 7), Vessel.RCA: (2, 21, 7), Vessel.OTHER: (4, 31, 22)}


def heart_case(increment_mm: float = 3.0, **record: Any) -> tuple[CalciumCase, Any]:
    volume = scan([LAD_BLOCK, RCA_BLOCK, VALVE_BLOCK], spacing_mm=(increment_mm, 1.0, 1.0))
    fields = {"kvp": 120.0, "kernel": "B35f", **record}
    headers = series_record(count=6, spacing_mm=increment_mm, **fields)
    return open_case(headers, volume), headers


def click(case: CalciumCase, vessel: Vessel) -> AddLesion:
    x, y, z = at(case.volume, PLACES[vessel])
    return AddLesion((float(x), float(y), float(z)), vessel, by="AB", at=CREATED)


def report_of(
    *vessels: Vessel,
    grade: VisualGrade | None = None,
    zero_by: str = "",
    calibration: float | None = None,
    missed: tuple[Edit, ...] = (),
    increment_mm: float = 3.0,
    **record: Any,
) -> CalciumReport:
    """A report of the vessels' blocks, always made at the same moment."""
    case, headers = heart_case(increment_mm, **record)
    edits: list[Edit] = [click(case, vessel) for vessel in vessels]
    edits += [] if grade is None else [Grade(grade)]
    edits += [ConfirmZero(zero_by)] if zero_by else []
    reading, not_met = case.reading(calibration=calibration).with_edits(edits)
    assert not not_met
    report = calcium_report(case, reading, headers, case.volume.geometry, missed=missed)
    return CalciumReport(report.record, report.stored, reading, report.document, CREATED)
