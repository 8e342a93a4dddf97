"""The window: start page or workplace, menus, messages, jobs, and how they are wired together."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLabel,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import ResourcesError
from core.models.cards import ModelCard
from core.prognosis import RESEARCH_USE_ONLY
from core.views.window import Window
from viewer.actions import build_actions, help_groups
from viewer.asking import Asking
from viewer.calcium.keys import CalciumMenu, help_group
from viewer.calcium.room import CalciumRoom
from viewer.calcium.state import has_marks
from viewer.deidentifying import Deidentifier
from viewer.dialogs.clinical_values import ClinicalValuesDialog
from viewer.dialogs.model_card import ModelCardDialog
from viewer.dialogs.settings import SettingsDialog
from viewer.dialogs.shortcuts import ShortcutSheet
from viewer.explanations import MODULE, Explanations
from viewer.exporting import Exporter
from viewer.jobs import Job, JobRunner, JobState
from viewer.kept_settings import KeptSettings
from viewer.messages import Messages
from viewer.opening import Opener
from viewer.panels.job_bar import JobBar
from viewer.panels.memory_figure import MemoryFigure
from viewer.panels.message_bar import MessageBar
from viewer.panels.start_page import PRODUCT, StartPage, dropped_path
from viewer.preview import Preview
from viewer.prognosis_process import PrognosisProcess
from viewer.run_state import RunState
from viewer.runs import Runs
from viewer.session import Session, SessionState
from viewer.settings import read_window_geometry, write_window_geometry
from viewer.settings_effect import SettingsEffect
from viewer.slice_annotations import hu_text
from viewer.thumbnails import GROUP as THUMBNAILS
from viewer.thumbnails import Thumbnails
from viewer.view_changes import overlay_toggled
from viewer.workplace import Workplace, research_use_label

VOLUME_FILES = (
    "CT files (*.dcm *.zip DICOMDIR *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.DCM *.ZIP)"
)
RUN = "run"
"""Name of the model's run in the job bar; jobs there are named by their group."""
PEEK_MS = 350
"""O held longer than this was a peek: releasing it puts the overlay back."""
CANCELLED_BY_ESC = ("report", "deidentify", "load", "index", "sample", "calcium")
"""Groups of jobs, the first that is running is cancelled."""
FIRST_SIZE_PX = (1600, 1000)


@dataclass(frozen=True)
class Services:
    """What the window needs from outside; tests may replace any of it.

    Attributes:
        messages: Where everything is told.
        settings: What the user chose.
        process: Child process of the model.
        cards: Models of the menu.
        warm_up: Load the model while the user looks at a scan that was just opened.
        explains: Module whose functions answer questions about a result, in the child.
    """

    messages: Messages
    settings: KeptSettings
    process: PrognosisProcess
    cards: Sequence[ModelCard]
    warm_up: bool = True
    explains: str = MODULE


class MainWindow(QMainWindow):
    """Owns session, jobs and panels. Closing it ends everything."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.messages = services.messages
        self.settings = services.settings
        self.process = services.process
        self._cards = {card.id: card for card in services.cards}
        self._warms_up = services.warm_up
        self._clinical: Mapping[str, float] = {}
        self._o_pressed_ms: float | None = None
        self.session = Session()
        self.session.show(self.settings.now.first_view())
        self.jobs = JobRunner(self.messages)
        self.opener = Opener(
            self.session, self.jobs, messages=self.messages, first_window=self.first_window
        )
        self.thumbnails = Thumbnails(self.session, self.jobs)
        self.runs = Runs(
            self.session,
            self.process,
            messages=self.messages,
            first_method=lambda: self.settings.now.overlay_method,
        )
        self.explanations = Explanations(
            self.session, self.process, messages=self.messages, module=services.explains
        )
        self.exporter = Exporter(self.session, self.jobs, messages=self.messages)
        self.deidentifier = Deidentifier(
            self.session, self.jobs, messages=self.messages, window=self
        )
        self._build(services.cards)
        self._wire()
        self._show_recent()
        self._follow(SessionState(), self.session.state)
        self._enable_actions()

    def _build(self, cards: Sequence[ModelCard]) -> None:
        self.setWindowTitle(PRODUCT)
        self.setAcceptDrops(True)
        self.start_page = StartPage()
        self.workplace = Workplace(self.session, cards)
        self.views = self.workplace.views
        self.series_panel = self.workplace.series_panel
        self.prognosis_panel = self.workplace.prognosis_panel
        self.overlay_panel = self.workplace.overlay_panel
        self.prognosis_panel.controls.choose_model(self.settings.now.model_id)
        self.message_bar = MessageBar()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.workplace)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(centre)
        self.actions_by_id = build_actions(self, self.views)
        self.job_bar = JobBar()
        self.under_cursor = QLabel()
        self.under_cursor.setAccessibleName("Under the cursor")
        self.under_cursor.setContentsMargins(10, 0, 0, 0)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.under_cursor, 1)
        self.memory_figure = MemoryFigure(lambda: self.process.child_pid)
        for widget in (self.job_bar, self.memory_figure, research_use_label()):
            self.statusBar().addPermanentWidget(widget)
        self.resize(*FIRST_SIZE_PX)
        self.restoreGeometry(read_window_geometry())

    def _wire(self) -> None:
        self.asking = Asking(
            self.session, self.explanations, workplace=self.workplace, job_bar=self.job_bar
        )
        self.calcium = CalciumRoom(
            self.session,
            self.jobs,
            messages=self.messages,
            settings=self.settings,
            workplace=self.workplace,
        )
        menu = CalciumMenu(self, self.calcium.mode, self.actions_by_id)
        self.calcium.add_menu(menu, self.choose_export)
        page, panel, strip = self.start_page, self.prognosis_panel, self.workplace.preset_strip
        page.open_requested.connect(self.choose_folder)
        page.sample_requested.connect(self.opener.open_sample)
        page.folder_chosen.connect(self.opener.open_folder)
        page.folder_forgotten.connect(
            lambda folder: self.settings.change(lambda s: s.without_recent_folder(folder))
        )
        self.opener.folder_opened.connect(
            lambda folder: self.settings.change(lambda s: s.with_recent_folder(folder))
        )
        self.opener.preview_changed.connect(self._show_preview)
        self.thumbnails.made.connect(self.series_panel.show_thumbnail)
        self.settings.changed.connect(lambda _: self._show_recent())
        self._settings_effect = SettingsEffect(
            self.settings, self.session, choose_model=panel.controls.choose_model
        )
        self.series_panel.series_chosen.connect(self.opener.open_series)
        strip.preset_chosen.connect(self._set_window)
        strip.automatic_requested.connect(self.actions_by_id["automatic_window"].trigger)
        panel.run_requested.connect(self.run_model)
        panel.cancel_requested.connect(self.runs.cancel)
        panel.card_requested.connect(self.show_card)
        panel.export_requested.connect(self.choose_export)
        panel.export_pdf_requested.connect(self.choose_pdf)
        panel.controls.model_chosen.connect(self._keep_model)
        self.runs.changed.connect(self._show_run)
        self.jobs.job_changed.connect(self._show_job)
        self.job_bar.cancel_requested.connect(self._cancel_named)
        self.messages.posted.connect(self.message_bar.show_message)
        self.session.changed.connect(self._follow)
        for view in self.views.slices.values():
            view.hovered.connect(self._show_under_cursor)

    # --- what actions call ---

    def first_window(self) -> Window:
        """Window in which a series is first shown, as the user chose it."""
        return self.settings.now.first_view().window

    def choose_folder(self) -> None:
        """Ask for a folder and open it."""
        dialog = QFileDialog(self, "Open a folder of DICOM files")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog, self.opener.open_folder)

    def choose_file(self) -> None:
        """Ask for an archive, a volume file or a DICOM file and open it."""
        dialog = QFileDialog(self, "Open a file")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([VOLUME_FILES, "All files (*)"])
        self._ask(dialog, self.opener.open_folder)

    def choose_export(self) -> None:
        """Ask for a folder and save every output into it."""
        dialog = QFileDialog(self, "Save every output to a folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog, self.exporter.save_all)

    def choose_pdf(self) -> None:
        """Ask for a file name and save the report."""
        dialog = QFileDialog(self, "Save the report")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("PDF (*.pdf)")
        dialog.setDefaultSuffix("pdf")
        dialog.selectFile("thoralens-report.pdf")
        self._ask(dialog, self.exporter.save_report)

    def run_chosen_model(self) -> None:
        """Run the model of the menu, if the open series may be given to it."""
        if self.prognosis_panel.may_run() and not self.runs.state.running:
            self.run_model(self.prognosis_panel.controls.chosen_model())

    def run_model(self, model_id: str) -> None:
        """Run a model; one that needs clinical values asks for them first."""
        card = self._cards[model_id]
        if not card.clinical:
            self._run(model_id, {})
            return
        calcium = self.session.state.calcium
        scored = {} if calcium is None else calcium.clinical_values()
        dialog = ClinicalValuesDialog(card, {**self._clinical, **scored}, self)
        dialog.accepted.connect(lambda: self._run_with(model_id, dialog.values()))
        self._open(dialog)

    def cancel(self) -> None:
        """Stop what is running; with nothing running show all four views."""
        waiting = [group for group in CANCELLED_BY_ESC if self._is_busy(group)]
        if self.runs.state.running:
            self.runs.cancel()
        elif waiting:
            self.jobs.cancel(waiting[0])
        elif not self.calcium.mode.leave_tool() and not self.asking.cancel():
            self.session.show(replace(self.session.state.view, maximised=None))

    def show_card(self, model_id: str = "") -> None:
        """Show the whole card of a model, by default of the one in the menu."""
        card = self._cards.get(model_id or self.prognosis_panel.controls.chosen_model())
        if card is not None:
            self._open(ModelCardDialog(card, self))

    def show_settings(self) -> None:
        """Show every setting; a change acts at once."""
        titles = {card.id: card.title for card in self._cards.values()}
        self._open(SettingsDialog(self.settings, titles, self))

    def show_shortcuts(self) -> None:
        """Show every key and mouse gesture."""
        self._open(ShortcutSheet((*help_groups(), help_group()), self))

    def show_about(self) -> None:
        """Show version and intended use."""
        box = QMessageBox(self)
        box.setWindowTitle(f"About {PRODUCT}")
        box.setText(f"{PRODUCT} {version('thoralens')}\n\n{RESEARCH_USE_ONLY}")
        self._open(box)

    def toggle_overlay(self) -> None:
        """Overlay on or off."""
        self.session.show(overlay_toggled(self.session.state.view))

    def toggle_full_screen(self) -> None:
        """Full screen on or off."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End jobs, child process and rendering; keep the window's place."""
        self.calcium.shut_down()
        self.jobs.shut_down()
        self.process.close()
        self.views.volume.close_rendering()
        try:
            write_window_geometry(self.saveGeometry().data())
        except ResourcesError as error:
            self.messages.post_error(error)  # in the log; the window closes all the same
        super().closeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Note when O goes down: its press itself is swallowed by the shortcut."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_plain_o(event):
            self._o_pressed_ms = _moment_ms(event)
        return super().event(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Put the overlay back when O was held to peek."""
        if _is_plain_o(event) and self._o_pressed_ms is not None:
            held_ms = _moment_ms(event) - self._o_pressed_ms
            self._o_pressed_ms = None
            if held_ms > PEEK_MS:
                self.toggle_overlay()
        super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere."""
        if dropped_path(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        folder = dropped_path(event)
        if folder is not None:
            event.acceptProposedAction()
            self.opener.open_folder(folder)

    # --- inside ---

    def _ask(self, dialog: QFileDialog, then: Callable[[Path], None]) -> None:
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        """Open a dialog of this window without stopping anything that runs."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _run_with(self, model_id: str, clinical: Mapping[str, float]) -> None:
        self._clinical = clinical
        self._run(model_id, clinical)

    def _run(self, model_id: str, clinical: Mapping[str, float]) -> None:
        self.message_bar.clear()
        self.runs.run(model_id, clinical, models_folder=self.settings.now.models_path)

    def _keep_model(self, model_id: str) -> None:
        self.settings.change(lambda settings: replace(settings, model_id=model_id))

    def _set_window(self, window: Window) -> None:
        self.session.show(replace(self.session.state.view, window=window))

    def _is_busy(self, group: str) -> bool:
        job = self.jobs.job(group)
        return job is not None and not job.state.is_over

    def _cancel_named(self, name: str) -> None:
        if name == RUN:
            self.runs.cancel()
        elif not self.asking.cancel_named(name):
            self.jobs.cancel(name)

    def _show_recent(self) -> None:
        self.start_page.show_recent([Path(each) for each in self.settings.now.recent_folders])

    def _show_run(self, state: RunState) -> None:
        self.prognosis_panel.show_run(state)
        if state.running:
            self.job_bar.show_job(RUN, state.fraction, f"Model: {state.step}")
        else:
            self.job_bar.end_job(RUN)
        self._enable_actions()

    def _show_preview(self, preview: Preview | None) -> None:
        """The workplace opens with the first slice, not with the last."""
        is_open = preview is not None or self.session.state.series_index is not None
        self.pages.setCurrentWidget(self.workplace if is_open else self.start_page)
        self.views.show_preview(preview)

    def _show_job(self, job: Job) -> None:
        if job.group == THUMBNAILS:
            return
        if job.state in (JobState.WAITING, JobState.RUNNING):
            self.job_bar.show_job(job.group, job.fraction, job.message or job.label)
        else:
            self.job_bar.end_job(job.group)

    def _show_under_cursor(self, hovered: object) -> None:
        if hovered is None:
            self.under_cursor.clear()
            return
        x, y, z = hovered.point_mm
        self.under_cursor.setText(
            f"{hu_text(hovered.hu)}     x {x:.1f}  y {y:.1f}  z {z:.1f} mm (LPS)"
        )

    def _follow(self, old: SessionState, new: SessionState) -> None:
        is_open = new.series_index is not None or self.opener.preview is not None
        self.pages.setCurrentWidget(self.workplace if is_open else self.start_page)
        if new.series is not old.series:
            described = new.series.description if new.series else ""
            self.setWindowTitle(f"{described} – {PRODUCT}" if described else PRODUCT)
        if new.volume is not old.volume and new.volume is not None:
            self.message_bar.clear()
            self.views.focused_slice_view().setFocus()
            self._warm_up()
        if old.series_index is not None and not is_open:
            self.message_bar.clear()  # it spoke of the scan that was closed
        seen = (new.volume, new.result, has_marks(new.calcium))
        if seen != (old.volume, old.result, has_marks(old.calcium)):
            self._enable_actions()

    def _warm_up(self) -> None:
        if self._warms_up and self.prognosis_panel.may_run():
            model_id = self.prognosis_panel.controls.chosen_model()
            self.process.warm_up(model_id, self.settings.now.models_path)

    def _enable_actions(self) -> None:
        state, running = self.session.state, self.runs.state.running
        for name in ("export_pdf", "why_here", "occlusion"):
            self.actions_by_id[name].setEnabled(state.result is not None)
        has_outputs = state.result is not None or has_marks(state.calcium)
        self.actions_by_id["export"].setEnabled(has_outputs)
        self.actions_by_id["run"].setEnabled(self.prognosis_panel.may_run() and not running)
        for name in ("close_series", "deidentify"):
            self.actions_by_id[name].setEnabled(state.series_index is not None)


def _is_plain_o(event: QKeyEvent) -> bool:
    return (
        event.key() == Qt.Key.Key_O
        and event.modifiers() == Qt.KeyboardModifier.NoModifier
        and not event.isAutoRepeat()
    )


def _moment_ms(event: QKeyEvent) -> float:
    """When the key moved; the system's time, as a busy window hears of it late."""
    return event.timestamp() or time.monotonic() * 1000
