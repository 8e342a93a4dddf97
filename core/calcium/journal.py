"""Every edit on disk as soon as it is made: a crash costs nothing, and the work can be audited.

One file a series, named by a digest of its UID: no name, no identifier, no path is in it. Lines of
JSON are only ever appended, one for each edit, undo, redo or change of rule: a crash can cut off
the last one at most. A change of rule leaves the edits as they are: they are replayed by it.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.calcium.edit_documents import Document, NotAnEdit, edit_document, edit_of
from core.calcium.edits import Edit
from core.calcium.reading import Reading
from core.calcium.rule import STANDARD, Rule
from core.errors import ReportError

DIGEST_LETTERS = 24


class Line(StrEnum):
    """Kinds of lines beside the edits."""

    UNDO = "undo"
    REDO = "redo"
    CLEAR = "clear"
    RULE = "rule"
    WHOLE = "whole"


@dataclass(frozen=True)
class Kept:
    """What a journal holds of a reading.

    Attributes:
        rule: By which it was read last.
        done: Every edit that was not taken back, oldest first.
        undone: Edits that were taken back, the newest last.
        not_understood: Lines of a newer version among them, which are left out.
    """

    rule: Rule = STANDARD
    done: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    not_understood: int = 0


@dataclass(frozen=True)
class Journal:
    """The journal of one series.

    Attributes:
        path: Its file.
    """

    path: Path

    @classmethod
    def of_series(cls, folder: Path, series_uid: str) -> "Journal":
        """The journal of a series in a folder of journals, which is made if missing.

        Raises:
            ReportError: The folder cannot be made.
        """
        digest = hashlib.sha256(series_uid.encode()).hexdigest()[:DIGEST_LETTERS]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_kept(error) from None
        return cls(folder / f"{digest}.jsonl")

    def add(self, edit: Edit) -> None:
        """Keep an edit.

        Raises:
            ReportError: The disk did not take it.
        """
        self._append(edit_document(edit))

    def add_undo(self) -> None:
        """Keep that the last edit was undone."""
        self._append({"kind": Line.UNDO})

    def add_redo(self) -> None:
        """Keep that an undone edit was made again."""
        self._append({"kind": Line.REDO})

    def add_clear(self) -> None:
        """Keep that the reading began anew: what stands before no longer counts."""
        self._append({"kind": Line.CLEAR})

    def add_rule(self, rule: Rule) -> None:
        """Keep that the reading is by another rule from here on."""
        self._append({"kind": Line.RULE, **asdict(rule)})

    def add_whole(self, reading: Reading) -> None:
        """Keep a whole history in one line: after a line that the disk did not take."""
        self._append(
            {
                "kind": Line.WHOLE,
                "rule": asdict(reading.rule),
                "done": [edit_document(edit) for edit in reading.edits],
                "undone": [edit_document(edit) for edit in reading.undone],
            }
        )

    def kept(self) -> Kept:
        """The history as it was when the last line was written.

        Raises:
            ReportError: The disk does not give it.
        """
        history = _History()
        for document in self._documents():
            history.follow(document)
        return history.kept()

    def restored(self, empty: Reading) -> Reading:
        """The reading as it was when the last line was written.

        Args:
            empty: A reading of the same series without edits, by the rule of `kept`.
        """
        kept = self.kept()
        return empty.with_history(kept.done, kept.undone)

    def _append(self, document: Document) -> None:
        line = json.dumps(document, allow_nan=False) + "\n"
        try:
            with self.path.open("a+b") as file:
                if _is_cut_off(self.path):
                    file.write(b"\n")
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _not_kept(error) from None

    def _documents(self) -> list[Document]:
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _not_kept(error) from None
        found = []
        for line in lines:
            try:
                document = json.loads(line)
            except ValueError:
                continue  # cut off by a crash
            if isinstance(document, dict):
                found.append(document)
        return found


class _History:
    """Follows the lines of a journal; None stands for what cannot be understood."""

    def __init__(self) -> None:
        self._rules: list[Rule | None] = [STANDARD]
        self._done: list[Edit | None] = []
        self._undone: list[Edit | None] = []

    def follow(self, document: Document) -> None:
        """One line more."""
        match document.get("kind"):
            case Line.CLEAR:
                self._rules, self._done, self._undone = [STANDARD], [], []
            case Line.WHOLE:
                self._rules = [_rule_of(document.get("rule"))]
                self._done = _edits_of(document.get("done"))
                self._undone = _edits_of(document.get("undone"))
            case Line.RULE:
                self._rules.append(_rule_of(document))
            case Line.UNDO:
                self._undone += self._done[-1:]
                del self._done[-1:]
            case Line.REDO:
                self._done += self._undone[-1:]
                del self._undone[-1:]
            case _:
                self._done, self._undone = [*self._done, _edit_of(document)], []

    def kept(self) -> Kept:
        """What is left of the lines."""
        rules = [rule for rule in self._rules if rule is not None]
        done = tuple(edit for edit in self._done if edit is not None)
        undone = tuple(edit for edit in self._undone if edit is not None)
        missing = [*self._rules, *self._done].count(None)
        return Kept(rules[-1] if rules else STANDARD, done, undone, missing)


def _edits_of(documents: object) -> list[Edit | None]:
    return [_edit_of(each) for each in documents] if isinstance(documents, list) else [None]


def _edit_of(document: object) -> Edit | None:
    try:
        return edit_of(document)
    except NotAnEdit:
        return None  # a line of a newer version


def _rule_of(document: object) -> Rule | None:
    if not isinstance(document, dict):
        return None
    values: dict[str, Any] = {each.name: document.get(each.name) for each in fields(Rule)}
    try:
        values["cut_points_hu"] = tuple(int(each) for each in values["cut_points_hu"])
        values["kvp"], values["name"] = float(values["kvp"]), str(values["name"])
        return Rule(**values)
    except (TypeError, ValueError):
        return None  # a line of a newer version


def _is_cut_off(path: Path) -> bool:
    content = path.read_bytes()
    return bool(content) and not content.endswith(b"\n")


def _not_kept(error: OSError) -> ReportError:
    return ReportError(
        f"The calcium reading cannot be kept on disk ({error.strerror}).",
        "Free some space or make the user's data folder writable; export the reading by hand.",
    )
