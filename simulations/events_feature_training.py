"""Random events on the training of features: iterations to a loss gap, shares of limits that are one memory.

Events as in :mod:`simulations.events`.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulations.codes import best_known
from simulations.codes.losses import unit
from simulations.ensembles import sphere
from simulations.feature_maps.before_after import last_weights, least_weight
from simulations.feature_maps.losses import pair_lse
from simulations.feature_maps.training import train
from simulations.variants import variant as find_variant

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


# -- sizes of limits before and after training ------------------------------------------------------

MAPS = ("dense", "entmax:alpha=1.5", "sparse")
STARTS = ("memories", "random")


def single_shares(
    stream: np.random.Generator,
    sets: int,
    *,
    d: int,
    M: int,
    beta: float,
    model: str,
    normalised: bool,
    starts: str = "memories",
    tau: float = 0.1,
    rate: float = 1.0,
    iterations: int = 20,
    updates: int = 20,
) -> tuple[Floats, Floats]:
    """Shares of limits of size 1 for each of ``sets`` memory sets, before and after U-Hop+, each (sets,).

    The synthetic protocol of Hu et al. 2024: M unit memories in R^d, W (d, d) trained by Adam on the pair
    form of normalised features.  W_0 is uniform in +-1/sqrt(d), the default of linear layers.  Before:
    memories and queries themselves.  After: their features, normalised or as W gives them.

    Args:
        starts: queries are the "memories", or as many "random" unit vectors.
    """
    weights = find_variant(model).weights
    before: list[Floats] = []
    after: list[Floats] = []
    for first in range(0, sets, BATCH):
        x = sphere(stream, min(BATCH, sets - first), M, d)
        w = stream.uniform(-1, 1, (len(x), d, d)) / math.sqrt(d)
        queries = x if starts == "memories" else sphere(stream, len(x), M, d)
        made = train(
            x, w, partial(pair_lse, tau=tau), iterations=iterations, step=rate, optimiser="adam"
        ).feature_map
        y, q = (a @ np.swapaxes(made, -1, -2) for a in (x, queries))
        if normalised:
            y, q = unit(y), unit(q)
        for out, rows, start in ((before, x, queries), (after, y, q)):
            sizes = np.sum(last_weights(weights, rows, start, beta, updates) > least_weight(model), axis=-1)
            out.append(np.mean(sizes == 1, axis=-1))
    return np.concatenate(before), np.concatenate(after)


def single_gain(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    beta: float,
    model: int,
    normalised: int = 0,
    starts: int = 0,
) -> Floats:
    """1 + share of limits of size 1 after training - share before, in [0, 2], one value per memory set.

    Args:
        model: position in ``MAPS``.
        starts: position in ``STARTS``.
        normalised: 1 for retrieval with normalised features, 0 with those that W gives.
    """
    before, after = single_shares(
        stream,
        trials,
        d=int(d),
        M=int(M),
        beta=float(beta),
        model=MAPS[int(model)],
        normalised=bool(normalised),
        starts=STARTS[int(starts)],
    )
    return np.asarray(1 + after - before)
