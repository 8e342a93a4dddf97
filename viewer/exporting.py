"""Saves the result that is shown: every output into a folder, or the report alone."""

import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.errors import ReportError
from core.progress import Progress, Span
from viewer.calcium.saving import Weighing, weighing_of
from viewer.jobs import JobRunner
from viewer.messages import Message, MessageLevel, Messages
from viewer.runs import request_from
from viewer.session import Session, SessionState

GROUP = "report"
REPORT_NAME = "report.pdf"
NOTHING = Message(MessageLevel.WARNING, "There is no result to save yet.", "Run a model first.")


def write_report(
    path: Path,
    request: AnalysisRequest,
    result: AnalysisResult,
    progress: Progress,
    *,
    calcium: Weighing | None = None,
) -> None:
    """Write the report alone: all outputs beside the target, of which the PDF is kept.

    Args:
        path: Of the PDF.
        request: What was asked.
        result: What the run gave.
        progress: Told of every step.
        calcium: Weighs the calcium reading that gets its page in the report; None without.

    Raises:
        ReportError: The folder cannot be written.
    """
    from core.report.outputs import write_outputs

    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".thoralens-") as beside:
            weighed = None if calcium is None else calcium(progress)
            write_outputs(Path(beside), request, result, progress, calcium=weighed)
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
        calcium = weighing_of(self._session.state)
        if self._session.state.result is None and calcium is not None:
            self._save_calcium(folder, calcium)
            return
        shown = self._shown()
        if shown is None:
            return
        request, result = shown

        def work(progress: Progress) -> None:
            from core.report.outputs import write_outputs

            weighed = None if calcium is None else calcium(Span(progress, 0.0, 0.3))
            write_outputs(folder, request, result, Span(progress, 0.3, 1.0), calcium=weighed)

        self._jobs.start(
            GROUP, work, on_done=lambda _: self._tell("All outputs"), label="Writing the outputs"
        )

    def _save_calcium(self, folder: Path, calcium: Weighing) -> None:
        """Write the calcium reading of a scan on which no model was run."""

        def work(progress: Progress) -> None:
            from core.report.calcium_report import write_calcium_report

            write_calcium_report(folder, calcium(progress))

        self._jobs.start(
            GROUP,
            work,
            on_done=lambda _: self._tell("The calcium reading"),
            label="Writing the calcium reading",
        )

    def save_report(self, path: Path) -> None:
        """Write the report as a PDF."""
        shown = self._shown()
        if shown is None:
            return
        request, result = shown
        calcium = weighing_of(self._session.state)
        self._jobs.start(
            GROUP,
            lambda progress: write_report(path, request, result, progress, calcium=calcium),
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
