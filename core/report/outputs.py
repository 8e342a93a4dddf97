"""Every file of a run, written into one folder."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.data.nifti import write_nifti
from core.explanation import Explanation
from core.prognosis import RESEARCH_USE_ONLY
from core.progress import Progress, Silent
from core.report.calcium_files import write_calcium
from core.report.calcium_report import CalciumReport
from core.report.content import further_file, result_json, saliency_file
from core.report.figures import key_views
from core.report.pdf import write_pdf
from core.whole_file import make_folder, write_whole

Picture = NDArray[np.uint8]

PNG_COMPRESSION = 1
"""A tenth larger than the default level and nearly three times as fast."""


def write_outputs(
    folder: Path,
    request: AnalysisRequest,
    result: AnalysisResult,
    progress: Progress = Silent(),
    *,
    calcium: CalciumReport | None = None,
    further: Sequence[Explanation] = (),
) -> None:
    """Write result.json, the saliency maps as NIfTI, the four key views and report.pdf.

    With a calcium reading, its numbers stand in result.json, its page in the report, and lesions
    and label map beside them.

    The maps are written thresholded, on their own grids, in patient space. Each file appears whole
    or not at all, result.json last: where it is new, everything is. Files of an earlier run are
    replaced, others are left alone.

    Args:
        folder: Made if it is missing.
        request: What was asked.
        result: What the run gave.
        progress: Told before each kind of file.
        calcium: A calcium reading of the same scan; None without.
        further: Maps of other targets, asked for since: their files and their entries in
            result.json bear the target.

    Raises:
        ReportError: The folder or a file in it cannot be written.
    """
    progress.step(0.0, "Drawing the key views")
    pictures = key_views(request.volume, result)
    progress.step(0.5, "Writing the saliency maps")
    make_folder(folder)
    files = {saliency_file(each): each for each in result.saliency}
    files |= {further_file(each): each for explanation in further for each in explanation.maps}
    for name, saliency in files.items():
        kept = saliency.thresholded()
        write_nifti(folder / name, kept.values, kept.geometry)
    for name, pixels in pictures.items():
        write_whole(folder / f"key_{name}.png", _png(pixels))
    progress.step(0.8, "Writing the report")
    write_pdf(folder / "report.pdf", request, result, pictures, calcium=calcium, further=further)
    if calcium is not None:
        write_calcium(folder, calcium.reading, calcium.document, calcium.stored)
    document = None if calcium is None else calcium.document
    content = result_json(request, result, calcium=document, further=further)
    write_whole(folder / "result.json", content)
    progress.step(1.0, "Results written")


def _png(pixels: Picture) -> bytes:
    stream = BytesIO()
    remark = PngInfo()
    remark.add_text("Comment", RESEARCH_USE_ONLY)
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=remark, compress_level=PNG_COMPRESSION)
    return stream.getvalue()
