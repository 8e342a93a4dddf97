"""A calcium reading as plain JSON: candidates, lesions, vessels, every parameter of the rule."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.calcium.candidates import Candidates
from core.calcium.categories import bin_name, cac_drs, cac_drs_visual, corresponding_grade
from core.calcium.edit_documents import edit_document
from core.calcium.edits import Edit, Point
from core.calcium.lesion import LesionScore
from core.calcium.parts import least_pixels
from core.calcium.patch import patch_score
from core.calcium.protocol import Check
from core.calcium.reading import Reading
from core.calcium.rule import Rule
from core.calcium.scores import NOT_CALIBRATED, CalciumScore, Vessel, VesselScore
from core.calcium.thick_reading import grouping_of, on_averages
from core.calcium.uncertainty import Uncertainty
from core.geometry import VolumeGeometry
from core.voxel_runs import Floats, voxels_of

JsonObject = dict[str, Any]


def candidates_document(candidates: Candidates, in_heart: Candidates | None) -> list[JsonObject]:
    """Every 3D candidate, bones among them; a mark at its `point_mm` means it.

    Args:
        candidates: Of the whole scan.
        in_heart: Of the heart region; None where it is not known, and `heart_share` is null.
    """
    shares = _heart_shares(candidates, in_heart)
    points_mm = _first_points_mm(candidates)
    return [
        {
            "point_mm": points_mm[number],
            "centre_mm": [round(float(each), 3) for each in candidates.centres_mm[number]],
            "slices": candidates.slice_ranges[number].tolist(),
            "max_hu": int(candidates.max_hu[number]),
            "agatston": float(candidates.agatston[number]),
            "volume_mm3": float(candidates.volume_mm3[number]),
            "heart_share": None if shares is None else round(float(shares[number]), 4),
        }
        for number in range(candidates.lesion_count)
    ]


def rule_document(rule: Rule, geometry: VolumeGeometry) -> JsonObject:
    """Every parameter that decides the score, on the slices of a scan."""
    increment_mm, row_mm, column_mm = geometry.spacing_mm
    return {
        "name": rule.name,
        "threshold_hu": rule.threshold_hu,
        "cut_points_hu": list(rule.cut_points_hu),
        "kvp": rule.kvp,
        "connectivity_in_plane": rule.connectivity,
        "least_area_mm2": rule.least_area_mm2,
        "least_area_pixels": least_pixels(rule, row_mm * column_mm),
        "increment_mm": increment_mm,
        "normalisation": "increment / 3 mm",
        "is_modified": rule.is_modified,
    }


def checks_document(checks: Sequence[Check]) -> list[JsonObject]:
    """The pre-flight card."""
    return [
        {
            "name": check.name,
            "light": check.light.name.lower(),
            "value": check.value,
            "words": check.words,
            "refuses": check.refuses,
        }
        for check in checks
    ]


def reading_document(
    reading: Reading, spread: Uncertainty | None, missed: Sequence[Edit] = ()
) -> JsonObject:
    """What was marked and what it scores.

    Args:
        reading: With its edits.
        spread: Uncertainty of the total; None where it was not computed.
        missed: Edits that met nothing.
    """
    found = reading.score()
    return {
        "rule": rule_document(reading.rule, reading.volume.geometry),
        "lesions": lesions_document(reading),
        "vessels": {vessel.value: _sums(found.vessels[vessel]) for vessel in Vessel},
        "total": {**_sums(found.total), **_categories(reading, found)},
        "mass": "calibrated" if reading.calibration_mg_per_mm3_hu else NOT_CALIBRATED,
        "averaged_to_3_mm": _averaged(reading),
        "uncertainty": None if spread is None else _spread(spread),
        "warnings": list(found.warnings),
        "edits": [edit_document(edit) for edit in reading.edits],
        "edits_that_met_nothing": [edit_document(edit) for edit in missed],
    }


def lesions_document(reading: Reading) -> list[JsonObject]:
    """Each marked lesion with who marked it where, when, at which threshold."""
    rows = []
    for number, lesion in enumerate(reading.marks.lesions, start=1):
        rows.append(
            {
                "number": number,
                "vessel": lesion.vessel.value,
                **_lesion(reading.measured(lesion)),
                "threshold_hu": reading.rule.threshold_hu,
                "clicked_mm": list(lesion.click.point_mm),
                "by": lesion.click.by,
                "at": lesion.click.at,
                "growth": lesion.words,
                "patch_at_click": _patch(reading, lesion.click.point_mm),
            }
        )
    return rows


def _patch(reading: Reading, point_mm: Point) -> JsonObject | None:
    """HyRiskNet's baselines at a click; None for one beyond the edge of the scan."""
    if not reading.volume.geometry.contains(point_mm):
        return None
    return asdict(patch_score(reading.volume, point_mm, reading.rule))


def _lesion(found: LesionScore | None) -> JsonObject:
    if found is None:  # cut so small that no part of it counts
        nothing = dict.fromkeys(("mass_mg", "max_hu", "mean_hu", "slices", "centre_mm"))
        return {"agatston": 0.0, "volume_mm3": 0.0, "area_mm2": 0.0, "parts": 0, **nothing}
    return {
        "agatston": found.agatston,
        "volume_mm3": found.volume_mm3,
        "mass_mg": found.mass_mg,
        "area_mm2": found.area_mm2,
        "max_hu": found.max_hu,
        "mean_hu": found.mean_hu,
        "slices": list(found.slices),
        "parts": found.parts,
        "centre_mm": list(found.centre_mm),
    }


def _sums(vessel: VesselScore) -> JsonObject:
    return {
        "agatston": vessel.agatston,
        "volume_mm3": vessel.volume_mm3,
        "root_volume": vessel.root_volume,
        "mass_mg": vessel.mass_mg,
        "area_mm2": vessel.area_mm2,
        "max_hu": vessel.max_hu,
        "lesions": len(vessel.lesions),
    }


def _categories(reading: Reading, found: CalciumScore) -> JsonObject:
    total, grade = found.total.agatston, reading.marks.grade
    return {
        "category": bin_name(total),
        "cac_drs": cac_drs(total, found.vessel_count),
        "cac_drs_visual": None if grade is None else cac_drs_visual(grade, found.vessel_count),
        "visual_grade": None if grade is None else grade.words,
        "visual_grade_that_corresponds": corresponding_grade(total).words,
        "zero_confirmed_by": reading.marks.zero_confirmed_by or None,
        "zero_needs_confirmation": total == 0 and not reading.marks.zero_confirmed_by,
    }


def _averaged(reading: Reading) -> JsonObject | None:
    """The same marks on averages of about 3 mm; None where the slices are not thin."""
    thick = on_averages(reading)
    if thick is None:
        return None
    made, found = grouping_of(reading), thick.score()
    return {
        "increment_mm": made.increment_mm,
        "slices_together": made.together,
        "agatston": found.total.agatston,
        "volume_mm3": found.total.volume_mm3,
        "category": bin_name(found.total.agatston),
        "lesions_found_again": len(thick.marks.lesions),
        "lesions_marked": len(reading.marks.lesions),
    }


def _spread(spread: Uncertainty) -> JsonObject:
    return {
        "of": spread.slices or "slices",
        "interval_95": [spread.low, spread.high],
        "least": spread.least,
        "greatest": spread.greatest,
        "chance_of_another_category": spread.category_change,
        "scores_by_first_slice": list(spread.phase_scores),
        "noise_hu": spread.noise_hu,
    }


def _first_points_mm(candidates: Candidates) -> list[list[float]]:
    """A voxel of each lesion, LPS: the middle of a bent lesion may lie outside it."""
    first = np.unique(candidates.lesion_of_part[candidates.parts.of_run], return_index=True)[1]
    runs = candidates.runs
    index = np.stack((runs.slices[first], runs.rows[first], runs.columns[first]), axis=1)
    points: list[list[float]] = np.round(candidates.geometry.to_patient(index), 3).tolist()
    return points


def _heart_shares(candidates: Candidates, in_heart: Candidates | None) -> Floats | None:
    if in_heart is None:
        return None
    shape = candidates.geometry.shape
    whole = candidates.lesion_of_part[np.repeat(candidates.parts.of_run, candidates.runs.lengths)]
    flat = np.ravel_multi_index(tuple(voxels_of(candidates.runs).T), shape)
    inside = np.ravel_multi_index(tuple(voxels_of(in_heart.runs).T), shape)
    hits = np.bincount(whole[np.searchsorted(flat, inside)], minlength=candidates.lesion_count)
    return np.asarray(hits / np.bincount(whole, minlength=candidates.lesion_count))
