"""Writes a de-identified copy of the open series, on a thread, with progress."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from core.progress import Progress
from viewer.dialogs.deidentify import DeidentifiedDialog, DeidentifyDialog
from viewer.jobs import JobRunner
from viewer.messages import Message, MessageLevel, Messages
from viewer.session import Session

if TYPE_CHECKING:  # at run time it brings pydicom, which the window starts without
    from core.data.deidentify_rules import DeidentificationOptions

GROUP = "deidentify"
NOTHING_OPEN = Message(MessageLevel.WARNING, "There is no series to copy.", "Open one first.")


class Deidentifier(QObject):
    """Asks for options, then for a folder, and shows what was removed.

    Args:
        session: Tells which series is open.
        jobs: Does the work.
        messages: Is told where nothing is open, and of failures.
        window: Owner of the dialogs.
    """

    def __init__(
        self, session: Session, jobs: JobRunner, *, messages: Messages, window: QWidget
    ) -> None:
        super().__init__()
        self._session = session
        self._jobs = jobs
        self._messages = messages
        self._window = window

    def ask(self) -> None:
        """Ask what to keep, then where to write."""
        if self._session.state.series is None:
            self._messages.post(NOTHING_OPEN)
            return
        dialog = DeidentifyDialog(self._window)
        dialog.accepted.connect(lambda: self._ask_folder(dialog.options()))
        _open(dialog)

    def write(self, folder: Path, options: "DeidentificationOptions") -> None:
        """Copy the open series into a new or empty folder."""
        state = self._session.state
        if state.series is None or state.series_index is None:
            self._messages.post(NOTHING_OPEN)
            return
        root, uid = state.series_index.root, state.series.uid

        def work(progress: Progress) -> dict[str, Any]:
            from core.deidentify_command import export_deidentified

            return export_deidentified(
                root, folder, progress=progress, series_uid=uid, options=options
            )

        self._jobs.start(GROUP, work, on_done=self._show, label="Writing the de-identified copy")

    def _ask_folder(self, options: "DeidentificationOptions") -> None:
        dialog = QFileDialog(self._window, "Choose a new or empty folder for the copy")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda chosen: self.write(Path(chosen), options))
        _open(dialog)

    def _show(self, document: dict[str, Any]) -> None:
        _open(DeidentifiedDialog(document, self._window))


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
