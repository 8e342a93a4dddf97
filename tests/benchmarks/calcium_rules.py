"""How our rule and the wrong rules of other programs score the same phantom.

python -m tests.benchmarks.calcium_rules

Every rule scores all candidates of the nine cylinders, mean of six start positions. The other rules
are written here from their description (conventions, section 2.4), none of their code is used.
"""

import sys
from collections.abc import Callable

import numpy as np
from scipy import ndimage

from core.calcium.candidates import find_candidates
from core.calcium.rule import Rule
from core.phantom.calcium_cylinders import CylinderScan, cylinder_phantom
from core.volume import Volume

STARTS = 6
SCANS = {
    f"{thickness:g}/{increment:g} mm, noise {noise:g}": (thickness, increment, noise)
    for thickness, increment in ((3.0, 3.0), (3.0, 1.5), (1.5, 1.5), (1.0, 1.0))
    for noise in (0.0, 20.0, 35.0)
}
Scoring = Callable[[Volume, float], float]


def ours(volume: Volume, _thickness_mm: float) -> float:
    return float(find_candidates(volume).agatston.sum())


def four_connected(volume: Volume, _thickness_mm: float) -> float:
    return float(find_candidates(volume, Rule(connectivity=4)).agatston.sum())


def not_normalised(volume: Volume, thickness_mm: float) -> float:
    return ours(volume, thickness_mm) * 3 / volume.geometry.spacing_mm[0]


def cip_like(volume: Volume, _thickness_mm: float) -> float:
    """One weight from the 3D maximum, values over 1,000 HU left out, no normalisation."""
    return _by_3d_maximum(volume, np.ones((3, 3, 3)), 1.0, most_hu=1000)


def ai_cac_like(volume: Volume, thickness_mm: float) -> float:
    """3D maximum, 6 neighbours, slice thickness in place of the increment."""
    return _by_3d_maximum(volume, None, thickness_mm / 3)


def over_three_pixels(volume: Volume, thickness_mm: float) -> float:
    """Per slice, more than 3 pixels, slice thickness in place of the increment."""
    total = 0.0
    for plane in volume.hu:
        labels, count = ndimage.label(plane >= 130, np.ones((3, 3)))
        numbers = np.arange(1, count + 1)
        sizes = ndimage.sum_labels(plane >= 130, labels, numbers)
        highest = ndimage.maximum(plane, labels, numbers) if count else np.zeros(0)
        kept = sizes > 3
        total += float((sizes * np.clip(np.asarray(highest) // 100, 1, 4))[kept].sum())
    return total * _pixel_mm2(volume) * thickness_mm / 3


def _by_3d_maximum(volume, structure, factor, most_hu=32767):
    mask = (volume.hu >= 130) & (volume.hu <= most_hu)
    labels, count = ndimage.label(mask, structure)
    numbers = np.arange(1, count + 1)
    voxels = ndimage.sum_labels(mask, labels, numbers)
    weights = np.clip(np.asarray(ndimage.maximum(volume.hu, labels, numbers)) // 100, 1, 4)
    return float((voxels * weights).sum() * _pixel_mm2(volume) * factor)


def _pixel_mm2(volume: Volume) -> float:
    return volume.geometry.spacing_mm[1] * volume.geometry.spacing_mm[2]


RULES: dict[str, Scoring] = {
    "ours": ours,
    "4 neighbours": four_connected,
    "not normalised by the increment": not_normalised,
    "CIP-like": cip_like,
    "AI-CAC-like": ai_cac_like,
    "over 3 pixels, by slice thickness": over_three_pixels,
}


def scans(thickness_mm: float, increment_mm: float, noise_hu: float) -> list[Volume]:
    return [
        cylinder_phantom(
            CylinderScan(
                thickness_mm,
                increment_mm,
                noise_hu=noise_hu,
                start_mm=increment_mm * start / STARTS,
                seed=start,
            )
        )
        for start in range(STARTS)
    ]


def main() -> None:
    sys.stdout.write("| rule | " + " | ".join(SCANS) + " |\n")
    sys.stdout.write("|---" * (len(SCANS) + 1) + "|\n")
    rows: dict[str, list[str]] = {name: [] for name in RULES}
    for thickness_mm, increment_mm, noise_hu in SCANS.values():
        volumes = scans(thickness_mm, increment_mm, noise_hu)
        scores = {
            name: float(np.mean([rule(volume, thickness_mm) for volume in volumes]))
            for name, rule in RULES.items()
        }
        for name, value in scores.items():
            shown = f"{value:.0f}" if name == "ours" else f"{value / scores['ours'] - 1:+.0%}"
            rows[name].append(shown)
    for name, cells in rows.items():
        sys.stdout.write(f"| {name} | " + " | ".join(cells) + " |\n")


if __name__ == "__main__":
    main()
