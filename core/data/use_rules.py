"""What speaks against using a series for the model or for calcium, in words."""

import numpy as np

from core.data.fitness import Level, Reason
from core.data.kernels import is_sharp
from core.data.series import VOLUME_KINDS, SeriesRecord
from core.data.slice_stack import cosines, slice_thickness_mm, stack_of
from core.geometry import Floats

OBLIQUE_DEGREES = 30.0
"""An axis of the grid further than this from every axis of the patient is oblique: a tilted gantry
reaches about 30 degrees."""

MODEL_THICKNESS_MM = 2.5
"""Lu et al. 2022 admitted scans of at most this axial thickness; the model saw no thicker one."""

MODEL_THICKNESS_LIMIT_MM = 5.0
"""Twice that: beyond it we refuse. This limit is ours, the paper has none."""

MODEL_COVERAGE_MM = 150.0
"""Adult lungs are 200 to 300 mm high: a shorter stack most likely misses part of them."""

MODEL_SLICES = 32
"""Fewer slices than a quarter of the network's 128: three quarters would be interpolated."""

MODEL_FIELD_MM = 250.0
"""Adult lungs are 220 to 330 mm wide: a smaller field of view most likely cuts them."""

OVERLAP_TOLERANCE = 0.05
"""Slice distance and Slice Thickness may differ by this share: both are often rounded."""

CALCIUM_THICKNESS_MM = 3.0
"""The Agatston score is defined on slices of 3 mm."""

CALCIUM_THICKNESS_LIMIT_MM = 5.0
"""Beyond this, small plaques drown in partial volume."""

CALCIUM_KVP = 120.0
"""The threshold of 130 HU holds for this tube voltage."""

NO_CONTRAST = ("", "NO", "NONE", "N", "NO CONTRAST", "WITHOUT")


def _block(text: str, remedy: str) -> Reason:
    return Reason(Level.BLOCK, text, remedy)


def _warn(text: str, remedy: str = "") -> Reason:
    return Reason(Level.WARN, text, remedy)


def value_faults(record: SeriesRecord) -> list[Reason]:
    """Why the values may not be hounsfield units as the scanner measured them."""
    found = []
    if record.slices[0].transfer_syntax_uid in VOLUME_KINDS:
        found.append(
            _warn(
                "The file does not say that its values are hounsfield units, nor how the patient "
                "was scanned: both are taken for granted.",
                "Open the DICOM files of the scan if there are any.",
            )
        )
    if record.rescale_type not in ("", "HU"):
        unit = record.rescale_type
        text = (
            "Hounsfield units were expected, the headers do not state slope and intercept."
            if unit == "missing"
            else f"Hounsfield units were expected, the headers say the values are '{unit[:16]}'."
        )
        found.append(_warn(text, "Do not measure on it; choose a series in hounsfield units."))
    if record.damaged_files:
        count = record.damaged_files
        files = "One file of the series is" if count == 1 else f"{count} files of the series are"
        found.append(
            _warn(
                f"{files} damaged and left out: slices may be missing, at its ends too.",
                "Copy or export the series again.",
            )
        )
    if record.is_lossy:
        found.append(
            _warn(
                "The pixels went through a lossy compression: values differ from the scanner's.",
                "Choose the original, uncompressed or losslessly compressed series.",
            )
        )
    return found


def model_reasons(record: SeriesRecord) -> list[Reason]:
    """What speaks against running the model; the rule is stated in `geometry_gate.fitness_of`."""
    found = [
        _model_thickness(record),
        _not_axial_for_model(record),
        _not_hounsfield(record),
        _small_field(record),
    ]
    coverage = _head_to_foot_mm(record)
    if coverage < MODEL_COVERAGE_MM:
        found.append(
            _warn(
                f"The slices cover {coverage:.0f} mm from head to foot, under "
                f"{MODEL_COVERAGE_MM:.0f} mm: they may not cover both lungs.",
                "Choose a series of the whole chest.",
            )
        )
    if record.slice_count < MODEL_SLICES and _is_axial(record):
        found.append(
            _warn(
                f"Only {record.slice_count} slices for the 128 that the network takes: most of "
                "its input is interpolated.",
                "Choose a series with more, thinner slices.",
            )
        )
    if is_sharp(record.kernel):
        found.append(
            _warn(
                f"A sharp kernel ('{record.kernel[:16]}'): edges and noise are stronger than in "
                "the soft tissue reconstructions that the model's study used.",
                "Choose a series with a soft kernel if there is one.",
            )
        )
    if _has_contrast(record):
        found.append(_warn("Contrast agent was given: vessels and heart look denser than without."))
    return [reason for reason in found if reason is not None]


def _model_thickness(record: SeriesRecord) -> Reason | None:
    thickness = slice_thickness_mm(record)
    if thickness <= MODEL_THICKNESS_MM:
        return None
    text = (
        f"The slices are {thickness:.3g} mm thick, over 2.5 mm axial thickness, the most that the "
        "model's study admitted (Lu et al. 2022)"
    )
    remedy = "Choose or reconstruct a series of 2.5 mm or thinner."
    if thickness <= MODEL_THICKNESS_LIMIT_MM:
        return _warn(f"{text}.", remedy)
    return _block(f"{text}; over 5 mm the model is not run.", remedy)


def _small_field(record: SeriesRecord) -> Reason | None:
    """A field of view that most likely cuts the lungs; only axial slices show their width."""
    if not _is_axial(record):
        return None
    width = field_of_view_mm(record)
    if width >= MODEL_FIELD_MM:
        return None
    return _warn(
        f"The slices show {width:.0f} mm of the body, under {MODEL_FIELD_MM:.0f} mm: the lungs may "
        "be cut at their sides.",
        "Choose a series that shows the whole chest.",
    )


def field_of_view_mm(record: SeriesRecord) -> float:
    """Shorter side of a slice, or the reconstruction diameter where that is smaller."""
    first = record.slices[0]
    row_mm, column_mm = first.pixel_spacing_mm
    side = min(first.rows * row_mm, first.columns * column_mm)
    diameter = record.reconstruction_diameter_mm
    return side if diameter is None or diameter <= 0 else min(side, diameter)


def _head_to_foot_mm(record: SeriesRecord) -> float:
    """Extent of the grid along the patient's long axis, whatever the storage order."""
    first, stack = record.slices[0], stack_of(record)
    along_columns, along_rows = cosines(record)
    row_mm, column_mm = first.pixel_spacing_mm
    extents = (
        stack.positions_mm[-1, 2] - stack.positions_mm[0, 2],
        along_rows[2] * row_mm * (first.rows - 1),
        along_columns[2] * column_mm * (first.columns - 1),
    )
    return float(np.abs(extents).sum())


def _degrees_off(axis: Floats) -> float:
    """Angle between a unit vector and the nearest axis of the patient."""
    return float(np.degrees(np.arccos(np.clip(np.abs(axis).max(), 0, 1))))


def _is_axial(record: SeriesRecord) -> bool:
    return int(np.abs(stack_of(record).normal).argmax()) == 2


def _not_axial_for_model(record: SeriesRecord) -> Reason | None:
    """Coronal and sagittal stacks reorient exactly; oblique ones have no axial slices."""
    off = max(_degrees_off(axis) for axis in (stack_of(record).normal, *cosines(record)))
    if off > OBLIQUE_DEGREES:
        return _block(
            f"Slices along the patient's axes were expected, these lie {off:.0f} degrees off.",
            "Choose the axial series.",
        )
    if _is_axial(record):
        return None
    return _warn(
        "The slices are not axial: the model saw only axial reconstructions.",
        "Choose the axial series if there is one.",
    )


def _not_axial(record: SeriesRecord) -> Reason | None:
    normal = stack_of(record).normal
    if _is_axial(record) and _degrees_off(normal) <= OBLIQUE_DEGREES:
        return None
    degrees = float(np.degrees(np.arccos(np.clip(abs(normal[2]), 0, 1))))
    return _block(
        f"Axial slices were expected, these lie {degrees:.0f} degrees off.",
        "Choose the axial series.",
    )


def _not_hounsfield(record: SeriesRecord) -> Reason | None:
    if record.rescale_type in ("", "HU"):
        return None
    return _block("The values are not known to be hounsfield units.", "Choose a series that is.")


def _has_contrast(record: SeriesRecord) -> bool:
    return record.contrast_agent.upper() not in NO_CONTRAST


def calcium_reasons(record: SeriesRecord) -> list[Reason]:
    """What speaks against scoring calcium."""
    found = [
        _calcium_thickness(record),
        _not_axial(record),
        _not_hounsfield(record),
        _overlap(record),
    ]
    if is_sharp(record.kernel):
        found.append(
            _warn(
                f"A sharp kernel ('{record.kernel[:16]}') overshoots at edges and adds noise: "
                "plaques look denser than they are.",
                "Choose a series with a soft kernel if there is one.",
            )
        )
    if record.kvp is not None and record.kvp != CALCIUM_KVP:
        found.append(
            _warn(
                f"Scanned at {record.kvp:.0f} kVp, the Agatston score is defined at "
                f"{CALCIUM_KVP:.0f} kVp: a score is 'modified'."
            )
        )
    if _has_contrast(record):
        text = "Contrast agent was given: it cannot be told from calcium."
        found.append(_block(text, "Choose the series without contrast agent."))
    return [reason for reason in found if reason is not None]


def _calcium_thickness(record: SeriesRecord) -> Reason | None:
    thickness = slice_thickness_mm(record)
    if thickness <= CALCIUM_THICKNESS_MM:
        return None
    text = f"The slices are {thickness:.3g} mm thick, calcium is scored on 3 mm"
    remedy = "Choose or reconstruct a series of 3 mm or thinner."
    if thickness <= CALCIUM_THICKNESS_LIMIT_MM:
        return _warn(f"{text}.", remedy)
    return _block(f"{text}; over 5 mm it is not scored.", remedy)


def _overlap(record: SeriesRecord) -> Reason | None:
    """Slices that overlap, or leave something between them out."""
    stated = max((s.thickness_mm or 0.0 for s in record.slices), default=0.0)
    distance = stack_of(record).median_gap_mm
    if stated <= 0 or distance <= 0 or abs(distance - stated) <= OVERLAP_TOLERANCE * stated:
        return None
    found = f"The slices are {stated:.3g} mm thick and lie {distance:.3g} mm apart: "
    if distance < stated:
        return _warn(
            f"{found}they overlap, and a sum over all of them counts plaques more than once "
            "unless it is scaled.",
            "Choose a series without overlap if there is one.",
        )
    return _warn(
        f"{found}{distance - stated:.3g} mm between them are not shown, and plaques may be missed.",
        "Choose a series without gaps between the slices if there is one.",
    )
