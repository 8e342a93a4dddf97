"""What the neighbourhood of one place does to the output. No torch: the viewer reads it."""

from dataclasses import dataclass

from core.saliency.targets import Target

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Influence:
    """The answer to "Why here?": the output before and after a place was replaced.

    Attributes:
        point_mm: The place, patient LPS.
        size_mm: Edge of the cube that was replaced by the mean of the tissue around it.
        target: Whose probability this is.
        before: Probability (of death, or of death within the target's years) of the scan as it is.
        after: Of the scan with the place replaced.
        change: after - before; below 0 where the place raises the risk.
        change_logit: The same for the target's own value, a logit.
        repeat_noise: Standard deviation of `change` when the cube is moved by a voxel.
        outside: True where the model is not shown the place: nothing can change, nothing was run.
    """

    point_mm: Point
    size_mm: float
    target: Target
    before: float
    after: float
    change: float
    change_logit: float
    repeat_noise: float
    outside: bool
