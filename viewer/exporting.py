"""Saves the result that is shown: every output into a folder, or the report alone."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject

from core.analysis_result import AnalysisRequest, AnalysisResult
from core.errors import ReportError
from core.explanation import Explanation
from core.progress import Progress, Span
from viewer.calcium.saving import Weighing, weighing_of
from viewer.jobs import JobRunner
from viewer.messages import Message, MessageLevel, Messages
from viewer.runs import request_from
from viewer.session import Session, SessionState

GROUP = "report"
REPORT_NAME = "report.pdf"
NOTHING = Message(MessageLevel.WARNING, "There is no result to save yet.", "Run a model first.")


@dataclass(frozen=True)
class Shown:
    """What is saved: all that is on the screen but the answers to "Why here?".

    Attributes:
        request: Of the run.
        result: Of the run, with what was found out about its target since.
        further: Maps of other targets.
        calcium: Weighs the calcium reading that gets its page in the report; None without.
    """

    request: AnalysisRequest
    result: AnalysisResult
    further: tuple[Explanation, ...]
    calcium: Weighing | None


def write_report(path: Path, shown: Shown, progress: Progress) -> None:
    """Write the report alone: all outputs beside the target, of which the PDF is kept.

    Args:
        path: Of the PDF.
        shown: What is on the screen.
        progress: Told of every step.

    Raises:
        ReportError: The folder cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".thoralens-") as beside:
            _write(Path(beside), shown, progress)
            (Path(beside) / REPORT_NAME).replace(path)
    except OSError as error:
        raise ReportError(
            "The report could not be written to the chosen folder.",
            "Choose a folder that you may write to and that has room left.",
        ) from error


def _write(folder: Path, shown: Shown, progress: Progress) -> None:
    from core.report.outputs import write_outputs

    weighed = None if shown.calcium is None else shown.calcium(Span(progress, 0.0, 0.3))
    write_outputs(
        folder,
        shown.request,
        shown.result,
        Span(progress, 0.3, 1.0),
        calcium=weighed,
        further=shown.further,
    )


def of_other_targets(state: SessionState, result: AnalysisResult) -> tuple[Explanation, ...]:
    """Maps that were asked for of targets that the run made none of, a target each."""
    of_run = {each.target for each in result.saliency}
    targets = dict.fromkeys(target for target, _ in state.explanations if target not in of_run)
    return tuple(
        Explanation(
            maps=tuple(each for key, each in state.explanations.items() if key[0] == target),
            organ_share={key[1]: s for key, s in state.organ_share.items() if key[0] == target},
            outside_region_share={
                key[1]: share for key, share in state.outside_share.items() if key[0] == target
            },
        )
        for target in targets
    )


def explained(state: SessionState, result: AnalysisResult) -> AnalysisResult:
    """The result with what was found out since: trust, and further maps of the same target."""
    targets = {each.target for each in result.saliency}
    further = [each for key, each in state.explanations.items() if key[0] in targets]
    known = {each.method for each in result.saliency}
    shares = {
        each.method: state.organ_share.get((each.target, each.method), {}) for each in further
    }
    outside = {key[1]: share for key, share in state.outside_share.items() if key[0] in targets}
    return replace(
        result,
        saliency=(*result.saliency, *(each for each in further if each.method not in known)),
        organ_share={**shares, **result.organ_share},
        outside_region_share={**outside, **result.outside_region_share},
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

        self._jobs.start(
            GROUP,
            lambda progress: _write(folder, shown, progress),
            on_done=lambda _: self._tell("All outputs"),
            label="Writing the outputs",
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
        self._jobs.start(
            GROUP,
            lambda progress: write_report(path, shown, progress),
            on_done=lambda _: self._tell("The report"),
            label="Writing the report",
        )

    def _shown(self) -> Shown | None:
        """What is on the screen; a message where there is no result."""
        state = self._session.state
        if state.result is None:
            self._messages.post(NOTHING)
            return None
        request = request_from(state, state.result.card.id, state.result.clinical)
        if request is None:
            return None
        further = of_other_targets(state, state.result)
        return Shown(request, explained(state, state.result), further, weighing_of(state))

    def _tell(self, what: str) -> None:
        verb = "were" if what.endswith("s") else "was"
        count = len(self._session.state.influences)
        answers = f"{count} answer{'s' if count > 1 else ''}"
        left_out = f' Not in it: {answers} to "Why here?".' if count else ""
        self._messages.post(Message(MessageLevel.NOTE, f"{what} {verb} saved.{left_out}"))
