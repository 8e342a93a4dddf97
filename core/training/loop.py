"""The training loop of one stage, from top to bottom: draw, read, forward, backward, step, keep.

One page, after the habit of nanoGPT: no callbacks, no trainer class. What is drawn hangs on epoch
and step alone, so the loop may be killed anywhere and taken up again.
"""

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from core.progress import Progress
from core.training.batches import ScanReader, Wanted
from core.training.board import Board
from core.training.checkpoint import StageState, copied, load_checkpoint, save_checkpoint
from core.training.configuration import StageSettings, TrainingError
from core.training.objectives import SCORE_WORDS, Objective, Targets
from core.training.processes import Processes
from core.training.sampler import Indices, each_once, even_draws
from core.training.seeds import derived_seed
from core.training.stage_network import Outputs, StageNetwork, let_learn
from core.training.time_left import TimeLeft

VALIDATION_SCANS = 8
"""Images that pass through the network together when nothing is learned."""

Batch = tuple[Tensor, Targets]


@dataclass(frozen=True, eq=False)
class ScanSet:
    """Scans of one split, as images in the cache or as pooled features.

    Attributes:
        keys: Of the prepared scans.
        targets: What is known of them.
        pooled: (N, 512) for a frozen backbone, else None.
    """

    keys: tuple[str, ...]
    targets: Targets
    pooled: Tensor | None = None

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class StageWork:
    """What a stage needs.

    Attributes:
        stage: Its settings.
        digest: Of all that it depends on: a checkpoint of another stage is not gone on with.
        place: In the run, for seeds.
        name: "1-mortality": number and name of the stage.
        words: Part and stage, for the progress.
        objective: Loss and score.
        training, validation: Scans.
        reader: Of images at the stage's shape.
        checkpoint: File of the state.
        checkpoint_s: Seconds between checkpoints.
        processes: That share every batch.
    """

    stage: StageSettings
    digest: str
    place: tuple[int | str, ...]
    name: str
    words: str
    objective: Objective
    training: ScanSet
    validation: ScanSet
    reader: ScanReader
    checkpoint: Path
    checkpoint_s: float
    processes: Processes


def train_stage(model: StageNetwork, work: StageWork, progress: Progress) -> StageState:
    """Train to the last epoch, or until it stops early; the model ends with its best weights.

    Args:
        model: On its device; holds the weights to begin with.
        work: What to do.
        progress: Told of every step; may cancel.

    Returns:
        The history with its scores.

    Raises:
        TrainingError: The loss is no number, or the checkpoint is damaged.
        ResourcesError: The disk is full.
    """
    stage, keeper = work.stage, _Keeper(model, work)
    optimiser = torch.optim.Adam(let_learn(model, stage), weight_decay=stage.weight_decay)
    learner = work.processes.wrapped(model)
    state, left = keeper.resume(optimiser), TimeLeft()
    folder, is_first = work.checkpoint.parent, work.processes.is_first
    board = Board(folder, work.name, state.history, is_shown=is_first)
    while not state.is_finished:
        model.train()
        order = _order(work, state.epoch)
        for parts in _batches(work, state, order):
            done = (state.epoch + state.step / len(order)) / stage.epochs
            progress.step(done, f"{work.words}, {_words(state, stage)}, {left.words(done)}")
            _set_rates(optimiser, stage, done)
            torch.manual_seed(derived_seed(*work.place, "dropout", state.epoch, state.step))
            state.losses.append(_step(learner, optimiser, parts, work))
            state.step += 1
            if state.step < len(order):
                keeper.save_if_due(state, optimiser)
        _finish_epoch(state, stage, _score(model, work), optimiser.param_groups[0]["lr"])
        board.add(state.history[-1])
        keeper.keep_best(state)
        keeper.save_if_due(state, optimiser, now=state.is_finished)
    board.close()
    keeper.restore_best()
    return state


class _Keeper:
    """Keeps the state on disk and the best weights in memory.

    Args:
        model: Whose weights.
        work: Where and how often.
    """

    def __init__(self, model: StageNetwork, work: StageWork) -> None:
        self._model, self._work = model, work
        self._frozen = "network.backbone." if work.stage.is_frozen else ""
        self._best: dict[str, Tensor] = {}
        self._saved_s = time.monotonic()

    def resume(self, optimiser: torch.optim.Optimizer) -> StageState:
        """The state at the last checkpoint; a new one where there is none."""
        found = load_checkpoint(self._work.checkpoint, self._work.digest, optimiser)
        if found is None:
            return StageState(self._work.digest)
        state, weights, self._best = found
        self._model.load_state_dict(weights, strict=False)
        return state

    def keep_best(self, state: StageState) -> None:
        """Copy the weights where the last epoch was the best."""
        if state.best_epoch == state.epoch - 1:
            self._best = copied(self._model, without=self._frozen)

    def restore_best(self) -> None:
        """Give the model its best weights back."""
        self._model.load_state_dict(self._best, strict=False)

    def save_if_due(
        self, state: StageState, optimiser: torch.optim.Optimizer, *, now: bool = False
    ) -> None:
        """Write a checkpoint, where the last one is old enough or it is wanted now."""
        if not self._work.processes.is_first:
            return
        if now or time.monotonic() - self._saved_s >= self._work.checkpoint_s:
            weights = copied(self._model, without=self._frozen)
            save_checkpoint(self._work.checkpoint, state, weights, self._best, optimiser)
            self._saved_s = time.monotonic()


def _order(work: StageWork, epoch: int) -> Indices:
    """(steps, batch) of the epoch."""
    place = (*work.place, "order", epoch)
    if work.stage.name in ("mortality", "hybrid"):
        labels = work.training.targets.labels.numpy().astype(bool)
        return even_draws(labels, work.stage.batch, *place)
    return each_once(len(work.training), work.stage.batch, *place)


def _batches(work: StageWork, state: StageState, order: Indices) -> Iterator[list[Batch]]:
    """This process's part of every step that is left of the epoch, in parts passed at once."""
    processes, scans = work.processes, work.training
    at_once = (work.stage.at_once or work.stage.batch // processes.count) * processes.count
    numbers = torch.arange(work.stage.batch).reshape(-1, at_once)
    mine = [processes.share(part) for part in numbers]
    steps = [torch.from_numpy(step) for step in order[state.step :]]
    if scans.pooled is not None:
        for step in steps:
            yield [_of_features(scans, step[part], processes) for part in mine]
        return
    place = (*work.place, "scan", state.epoch)
    wanted = [
        [
            Wanted(scans.keys[int(step[position])], (*place, number, int(position)))
            for position in part
        ]
        for number, step in enumerate(steps, start=state.step)
        for part in mine
    ]
    images = work.reader.batches(wanted)
    for step in steps:
        yield [
            (next(images).to(processes.device), scans.targets.take(step[part], processes.device))
            for part in mine
        ]


def _of_features(scans: ScanSet, indices: Tensor, processes: Processes) -> Batch:
    if scans.pooled is None:
        raise ValueError("these scans have no pooled features")
    known = scans.targets.take(indices, processes.device)
    return scans.pooled[indices].to(processes.device), known


def _set_rates(optimiser: torch.optim.Optimizer, stage: StageSettings, done: float) -> None:
    share = 0.5 * (1 + math.cos(math.pi * done)) if stage.schedule == "cosine" else 1.0
    rates = (stage.learning_rate, stage.learning_rate * stage.backbone_factor)
    for group, rate in zip(optimiser.param_groups, rates, strict=False):
        group["lr"] = rate * share


def _step(
    learner: nn.Module, optimiser: torch.optim.Optimizer, parts: list[Batch], work: StageWork
) -> float:
    """One step of the optimiser; the mean loss over the whole batch.

    Raises:
        TrainingError: The loss is not finite.
    """
    optimiser.zero_grad(set_to_none=True)
    total = torch.zeros((), device=work.processes.device)
    for number, (scans, known) in enumerate(parts, start=1):
        with nullcontext() if number == len(parts) else _alone(learner):
            loss = work.objective.loss(Outputs(*learner(scans, known.clinical)), known) / len(parts)
            loss.backward()  # type: ignore[no-untyped-call] # torch leaves it so
        total += loss.detach()
    mean = float(work.processes.total(total)) / work.processes.count
    if not math.isfinite(mean):
        raise TrainingError(
            f"The loss of {work.words} is no longer a number.",
            "Lower the learning rate, or set precision = 'fp32'.",
        )
    optimiser.step()
    return mean


def _alone(learner: nn.Module) -> AbstractContextManager[None]:
    """Gradients stay in this process until the last part of the batch."""
    if isinstance(learner, nn.parallel.DistributedDataParallel):
        return cast("AbstractContextManager[None]", learner.no_sync())
    return nullcontext()


def _score(model: StageNetwork, work: StageWork) -> float:
    """On the validation scans."""
    said = outputs_of(model, work.validation, work.reader, work.processes)
    return work.objective.score(said, work.validation.targets)


@torch.no_grad()
def outputs_of(
    model: StageNetwork, scans: ScanSet, reader: ScanReader, processes: Processes
) -> Outputs:
    """What the model says of scans, in evaluation mode, on the CPU; processes share the work."""
    if len(scans) < processes.count:
        raise TrainingError(
            f"{processes.count} processes cannot share {len(scans)} validation scans.",
            "Start fewer processes, or make the folds with a larger validation part.",
        )
    model.eval()
    mine = range(processes.rank, len(scans), processes.count)
    size = VALIDATION_SCANS if scans.pooled is None else max(len(mine), 1)
    groups = [list(mine[start : start + size]) for start in range(0, len(mine), size)]
    if scans.pooled is None:
        read = reader.batches([[Wanted(scans.keys[k]) for k in group] for group in groups])
    else:
        read = iter([scans.pooled[group] for group in groups])
    found: list[Tensor | None] = [None, None, None]
    for group, batch in zip(groups, read, strict=True):
        known = scans.targets.take(torch.tensor(group), processes.device)
        for place, part in enumerate(model(batch.to(processes.device), known.clinical)):
            if part is not None:
                whole = found[place]
                if whole is None:
                    whole = found[place] = part.new_zeros(len(scans), part.shape[1])
                whole[group] = part
    joined = [None if each is None else processes.total(each).float().cpu() for each in found]
    if joined[0] is None:
        raise ValueError("there are no scans to judge")
    return Outputs(joined[0], joined[1], joined[2])


def _finish_epoch(state: StageState, stage: StageSettings, score: float, rate: float) -> None:
    """Write the epoch's line of the history and begin the next one, or end."""
    record = {
        "epoch": state.epoch + 1,
        "loss": float(np.mean(state.losses)),
        "score": score,
        "learning_rate": rate,
    }
    state.history.append(record)
    if state.best_score is None or score > state.best_score:
        state.best_epoch, state.best_score = state.epoch, score
    state.epoch, state.step, state.losses = state.epoch + 1, 0, []
    since_best = state.epoch - 1 - (state.best_epoch or 0)
    is_stuck = stage.early_stop_epochs is not None and since_best >= stage.early_stop_epochs
    state.is_finished = state.epoch >= stage.epochs or is_stuck


def _words(state: StageState, stage: StageSettings) -> str:
    """Where it stands: epoch, last loss, best score."""
    words = f"epoch {state.epoch + 1} of {stage.epochs}"
    if state.losses:
        words += f", loss {state.losses[-1]:.3f}"
    if state.best_score is not None:
        words += f", best {SCORE_WORDS[stage.name]} {state.best_score:.3f}"
    return words
