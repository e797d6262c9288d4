"""Random events on the training of features: iterations to a loss gap, shares of limits that are one memory.

Events as in :mod:`simulations.events`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.codes import best_known
from simulations.codes.losses import unit
from simulations.feature_maps.losses import pair_lse

Floats = NDArray[np.float64]
Outcome = NDArray[np.int8]

BATCH = 64
# Steps between two looks at the loss.
LOOK = 8


def reached_within(
    stream: np.random.Generator,
    trials: int,
    *,
    D: int,
    M: int,
    sharpness: float,
    iterations: int,
    gap: float = 1e-4,
) -> Outcome:
    """Failure: descent from a random code ends within ``gap`` of the best known loss.

    Free unit features; y <- y - (tau M/4) grad ell_tau, then normalised; tau = 1/sharpness, and
    ell_tau = tau log mean_{mu<nu} exp(s_mu_nu/tau).  The event becomes more likely with the iterations, which
    are rounded up to a multiple of eight.

    Raises:
        ValueError: no code of this size is known.
    """
    tau = 1.0 / float(sharpness)
    code = best_known(D, M)
    if code is None:
        raise ValueError(f"iterations to a gap: no code is known for D = {D}, M = {M}")
    goal = pair_lse(code.points, tau)[0] + gap / (tau * M)
    out = []
    for first in range(0, trials, BATCH):
        y = unit(stream.standard_normal((min(BATCH, trials - first), M, D)))
        reached = pair_lse(y, tau)[0] <= goal
        for _ in range(-(-int(iterations) // LOOK)):
            y = descended(y, tau, LOOK)
            reached |= pair_lse(y, tau)[0] <= goal
            if reached.all():
                break
        out.append(reached.astype(np.int8))
    return np.concatenate(out)


def descended(y: Floats, tau: float, steps: int) -> Floats:
    """Unit features (B, M, D) after steps y <- y - (tau M/4) grad ell_tau with normalisation after each.

    The gradient by y_mu is sum_nu w_mu_nu y_nu less its part along y_mu, w the weights of the pairs.
    """
    count = y.shape[-2]
    own = np.eye(count, dtype=bool)
    for _ in range(steps):
        weight = np.exp((y @ np.swapaxes(y, -1, -2) - 1) / tau)
        weight[:, own] = 0.0
        # Every pair stands twice in the sum.
        pull = (weight @ y) * (2 / weight.sum(axis=(-2, -1)))[:, None, None]
        pull -= np.sum(pull * y, axis=-1, keepdims=True) * y
        y = y - tau * count / 4 * pull
        y /= np.sqrt(np.sum(y * y, axis=-1, keepdims=True))
    return y
