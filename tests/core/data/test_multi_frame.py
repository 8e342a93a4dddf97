import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from core.data.fitness import Level
from core.data.geometry_gate import fitness_of, geometry_of
from core.data.series_index import index

FRAMES = 40


def item(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return Sequence([dataset])


def enhanced(path, *, positions, acquisitions=None, **tags):
    """An enhanced CT of 4 x 5 pixels whose frames lie at the given heights in mm."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = EnhancedCTImageStorage, generate_uid()
    dataset.Modality, dataset.SeriesInstanceUID = "CT", "1.2.3"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = len(positions), 4, 5
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    shared = Dataset()
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelMeasuresSequence = item(PixelSpacing=[70, 80], SliceThickness=2.5)
    shared.PixelValueTransformationSequence = item(
        RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU"
    )
    shared.CTReconstructionSequence = item(ConvolutionKernel="B30f")
    shared.CTXRayDetailsSequence = item(KVP=120)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    own = []
    for number, z in enumerate(positions):
        group = Dataset()
        group.PlanePositionSequence = item(ImagePositionPatient=[1, 2, z])
        group.FrameContentSequence = item(
            FrameAcquisitionNumber=1 if acquisitions is None else acquisitions[number]
        )
        own.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(own)
    dataset.PixelData = bytes(2 * 4 * 5 * len(positions))
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)


def test_each_frame_is_a_slice_with_its_own_place(tmp_path):
    heights = 3 + 2.5 * np.random.default_rng(1).permutation(FRAMES)
    enhanced(tmp_path / "a", positions=heights.tolist())
    found = index(tmp_path)
    (record,) = found.series
    assert found.unreadable == ()
    assert [s.frame for s in record.slices] == np.argsort(heights).tolist()
    assert (record.kernel, record.kvp, record.rescale_type) == ("B30f", 120, "HU")
    geometry = geometry_of(record)
    np.testing.assert_allclose(geometry.to_patient((4, 1, 2)), (161, 72, 13))
    assert fitness_of(record).calcium.level == Level.PASS


def test_phases_within_one_file_are_taken_apart(tmp_path):
    heights = [2.5 * k for k in range(FRAMES)] * 2
    enhanced(tmp_path / "a", positions=heights, acquisitions=[1] * FRAMES + [2] * FRAMES)
    found = index(tmp_path)
    assert [record.slice_count for record in found.series] == [FRAMES, FRAMES]
    assert {record.split_by for record in found.series} == {"acquisition number"}
    assert {s.acquisition for s in found.series[1].slices} in ({1}, {2})


def test_contrast_agent_is_found_in_its_sequence(tmp_path):
    enhanced(
        tmp_path / "a",
        positions=[0, 1, 2],
        ContrastBolusAgentSequence=item(CodeMeaning="Iohexol"),
    )
    assert index(tmp_path).series[0].contrast_agent == "Iohexol"


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"PerFrameFunctionalGroupsSequence": Sequence([])}, "several frames"),
        ({"NumberOfFrames": 7}, "7 frames were promised, 3 are described"),
        ({"NumberOfFrames": 2_000_000}, "frames in one file"),
        ({"SharedFunctionalGroupsSequence": Sequence([])}, "no position"),
    ],
)
def test_frames_without_places_are_refused_in_words(tmp_path, tags, words):
    enhanced(tmp_path / "a", positions=[0, 1, 2], **tags)
    found = index(tmp_path)
    assert found.series == ()
    assert words in found.unreadable[0].reason


def test_a_real_enhanced_ct_of_two_frames_can_be_viewed(shared_data):
    (path,) = (shared_data / "transfer-syntaxes").glob("CT0012*")
    found = index(path)
    (record,) = found.series
    # Its columns run to the patient's right: the normal points to the feet.
    assert [(s.frame, s.position_mm[2]) for s in record.slices] == [(1, -149), (0, -159)]
    fitness = fitness_of(record)
    assert fitness.view.level == Level.WARN
    assert fitness.model.level == fitness.calcium.level == Level.BLOCK
    assert geometry_of(record).shape == (2, 512, 512)
