"""Random events on independent uniform points of the unit sphere: pairs above a cosine, none of them.

Events in the sense of :mod:`simulations.events`: one int8 per trial, 1 failure, 0 success, -1 undecided.
"""

from __future__ import annotations

import numpy as np

from simulations.backends import NUMPY, Backend
from simulations.ensembles import sphere
from simulations.events import Outcome, min_angle_below
from simulations.streams import DeviceStream

# Inner products of unit vectors that differ from the border by less are taken for rounding.
ROUNDING = 1e-13


def pair_above(stream: np.random.Generator, trials: int, *, d: int, s: float) -> Outcome:
    """Failure: the inner product of two points in R^d exceeds s."""
    return _all_above(stream, trials, d, s, ((0, 1),))


def two_pairs_above(stream: np.random.Generator, trials: int, *, d: int, s: float, shared: int) -> Outcome:
    """Failure: both of two pairs with ``shared`` (0 or 1) common points have an inner product > s."""
    return _all_above(stream, trials, d, s, ((0, 1), (0, 2) if shared else (2, 3)))


def triangle_above(stream: np.random.Generator, trials: int, *, d: int, s: float) -> Outcome:
    """Failure: all three pairs of three points have an inner product > s."""
    return _all_above(stream, trials, d, s, ((0, 1), (0, 2), (1, 2)))


def _all_above(
    stream: np.random.Generator, trials: int, d: int, s: float, pairs: tuple[tuple[int, int], ...]
) -> Outcome:
    x = sphere(stream, trials, 1 + max(max(pair) for pair in pairs), d)
    excess = np.stack([np.sum(x[:, i] * x[:, j], axis=-1) for i, j in pairs]) - s
    # A product at the border is in doubt only while no other one settles the matter.
    tie = np.any(np.abs(excess) <= ROUNDING, axis=0) & np.all(excess > -ROUNDING, axis=0)
    return np.where(tie, np.int8(-1), np.all(excess > 0, axis=0).astype(np.int8))


def no_pair_within(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    theta: float,
    backend: Backend = NUMPY,
    device: DeviceStream | None = None,
) -> Outcome:
    """Failure: all angles between M directions in R^d are at least theta (radians)."""
    close = min_angle_below(stream, trials, d=d, M=M, theta=theta, backend=backend, device=device)
    return np.where(close < 0, close, 1 - close).astype(np.int8)
