from dataclasses import replace

import numpy as np
import pytest

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of, geometry_of, shear_mm
from core.data.series_index import index
from core.data.slice_stack import slice_places, slice_thickness_mm
from core.errors import SeriesError
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, series_record, write_series


def written(folder, **tags):
    """The one series that is found where 80 slices of 4 x 5 were written with the given tags."""
    hu = np.zeros((80, 4, 5), np.int16)
    axes = STORAGE_ORDERS["axial to the head"]
    geometry = VolumeGeometry.from_axes(hu.shape, (1, 2, 3), axes, (2.5, 0.7, 0.8), "1.2.9")
    write_series(folder, hu, geometry, **tags)
    return index(folder).series[0]


def words(verdict):
    return " ".join(reason.text for reason in verdict.reasons)


def test_the_grid_is_where_the_slices_were_written_in_every_storage_order(tmp_path):
    for name, axes in STORAGE_ORDERS.items():
        hu = np.zeros((6, 4, 5), np.int16)
        stored = VolumeGeometry.from_axes(hu.shape, (1, -2, 3), axes, (2.5, 0.7, 0.8), "1.2.9")
        write_series(tmp_path / name, hu, stored)
        found = geometry_of(index(tmp_path / name).series[0])
        corners = np.array([(0, 0, 0), (5, 0, 0), (0, 3, 4), (5, 3, 4)])
        backwards = corners * [-1, 1, 1] + [5, 0, 0]
        same_way = np.dot(np.cross(axes[2], axes[1]), axes[0]) > 0
        expected = stored.to_patient(corners if same_way else backwards)
        np.testing.assert_allclose(found.to_patient(corners), expected, atol=1e-5, err_msg=name)
        assert found.frame_of_reference_uid == "1.2.9"


def test_an_even_thin_series_passes_everything():
    fitness = fitness_of(series_record())
    assert (fitness.view.level, fitness.model.level, fitness.calcium.level) == (0, 0, 0)


@pytest.mark.parametrize(
    ("drop", "expected"),
    [
        ((4,), "One slice is missing between slice 15 and 17 (25.0 mm instead of 12.5 mm)"),
        ((4, 5), "2 slices are missing between slice 14 and 17 (37.5 mm instead of 12.5 mm)"),
        ((4, 12), "; 2 are missing in all, at 2 places"),
    ],
)
def test_a_missing_slice_is_named(drop, expected):
    record = series_record(count=20, spacing_mm=12.5, drop=drop)
    fitness = fitness_of(record)
    assert expected in words(fitness.view)
    assert fitness.view.level == Level.WARN
    assert fitness.model.level == fitness.calcium.level == Level.BLOCK
    assert fitness.model.worst.remedy


@pytest.mark.parametrize("drop", [(4,), (4, 5), (4, 12)])
def test_missing_slices_keep_their_places_on_the_grid(drop):
    record = series_record(count=20, spacing_mm=12.5, drop=drop)
    places, count = slice_places(record)
    assert count == 20
    assert set(range(20)) - set(places) == set(drop)
    geometry = geometry_of(record)
    assert geometry.shape[0] == 20
    for place, header in zip(places, record.slices, strict=True):
        np.testing.assert_allclose(geometry.to_patient((place, 0, 0)), header.position_mm)


def test_where_a_third_is_missing_nothing_is_shown():
    record = series_record(count=30, drop=range(5, 16))
    assert "too many to show" in words(fitness_of(record).view)
    assert fitness_of(record).view.level == Level.BLOCK
    with pytest.raises(SeriesError) as error:
        geometry_of(record)
    assert error.value.message == fitness_of(record).view.reasons[0].text
    assert error.value.remedy


def test_a_doubled_slice_is_refused_and_named():
    record = series_record(double=(7,))
    assert record.slice_count == 81
    assert "first: slice 73, counted from the head" in words(fitness_of(record).view)
    with pytest.raises(SeriesError, match="at the position of another"):
        geometry_of(record)


def test_two_phases_under_one_series_are_refused():
    record = series_record(count=20, double=range(20))
    assert "20 slices lie at the position of another" in words(fitness_of(record).view)


def moved(record, number, offset_mm):
    slices = list(record.slices)
    position = np.array(slices[number].position_mm) + offset_mm
    slices[number] = replace(slices[number], position_mm=tuple(position))
    return replace(record, slices=tuple(slices))


def test_uneven_distances_are_refused_with_the_place():
    record = moved(series_record(), 10, (0, 0, 1.0))
    assert "1.50 mm between slice 69 and 70 instead of 2.50 mm" in words(fitness_of(record).view)


def test_rounding_of_stored_positions_is_no_unevenness():
    record = moved(series_record(spacing_mm=0.625), 10, (0, 0, 0.005))
    assert fitness_of(record).view.level == Level.PASS


def test_a_slice_that_is_off_sideways_is_refused():
    record = moved(series_record(), 10, (0.8, 0, 0))
    assert "Slice 70 lies 0.8 mm away" in words(fitness_of(record).view)


@pytest.mark.parametrize(("degrees", "level"), [(0.4, 0), (0.6, 1), (14.0, 1), (-8.0, 1)])
def test_tilt_is_found_from_positions_beyond_half_a_degree(degrees, level):
    fitness = fitness_of(series_record(tilt_degrees=degrees))
    assert fitness.view.level == level
    if level:
        assert f"tilted by {abs(degrees):.1f} degrees" in words(fitness.view)
        assert fitness.model.level == fitness.calcium.level == Level.BLOCK


@pytest.mark.parametrize("name", sorted(STORAGE_ORDERS))
def test_a_tilted_stack_is_moved_back_onto_a_straight_grid(name):
    record = series_record(count=9, axes=STORAGE_ORDERS[name], tilt_degrees=14.0, drop=(2,))
    geometry, shifts = geometry_of(record), shear_mm(record)
    np.testing.assert_allclose(geometry.axes @ geometry.axes.T, np.eye(3), atol=1e-9)
    places, count = slice_places(record)
    assert count == 9
    for place, shift, header in zip(places, shifts, record.slices, strict=True):
        at = geometry.to_patient((place, 0, 0)) + shift @ geometry.axes[1:]
        np.testing.assert_allclose(at, header.position_mm, atol=1e-9)
    np.testing.assert_allclose(shifts[len(shifts) // 2], 0, atol=1e-9)
    assert np.abs(shifts).max() > 1


def test_a_straight_stack_is_not_moved():
    assert not shear_mm(series_record(tilt_degrees=0.4)).any()


def test_a_slight_shear_is_kept_in_the_affine():
    geometry = geometry_of(series_record(tilt_degrees=0.4))
    shift = 2.5 * np.tan(np.radians(0.4))
    np.testing.assert_allclose(geometry.affine[:3, 0], (0, shift, 2.5), atol=1e-6)


def test_two_slices_can_be_viewed_and_one_cannot():
    two, one = fitness_of(series_record(count=2)), fitness_of(series_record(count=1))
    assert "At least 3 slices" in words(two.view)
    assert (two.view.level, two.model.level, two.calcium.level) == (1, 2, 2)
    assert one.view.level == Level.BLOCK
    assert fitness_of(series_record(count=1, double=(0,))).view.level == Level.BLOCK


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"modality": "PT"}, "the series is PT"), ({"image_type": ("X", "LOCALIZER")}, "localizer")],
)
def test_what_is_no_stack_of_ct_slices_is_refused(change, expected):
    record = replace(series_record(), **change)
    assert expected in words(fitness_of(record).view)
    assert fitness_of(record).model.level == Level.BLOCK


@pytest.mark.parametrize(
    ("thickness", "level"), [(1.0, 0), (2.5, 0), (2.6, 1), (5.0, 1), (5.1, 2), (8.0, 2)]
)
def test_thickness_for_the_model_warns_over_2_5_mm_and_refuses_over_5(thickness, level):
    record = series_record(count=160, spacing_mm=1.0, thickness_mm=thickness)
    verdict = fitness_of(record).model
    assert slice_thickness_mm(record) == thickness
    assert verdict.level == level
    assert ("over 2.5 mm axial thickness" in words(verdict)) == (level > 0)
    if level:
        assert verdict.worst.remedy == "Choose or reconstruct a series of 2.5 mm or thinner."


def test_the_distance_counts_where_it_is_larger_than_the_stated_thickness():
    record = series_record(spacing_mm=6.0, thickness_mm=1.0)
    assert slice_thickness_mm(record) == pytest.approx(6)
    assert fitness_of(record).model.level == Level.BLOCK


@pytest.mark.parametrize("name", ["coronal", "sagittal", "sagittal to the right"])
def test_coronal_and_sagittal_slices_warn_the_model_and_block_calcium(name):
    fitness = fitness_of(series_record(axes=STORAGE_ORDERS[name]))
    assert fitness.view.level == Level.PASS
    assert fitness.model.level == Level.WARN
    assert "not axial" in words(fitness.model)
    assert "90 degrees off" in words(fitness.calcium)


def test_the_coverage_of_a_coronal_stack_is_counted_along_the_rows():
    made = series_record(axes=STORAGE_ORDERS["coronal"])
    for rows, is_short in ((512, False), (20, True)):
        slices = tuple(
            replace(each, rows=rows, columns=512, pixel_spacing_mm=(0.7, 0.7))
            for each in made.slices
        )
        verdict = fitness_of(replace(made, slices=slices)).model
        assert ("from head to foot" in words(verdict)) == is_short


def test_a_grid_far_off_every_axis_of_the_patient_is_refused_by_the_model():
    half = np.sqrt(0.5)
    axes = np.array([[0, 0, 1], [half, half, 0], [half, -half, 0]])
    fitness = fitness_of(series_record(axes=axes))
    assert fitness.view.level == Level.PASS
    assert "45 degrees off" in words(fitness.model)
    assert fitness.model.level == Level.BLOCK


def test_feet_first_and_oblique_slices_are_axial():
    for name in ("feet first, columns to the right", "oblique", "axial to the feet"):
        axes = STORAGE_ORDERS[name]
        assert fitness_of(series_record(axes=axes)).model.level == Level.PASS, name


def test_short_coverage_and_few_slices_are_a_warning():
    verdict = fitness_of(series_record(count=20)).model
    assert verdict.level == Level.WARN
    assert "cover 48 mm" in words(verdict)
    assert "Only 20 slices" in words(verdict)


def test_contrast_warns_the_model_and_refuses_calcium():
    fitness = fitness_of(series_record(contrast_agent="OMNIPAQUE"))
    assert fitness.model.level == Level.WARN
    assert fitness.calcium.level == Level.BLOCK
    assert fitness_of(replace(series_record(), contrast_agent="NONE")).calcium.level == Level.PASS


def test_another_tube_voltage_makes_calcium_modified():
    record = series_record()
    assert "modified" in words(fitness_of(replace(record, kvp=100.0)).calcium)
    assert fitness_of(replace(record, kvp=None)).calcium.level == Level.PASS
    assert fitness_of(replace(record, kvp=100.0)).model.level == Level.PASS


@pytest.mark.parametrize(("thickness", "level"), [(3.0, 0), (4.0, 1), (5.5, 2)])
def test_thickness_for_calcium(thickness, level):
    record = series_record(spacing_mm=thickness, thickness_mm=thickness)
    assert fitness_of(record).calcium.level == level


@pytest.mark.parametrize(
    ("distance", "expected"), [(1.5, "they overlap"), (3.0, ""), (3.1, ""), (4.5, "1.5 mm between")]
)
def test_slices_that_overlap_or_leave_gaps_are_a_warning_for_calcium(distance, expected):
    verdict = fitness_of(series_record(spacing_mm=distance, thickness_mm=3.0)).calcium
    assert expected in words(verdict)
    assert bool(expected) == ("mm apart" in words(verdict))


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        ("B19f", False), ("B30f", False), ("B70f", True), ("Br40d 3", False), ("Bl57d 2", True),
        ("I31f 3", False), ("FC08", False), ("FC52", True), ("STANDARD", False), ("LUNG", True),
        ("BONE", True), ("B", False), ("L", True), ("", False), ("something", False),
    ],
)  # fmt: skip
def test_a_sharp_kernel_is_a_warning(kernel, expected):
    fitness = fitness_of(series_record(kernel=kernel))
    assert (fitness.calcium.level == fitness.model.level == Level.WARN) == expected
    assert ("sharp kernel" in words(fitness.model)) == expected
    assert fitness.view.level == Level.PASS


def test_a_field_of_view_that_cuts_the_lungs_is_a_warning_for_the_model():
    record = series_record(reconstruction_diameter_mm=220.0)
    assert "show 220 mm of the body" in words(fitness_of(record).model)
    assert fitness_of(record).calcium.level == Level.PASS
    assert fitness_of(series_record(reconstruction_diameter_mm=350.0)).model.level == Level.PASS


def test_volume_files_do_not_state_their_unit():
    record = series_record()
    slices = tuple(replace(each, transfer_syntax_uid="nifti") for each in record.slices)
    fitness = fitness_of(replace(record, slices=slices))
    assert "does not say that its values are hounsfield units" in words(fitness.view)
    assert {fitness.view.level, fitness.model.level, fitness.calcium.level} == {Level.WARN}


@pytest.mark.parametrize(
    "tags", [{"RescaleType": "US"}, {"RescaleSlope": None}, {"RescaleIntercept": None}]
)
def test_values_that_are_not_hounsfield_units_are_not_analysed(tmp_path, tags):
    fitness = fitness_of(written(tmp_path, **tags))
    assert fitness.view.level == Level.WARN
    assert fitness.model.level == fitness.calcium.level == Level.BLOCK


def test_lossy_compression_is_a_warning(tmp_path):
    fitness = fitness_of(written(tmp_path, LossyImageCompression="01"))
    assert "lossy" in words(fitness.view)
    assert fitness.model.level == Level.WARN


def test_tilt_without_its_tag_is_found_on_a_real_scan(shared_data):
    record = index(shared_data / "edge-geometry" / "gantry-tilt").series[0]
    assert "tilted by 14.0 degrees" in words(fitness_of(record).view)


def test_a_missing_slice_is_found_on_a_real_scan(shared_data):
    record = index(shared_data / "edge-geometry" / "missing-slice").series[0]
    expected = (
        "One slice is missing between slice 1 and 3 (10.0 mm instead of 5.0 mm); "
        "slices counted from the head, as in the views."
    )
    assert words(fitness_of(record).model).startswith(expected)
    assert (
        words(fitness_of(record).view)
        == f"{expected} It can be viewed: a hatched band shows where."
    )
    assert slice_places(record) == ((0, 1, 2, 4), 5)


@pytest.mark.parametrize(
    ("scan", "view", "model"), [("lung1-001", 0, 1), ("lungdx-a0002", 0, 2), ("cip-tiny", 0, 1)]
)
def test_verdicts_on_real_scans(shared_data, scan, view, model):
    fitness = fitness_of(index(shared_data / scan / "dicom").series[0])
    assert (fitness.view.level, fitness.model.level) == (view, model)
    assert "over 2.5 mm axial thickness" in words(fitness.model)


def test_lidc_passes_everything(lidc_folder):
    fitness = fitness_of(index(lidc_folder).series[0])
    assert {fitness.view.level, fitness.model.level, fitness.calcium.level} == {Level.PASS}
