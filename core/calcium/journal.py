"""Every edit on disk as soon as it is made: a crash costs nothing, and the work can be audited.

One file a series, named by a digest of its UID: no name, no identifier, no path is in it. Lines of
JSON are only ever appended; what a crash cut off at the end is left out when it is read.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.calcium.edit_documents import NotAnEdit, edit_document, edit_of
from core.calcium.edits import Edit
from core.calcium.reading import Reading
from core.calcium.rule import Rule
from core.errors import ReportError, SeriesError

DIGEST_LETTERS = 24
UNDO, REDO, CLEAR, RULE = "undo", "redo", "clear", "rule"


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
        self._append({"kind": UNDO})

    def add_redo(self) -> None:
        """Keep that an undone edit was made again."""
        self._append({"kind": REDO})

    def add_clear(self) -> None:
        """Keep that the reading began anew: what stands before no longer counts."""
        self._append({"kind": CLEAR})

    def add_rule(self, rule: Rule) -> None:
        """Keep that the edits from here on were made by another rule than the standard one."""
        self._append({"kind": RULE, **asdict(rule)})

    @property
    def rule(self) -> Rule | None:
        """The rule by which what can be restored was read; None for the standard one."""
        found = None
        for document in self._documents():
            if document.get("kind") == CLEAR:
                found = None
            elif document.get("kind") == RULE:
                found = _rule_of(document) or found
        return found

    def restored(self, empty: Reading) -> Reading:
        """The reading as it was when the last line was written.

        Args:
            empty: A reading of the same series without edits, by `rule`.
        """
        reading = empty
        for document in self._documents():
            kind = document.get("kind")
            if kind == CLEAR:
                reading = empty
            elif kind == UNDO:
                reading = reading.before()
            elif kind == REDO:
                reading = reading.again()
            else:
                reading = _edited(reading, document)
        return reading

    @property
    def has_edits(self) -> bool:
        """True if something could be restored."""
        kinds = [document.get("kind") for document in self._documents()]
        after_clear = kinds[len(kinds) - kinds[::-1].index(CLEAR) :] if CLEAR in kinds else kinds
        return bool(after_clear)

    def _append(self, document: dict[str, object]) -> None:
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

    def _documents(self) -> list[dict[str, object]]:
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


def _edited(reading: Reading, document: dict[str, object]) -> Reading:
    try:
        return reading.edited(edit_of(document))
    except (NotAnEdit, SeriesError):
        return reading  # a line of a newer version, or of a scan that has changed: nothing there


def _rule_of(document: dict[str, Any]) -> Rule | None:
    values: dict[str, Any] = {each.name: document.get(each.name) for each in fields(Rule)}
    try:
        return Rule(**{**values, "cut_points_hu": tuple(values["cut_points_hu"])})
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
