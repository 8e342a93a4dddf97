"""Both lungs with their bronchi, vessels and diseases, painted into the chest."""

import numpy as np

from core.phantom.airway_tree import grow_airways, paint_windpipe
from core.phantom.effusion import effusion
from core.phantom.emphysema import Emphysema, emphysema
from core.phantom.fibrosis import fibrosis
from core.phantom.heart import BLOOD_HU
from core.phantom.lung_space import LungSpace, Mask, lung_space
from core.phantom.mediastinum import AIR_HU, WALL_HU, Mediastinum
from core.phantom.nodule import nodule
from core.phantom.parenchyma import tissue_hu
from core.phantom.shapes import Canvas, Distance
from core.phantom.subject import Finding, Subject
from core.phantom.tubes import joined, tube_cover
from core.phantom.vessel_trees import lung_vessels
from core.progress import Progress

HILA_ZYX_MM, HILUM_REACH_MM = ((0.0, 6.0, -46.0), (2.0, 12.0, 54.0)), 26.0
"""Where vessels and bronchi may lie outside the pleura, on their way to the heart."""

FINE_MM = 0.8
"""Vessels under this radius go with the tissue that emphysema takes."""

SQUEEZED_HU = 15.0
"""Of lung without any air, pressed by fluid."""


def paint_lungs(
    canvas: Canvas,
    lung_distance: Distance,
    organs: Mediastinum,
    subject: Subject,
    progress: Progress,
) -> dict[Finding, Mask]:
    """Paint both lungs, windpipe and bronchi, and what is ill in the lungs.

    Args:
        canvas: All but lungs and bones is painted already.
        lung_distance: To the pleura on the whole canvas, mm, negative inside.
        organs: What lies between the lungs.
        subject: Age, build and amounts of disease.
        progress: Told of each part; may cancel.

    Returns:
        Masks on the canvas of EMPHYSEMA, FIBROSIS, NODULE and EFFUSION, as far as the subject has
        them.

    Raises:
        ReportError: More fluid is asked for than a pleural cavity can hold.
    """
    space = lung_space(canvas, lung_distance)
    if not space.inside.any():
        return {}
    picture, truth = canvas.hu[space.box], {}
    progress.step(0.0, "Shaping the lungs")
    shade = tissue_hu(space, subject)
    lost, scarred = emphysema(space, subject), fibrosis(space, subject)
    if lost.mask.any():
        lost.thin_out(shade)
        truth[Finding.EMPHYSEMA] = lost.mask
    if scarred is not None:
        scarred.scar(shade)
        truth[Finding.FIBROSIS] = scarred.mask
    fluid = effusion(space, subject)
    if fluid is not None:
        shade = np.minimum(shade + fluid.squeeze_hu, np.maximum(shade, SQUEEZED_HU))
        truth[Finding.EFFUSION] = fluid.mask
    lung_cover = space.cover(space.pleura)
    _blend(picture, lung_cover, shade)
    progress.step(0.3, "Growing vessels and bronchi")
    _paint_trees(picture, space, subject, lost)
    progress.step(0.8, "Shaping the lungs")
    grown = nodule(space, subject)
    if grown is not None:
        _blend(picture, grown.cover, grown.hu)
        truth[Finding.NODULE] = grown.mask
    if fluid is not None:
        spared = lung_cover if grown is None else lung_cover * (1 - grown.cover)
        _blend(picture, fluid.cover * spared, fluid.hu)
        _leave_to_fluid(truth, fluid.mask)
    paint_windpipe(canvas, organs)
    return {finding: _on_canvas(canvas, space, mask) for finding, mask in truth.items()}


def _paint_trees(picture: Distance, space: LungSpace, subject: Subject, lost: Emphysema) -> None:
    """Vessels and bronchi, within the pleura and on their way to the heart."""
    airways = {side: grow_airways(space, subject, side) for side in (-1, 1)}
    vessels, sprouts = lung_vessels(space, airways, subject)
    cover = tube_cover(space, sprouts)
    cover += tube_cover(space, vessels.only(vessels.radii_mm[:, 1] < FINE_MM))
    lost.prune(cover)
    cover += tube_cover(space, vessels.only(vessels.radii_mm[:, 1] >= FINE_MM))
    room = _room_for_trees(space)
    _blend(picture, np.minimum(cover, room, out=cover), BLOOD_HU)
    outline = joined(*(airways[side].outline() for side in airways))
    lumen = joined(*(airways[side].lumen() for side in airways))
    _blend(picture, np.minimum(tube_cover(space, outline), room), WALL_HU)
    _blend(picture, np.minimum(tube_cover(space, lumen), room), AIR_HU)


def _room_for_trees(space: LungSpace) -> Distance:
    """Share of every voxel that vessels and bronchi may take: the lungs, and round each hilum."""
    room = space.cover(space.pleura)
    for z, y, x in HILA_ZYX_MM:
        off = np.sqrt((space.z - z) ** 2 + (space.y - y) ** 2 + (space.x - x) ** 2)
        np.maximum(room, space.cover(off - np.float32(HILUM_REACH_MM)), out=room)
    return room


def _blend(picture: Distance, cover: Distance, hu: Distance | float) -> None:
    """Bring a share of every voxel to `hu`, in place."""
    picture += cover * (np.asarray(hu, np.float32) - picture)


def _leave_to_fluid(truth: dict[Finding, Mask], fluid: Mask) -> None:
    """What lies in fluid is no lung any more: it keeps no other finding but a nodule."""
    for finding in (Finding.EMPHYSEMA, Finding.FIBROSIS):
        if finding in truth:
            truth[finding] = truth[finding] & ~fluid
    if Finding.NODULE in truth:
        truth[Finding.EFFUSION] = fluid & ~truth[Finding.NODULE]


def _on_canvas(canvas: Canvas, space: LungSpace, mask: Mask) -> Mask:
    whole = np.zeros(canvas.hu.shape, bool)
    whole[space.box] = mask
    return whole
