"""Saves the result that is shown: every output into a folder, or the report alone."""

import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.errors import ReportError
from core.progress import Progress
from viewer.jobs import JobRunner
from viewer.messages import Message, MessageLevel, Messages
from viewer.runs import request_from
from viewer.session import Session, SessionState

GROUP = "report"
REPORT_NAME = "report.pdf"
NOTHING = Message(MessageLevel.WARNING, "There is no result to save yet.", "Run a model first.")


def write_report(
    path: Path, request: AnalysisRequest, result: AnalysisResult, progress: Progress
) -> None:
    """Write the report alone: all outputs beside the target, of which the PDF is kept.

    Raises:
        ReportError: The folder cannot be written.
    """
    from core.report.outputs import write_outputs

    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".thoralens-") as beside:
            write_outputs(Path(beside), request, result, progress)
            (Path(beside) / REPORT_NAME).replace(path)
    except OSError as error:
        raise ReportError(
            "The report could not be written to the chosen folder.",
            "Choose a folder that you may write to and that has room left.",
        ) from error


def explained(state: SessionState, result: AnalysisResult) -> AnalysisResult:
    """The result with what was found out since: trust, and further maps of the same target.

    Maps of other targets are left out: their files would bear the names of the first ones.
    """
    targets = {each.target for each in result.saliency}
    further = [each for key, each in state.explanations.items() if key[0] in targets]
    known = {each.method for each in result.saliency}
    shares = {
        each.method: state.organ_share.get((each.target, each.method), {}) for each in further
    }
    return replace(
        result,
        saliency=(*result.saliency, *(each for each in further if each.method not in known)),
        organ_share={**shares, **result.organ_share},
        trust=state.trust or result.trust,
    )


class Exporter(QObject):
    """Writes what the session shows, on a thread, with progress."""

    def __init__(self, session: Session, jobs: JobRunner, *, messages: Messages) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._messages = messages

    def save_all(self, folder: Path) -> None:
        """Write every output into `folder`."""
        shown = self._shown()
        if shown is None:
            return
        request, result = shown

        def work(progress: Progress) -> None:
            from core.report.outputs import write_outputs

            write_outputs(folder, request, result, progress)

        self._jobs.start(
            GROUP, work, on_done=lambda _: self._tell("All outputs"), label="Writing the outputs"
        )

    def save_report(self, path: Path) -> None:
        """Write the report as a PDF."""
        shown = self._shown()
        if shown is None:
            return
        request, result = shown
        self._jobs.start(
            GROUP,
            lambda progress: write_report(path, request, result, progress),
            on_done=lambda _: self._tell("The report"),
            label="Writing the report",
        )

    def _shown(self) -> tuple[AnalysisRequest, AnalysisResult] | None:
        """Request and result of what is on the screen; a message where there is none."""
        state = self._session.state
        if state.result is None:
            self._messages.post(NOTHING)
            return None
        request = request_from(state, state.result.card.id, state.result.clinical)
        return None if request is None else (request, explained(state, state.result))

    def _tell(self, what: str) -> None:
        verb = "were" if what.endswith("s") else "was"
        self._messages.post(Message(MessageLevel.NOTE, f"{what} {verb} saved."))
