"""Random events on maps with a margin: whole balls of queries that one update sends to their memory.

Events as in :mod:`simulations.events`: one int8 per trial, 1 the statement failed in this draw, 0 it held,
-1 nobody knows.
"""

import math

import numpy as np

from simulations.ensembles import sphere
from simulations.events import BLOCK, Outcome


def not_all_exact_in_ball(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    m: float,
    beta: float,
    margin: float,
    eps: float,
) -> Outcome:
    """Failure: for some memory not every query within ``eps`` is retrieved exactly in one update.

    The M memories are independent and uniform on the sphere of radius m in R^d; the map gives e_mu exactly
    from a score margin of ``margin`` on. For equal norms the largest ball has the radius
    (D - c)/sqrt(2 D), c = margin/beta, which increases in the separation D: the closest pair decides.

    Raises:
        ValueError: eps below 0.
    """
    if eps < 0:
        raise ValueError(f"eps: expected a radius of at least 0, found {eps}")
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    threshold = margin / beta
    out = []
    size = max(1, BLOCK // (M * max(M, d)))
    for first in range(0, trials, size):
        x = sphere(stream, min(size, trials - first), M, d, m=m)
        gram = np.matmul(x, np.swapaxes(x, -1, -2))
        gram[:, np.arange(M), np.arange(M)] = -np.inf
        separation = m * m - gram.max(axis=(-1, -2))
        room = separation - threshold - eps * np.sqrt(2 * np.maximum(separation, 0.0))
        tie = np.abs(room) <= 1e-12 * (m * m + threshold + eps * math.sqrt(2) * m)
        out.append(np.where(tie, np.int8(-1), (room < 0).astype(np.int8)))
    return np.concatenate(out)
