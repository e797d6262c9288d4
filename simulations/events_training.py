"""Retrieval with and without Stage I, over random memory sets (U-Hop, Wu et al. 2024, Algorithm 1).

Events in the sense of :mod:`simulations.events` that return a value in [0, 1] for every trial.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulations.codes.losses import unit
from simulations.ensembles import directions
from simulations.feature_maps.losses import uniformity
from simulations.feature_maps.training import train
from simulations.variants import variant

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ITERATIONS, STEP, INVERSE_WIDTH = 150, 0.5, 2.0
"""Stage I: gradient steps from W = I, their length, and t of the loss."""

UPDATES = 300
THRESHOLD = 0.01
"""A memory belongs to a limit if it has more weight than this (Hu et al. 2024, metastable states)."""


def trained_features(memories: Floats) -> Floats:
    """Return the unit features (n, M, d) of memories (n, M, d) after Stage I from W = I."""
    d = memories.shape[-1]
    start = np.broadcast_to(np.eye(d), (len(memories), d, d))
    loss = partial(uniformity, t=INVERSE_WIDTH)
    found = train(memories, start, loss, iterations=ITERATIONS, step=STEP)
    return np.asarray(unit(memories @ np.swapaxes(found.feature_map, -1, -2)))


def mixed_limits(rows: Floats, beta: float, updates: int = UPDATES) -> Ints:
    """Return from how many of the memories (n, M, d) the iteration ends in a mean of two or more, (n,)."""
    dense = variant("dense")
    state = rows
    for _ in range(updates):
        weights = dense.weights(beta * np.matmul(state, np.swapaxes(rows, -1, -2)), np)
        state = np.matmul(weights, rows)
    return np.asarray(np.sum(np.sum(weights > THRESHOLD, axis=-1) >= 2, axis=-1))


def mixed_limits_saved(stream: np.random.Generator, trials: int, *, d: int, M: int, beta: float) -> Floats:
    """Return (1 + (before - after)/M)/2 for the numbers of mixed limits without and with Stage I, (trials,).

    Memories are uniform on the unit sphere of R^d; retrieval starts at each of them, in feature space with
    features of length 1 after Stage I. Above 1/2 where Stage I leaves fewer mixed limits.
    """
    memories = directions(stream, trials, M, d)
    before = mixed_limits(memories, float(beta))
    after = mixed_limits(trained_features(memories), float(beta))
    return np.asarray((1 + (before - after) / M) / 2)
