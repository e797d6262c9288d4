"""Gradient descent on a separation loss in the matrix W of a feature map (Algorithm 1 of both papers).

Shapes: memories (..., M, d), W (..., D, d); leading axes are independent problems.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from simulations.codes.losses import max_cosines
from simulations.feature_maps import constraints
from simulations.feature_maps.losses import Loss
from simulations.variants.base import Variant
from simulations.variants.kernelized import retrieve_in_feature_space

Array = Any

CONSTRAINTS = ("normalised", "unit norm", "stiefel", "none")
"""What the training holds fixed: "normalised" takes the loss of the features brought to unit length, any W;
"unit norm" projects A = W^T W onto {A >= 0, xi^T A xi = 1} after each step, so that the features themselves
are unit vectors; "stiefel" keeps W^T W = I by the polar factor; "none" takes the loss of the raw features."""


@dataclass(frozen=True)
class Trained:
    """A trained map with its history.

    Attributes:
        feature_map: W (..., D, d).
        losses: (N + 1, ...) loss over all memories before the first and after every step.
        max_cosines: (N + 1, ...) largest cosine of two features, likewise.
    """

    feature_map: Array
    losses: Array
    max_cosines: Array


def train(
    memories: Array,
    start: Array,
    loss: Loss,
    *,
    iterations: int,
    step: float,
    constraint: str = "normalised",
    optimiser: str = "gradient",
    batch: int = 0,
    draw: np.random.Generator | None = None,
    normalise_rows: bool = False,
) -> Trained:
    """Return W after ``iterations`` steps W <- Pi(W - step * gradient) from W = ``start``.

    Args:
        loss: see ``losses.Loss``; ``functools.partial(pair_lse, tau=0.1)``, for instance.
        step: gamma; the learning rate of Adam.
        constraint: one of ``CONSTRAINTS``.
        optimiser: "gradient" (constant step) or "adam" (Kingma and Ba 2015: 0.9, 0.999, 1e-8).
        batch: memories per step, one step for each part of a random order, 0 for all of them.
        draw: the generator of these orders, needed with ``batch``.
        normalise_rows: bring the rows of the last W to unit length (U-Hop); the history ends before that.

    Raises:
        ValueError: an unknown constraint or optimiser, a batch without generator or of a size not in 2..M,
            W with fewer rows than columns under "unit norm" and "stiefel".
    """
    xp = array_namespace(memories, start)
    if constraint not in CONSTRAINTS:
        raise ValueError(f"constraint: expected one of {', '.join(CONSTRAINTS)}, found {constraint!r}")
    direction = _optimiser(optimiser)
    indices = _batches(memories.shape[-2], batch, draw)
    w = _projected(memories, start, constraint) if constraint in ("unit norm", "stiefel") else start
    losses, cosines = [], []

    def measured(some: Array, keep: bool) -> Array:
        y = xp.matmul(some, xp.matrix_transpose(w))
        value, gradient = loss(y, normalised=constraint == "normalised")
        if keep:
            losses.append(value)
            cosines.append(max_cosines(y))
        return xp.matmul(xp.matrix_transpose(gradient), some)

    for _ in range(iterations):
        gradient = measured(memories, True)
        if batch:
            gradient = measured(xp.take(memories, xp.asarray(next(indices)), axis=-2), False)
        w = _projected(memories, w - step * direction(gradient), constraint)
    measured(memories, True)
    w = constraints.rows_normalised(w) if normalise_rows else w
    return Trained(w, xp.stack(losses), xp.stack(cosines))


def two_stage(
    trained: Trained,
    separation: Variant,
    memories: Array,
    query: Array,
    beta: float,
    steps: int = 1,
    normalise: bool = True,
) -> tuple[Array, Array]:
    """Return (state (..., d), feature (..., D)) of the retrieval with a trained map, W (D, d): Stage II.

    With ``normalise`` the features of memories and query are unit vectors, as in the loss; without it this is
    the kernelized model of the raw W (see ``retrieve_in_feature_space``).
    """
    return retrieve_in_feature_space(trained.feature_map, separation, memories, query, beta, steps, normalise)


def _projected(memories: Array, w: Array, constraint: str) -> Array:
    if constraint == "stiefel":
        return constraints.polar(w)
    if constraint == "unit norm":
        xp = array_namespace(w)
        a = constraints.unit_norms(memories, xp.matmul(xp.matrix_transpose(w), w))
        return constraints.factor(a, w.shape[-2])
    return w


def _optimiser(name: str) -> Callable[[Array], Array]:
    """Return gradient -> direction of the step, to be multiplied by -step."""
    if name == "gradient":
        return lambda gradient: gradient
    if name != "adam":
        raise ValueError(f"optimiser: expected gradient or adam, found {name!r}")
    state: list[Any] = [0.0, 0.0, 0]

    def direction(gradient: Array) -> Array:
        xp = array_namespace(gradient)
        first = 0.9 * state[0] + 0.1 * gradient
        second = 0.999 * state[1] + 0.001 * gradient * gradient
        count = state[2] + 1
        state[:] = [first, second, count]
        return (first / (1 - 0.9**count)) / (xp.sqrt(second / (1 - 0.999**count)) + 1e-8)

    return direction


def _batches(count: int, size: int, draw: np.random.Generator | None) -> Iterator[Any]:
    if not size:
        return iter(())
    if draw is None or not 2 <= size <= count:
        raise ValueError(f"batch: expected a generator and a size in 2..{count}, found {size}")

    def parts(draw: np.random.Generator) -> Iterator[Any]:
        while True:
            order = draw.permutation(count)
            # A last part of one memory has no pair.
            for first in range(0, count - 1, size):
                yield order[first : first + size]

    return parts(draw)
