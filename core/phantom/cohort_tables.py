"""The tables over a synthetic cohort: what a trial would know, and what only a phantom tells.

`cohort.csv` has the columns of every cohort: patient_id, scan, event, time_years, cause,
matched_set, then the questionnaire. `truth.csv` has the amounts of all diseases, what the hazards
hang on, the hazards themselves and the settings of the scanner.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from core.phantom.clinical_table import clinical_row
from core.phantom.member import Member
from core.phantom.outcome import covariates, hazards, oracle_score, oracle_survival
from core.phantom.protocol import Protocol, Size, draw_protocol
from core.phantom.subject import Diseases, Sex, Vessel

Value = str | int | float

HORIZONS_YEARS = (1, 3, 5)
"""Of the oracle: those of the survival models."""


def cohort_table(members: Sequence[Member], scan_pattern: str) -> bytes:
    """`cohort.csv`.

    Args:
        members: One row each, in this order.
        scan_pattern: Path of a scan relative to the table; {} stands for the patient's id.
    """
    return _csv(
        {
            "patient_id": member.patient_id,
            "scan": scan_pattern.format(member.patient_id),
            "event": int(member.outcome.event),
            "time_years": member.outcome.time_years,
            "cause": member.outcome.icd10,
            "matched_set": member.matched_set,
            **clinical_row(member.subject),
        }
        for member in members
    )


def truth_table(members: Sequence[Member], size: Size) -> bytes:
    """`truth.csv`; amounts of disease in the units of their names, hazards a year."""
    return _csv(
        {
            "patient_id": member.patient_id,
            "part": member.part.value,
            "seed": member.subject.seed,
            "male": int(member.subject.sex is Sex.MALE),
            "age_years": member.subject.age_years,
            "pack_years": member.subject.pack_years,
            **_amounts(member.subject.diseases),
            **{f"covariate_{name}": value for name, value in covariates(member.subject).items()},
            **{f"hazard_{name}": value for name, value in hazards(member.subject).items()},
            "oracle_score": oracle_score(member.subject),
            **{
                f"oracle_survival_{years}y": oracle_survival(member.subject, years)
                for years in HORIZONS_YEARS
            },
            **_settings(draw_protocol(member.subject, size)),
        }
        for member in members
    )


def _amounts(diseases: Diseases) -> dict[str, float]:
    return {
        "total_agatston": diseases.total_agatston,
        **{
            f"agatston_{vessel.value.lower()}": diseases.coronary_agatston.get(vessel, 0.0)
            for vessel in Vessel
        },
        "aortic_calcium_mm3": diseases.aortic_calcium_mm3,
        "valve_calcium_mm3": diseases.valve_calcium_mm3,
        "centrilobular": diseases.centrilobular,
        "panlobular": diseases.panlobular,
        "emphysema": diseases.centrilobular + diseases.panlobular,
        "fibrosis": diseases.fibrosis,
        "nodule_mm": diseases.nodule_mm,
        "heart_scale": diseases.heart_scale,
        "vertebral_hu": diseases.vertebral_hu,
        "muscle": diseases.muscle,
        "effusion_ml": sum(diseases.effusion_ml),
    }


def _settings(protocol: Protocol) -> dict[str, Value]:
    return {
        "scan_kernel": protocol.kernel.value,
        "scan_kvp": protocol.kvp,
        "scan_noise_hu": protocol.noise_hu,
        "scan_slice_thickness_mm": protocol.slice_thickness_mm,
        "scan_pixel_mm": protocol.pixel_mm,
    }


def _csv(rows: Iterable[Mapping[str, Value]]) -> bytes:
    """Rows with the same columns; numbers in full."""
    written = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(written, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    return written.getvalue().encode()
