"""Global minimisers of separation losses by many starts, over free features or over linear maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from simulations.codes import lbfgs
from simulations.codes.losses import unit
from simulations.feature_maps.losses import Loss
from simulations.streams import stream

Array = Any


def descend_from(
    starts: Array, stages: Sequence[Loss], memories: Array | None = None, iterations: int = 400
) -> tuple[Array, Array]:
    """Minimise the last of ``stages`` by L-BFGS from every start, after those before it, for order.

    Args:
        starts: features (B, M, D); with ``memories`` (M, d), maps W (B, D, d) whose features are used.
        stages: losses of normalised features, an annealing schedule for instance.

    Returns:
        (points like ``starts``, values (B,)).
    """
    xp = array_namespace(starts)
    shape = starts.shape
    points = starts
    for loss in stages:

        def objective(flat: Array, loss: Loss = loss) -> tuple[Array, Array]:
            x = xp.reshape(flat, shape)
            if memories is None:
                value, gradient = loss(x, normalised=True)
            else:
                value, pull = loss(xp.matmul(memories, xp.matrix_transpose(x)), normalised=True)
                gradient = xp.matmul(xp.matrix_transpose(pull), memories)
            return value, xp.reshape(gradient, (shape[0], -1))

        flat = lbfgs.minimise(objective, xp.reshape(points, (shape[0], -1)), iterations, tol=1e-12)
        points = xp.reshape(flat, shape)
        points = unit(points) if memories is None else points
    return points, objective(xp.reshape(points, (shape[0], -1)))[0]


def best_features(
    stages: Sequence[Loss],
    count: int,
    dimension: int,
    starts: int = 32,
    seed: int = 0,
    others: Array | None = None,
) -> tuple[Array, float]:
    """Return (unit features (M, D), value) of the smallest value of the last loss over free features.

    Args:
        others: (k, M, D), more starts: good codes, clustered features.
    """
    points = _random(seed, starts, count, dimension)
    if others is not None:
        points = np.concatenate([points, others])
    found, values = descend_from(points, stages)
    best = int(np.argmin(values))
    return found[best], float(values[best])


def best_map(
    stages: Sequence[Loss], memories: Array, rows: int, starts: int = 32, seed: int = 0
) -> tuple[Array, float]:
    """Return (W (rows, d), value) of the smallest value over linear maps with normalised features."""
    d = memories.shape[-1]
    points = _random(seed, starts, rows, d)
    points[0] = np.eye(rows, d)
    found, values = descend_from(points, stages, memories)
    best = int(np.argmin(values))
    return found[best], float(values[best])


def _random(seed: int, *shape: int) -> Array:
    return stream(seed, "feature_maps.minimisers", *shape).standard_normal(shape)
