"""Negative log likelihood of discrete-time survival (Gensheimer & Narasimhan, PeerJ 2019;7:e6257).

With s_k = 1 - h_k the probability of surviving interval k given survival up to it,

    loss = -sum_k log(1 + surv_k (s_k - 1)) - sum_k log(1 - fail_k s_k).

surv_k = 1 where the subject is known to have survived interval k, fail_k = 1 where it failed in it.
"""

import torch
from torch import Tensor

SMALLEST_PROBABILITY = 1e-7
"""Probabilities are kept this far from 0 and 1: the loss stays finite in float32."""


def interval_labels(event: Tensor, time: Tensor, breaks: Tensor) -> tuple[Tensor, Tensor]:
    """What is known of each subject in each interval.

    An event: survived every interval whose upper break is <= time, failed in the first whose upper
    break is > time. Censored: survived an interval if time >= its midpoint.

    Args:
        event: (N,) bool, true where the event was observed.
        time: (N,) time of event or censoring, in the unit of `breaks`.
        breaks: (K + 1,) rising from 0.

    Returns:
        surv and fail, both (N, K) of 0 and 1.

    Raises:
        ValueError: Shapes do not match, or a time is negative.
    """
    if event.shape != time.shape or event.dim() != 1:
        raise ValueError(f"event and time must be (N,), got {event.shape} and {time.shape}")
    if bool((time < 0).any()):
        raise ValueError(f"time must not be negative, got {float(time.min())}")
    lower, upper = breaks[:-1], breaks[1:]
    times = time[:, None]
    observed = event[:, None].bool()
    survived = torch.where(observed, times >= upper, times >= (lower + upper) / 2)
    failed = observed & (times >= lower) & (times < upper)
    return survived.to(breaks.dtype), failed.to(breaks.dtype)


def discrete_time_hazard_loss(
    conditional_survival: Tensor, event: Tensor, time: Tensor, *, breaks: Tensor
) -> Tensor:
    """Mean loss over the subjects.

    Args:
        conditional_survival: (N, K) of s_k = 1 - h_k, probabilities, not logits.
        event: (N,) bool.
        time: (N,) in the unit of `breaks`.
        breaks: (K + 1,) rising from 0.

    Returns:
        A scalar.
    """
    if conditional_survival.shape != (len(time), len(breaks) - 1):
        raise ValueError(
            f"conditional_survival must be (N, K) = {(len(time), len(breaks) - 1)}, "
            f"got {tuple(conditional_survival.shape)}"
        )
    survived, failed = interval_labels(event, time, breaks)
    s = conditional_survival.clamp(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    losses = -torch.log1p(survived * (s - 1)) - torch.log1p(-failed * s)
    return losses.sum(dim=1).mean()
