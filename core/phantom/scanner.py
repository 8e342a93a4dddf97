"""What a scanner does to a body: slice profile, kernel, motion, noise, whole hounsfield units."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.phantom.calcium import plaques
from core.phantom.kernels import sharpened
from core.phantom.motion import blur_heart, breathing_at, slice_weights
from core.phantom.noise import Grain, ray_noise
from core.phantom.plaque import Plaque
from core.phantom.plaque_painting import Cover, calcium_contrast, covers, paint_slice, truth
from core.phantom.protocol import AIR_HU, Protocol
from core.phantom.subject import Finding, Subject
from core.phantom.thorax import Painted, paint_thorax
from core.phantom.truth import BITS, TruthMasks, packed
from core.progress import Progress, Span
from core.volume import Volume

BONE_FROM_HU = 90.0
"""Over this a voxel holds calcium and follows the tube voltage; soft tissue hardly does."""

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scan:
    """A phantom as a scanner saw it.

    Attributes:
        volume: HU, int16; `padding` marks what lies outside the circle of reconstruction.
        truth: Mask of every finding, on the grid of the volume.
        plaques: Of vessels and valves, as they lie in this scan.
        protocol: How it was scanned.
    """

    volume: Volume
    truth: TruthMasks
    plaques: tuple[Plaque, ...]
    protocol: Protocol

    def volumes_ml(self) -> dict[Finding, float]:
        """What the mask of each finding holds."""
        voxel_ml = self.volume.geometry.voxel_volume_mm3 / 1000
        return {finding: count * voxel_ml for finding, count in self.truth.voxels().items()}


def image(subject: Subject, protocol: Protocol, progress: Progress) -> Scan:
    """Paint a subject on the protocol's canvas and scan it.

    The same subject and protocol give the same voxels. Another `noise_hu` moves no organ.
    """
    painted = paint_thorax(protocol.canvas_geometry, subject, Span(progress, 0.0, 0.6))
    return scan(painted, subject, protocol, Span(progress, 0.6, 1.0))


def scan(painted: Painted, subject: Subject, protocol: Protocol, progress: Progress) -> Scan:
    """Image a painted body.

    Slice by slice: the slice profile with the motion of breath, the finer grid, plaques, the
    kernel, the motion of the heart, noise.

    Args:
        painted: On `protocol.canvas_geometry`.
        subject: Whose plaques are painted, and whose seed makes the noise.
        protocol: Settings of the scanner.
        progress: Told of every slice; may cancel.

    Returns:
        HU not under -1024, apart from the padding.
    """
    geometry = protocol.geometry
    covered = covers(geometry, plaques(subject), protocol.slice_thickness_mm)
    labels = _labels(painted, protocol, covered)
    hu = np.empty(geometry.shape, np.int16)
    outside = _outside_circle(protocol.matrix)
    grain = Grain(protocol.matrix, protocol.pixel_mm, protocol.kernel, _shared(protocol))
    random = subject.random("noise")
    for k in range(protocol.slices):
        progress.step(k / protocol.slices, "Scanning the phantom")
        seen = _seen(painted.canvas.hu, k, protocol)
        picture = _enlarged(seen, protocol.stride)
        paint_slice(picture, k, covered, kvp=protocol.kvp)
        picture = sharpened(picture, protocol.kernel, protocol.pixel_mm)
        if not protocol.gated:
            blur_heart(picture, (labels[k] & BITS[Finding.HEART]) != 0, protocol.pixel_mm)
        rays = ray_noise(seen, protocol.pixel_mm * protocol.stride, protocol.noise_hu)
        rows, columns = (np.repeat(ray, protocol.stride) for ray in rays)
        picture += grain.next_slice(rows, columns, random)
        hu[k] = np.maximum(np.rint(picture), AIR_HU)
        if protocol.padding_hu is not None:
            hu[k][outside] = protocol.padding_hu
    padding = None if protocol.padding_hu is None else np.broadcast_to(outside, geometry.shape)
    volume = Volume(hu, geometry, padding=padding)
    seen_plaques = tuple(cover.plaque for cover in covered)
    return Scan(volume, TruthMasks(labels), seen_plaques, protocol)


def _labels(painted: Painted, protocol: Protocol, covered: tuple[Cover, ...]) -> NDArray[np.int16]:
    """Bit field on the grid of the scan: organs by their voxel of the canvas, plaques finer."""
    coarse = packed(painted.truth, painted.canvas.hu.shape)
    labels = coarse.repeat(protocol.stride, axis=1).repeat(protocol.stride, axis=2)
    for finding, mask in truth(labels.shape, covered).items():
        labels |= mask * np.int16(BITS[finding])
    return labels


def _shared(protocol: Protocol) -> float:
    """Correlation of the noise of neighbouring slices: the share in which they overlap."""
    return max(1 - protocol.increment_mm / protocol.slice_thickness_mm, 0.0)


def _seen(drawn: Picture, index: int, protocol: Protocol) -> Picture:
    """A slice of the canvas through the slice profile, at the protocol's tube voltage."""
    z_mm = float(protocol.geometry.to_patient((index, 0, 0))[2])
    motion_mm = breathing_at(z_mm, protocol.breathing_mm)
    weights = slice_weights(protocol.slice_thickness_mm, protocol.increment_mm, motion_mm)
    first, last = index - len(weights) // 2, drawn.shape[0] - 1
    picture = np.zeros(drawn.shape[1:], np.float32)
    for k, weight in enumerate(weights):
        picture += weight * drawn[min(max(first + k, 0), last)]
    contrast = calcium_contrast(protocol.kvp)
    if contrast != 1:
        picture += np.float32(contrast - 1) * np.maximum(picture - np.float32(BONE_FROM_HU), 0)
    return picture


def _enlarged(picture: Picture, stride: int) -> Picture:
    """A picture on a grid `stride` times as fine, by cubic convolution (Catmull-Rom)."""
    if stride == 1:
        return picture
    return _enlarged_rows(_enlarged_rows(picture, stride).T, stride).T


def _enlarged_rows(picture: Picture, stride: int) -> Picture:
    edged = np.pad(picture, ((2, 2), (0, 0)), mode="edge")
    count = picture.shape[0]
    fine = np.empty((count * stride, picture.shape[1]), np.float32)
    for phase in range(stride):
        offset = (phase + 0.5) / stride - 0.5
        first = 0 if offset < 0 else 1
        t = offset + 1 - first
        part = fine[phase::stride]
        part[...] = 0
        for k, weight in enumerate(_cubic(t)):
            if weight:
                part += np.float32(weight) * edged[first + k : first + k + count]
    return fine


def _cubic(t: float) -> tuple[float, float, float, float]:
    """Weights of four neighbours for a place between the middle two, t from the second."""
    return (
        t * (-0.5 + t * (1 - 0.5 * t)),
        1 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    )


def _outside_circle(matrix: int) -> NDArray[np.bool_]:
    away = np.arange(matrix) - (matrix - 1) / 2
    outside: NDArray[np.bool_] = np.hypot(away[:, None], away[None]) > matrix / 2
    return outside
