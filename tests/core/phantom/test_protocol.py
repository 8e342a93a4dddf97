from dataclasses import replace

import numpy as np
import pytest

from core.phantom.kernels import Kernel
from core.phantom.protocol import Protocol, Size, draw_protocol
from core.phantom.subject import Build, Diseases, Subject, Vessel


@pytest.fixture(scope="module")
def protocols():
    return [draw_protocol(Subject(seed)) for seed in range(300)]


@pytest.mark.parametrize("size", Size)
def test_sizes_have_the_grids_that_were_promised(size):
    shapes = {
        Size.FULL: (160, 512, 512),
        Size.WORKING: (128, 256, 256),
        Size.HALF: (64, 128, 128),
    }
    protocol = draw_protocol(Subject(3), size)
    assert protocol.geometry.shape == shapes[size]
    assert protocol.geometry.centre_mm == pytest.approx(protocol.centre_mm)
    assert protocol.geometry.axes.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("matrix", "pixel_mm", "stride"),
    [(512, 0.74, 2), (512, 0.4, 4), (256, 1.45, 1), (128, 2.9, 1), (768, 0.5, 3)],
)
def test_the_canvas_covers_the_scan_on_a_coarser_grid(matrix, pixel_mm, stride):
    protocol = Protocol(matrix=matrix, pixel_mm=pixel_mm)
    fine, coarse = protocol.geometry, protocol.canvas_geometry
    assert protocol.stride == stride
    assert coarse.shape == (160, matrix // stride, matrix // stride)
    first = coarse.to_patient((0, -0.5, -0.5))
    assert first == pytest.approx(fine.to_patient((0, -0.5, -0.5)))


def test_every_size_sees_the_same_field_with_the_same_scanner():
    drawn = [draw_protocol(Subject(11), size) for size in Size]
    fields_mm = [protocol.pixel_mm * protocol.matrix for protocol in drawn]
    assert fields_mm == pytest.approx([fields_mm[0]] * 3, abs=0.1)
    lengths_mm = [protocol.increment_mm * protocol.slices for protocol in drawn]
    assert lengths_mm == pytest.approx([lengths_mm[0]] * 3, abs=0.2)
    assert len({(each.kernel, each.kvp, each.padding_hu) for each in drawn}) == 1
    assert drawn[0].noise_hu > drawn[1].noise_hu > drawn[2].noise_hu


def test_nobody_lies_exactly_in_the_middle_nor_far_from_it(protocols):
    off_mm = np.array([protocol.centre_mm for protocol in protocols])
    assert np.abs(off_mm.mean(0)).max() < 1.5
    assert off_mm.std(0) == pytest.approx([4, 8, 3], rel=0.2)
    assert (np.abs(off_mm).max(0) <= [8, 16, 6]).all()


def test_no_disease_changes_how_a_person_is_scanned():
    sick = Diseases({Vessel.LAD: 900.0}, centrilobular=0.3, nodule_mm=40.0, effusion_ml=(500, 0))
    assert draw_protocol(Subject(5, diseases=sick)) == draw_protocol(Subject(5))


def test_screening_protocols_vary_as_in_a_trial(protocols):
    share = np.mean([protocol.kernel is Kernel.LUNG for protocol in protocols])
    assert 0.12 < share < 0.28
    assert {protocol.kvp for protocol in protocols} == {100.0, 120.0, 140.0}
    assert {protocol.padding_hu for protocol in protocols} == {None, -1024, -2000}
    assert not any(protocol.gated for protocol in protocols)
    soft = [protocol.noise_hu for protocol in protocols if protocol.kernel is Kernel.SOFT]
    assert 12 < np.median(soft) < 22
    assert min(soft) > 4


def test_slices_are_thin_enough_for_the_models_study_and_never_leave_gaps(protocols):
    for protocol in protocols + [draw_protocol(Subject(k), Size.WORKING) for k in range(50)]:
        assert protocol.slice_thickness_mm <= 2.5
        assert protocol.slice_thickness_mm >= protocol.increment_mm


def test_a_wide_body_gets_a_wide_field():
    narrow, wide = (Subject(4, build=Build(width=width)) for width in (0.94, 1.1))
    assert draw_protocol(wide).pixel_mm > 1.1 * draw_protocol(narrow).pixel_mm
    assert draw_protocol(replace(wide, seed=9)).pixel_mm * 512 > 372 * 1.1 * 0.96
