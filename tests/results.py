"""A made-up run on a made-up thorax: what panels, report and outputs are tested with.

Nothing here was computed by a model. The hot spot of both maps is the middle of the heart.
"""

from pathlib import Path

import numpy as np

from core.analysis_result import AnalysisRequest, AnalysisResult, Provenance
from core.data.fitness import Fitness, Level, Reason, Verdict
from core.data.series import Patient, SeriesRecord, SliceHeader
from core.geometry import VolumeGeometry
from core.models.cards import (
    Calibration,
    CalibrationBin,
    CardMetric,
    InputDescription,
    ModelCard,
    SurvivalOutput,
)
from core.preprocessing.reorient import HEAD_BACK_LEFT
from core.prognosis import HorizonRisk, Prognosis, SurvivalCurve
from core.saliency.targets import MORTALITY
from core.volume import Mask, SaliencyMap, Volume

SERIES_UID = "1.2.826.0.1.3680043.8.498.31415926535897932384626433832795"
FRAME_UID = "1.2.826.0.1.3680043.8.498.27182818284590452353602874713526"
DIGEST = "3f2a9c1e5b7d8046" * 4
HEART_FROM_CENTRE_MM = np.array([28.0, -35.0, -10.0])
TARGET = MORTALITY.words
ORGAN_SHARE = {
    "right lung": 0.151,
    "left lung": 0.204,
    "airways": 0.004,
    "heart": 0.381,
    "great vessels": 0.052,
    "vertebrae": 0.061,
    "ribs, sternum and shoulders": 0.032,
    "other soft tissue": 0.115,
    "outside the body": 0.0,
}


def thorax_volume() -> Volume:
    """A 384 x 384 x 280 mm thorax of ellipsoids, 70 x 96 x 96 voxels of 4 mm, in our own order."""
    shape = (70, 96, 96)
    geometry = VolumeGeometry.from_axes(
        shape, (-190.0, -180.0, -640.0), HEAD_BACK_LEFT, (4.0, 4.0, 4.0), FRAME_UID
    )
    points = geometry.to_patient(np.stack(np.indices(shape), axis=-1)) - geometry.centre_mm
    noise = np.random.default_rng(7).normal(0, 8, shape)
    hu = np.full(shape, -1000.0)
    body = _inside(points, (0, 10, 0), (165, 115, 400))
    hu[body] = -90
    hu[_inside(points, (0, 10, 0), (150, 100, 400))] = 45
    for side in (-1, 1):
        hu[_inside(points, (side * 72, 5, 10), (58, 82, 125))] = -850
    hu[_inside(points, (0, 75, 0), (17, 17, 400))] = 260
    hu[_inside(points, HEART_FROM_CENTRE_MM, (52, 42, 55))] = 40
    return Volume((hu + noise).astype(np.int16), geometry, SERIES_UID)


def heart_mm(geometry: VolumeGeometry) -> np.ndarray:
    """LPS position of the hot spot of both maps, in a volume of this geometry."""
    extent_mm = np.abs(geometry.axes.T @ (np.array(geometry.shape) * geometry.spacing_mm))
    return geometry.centre_mm + HEART_FROM_CENTRE_MM * extent_mm / (384.0, 384.0, 280.0)


def example_card() -> ModelCard:
    return ModelCard(
        id="mortality-resnet3d-d",
        title="Long-term mortality, Model D (3D ResNet-10)",
        citation="Lu Y, Aslani S, Emberton M, Alexander DC, Jacob J. Deep learning-based long term "
        "mortality prediction in the National Lung Screening Trial. IEEE Access 2022;10:34369.",
        doi="10.1109/ACCESS.2022.3161954",
        architecture="MedicalNet ResNet-10, global average pooling, FC 512-32-2; survival head",
        variant="D",
        outcome="Death from circulatory or respiratory disease (ICD-10 I10-I52, J00-J99)",
        intended_use="Research on prognosis from low-dose chest CT of smokers aged 55 to 74.",
        not_for="Diagnosis, treatment or screening decisions; children; CT after thoracic surgery.",
        training_cohort="None yet. Published: NLST, 166 deaths matched 1:2 with 332 alive.",
        reproduced="Network, input, masks and saliency as published.",
        deviations=(
            "The survival head (discrete-time hazards) is ours.",
            "GradCAM threshold is not stated in the paper: 0.5 of the maximum.",
        ),
        input=InputDescription(
            shape=(128, 256, 256),
            hu_window=(-1200, 600),
            outside_intensity=170,
            region="Convex hull of both lungs, slice by slice, which keeps the heart",
        ),
        survival=SurvivalOutput(
            outcome="Death from any cause", breaks_years=(0, 1, 2, 3, 5), horizons_years=(1, 3, 5)
        ),
        saliency_layer="layer4",
        gradcam_threshold=0.5,
        licence="Apache-2.0",
        trained=False,
        demonstration=False,
        initialisation_seed=20220,
        initialisation_sha256=DIGEST,
    )


def trained_card() -> ModelCard:
    """The same, trained, with one figure and one point of its calibration plot."""
    point = CalibrationBin(scans=40, predicted=0.25, observed=0.2, low=0.1, high=0.35)
    auc = CardMetric(name="AUC", value=0.812, low=0.75, high=0.87, scans=250, of="test scans")
    calibration = Calibration(
        slope=1.2,
        intercept=-0.4,
        scans=900,
        of="scans of the folds",
        bins=(point,),
        bins_of="test scans",
    )
    changes = {"metrics": (auc,), "calibration": calibration, "weights_sha256": DIGEST}
    return example_card().model_copy(update={"trained": True, **changes})


def example_result(volume: Volume | None = None) -> tuple[AnalysisRequest, AnalysisResult]:
    """A request on `volume` (default: `thorax_volume`) and the result that a run might give."""
    volume = thorax_volume() if volume is None else volume
    card = example_card()
    request = AnalysisRequest(volume, _series(volume), _fitness(), card.id)
    prognosis = Prognosis(
        model_id=card.id,
        outcome=card.outcome,
        mortality_probability=0.4137,
        horizons=(HorizonRisk(1, 0.0412), HorizonRisk(3, 0.1375), HorizonRisk(5, 0.2461)),
        survival_curve=SurvivalCurve((0, 1, 2, 3, 5), (1.0, 0.9588, 0.9101, 0.8625, 0.7539)),
        risk_score=-0.3488,
        warnings=card.warnings,
    )
    result = AnalysisResult(
        prognosis=prognosis,
        saliency=(
            _saliency(volume.geometry, (32, 64, 64), "gradient", 12.0),
            _saliency(volume.geometry, (4, 8, 8), "gradcam", 40.0),
        ),
        lungs_and_heart=_lungs_and_heart(volume.geometry),
        card=card,
        clinical={},
        provenance=_provenance(volume),
        lungs=_lungs(volume.geometry),
        lung_volumes_l=(2.61, 2.58),
        regions=_lungs_and_heart(volume.geometry),
        organ_share={"gradient": ORGAN_SHARE, "gradcam": {**ORGAN_SHARE, "vertebrae": 0.0}},
    )
    return request, result


def _saliency(
    geometry: VolumeGeometry, shape: tuple[int, int, int], method: str, radius_mm: float
) -> SaliencyMap:
    """A blob on a grid of `shape` cells that fills `geometry`; the cell nearest the heart is 1."""
    extent_mm = np.array(geometry.shape) * geometry.spacing_mm
    spacing_mm = extent_mm / shape
    corner = geometry.to_patient((-0.5, -0.5, -0.5))
    origin_mm = corner + geometry.axes.T @ (spacing_mm / 2)
    grid = VolumeGeometry.from_axes(
        shape, origin_mm, geometry.axes, spacing_mm, geometry.frame_of_reference_uid
    )
    cells = grid.to_patient(np.stack(np.indices(shape), axis=-1))
    distance_mm = np.linalg.norm(cells - heart_mm(geometry), axis=-1)
    values = np.exp(-((distance_mm / radius_mm) ** 2) / 2)
    if method == "gradient":
        values = values * np.random.default_rng(11).uniform(0.4, 1.0, shape)
    values = (values / values.max()).astype(np.float32)
    return SaliencyMap(values, grid, method, TARGET, 0.5, unit_value=0.0123)


def _lungs_and_heart(geometry: VolumeGeometry) -> Mask:
    """An ellipsoid that holds lungs and heart of `thorax_volume`, in the same share of any grid."""
    unit = np.stack(np.indices(geometry.shape), axis=-1) / (np.array(geometry.shape) - 1) - 0.5
    patient_axes = np.argmax(np.abs(geometry.axes), axis=1)
    radii = np.array([135 / 384, 95 / 384, 140 / 280])[patient_axes]
    return Mask(_inside(unit, 0.0, radii).astype(np.uint8), geometry)


def _lungs(geometry: VolumeGeometry) -> Mask:
    """1 in the right half of `_lungs_and_heart`, 2 in the left."""
    hull = _lungs_and_heart(geometry)
    points = geometry.to_patient(np.stack(np.indices(geometry.shape), axis=-1))
    is_left = points[..., 0] > geometry.centre_mm[0]
    return Mask(hull.labels * (1 + is_left).astype(np.uint8), geometry)


def _inside(points: np.ndarray, centre_mm: object, radii_mm: object) -> np.ndarray:
    return (((points - np.asarray(centre_mm)) / np.asarray(radii_mm)) ** 2).sum(axis=-1) < 1


def _series(volume: Volume) -> SeriesRecord:
    geometry = volume.geometry
    _, down, right = geometry.axes
    count, rows, columns = geometry.shape
    spacing_mm = geometry.spacing_mm
    slices = tuple(
        SliceHeader(
            path=Path(f"slice-{index:04d}.dcm"),
            sop_instance_uid=f"{SERIES_UID}.{index + 1}",
            instance_number=index + 1,
            position_mm=tuple(float(x) for x in geometry.to_patient((index, 0, 0))),
            orientation=tuple(float(x) for x in (*right, *down)),
            rows=rows,
            columns=columns,
            pixel_spacing_mm=spacing_mm[1:],
            thickness_mm=spacing_mm[0],
            transfer_syntax_uid="1.2.840.10008.1.2.1",
        )
        for index in range(count)
    )
    return SeriesRecord(
        uid=SERIES_UID,
        slices=slices,
        study_uid=SERIES_UID[:-2],
        frame_of_reference_uid=FRAME_UID,
        modality="CT",
        description="Thorax 4.0 B31f",
        study_description="CT thorax without contrast",
        study_date="20190314",
        series_number=3,
        body_part="CHEST",
        manufacturer="SIEMENS",
        scanner_model="Biograph 40",
        kernel="B31f",
        kvp=120.0,
        patient_position="HFS",
        patient=Patient("MUSTERMANN^ERIKA", "P-0042", "F", "067Y"),
    )


def _fitness() -> Fitness:
    thick = Reason(
        Level.WARN,
        "Slices are 4.0 mm apart; the model was built for 2.5 mm or less.",
        "Use a thinner reconstruction of the same scan if there is one.",
    )
    return Fitness(model=Verdict((thick,)))


def _provenance(volume: Volume) -> Provenance:
    return Provenance(
        versions={"thoralens": "0.1.0", "python": "3.11.2", "torch": "2.13.0", "numpy": "2.4.1"},
        weights_sha256=DIGEST,
        series_uid=volume.series_uid or SERIES_UID,
        device="CPU, 2 threads",
        precision="fp32",
        steps=(
            "reorient to head, back, left",
            "lung mask (grt123 constants)",
            "heart-preserving hull, 10 mm margin",
            "intensity [-1200, 600] HU to 0..255, outside 170",
            "resample to 128 x 256 x 256",
            "forward pass, GradCAM at layer4, gradient of the mortality logit",
        ),
        seconds={
            "reorient": 0.08,
            "lung mask": 3.91,
            "heart region": 0.62,
            "intensity": 0.21,
            "resample": 0.94,
            "network": 9.37,
            "saliency": 6.05,
        },
        created="2026-02-11T14:03:27+01:00",
    )
