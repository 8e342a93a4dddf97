"""What stands at the foot of every page is whole, and its parts do not run into each other."""

import io

import pypdf
import pytest

from core.prognosis import RESEARCH_USE_ONLY
from core.report.page import Identity, ReportPage

DIGEST = "0123456789ab" + "f" * 52


def foot(model, state):
    """The pieces of the last line with where each begins, in points."""
    with ReportPage(Identity("Title", model, DIGEST, state)) as page:
        page.add_page()
        found = []
        sheet = pypdf.PdfReader(io.BytesIO(bytes(page.output()))).pages[0]
    sheet.extract_text(
        visitor_text=lambda text, _, place, *__: found.append((place[4], place[5], text.strip()))
    )
    written = [(x, y, text) for x, y, text in found if text]
    lowest = min(y for _, y, _ in written)
    return [(x, text) for x, y, text in sorted(written) if y < lowest + 3]


@pytest.mark.parametrize("model", ["mortality-resnet3d-d", "a-model-with-a-long-name" * 5])
def test_the_foot_names_use_model_weights_and_state(model):
    pieces = foot(model, "demonstration weights")
    (_, use), (_, middle), (page_x, number) = pieces
    assert use == RESEARCH_USE_ONLY
    assert middle.startswith(model[:10])
    assert middle.endswith("weights 0123456789ab · demonstration weights")
    assert number == "page 1 of 1"
    with ReportPage(Identity("Title", model, DIGEST)) as page:
        page.add_page()
        page.ink((0, 0, 0), 7.5)
        end = pieces[1][0] + page.get_string_width(middle) * page.k
    assert end < page_x - 5


def test_a_name_that_fits_is_not_cut():
    assert foot("mortality-resnet3d-d", "")[1][1] == "mortality-resnet3d-d · weights 0123456789ab"
