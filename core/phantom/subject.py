"""A synthetic person: age, sex, smoking, build, and the amount of every disease.

Amounts alone: the rooms of the thorax turn them into shapes with streams of chance that hang on the
subject's seed and on a name, so that more of one disease moves no voxel of another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np


class Sex(StrEnum):
    """Of the person; shapes anatomy and disease."""

    FEMALE = "female"
    MALE = "male"


class Vessel(StrEnum):
    """Coronary arteries that may hold calcium."""

    LM = "LM"
    LAD = "LAD"
    LCX = "LCX"
    RCA = "RCA"


class Finding(StrEnum):
    """What a truth mask marks."""

    CORONARY_CALCIUM = "coronary_calcium"
    AORTIC_CALCIUM = "aortic_calcium"
    VALVE_CALCIUM = "valve_calcium"
    EMPHYSEMA = "emphysema"
    FIBROSIS = "fibrosis"
    NODULE = "nodule"
    HEART = "heart"
    VERTEBRAE = "vertebrae"
    MUSCLE = "muscle"
    EFFUSION = "effusion"


@dataclass(frozen=True)
class Build:
    """Anatomy that varies from person to person; the defaults are the reference thorax.

    Attributes:
        width, depth, height: Scale of the rib cage and what it holds along x, y and z.
        fat_mm: Fat under the skin, added to the reference's.
        breast: Size of the breasts, 0 (man) to 1.5.
        diaphragm_mm: How much higher the domes stand than after a full breath (0 to 45).
        heart_turn_degrees: Of the heart's long axis to the left, beside the reference's.
        kyphosis: Bend of the thoracic spine, 0.7 to 1.6 of the reference's.
    """

    width: float = 1.0
    depth: float = 1.0
    height: float = 1.0
    fat_mm: float = 0.0
    breast: float = 0.0
    diaphragm_mm: float = 0.0
    heart_turn_degrees: float = 0.0
    kyphosis: float = 1.0


@dataclass(frozen=True)
class Diseases:
    """Amount of each disease; the defaults are a healthy chest.

    Attributes:
        coronary_agatston: Intended Agatston score by vessel, at 120 kV.
        aortic_calcium_mm3: Volume of plaque in the aorta's wall.
        valve_calcium_mm3: Volume of calcium on the aortic valve.
        centrilobular: Share of the lung taken by small holes, mostly in the upper lobes, 0 to 0.4.
        panlobular: Share of the lung with even loss of tissue, mostly below, 0 to 0.4.
        fibrosis: Share of the lung with reticulation, under the pleura and below, 0 to 0.35.
        nodule_mm: Diameter of a nodule or mass, 0 for none, up to 60.
        heart_scale: Linear size of the heart against the healthy one, 1 to 1.4.
        vertebral_hu: Of trabecular bone, 50 (porous) to 230.
        muscle: Cross-section of the muscles against the reference's, 0.5 to 1.1.
        effusion_ml: Fluid beside the right and the left lung.
    """

    coronary_agatston: Mapping[Vessel, float] = field(default_factory=dict)
    aortic_calcium_mm3: float = 0.0
    valve_calcium_mm3: float = 0.0
    centrilobular: float = 0.0
    panlobular: float = 0.0
    fibrosis: float = 0.0
    nodule_mm: float = 0.0
    heart_scale: float = 1.0
    vertebral_hu: float = 160.0
    muscle: float = 1.0
    effusion_ml: tuple[float, float] = (0.0, 0.0)

    @property
    def total_agatston(self) -> float:
        """Intended Agatston score of all vessels."""
        return float(sum(self.coronary_agatston.values()))


@dataclass(frozen=True)
class Subject:
    """A synthetic person.

    Attributes:
        seed: Of every stream of chance of this person.
        age_years: 40 to 90.
        sex: Shapes anatomy and disease.
        pack_years: Packs a day times years of smoking.
        build: Anatomy.
        diseases: Amounts.
    """

    seed: int
    age_years: float = 62.0
    sex: Sex = Sex.MALE
    pack_years: float = 45.0
    build: Build = Build()
    diseases: Diseases = Diseases()

    def random(self, name: str) -> np.random.Generator:
        """A stream of chance of its own for each name, the same on every machine."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))
