"""Draws people as a lung cancer screening trial finds them: smokers, their builds, their diseases.

Frequencies and amounts are set by hand to resemble the National Lung Screening Trial (ages 55 to
74, 30 pack-years or more; N Engl J Med 2011;365:395) and published prevalences; disease that kills
is commoner than there, so that a small cohort holds enough of it. Nobody's data was used.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.phantom.subject import Build, Diseases, Sex, Subject, Vessel

AGES_YEARS = (55.0, 74.0)
PACK_YEARS = (30.0, 150.0)
SHARE_OF_MEN = 0.59

VESSEL_SHARES = {Vessel.LM: 0.06, Vessel.LAD: 0.50, Vessel.LCX: 0.17, Vessel.RCA: 0.27}
"""Mean share of each coronary artery in the score (McClelland et al., Circulation 2006)."""

SMALLEST_AGATSTON, LARGEST_AGATSTON = 2.0, 2500.0


def draw_subject(seed: int) -> Subject:
    """A person who depends on the seed alone."""
    random = Subject(seed).random("person")
    sex = Sex.MALE if random.random() < SHARE_OF_MEN else Sex.FEMALE
    age_years = float(np.clip(random.normal(62.0, 5.2), *AGES_YEARS))
    pack_years = float(np.clip(random.lognormal(math.log(46), 0.36), *PACK_YEARS))
    burden = _Burden(age_years, sex, pack_years, random)
    diseases = burden.diseases()
    return Subject(
        seed=seed,
        age_years=round(age_years, 1),
        sex=sex,
        pack_years=round(pack_years, 1),
        build=_draw_build(sex, age_years, diseases, random),
        diseases=diseases,
    )


@dataclass(frozen=True)
class _Burden:
    """What age, sex and smoking do to the chance and the amount of each disease."""

    age_years: float
    sex: Sex
    pack_years: float
    random: np.random.Generator

    @property
    def _decades(self) -> float:
        return (self.age_years - 62) / 10

    @property
    def _packs(self) -> float:
        return math.log(self.pack_years / 46)

    def _has(self, log_odds: float) -> bool:
        return bool(self.random.random() < 1 / (1 + math.exp(-log_odds)))

    def diseases(self) -> Diseases:
        coronary = self._coronary_agatston()
        atheroma = math.log1p(sum(coronary.values()))
        heart_scale = self._heart_scale(atheroma)
        centrilobular, panlobular = self._emphysema()
        return Diseases(
            coronary_agatston=coronary,
            aortic_calcium_mm3=self._aortic_calcium_mm3(atheroma),
            valve_calcium_mm3=self._valve_calcium_mm3(atheroma),
            centrilobular=centrilobular,
            panlobular=panlobular,
            fibrosis=self._amount(-2.0 + 0.5 * self._decades, median=0.09, spread=0.6, most=0.30),
            nodule_mm=self._amount(-1.1 + 0.5 * self._packs, median=8.0, spread=0.6, most=50.0),
            heart_scale=heart_scale,
            vertebral_hu=self._vertebral_hu(),
            muscle=self._muscle(centrilobular + panlobular),
            effusion_ml=self._effusion_ml(heart_scale),
        )

    def _amount(self, log_odds: float, *, median: float, spread: float, most: float) -> float:
        """0 in those without the disease; log-normal in the others."""
        amount = float(self.random.lognormal(math.log(median), spread))
        return min(amount, most) if self._has(log_odds) else 0.0

    def _coronary_agatston(self) -> dict[Vessel, float]:
        male = self.sex is Sex.MALE
        total = float(self.random.lognormal(math.log(120) + 0.6 * self._decades, 1.3))
        shares = self.random.dirichlet([6 * share for share in VESSEL_SHARES.values()])
        if not self._has((1.1 if male else 0.1) + 0.9 * self._decades):
            return {}
        total = min(total, LARGEST_AGATSTON)
        return {
            vessel: round(float(total * share), 1)
            for vessel, share in zip(VESSEL_SHARES, shares, strict=True)
            if total * share >= SMALLEST_AGATSTON
        }

    def _aortic_calcium_mm3(self, atheroma: float) -> float:
        log_odds = -0.9 + 0.9 * self._decades + 0.3 * atheroma
        return self._amount(log_odds, median=150.0, spread=1.0, most=2500.0)

    def _valve_calcium_mm3(self, atheroma: float) -> float:
        log_odds = -3.0 + 0.9 * self._decades + 0.2 * atheroma
        return self._amount(log_odds, median=120.0, spread=0.8, most=1000.0)

    def _heart_scale(self, atheroma: float) -> float:
        growth = self._amount(-1.5 + 0.15 * atheroma, median=0.14, spread=0.5, most=0.38)
        return 1.0 + growth + float(abs(self.random.normal(0.0, 0.015)))

    def _emphysema(self) -> tuple[float, float]:
        centrilobular = self._amount(-0.5 + self._packs, median=0.07, spread=0.8, most=0.35)
        panlobular = self._amount(-1.9 + self._packs, median=0.11, spread=0.6, most=0.35)
        return centrilobular, min(panlobular, 0.5 - centrilobular)

    def _vertebral_hu(self) -> float:
        female = self.sex is Sex.FEMALE
        mean = 158.0 - 24 * self._decades - (6 + 10 * self._decades) * female
        return float(np.clip(self.random.normal(mean, 32), 50, 230))

    def _muscle(self, emphysema: float) -> float:
        mean = 0.92 - 0.07 * self._decades - 0.5 * emphysema
        return float(np.clip(self.random.normal(mean, 0.09), 0.5, 1.1))

    def _effusion_ml(self, heart_scale: float) -> tuple[float, float]:
        right = self._amount(-3.6 + 9 * (heart_scale - 1), median=280.0, spread=0.6, most=600.0)
        left = right * float(self.random.uniform(0.2, 1.0)) if self._has(0.4) else 0.0
        return right, left


def _draw_build(
    sex: Sex, age_years: float, diseases: Diseases, random: np.random.Generator
) -> Build:
    female = sex is Sex.FEMALE
    size = random.normal(0.93 if female else 1.0, 0.03)
    width, depth, height = size * (1 + random.normal(0, 0.02, 3))
    hyperinflation = 0.25 * (diseases.centrilobular + diseases.panlobular)
    rise_mm = 10 - 40 * hyperinflation + 50 * diseases.fibrosis  # scars shrink the lungs
    return Build(
        width=float(np.clip(width, 0.85, 1.1)),
        depth=float(np.clip(depth + hyperinflation * 0.5, 0.85, 1.12)),
        height=float(np.clip(height, 0.85, 1.1)),
        fat_mm=float(np.clip(random.normal(7, 8), -4, 30)),
        breast=float(np.clip(random.normal(0.85, 0.3), 0.3, 1.5)) if female else 0.0,
        diaphragm_mm=float(np.clip(random.normal(rise_mm, 7), 0, 30)),
        heart_turn_degrees=float(np.clip(random.normal(0, 6), -12, 12)),
        kyphosis=float(np.clip(random.normal(1 + 0.012 * (age_years - 62), 0.12), 0.7, 1.6)),
    )
