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


def trained_maps(memories: Floats) -> Floats:
    """Return W (n, d, d) after Stage I on memories (n, M, d) from W = I."""
    d = memories.shape[-1]
    start = np.broadcast_to(np.eye(d), (len(memories), d, d))
    loss = partial(uniformity, t=INVERSE_WIDTH)
    found = train(memories, start, loss, iterations=ITERATIONS, step=STEP)
    return np.asarray(found.feature_map)


def starts_of(stream: np.random.Generator, memories: Floats, start: int) -> Floats:
    """Return queries (n, M, d): the memories (0), with noise of norm about 1/2 (1), half masked (2).

    Raises:
        ValueError: another number.
    """
    if start not in (0, 1, 2):
        raise ValueError(f"start: expected 0, 1 or 2, found {start}")
    d = memories.shape[-1]
    if start == 1:
        return np.asarray(memories + stream.standard_normal(memories.shape) / (2 * np.sqrt(d)))
    if start == 2:
        keep = np.argsort(stream.random(memories.shape), axis=-1) < (d + 1) // 2
        return np.where(keep, memories, 0.0)
    return memories


def mixed_limits(rows: Floats, queries: Floats, beta: float, updates: int = UPDATES) -> Ints:
    """Return from how many queries (n, Q, d) the iteration ends in a mean of two or more rows (n, M, d)."""
    dense = variant("dense")
    state = queries
    for _ in range(updates):
        weights = dense.weights(beta * np.matmul(state, np.swapaxes(rows, -1, -2)), np)
        state = np.matmul(weights, rows)
    return np.asarray(np.sum(np.sum(weights > THRESHOLD, axis=-1) >= 2, axis=-1))


def mixed_limits_saved(
    stream: np.random.Generator, trials: int, *, d: int, M: int, beta: float, start: int
) -> Floats:
    """Return (1 + (before - after)/M)/2 for the numbers of mixed limits without and with Stage I, (trials,).

    Memories are uniform on the unit sphere of R^d, with one query for each of them (see ``starts_of``); all
    vectors are brought to length 1, after Stage I in feature space. Above 1/2 where Stage I leaves fewer
    mixed limits.
    """
    memories = directions(stream, trials, M, d)
    queries = starts_of(stream, memories, int(start))
    maps = np.swapaxes(trained_maps(memories), -1, -2)
    before = mixed_limits(memories, np.asarray(unit(queries)), float(beta))
    after = mixed_limits(np.asarray(unit(memories @ maps)), np.asarray(unit(queries @ maps)), float(beta))
    return np.asarray((1 + (before - after) / M) / 2)
