"""Random events on alpha-entmax memories: exact one-step fixed points, read off the weights themselves.

Events as in :mod:`simulations.events`: one int8 per trial, 1 the statement failed in this draw, 0 it held,
-1 nobody knows.
"""

import numpy as np

from simulations.ensembles import sphere
from simulations.events import BLOCK, Outcome
from simulations.variants.entmax import entmax


def not_all_entmax_fixed(
    stream: np.random.Generator, trials: int, *, d: int, M: int, m: float, beta: float, alpha: float
) -> Outcome:
    """Failure: T_alpha(xi_mu) != xi_mu for some of M memories, independent and uniform on a sphere in R^d.

    On the sphere of radius m a memory is no convex combination of the others, so it is fixed exactly if its
    weight vector has no other positive entry (weights, not margins, are compared).
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    out = []
    size = max(1, BLOCK // (M * max(M, d)))
    own = np.eye(M, dtype=bool)
    for first in range(0, trials, size):
        x = sphere(stream, min(size, trials - first), M, d, m=m)
        gram = np.matmul(x, np.swapaxes(x, -1, -2))
        p = entmax(beta * gram, alpha, np)
        failed = np.any((p > 0) & ~own, axis=(-1, -2))
        gap = m * m - np.where(own, -np.inf, gram).max(axis=(-1, -2))
        tie = np.abs((alpha - 1) * beta * gap - 1) <= 1e-12 * (1 + beta * m * m)
        out.append(np.where(tie, np.int8(-1), failed.astype(np.int8)))
    return np.concatenate(out)
