import pytest

from core.data.cause_groups import CauseGroup, cause_group, is_icd10


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("I10", CauseGroup.CARDIAC),
        ("I25.1", CauseGroup.CARDIAC),
        ("I251", CauseGroup.CARDIAC),
        ("i52.8", CauseGroup.CARDIAC),
        ("I09.9", CauseGroup.OTHER),
        ("I53", CauseGroup.OTHER),
        ("I64", CauseGroup.OTHER),
        ("J00", CauseGroup.RESPIRATORY),
        ("J44.9", CauseGroup.RESPIRATORY),
        ("J99.8", CauseGroup.RESPIRATORY),
        ("C33", CauseGroup.LUNG_CANCER),
        ("C34.90", CauseGroup.LUNG_CANCER),
        ("C32", CauseGroup.OTHER),
        ("C4A.0", CauseGroup.OTHER),
        (" k70 ", CauseGroup.OTHER),
        ("", CauseGroup.UNKNOWN),
    ],
)
def test_codes_fall_into_the_groups_of_the_paper(code, group):
    assert cause_group(code) is group


@pytest.mark.parametrize("text", ["heart", "25.1", "I2", "I25.", "I25.12345", "I25 J44", "٣25"])
def test_what_is_no_code_has_no_group(text):
    assert not is_icd10(text)
    with pytest.raises(ValueError, match=r"such as I25\.1"):
        cause_group(text)
