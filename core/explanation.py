"""Questions about the run that was done last, and their answers. No torch: the viewer asks.

Each question names its run (`Provenance.run_id`), so that none is answered about another scan.
`core.explaining` answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import ModelInputError
from core.saliency.influence import Point
from core.saliency.targets import MORTALITY, Target
from core.volume import SaliencyMap

GRADCAM = "gradcam"
GRADIENT = "gradient"
SIGNED_GRADIENT = "signed_gradient"
SMOOTHGRAD = "smoothgrad"
OCCLUSION = "occlusion"

METHODS = (GRADCAM, GRADIENT, SIGNED_GRADIENT, SMOOTHGRAD)
"""What `analyse` and `explain` make; occlusion has a question of its own, as it takes minutes."""

DEFAULT_METHODS = (GRADCAM, GRADIENT)

WHY_HERE_SIZE_MM = 20.0


@dataclass(frozen=True)
class ExplainRequest:
    """Maps of another target or by another method.

    Attributes:
        run_id: Of the run they explain.
        target: What they explain.
        methods: Some of `METHODS`.
    """

    run_id: str
    target: Target = MORTALITY
    methods: tuple[str, ...] = DEFAULT_METHODS


@dataclass(frozen=True)
class WhyHereRequest:
    """How the output changes when one place is replaced by its surroundings.

    Attributes:
        run_id: Of the run it is about.
        point_mm: The place, patient LPS.
        size_mm: Edge of the cube that is replaced.
        target: Which output.
    """

    run_id: str
    point_mm: Point
    size_mm: float = WHY_HERE_SIZE_MM
    target: Target = MORTALITY


@dataclass(frozen=True)
class OccludeRequest:
    """A signed map of how much the target falls when each place is replaced by its surroundings.

    Attributes:
        run_id: Of the run it explains.
        target: What it explains.
        size_mm: Edge of the cubes; None for the size that the device can afford.
        step_mm: Distance of their centres; None for cubes that touch each other.
    """

    run_id: str
    target: Target = MORTALITY
    size_mm: float | None = None
    step_mm: float | None = None


@dataclass(frozen=True)
class CheckRequest:
    """How far the maps of a run may be trusted.

    Attributes:
        run_id: Of that run.
    """

    run_id: str


@dataclass(frozen=True)
class Explanation:
    """Maps of one target.

    Attributes:
        maps: One for each method, in the order in which they were asked for.
        organ_share: Method -> organ name -> share of that map.
        outside_region_share: Method -> share of that map outside what the model is shown.
    """

    maps: tuple[SaliencyMap, ...]
    organ_share: Mapping[str, Mapping[str, float]]
    outside_region_share: Mapping[str, float] = field(default_factory=dict)


def require_methods(methods: tuple[str, ...]) -> None:
    """Refuse a method that is not one of `METHODS`, and a list that names none or one twice.

    Raises:
        ModelInputError: With the methods that there are.
    """
    if not methods or len(set(methods)) < len(methods) or not set(methods) <= set(METHODS):
        raise ModelInputError(
            f"The methods '{', '.join(methods)}' cannot be used.",
            f"Name one or more of {', '.join(METHODS)}, each once.",
        )
