"""Every file of a run, written into one folder."""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.data.nifti import write_nifti
from core.errors import ReportError
from core.prognosis import RESEARCH_USE_ONLY
from core.progress import Progress, Silent
from core.report.content import result_json, saliency_file
from core.report.figures import key_views
from core.report.pdf import write_pdf
from core.whole_file import write_whole

Picture = NDArray[np.uint8]


def write_outputs(
    folder: Path, request: AnalysisRequest, result: AnalysisResult, progress: Progress = Silent()
) -> None:
    """Write result.json, the saliency maps as NIfTI, the four key views and report.pdf.

    The maps are written thresholded, on their own grids, in patient space. Each file appears whole
    or not at all; files of an earlier run are replaced, others are left alone.

    Args:
        folder: Made if it is missing.
        request: What was asked.
        result: What the run gave.
        progress: Told before each kind of file.

    Raises:
        ReportError: The folder or a file in it cannot be written.
    """
    progress.step(0.0, "Writing the result")
    _make(folder)
    write_whole(folder / "result.json", result_json(request, result))
    progress.step(0.1, "Writing the saliency maps")
    for saliency in result.saliency:
        kept = saliency.thresholded()
        write_nifti(folder / saliency_file(saliency), kept.values, kept.geometry)
    progress.step(0.3, "Drawing the key views")
    pictures = key_views(request.volume, result)
    for name, pixels in pictures.items():
        write_whole(folder / f"key_{name}.png", _png(pixels))
    progress.step(0.8, "Writing the report")
    write_pdf(folder / "report.pdf", request, result, pictures)
    progress.step(1.0, "Results written")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"The folder for the results could not be made ({error.strerror}).",
            "Choose a folder that you may write to, and whose name is not that of a file.",
        ) from None


def _png(pixels: Picture) -> bytes:
    stream = BytesIO()
    remark = PngInfo()
    remark.add_text("Comment", RESEARCH_USE_ONLY)
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=remark)
    return stream.getvalue()
