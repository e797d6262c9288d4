"""The pair form as a convex function of A = W^T W, and its projected gradient descent.

ell_tau(A) = tau log mean_{mu<nu} exp(xi_mu^T A xi_nu / tau) over {A >= 0, xi_mu^T A xi_mu = 1} is convex and
(1/tau)-smooth in the Frobenius norm for unit memories. Shapes: memories (M, d), A (d, d).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.feature_maps.constraints import TOLERANCE, unit_norms

Floats = NDArray[np.float64]


def soft_max_cosine(memories: Floats, a: Floats, tau: float) -> tuple[float, Floats, Floats]:
    """Return ell_tau(A), its gradient (d, d), symmetric, and its Hessian (d^2, d^2)."""
    m, d = memories.shape
    i, j = np.triu_indices(m, 1)
    score = np.sum((memories[i] @ a) * memories[j], axis=1) / tau
    top = score.max()
    weight = np.exp(score - top)
    value = tau * (top + math.log(weight.mean()))
    weight /= weight.sum()
    outer = memories[i][:, :, None] * memories[j][:, None, :]
    flat = ((outer + np.swapaxes(outer, 1, 2)) / 2).reshape(-1, d * d)
    mean = weight @ flat
    away = flat - mean
    return value, mean.reshape(d, d), (away * weight[:, None]).T @ away / tau


@dataclass(frozen=True)
class Descent:
    """A (d, d) after the last step, ell_tau before the first and after every step (N + 1,)."""

    a: Floats
    values: Floats


def descend(
    memories: Floats,
    start: Floats,
    tau: float,
    iterations: int,
    step: float | None = None,
    tol: float = TOLERANCE,
) -> Descent:
    """Return the projected gradient descent of ell_tau from the projected ``start``; step tau unless given.

    Raises:
        ArithmeticError: a projection did not converge (see ``unit_norms``).
    """
    a = unit_norms(memories, start, tol=tol)
    values = []
    for _ in range(iterations):
        value, gradient, _ = soft_max_cosine(memories, a, tau)
        values.append(value)
        a = unit_norms(memories, a - (tau if step is None else step) * gradient, tol=tol)
    values.append(soft_max_cosine(memories, a, tau)[0])
    return Descent(a, np.array(values))
