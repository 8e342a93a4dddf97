"""How the ways of explaining are called on the screen, and the size of their cells in words."""

from core.saliency.targets import Target
from core.volume import SaliencyMap

METHOD_NAMES = {
    "gradcam": "GradCAM",
    "gradient": "Gradient",
    "signed_gradient": "Signed gradient",
    "smoothgrad": "SmoothGrad",
    "occlusion": "Occlusion",
}


def method_name(method: str) -> str:
    """Name of a method; one that is not known keeps its own word."""
    return METHOD_NAMES.get(method, method)


def cell_size_words(saliency: SaliencyMap) -> str:
    """Native cell of a map, such as "1 GradCAM cell = 11 x 11 x 14 mm" (left, back, head)."""
    spacing_mm = saliency.geometry.spacing_mm
    digits = 0 if min(spacing_mm) >= 3 else 1
    size = " x ".join(f"{each:.{digits}f}" for each in reversed(spacing_mm))
    name = method_name(saliency.method)
    is_proper_name = name[1:] != name[1:].lower()
    return f"1 {name if is_proper_name else name.lower()} cell = {size} mm"


def target_name(target: Target) -> str:
    """What a map explains, as the menu calls it."""
    if target.years is not None:
        return f"{target.years:g}-year risk"
    return {"mortality": "Mortality", "risk_score": "Risk score"}.get(target.kind, target.words)


def probability_name(target: Target) -> str:
    """The probability that belongs to a target, within a sentence."""
    return target_name(target) if target.years is not None else "mortality probability"
