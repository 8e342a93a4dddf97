"""From menus, keys and panels to questions about the result, and from their progress to the panels.

`Explanations` asks; this wires it to what the user touches and sees.
"""

from functools import partial

from PySide6.QtCore import QObject, QPoint

from core.explanation import OCCLUSION
from core.saliency.targets import Target
from viewer.explanations import CHECK, EXPLAIN, OCCLUDE, WHY, Explanations
from viewer.panels.job_bar import JobBar
from viewer.run_state import RunState
from viewer.session import Session
from viewer.slice_menu import place_menu
from viewer.view_state import Point
from viewer.workplace import Workplace

JOB_PREFIX = "question: "
"""Names of questions in the job bar begin so, those of jobs do not."""

WORDS = {EXPLAIN: "Map", WHY: "Why here?", OCCLUDE: "Occlusion", CHECK: "Checking the maps"}
CANCELLED_BY_ESC = (WHY, EXPLAIN, OCCLUDE)
"""The check is not: nobody asked for it, and it gives way by itself."""


class Asking(QObject):
    """Connects the workplace with the questions.

    Args:
        session: What is in view.
        explanations: Asks and keeps the answers.
        workplace: Its views, overlay and explanation panels ask and show.
        job_bar: Shows the progress of questions that somebody waits for.
    """

    def __init__(
        self,
        session: Session,
        explanations: Explanations,
        *,
        workplace: Workplace,
        job_bar: JobBar,
    ) -> None:
        super().__init__()
        self._session = session
        self._explanations = explanations
        self._workplace = workplace
        self._job_bar = job_bar
        page = workplace.explanation_panel
        page.ask_requested.connect(self.ask_at_crosshair)
        page.place_chosen.connect(session.move_crosshair)
        workplace.overlay_panel.map_wanted.connect(self.ask_for_map)
        for view in workplace.views.slices.values():
            view.menu_requested.connect(partial(self._show_menu, view))
        explanations.changed.connect(self._show)

    def ask_at(self, point_mm: Point) -> None:
        """Ask "Why here?" of a place, and turn to the page that will tell."""
        if self._explanations.ask_why(point_mm, self._workplace.explanation_panel.size_mm()):
            self._session.move_crosshair(point_mm)
            self._workplace.show_explanation()

    def ask_at_crosshair(self) -> None:
        """Ask "Why here?" at the crosshair."""
        self.ask_at(self._session.state.view.crosshair_mm)

    def ask_for_map(self, target: Target, method: str) -> None:
        """Ask for a map that the session does not hold."""
        if method == OCCLUSION:
            self._explanations.occlude()
        else:
            self._explanations.explain(target, (method,))

    def occlude(self) -> None:
        """Show the occlusion map of the target in view, computed first where it is missing."""
        if self._session.state.result is None:
            return
        self._workplace.overlay_panel.choose_method(OCCLUSION)
        if not self._explanations.state(OCCLUDE).running:  # asking again would begin anew
            self._explanations.occlude()

    def cancel(self) -> bool:
        """Take back the question that somebody waits for; False where there is none."""
        waiting = [kind for kind in CANCELLED_BY_ESC if self._explanations.state(kind).running]
        for kind in waiting[:1]:
            self._explanations.cancel(kind)
        return bool(waiting)

    def cancel_named(self, name: str) -> bool:
        """Take back the question that the job bar shows; False if it shows none."""
        is_question = name.startswith(JOB_PREFIX)
        if is_question:
            self._explanations.cancel(name.removeprefix(JOB_PREFIX))
        return is_question

    def _show_menu(self, view: QObject, point_mm: Point, at: QPoint) -> None:
        size_mm = self._workplace.explanation_panel.size_mm()
        menu = place_menu(self._session, point_mm, size_mm=size_mm, ask=self.ask_at, parent=view)
        menu.popup(at)

    def _show(self, kind: str, state: RunState) -> None:
        """Tell the panels where a question stands."""
        words = f"{WORDS[kind]}: {state.step}" if state.running else ""
        if kind == CHECK:
            self._workplace.overlay_panel.show_checking(state.running)
            self._workplace.explanation_panel.show_checking(state.running)
            return
        if kind == WHY:
            self._workplace.explanation_panel.show_asking(words)
        else:
            self._workplace.overlay_panel.show_at_work(words)
        if state.running:
            self._job_bar.show_job(JOB_PREFIX + kind, state.fraction, words)
        else:
            self._job_bar.end_job(JOB_PREFIX + kind)
