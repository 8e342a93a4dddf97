"""Small analyses that the child process really runs in tests, each ending in its own way."""

import os
import time
from types import MappingProxyType

from core.analysis_result import AnalysisRequest
from core.errors import ModelInputError
from core.progress import Progress
from core.volume import Mask, SaliencyMap


def describe(request: AnalysisRequest, progress: Progress) -> dict[str, object]:
    """What arrived in the child, and who it is."""
    import sys

    progress.step(0.5, "Adding up")
    volume = request.volume
    return {
        "sum": int(volume.hu.sum(dtype="int64")),
        "writeable": volume.hu.flags.writeable,
        "affine": volume.geometry.affine.tolist(),
        "padded": None if volume.padding is None else int(volume.padding.sum()),
        "series_uid": volume.series_uid,
        "clinical": dict(request.clinical),
        "model_id": request.model_id,
        "pid": os.getpid(),
        "heavy": sorted({"torch", "PySide6", "vtkmodules"} & set(sys.modules)),
    }


def count_slowly(_request: AnalysisRequest, progress: Progress) -> int:
    """Ten seconds of steps, five milliseconds apart."""
    for step in range(2000):
        progress.step(step / 2000, "Counting")
        time.sleep(0.005)
    return os.getpid()


def never_look_up(_request: AnalysisRequest, _progress: Progress) -> None:
    """Half a minute without a step: cannot be cancelled kindly."""
    time.sleep(30)


def refuse(_request: AnalysisRequest, _progress: Progress) -> None:
    """An error for the user."""
    raise ModelInputError("Slices are 8 mm thick; 2.5 mm were expected.", "Use a thinner series.")


def stumble(_request: AnalysisRequest, _progress: Progress) -> None:
    """A bug, with a secret in its words."""
    try:
        _ = {}["DOE^JANE"]
    except KeyError:
        raise ValueError("/home/doe/scan") from None


def die_at_once(_request: AnalysisRequest, _progress: Progress) -> None:
    """What the system does when memory runs out."""
    os.kill(os.getpid(), 9)


def die_first_then_answer(request: AnalysisRequest, _progress: Progress) -> int:
    """Dies if the series is called fatal."""
    if request.series.uid == "fatal":
        os.kill(os.getpid(), 9)
    return os.getpid()


def leave(_request: AnalysisRequest, _progress: Progress) -> None:
    """Ends the process without a word."""
    os._exit(3)


def want_too_much(_request: AnalysisRequest, _progress: Progress) -> object:
    """More memory than any machine has."""
    import numpy as np

    return np.empty((1 << 60,), np.uint8)


def return_what_cannot_travel(_request: AnalysisRequest, _progress: Progress) -> object:
    """A result that no pipe can carry."""
    return MappingProxyType({})


def find_the_bright(request: AnalysisRequest, _progress: Progress) -> tuple[Mask, SaliencyMap]:
    """What a run gives: arrays on geometries."""
    volume = request.volume
    bright = volume.hu > 0
    return (
        Mask(bright.astype("uint8"), volume.geometry),
        SaliencyMap(bright.astype("float32"), volume.geometry, "gradcam", "brightness", 0.5),
    )


def echo_large(_request: AnalysisRequest, _progress: Progress) -> bytes:
    """A result far larger than a pipe's buffer."""
    return bytes(20_000_000)


def answer_at_once(request: object, progress: Progress) -> tuple[object, int]:
    """A question's own words, and who heard them."""
    progress.step(0.5, "Thinking")
    return request, os.getpid()


def count_then_answer(request: object, progress: Progress) -> tuple[object, int]:
    """A fifth of a second of steps, then as `answer_at_once`."""
    for step in range(40):
        progress.step(step / 40, "Counting")
        time.sleep(0.005)
    return request, os.getpid()


def sleep_then_answer(request: object, _progress: Progress) -> tuple[object, int]:
    """Half a second without a step: cannot be cancelled before it is done."""
    time.sleep(0.5)
    return request, os.getpid()
