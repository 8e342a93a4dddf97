"""Concordance: how often, of two people, the one with the higher risk died first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.intervals import LEVEL, Interval, bootstrap_interval, resampled_patients

BLOCK = 512
"""Rows of pairs that are compared at once."""

MOST_RESAMPLED = 10_000
"""Scans up to which a bootstrap is done: its work grows with their square."""


def harrell_c(event: Any, time_years: Any, risk: Any) -> float:
    """Concordance of risk and survival, Harrell et al., Stat Med 1996;15:361.

    A pair is compared where the shorter time ends with an event; at equal times, where one has an
    event and the other is censored, who is taken to live longer. Two events at one time are not
    compared. Equal risks count one half.

    Args:
        event: (N,) true where death was observed.
        time_years: (N,) of death or censoring, in any unit.
        risk: (N,) higher where death is expected sooner; survival probabilities would turn C
            around.

    Raises:
        ValueError: Shapes differ, a number is not finite, or no pair can be compared.
    """
    event, time_years, risk = _checked(event, time_years, risk)
    won = compared = 0.0
    for start in range(0, event.size, BLOCK):
        gain, counts = _pairs(event, time_years, risk, slice(start, start + BLOCK))
        won += float(gain.sum(dtype=np.int64)) / 2
        compared += float(counts.sum(dtype=np.int64))
    if not compared:
        raise ValueError("no two people can be compared: no event before another's last day")
    return won / compared


def uno_c(event: Any, time_years: Any, risk: Any, *, until_years: float) -> float:
    """Concordance that does not hang on how people were censored.

    Uno et al., Stat Med 2011;30:1105: as Harrell's C, each pair weighted by 1 / G(t)^2, where t is
    the time of the death and G the Kaplan-Meier estimate of not being censored, made from the same
    people.

    Args:
        event: As for `harrell_c`.
        time_years: As for `harrell_c`.
        risk: As for `harrell_c`.
        until_years: Deaths from this time on are not compared; G must be over 0 before it.

    Raises:
        ValueError: As `harrell_c`.
    """
    event, time_years, risk = _checked(event, time_years, risk)
    known = event & (time_years < until_years)
    weights = np.zeros(event.size)
    weights[known] = _not_censored(event, time_years)[known] ** -2.0
    won = compared = 0.0
    for start in range(0, event.size, BLOCK):
        rows = slice(start, start + BLOCK)
        gain, counts = _pairs(event, time_years, risk, rows)
        won += float(weights[rows] @ gain.sum(axis=1, dtype=np.int64)) / 2
        compared += float(weights[rows] @ counts.sum(axis=1, dtype=np.int64))
    if not compared:
        raise ValueError("no two people can be compared: no event before another's last day")
    return won / compared


def _not_censored(
    event: NDArray[np.bool_], time: NDArray[np.float64], counts: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Kaplan-Meier probability (N,) of not being censored up to each one's time.

    Who dies at the time of a censoring is no longer at risk of it. Each counts `counts` times.
    """
    weights = np.ones(event.size) if counts is None else counts
    times, places = np.unique(time, return_inverse=True)
    died = np.bincount(places, weights=event * weights, minlength=times.size)
    censored = np.bincount(places, weights=~event * weights, minlength=times.size)
    at_risk = np.cumsum((died + censored)[::-1])[::-1] - died
    share = np.divide(censored, at_risk, out=np.zeros(times.size), where=at_risk > 0)
    probability: NDArray[np.float64] = np.cumprod(1 - share)[places]
    return probability


def harrell_c_interval(
    event: Any,
    time_years: Any,
    risk: Any,
    *,
    patients: Any = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = LEVEL,
) -> Interval:
    """Harrell's C with the percentile interval of a bootstrap of patients.

    Args:
        event: As for `harrell_c`.
        time_years: As for `harrell_c`.
        risk: As for `harrell_c`.
        patients: (N,) whose scan it is; every scan its own patient if None.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        level: Of confidence.

    Raises:
        ValueError: As `harrell_c`, or more scans than can be compared so often.
    """
    names = np.arange(len(risk)) if patients is None else patients
    draws = resampled_patients(names, resamples=resamples, seed=seed)
    drawn = concordance_of_draws(event, time_years, risk, draws)
    return _percentiles(harrell_c(event, time_years, risk), drawn, level)


def uno_c_interval(
    event: Any,
    time_years: Any,
    risk: Any,
    *,
    until_years: float,
    patients: Any = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = LEVEL,
) -> Interval:
    """Uno's C with the percentile interval of a bootstrap of patients, as `harrell_c_interval`.

    The estimate of not being censored is made anew in every resample.

    Args:
        event: As for `harrell_c`.
        time_years: As for `harrell_c`.
        risk: As for `harrell_c`.
        until_years: As for `uno_c`.
        patients: (N,) whose scan it is; every scan its own patient if None.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
        level: Of confidence.

    Raises:
        ValueError: As `uno_c`, or more scans than can be compared so often.
    """
    names = np.arange(len(risk)) if patients is None else patients
    draws = resampled_patients(names, resamples=resamples, seed=seed)
    drawn = concordance_of_draws(event, time_years, risk, draws, until_years=until_years)
    return _percentiles(uno_c(event, time_years, risk, until_years=until_years), drawn, level)


def _percentiles(value: float, drawn: NDArray[np.float64], level: float) -> Interval:
    places = np.arange(drawn.size)[:, None]
    return bootstrap_interval(value, lambda place: float(drawn[place[0]]), places, level=level)


def concordance_of_draws(
    event: Any,
    time_years: Any,
    risk: Any,
    draws: NDArray[np.int64],
    *,
    until_years: float | None = None,
) -> NDArray[np.float64]:
    """Concordance of each resample (resamples,), nan where no two people can be compared.

    Args:
        event: As for `harrell_c`.
        time_years: As for `harrell_c`.
        risk: As for `harrell_c`.
        draws: (resamples, N) from `resampled_patients`.
        until_years: Uno's C as `uno_c` has it; Harrell's if None.

    Raises:
        ValueError: As `harrell_c`, or more scans than can be compared pair by pair so often.
    """
    event, time_years, risk = _checked(event, time_years, risk)
    if event.size > MOST_RESAMPLED:
        raise ValueError(f"up to {MOST_RESAMPLED:,} scans can be resampled, got {event.size:,}")
    weights = draws.astype(np.float32).T
    first = weights if until_years is None else _uno_weights(event, time_years, draws, until_years)
    won, compared = np.zeros(len(draws)), np.zeros(len(draws))
    for start in range(0, event.size, BLOCK):
        rows = slice(start, start + BLOCK)
        gain, counts = _pairs(event, time_years, risk, rows)
        won += (first[rows] * (gain.astype(np.float32) @ weights)).sum(axis=0, dtype=float) / 2
        compared += (first[rows] * (counts.astype(np.float32) @ weights)).sum(axis=0, dtype=float)
    shares = np.full(len(draws), np.nan)
    np.divide(won, compared, out=shares, where=compared > 0)
    return shares


def _uno_weights(
    event: NDArray[np.bool_], time: NDArray[np.float64], draws: NDArray[np.int64], until: float
) -> NDArray[np.float32]:
    """What the pairs of each death count in each resample (N, resamples).

    Nan throughout a resample in which a death has no chance of not having been censored.
    """
    weights = np.zeros((event.size, len(draws)), np.float32)
    for number, counts in enumerate(draws):
        known = event & (time < until) & (counts > 0)
        free = _not_censored(event, time, counts)[known]
        weights[known, number] = counts[known] * free**-2.0 if (free > 0).all() else np.nan
    return weights


def _pairs(
    event: NDArray[np.bool_], time: NDArray[np.float64], risk: NDArray[np.float64], rows: slice
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """For (row, everyone): twice the point won, and whether row died before that one ended."""
    later = (time[rows, None] < time) | ((time[rows, None] == time) & ~event)
    compared = event[rows, None] & later
    gain = (np.sign(risk[rows, None] - risk) + 1).astype(np.int8)
    return np.where(compared, gain, np.int8(0)), compared


def _checked(
    event: Any, time_years: Any, risk: Any
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    died = np.asarray(event)
    time, height = (np.asarray(each, dtype=np.float64) for each in (time_years, risk))
    if died.ndim != 1 or not died.shape == time.shape == height.shape:
        raise ValueError(
            f"one event, time and risk for each scan are needed, got {died.shape}, {time.shape}, "
            f"{height.shape}"
        )
    if not (np.isfinite(time).all() and np.isfinite(height).all()):
        raise ValueError("every time and risk must be a finite number")
    return died.astype(bool), time, height
