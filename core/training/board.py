"""TensorBoard's file of a stage, where TensorBoard is installed; nothing depends on it."""

import importlib.util
from pathlib import Path
from typing import Any

BOARD_FOLDER = "tensorboard"


class Board:
    """Curves of one stage. A resumed stage draws them anew from its history.

    Args:
        folder: Of the part.
        stage: Name of the curves.
        history: Records of the epochs so far.
        is_shown: False in processes that write nothing.
    """

    def __init__(
        self, folder: Path, stage: str, history: list[dict[str, float]], *, is_shown: bool
    ) -> None:
        self._writer: Any = None
        if not is_shown or importlib.util.find_spec("tensorboard") is None:
            return
        from torch.utils.tensorboard import SummaryWriter

        place = folder / BOARD_FOLDER / stage
        for old in place.glob("events.out.*"):
            old.unlink(missing_ok=True)
        self._writer = SummaryWriter(str(place))
        for record in history:
            self.add(record)

    def add(self, record: dict[str, float]) -> None:
        """Draw one epoch."""
        if self._writer is None:
            return
        for name, value in record.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(record["epoch"]))
        self._writer.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
