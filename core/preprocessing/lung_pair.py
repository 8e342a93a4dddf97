"""Where a right and a left lung lie; one of them may be empty."""

from core.voxel_runs import Box, Runs

LungPair = tuple[Runs, Runs]


def midline_column(lungs: LungPair) -> float:
    """Half way between the inner edges of the lungs; the inner edge of the only one."""
    right, left = lungs
    inner: list[int] = [right.box()[2].stop] if len(right.start) else []
    inner += [left.box()[2].start] if len(left.start) else []
    return sum(inner) / len(inner)


def joint_box(lungs: LungPair) -> Box:
    """The smallest box that holds both lungs."""
    boxes = [lung.box() for lung in lungs if len(lung.start)]
    along = [
        slice(min(s.start for s in side), max(s.stop for s in side))
        for side in zip(*boxes, strict=True)
    ]
    return along[0], along[1], along[2]
