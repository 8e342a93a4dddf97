"""`analyse` refuses what needs no scan before it looks for one; its defaults are the core's."""

from inspect import signature

import pytest

from core.__main__ import analyse_command
from core.analyse_command import AnalyseOptions, analyse_and_write, clinical_values
from core.errors import ModelInputError, SeriesError
from core.explanation import DEFAULT_METHODS, METHODS
from core.progress import Silent
from core.saliency.targets import MORTALITY, Target, parse_target


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (AnalyseOptions(target=Target("horizon", 9)), "ends at 7 years"),
        (AnalyseOptions(methods=("gradcam", "heat")), "'gradcam, heat' cannot be used"),
        (AnalyseOptions(methods=("",)), "cannot be used"),
        (AnalyseOptions(clinical={"age_years": 65.0}), "takes no clinical values"),
    ],
)
def test_wrong_options_are_refused_before_a_scan_is_looked_for(options, words, tmp_path):
    with pytest.raises(ModelInputError, match=words):
        analyse_and_write(tmp_path / "nothing", tmp_path / "out", options, Silent())
    assert not (tmp_path / "out").exists()


def test_with_right_options_the_missing_scan_is_what_is_refused(tmp_path):
    options = AnalyseOptions(target=Target("horizon", 6.5), methods=METHODS)
    with pytest.raises(SeriesError):
        analyse_and_write(tmp_path, tmp_path / "out", options, Silent())


def test_the_defaults_of_the_command_line_are_those_of_the_core():
    parameters = signature(analyse_command).parameters
    assert parse_target(parameters["target"].default) == MORTALITY
    assert tuple(parameters["methods"].default.split(",")) == DEFAULT_METHODS


def test_clinical_values_come_from_one_object_of_numbers(tmp_path):
    path = tmp_path / "values.json"
    path.write_text('{"age_years": 65, "male": 1}')
    assert clinical_values(path) == {"age_years": 65.0, "male": 1.0}
    assert clinical_values(None) == {}


@pytest.mark.parametrize("text", ["[1]", '{"male": true}', '{"age": "65"}', "{"])
def test_other_clinical_values_are_refused(text, tmp_path):
    path = tmp_path / "values.json"
    path.write_text(text)
    with pytest.raises(ModelInputError, match="clinical values"):
        clinical_values(path)
