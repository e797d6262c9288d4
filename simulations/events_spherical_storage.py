"""Random events on unit memories: crosstalk too large for ball storage, fixed points that coincide.

Events as in :mod:`simulations.events`: one int8 per trial, 1 the statement failed in this draw, 0 it held,
-1 nobody knows.  Memories are independent and uniform on the unit sphere of R^d.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulations.ensembles import sphere
from simulations.events import BLOCK, TIE, Outcome


def _kernels(
    stream: np.random.Generator, trials: int, d: int, M: int, beta: float
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the largest crosstalk and the smallest separation of blocks of draws, each (n,)."""
    size = max(1, BLOCK // (M * max(M, d)))
    own = np.eye(M, dtype=bool)
    for first in range(0, trials, size):
        x = sphere(stream, min(size, trials - first), M, d)
        gap = np.where(own, np.inf, 1 - np.matmul(x, np.swapaxes(x, -1, -2)))
        yield np.sum(np.exp(-beta * gap), axis=-1).max(axis=-1), gap.min(axis=(-1, -2))


def _level(beta: float) -> float:
    """The crosstalk below which T maps the ball of radius 1/(2 beta) into itself and contracts there."""
    return 1 / (4 * math.e * beta)


def crosstalk_too_large(stream: np.random.Generator, trials: int, *, d: int, M: int, beta: float) -> Outcome:
    """Failure: some X_mu = sum_nu exp(-beta (1 - <y_mu, y_nu>)) is not below 1/(4 e beta).

    This is the hypothesis of storage in the ball of radius 1/(2 beta): where all X_mu are below, all M
    memories are stored in it.
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    out = []
    for worst, _ in _kernels(stream, trials, d, M, beta):
        tie = np.abs(worst / _level(beta) - 1) <= TIE * (1 + beta)
        out.append(np.where(tie, np.int8(-1), (worst > _level(beta)).astype(np.int8)))
    return np.concatenate(out)


def fixed_points_coincide(
    stream: np.random.Generator, trials: int, *, d: int, M: int, beta: float
) -> Outcome:
    """Failure: two of the M memories have one and the same fixed point.

    Below beta = 1 the update is a contraction of the whole space and has a single fixed point.  Where all
    X_mu are below 1/(4 e beta) and all separations at least 1/beta, the balls of radius 1/(2 beta) are
    disjoint and hold one fixed point each.  Anything else is not decided.
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    if beta < 1 - TIE:
        return np.ones(trials, dtype=np.int8)
    out = []
    for worst, gap in _kernels(stream, trials, d, M, beta):
        apart = (worst < _level(beta) * (1 - TIE * (1 + beta))) & (beta * gap >= 1 + TIE * (1 + beta))
        out.append(np.where(apart, np.int8(0), np.int8(-1)))
    return np.concatenate(out)
