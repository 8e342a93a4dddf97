"""What nobody foresaw, turned into something that can be shown and reported.

Called where a job ends (`core.worker`, `viewer.jobs`): whatever was raised becomes a
`ThoralensError`, so that one kind of failure reaches the user.
"""

import platform
import sys
import traceback
from pathlib import Path

from core.errors import ResourcesError, ThoralensError

_ROOT = Path(__file__).resolve().parents[1]
_OUR_FOLDERS = (_ROOT / "core", _ROOT / "viewer")


class Bug(ThoralensError):
    """A fault of Thoralens itself.

    Args:
        kind: Name of the exception's type.
        details: Where it happened, for a report; no patient, no path.
    """

    def __init__(self, kind: str, details: str) -> None:
        super().__init__(
            f"Thoralens made a mistake ({kind}).",
            "What was open is untouched. Copy the details and report them.",
        )
        self.kind = kind
        self.details = details

    def __reduce__(self) -> tuple[type["Bug"], tuple[str, str]]:
        return Bug, (self.kind, self.details)


def understood(error: Exception) -> ThoralensError:
    """The error itself if it is meant for the user, else what it means for the user."""
    if isinstance(error, ThoralensError):
        return error
    if isinstance(error, MemoryError):
        return ResourcesError(
            "The work needs more memory than this machine could give.",
            "Close other programs or other scans, then try again.",
        )
    return Bug(type(error).__name__, _details(error))


def _details(error: BaseException) -> str:
    """Versions, then the chain of exceptions from the first cause, each with its frames."""
    paragraphs: list[str] = []
    each: BaseException | None = error
    while each is not None:
        paragraphs.insert(0, _paragraph(each))
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    python = sys.version.split()[0]
    return "\n\n".join([f"Python {python} on {platform.system()}", *paragraphs])


def _paragraph(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"  {'/'.join(Path(each.filename).parts[-2:])}:{each.lineno} in {each.name}: {each.line}"
        for each in frames
    ]
    return "\n".join([*lines, f"{type(error).__name__}: {_safe_text(error, frames)}"])


def _safe_text(error: BaseException, frames: traceback.StackSummary) -> str:
    """The exception's own words where we wrote them: others may quote a header or name a file.

    What Python itself raises in a line of ours, as `int("Smith^John")` does, is not ours.
    """
    if isinstance(error, OSError):
        return error.strerror or "no further words"
    is_ours = (
        bool(frames)
        and any(Path(frames[-1].filename).is_relative_to(folder) for folder in _OUR_FOLDERS)
        and (frames[-1].line or "").startswith("raise ")
    )
    return str(error) if is_ours else "words withheld, they may name a patient or a file"
