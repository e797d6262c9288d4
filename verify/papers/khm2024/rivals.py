"""Codes with small worst crosstalk, found by descent: candidates, judged afterwards in ball arithmetic."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from bounds.exact import Real, enclose_max, exact_array
from simulations.codes.lbfgs import minimise
from simulations.streams import stream

Array = Any

STARTS = 12
SHARPNESS = (4.0, 60.0, 1000.0)
"""Steps from a soft to a nearly hard maximum over the memories."""


def soft_worst(points: Array, beta: float, sharpness: float) -> tuple[Array, Array]:
    """Soft maximum over mu of log(X_mu)/beta + 1 and its gradient; points (B, M, n) of any nonzero length."""
    lengths = np.sqrt(np.sum(points * points, axis=-1, keepdims=True))
    units = points / lengths
    cosines = units @ np.swapaxes(units, -1, -2)
    count = cosines.shape[-1]
    cosines[:, np.arange(count), np.arange(count)] = -np.inf
    top = np.max(cosines, axis=-1, keepdims=True)
    shares = np.exp(beta * (cosines - top))
    sums = np.sum(shares, axis=-1, keepdims=True)
    worst = top + np.log(sums) / beta
    level = np.max(worst, axis=-2, keepdims=True)
    weights = np.exp(sharpness * (worst - level))
    total = np.sum(weights, axis=-2, keepdims=True)
    value = (level + np.log(total) / sharpness)[:, 0, 0]
    slope = weights / total * shares / sums
    gradient = (slope + np.swapaxes(slope, -1, -2)) @ units
    gradient -= np.sum(gradient * units, axis=-1, keepdims=True) * units
    return value, gradient / lengths


@cache
def rival(n: int, size: int, beta: Fraction) -> tuple[tuple[Fraction, ...], ...]:
    """The best of several descents from random starts, as rational vectors that are to be normalised."""
    heat = float(beta)
    rng = stream(0, "crosstalk rivals", n, size, str(beta))
    starts = STARTS if size <= 8 else 3
    points = rng.standard_normal((starts, size, n))
    points /= np.linalg.norm(points, axis=-1, keepdims=True)
    for sharpness in SHARPNESS:

        def objective(x: Array, k: float = sharpness * max(1.0, min(heat, 100.0)) / 4) -> tuple[Array, Array]:
            value, gradient = soft_worst(x.reshape(starts, size, n), heat, k)
            return value, gradient.reshape(starts, -1)

        points = minimise(objective, points.reshape(starts, -1), 80 if size <= 30 else 40).reshape(
            points.shape
        )
        points /= np.linalg.norm(points, axis=-1, keepdims=True)
    hard = soft_worst(points, heat, 1e9)[0]
    best = points[int(np.argmin(hard))]
    return tuple(tuple(Fraction(float(v)) for v in row) for row in best)


def measured(points: tuple[tuple[Fraction, ...], ...], beta: Any) -> tuple[Real, Real]:
    """The largest crosstalk and the largest cosine of the directions of rational vectors, in balls."""
    rows = exact_array([list(row) for row in points])
    lengths = np.sqrt(np.sum(rows * rows, axis=-1))
    units = rows / lengths[:, None]
    count = len(units)
    cosines = np.matmul(units, units.T)[~np.eye(count, dtype=bool)].reshape(count, count - 1)
    crosstalk = np.sum(np.exp(Real(beta) * (cosines - 1)), axis=-1)
    return enclose_max(crosstalk), enclose_max(cosines.ravel())
