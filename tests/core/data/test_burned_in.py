"""Pictures that may show a name are stopped; ordinary scans are not."""

import pytest
from pydicom.uid import (
    SecondaryCaptureImageStorage,
)

from core.data.burned_in import BurnedInTextError
from core.data.deidentify import deidentify_file
from tests.core.data.planted import ACCEPTED, KEY, cleaned, plain_slice, save


@pytest.mark.parametrize(
    ("tags", "sign"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned in"),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, "secondary capture"),
        ({"ConversionType": "WSD"}, "converted"),
        ({"Modality": "OT"}, "modality"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "screen"),
        ({"ImageType": ["DERIVED", "SECONDARY", "LOCALIZER"]}, "localizer"),
        ({"SeriesDescription": "Patient Protocol"}, "described"),
        ({"SamplesPerPixel": 3}, "colour"),
        ({"OverlayRows": 4}, "overlay"),
    ],
)
def test_pictures_that_may_show_a_name_stop_unless_somebody_looked(tmp_path, tags, sign):
    dataset = plain_slice()
    for keyword, value in tags.items():
        if keyword == "OverlayRows":
            dataset.add_new(0x60000010, "US", value)
        else:
            setattr(dataset, keyword, value)
    source = save(dataset, tmp_path / "source")
    with pytest.raises(BurnedInTextError, match=sign):
        deidentify_file(source, tmp_path / "copy.dcm", KEY)
    assert not (tmp_path / "copy.dcm").exists()
    removed = deidentify_file(source, tmp_path / "copy.dcm", KEY, ACCEPTED)
    assert any(sign in each for each in removed.burned_in_signs)


def test_a_low_dose_screening_scan_is_no_picture_of_a_screen(tmp_path):
    dataset = plain_slice(SeriesDescription="LUNG SCREENING LOW DOSE", BurnedInAnnotation="NO")
    _, removed, _ = cleaned(dataset, tmp_path)
    assert removed.burned_in_signs == ()
