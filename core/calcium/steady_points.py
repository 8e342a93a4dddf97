"""The edits of a reading with their points moved to where the lesions are brightest.

A click may hit the faint tip of a lesion. On averages of several slices that tip drowns and the
click would meet nothing, as if there were no calcium; the brightest voxel is there in any phase.
"""

from collections.abc import Iterable
from dataclasses import replace

from core.calcium.edits import AddLesion, Edit, Point, Remove, SetVessel
from core.calcium.marking import MarkedLesion, Marks, Scene
from core.volume import Volume


def steadied(done: Iterable[tuple[Edit, Marks]], scene: Scene) -> tuple[Edit, ...]:
    """The same edits; lassos and cuts stay where they were drawn.

    Args:
        done: Every edit with what was marked after it (`core.calcium.reading.Reading.done`).
        scene: Where they acted.
    """
    found: list[Edit] = []
    before = Marks()
    for edit, after in done:
        moved = edit
        if isinstance(edit, AddLesion):
            moved = replace(edit, point_mm=_brightest(after.lesions[-1], scene.volume))
        elif isinstance(edit, Remove | SetVessel):
            index = scene.lesion_at(edit.point_mm, before)
            if index is not None:
                moved = replace(edit, point_mm=_brightest(before.lesions[index], scene.volume))
        found.append(moved)
        before = after
    return tuple(found)


def _brightest(lesion: MarkedLesion, volume: Volume) -> Point:
    values = volume.hu[tuple(lesion.voxels.T)]
    x, y, z = volume.geometry.to_patient(lesion.voxels[int(values.argmax())])
    return float(x), float(y), float(z)
