"""The semidefinite programme of the three-point bound in floats: a hint for
:mod:`bounds.packing.three_point`.
"""

from __future__ import annotations

import importlib
import math
import warnings
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from bounds.packing import gegenbauer

Array = Any

_ROUNDS = 8
_FINE = 36


class Hint(NamedTuple):
    """Floats a_1..a_d, F_0..F_d, and the largest values of p and q (see there) on fine samples."""

    diagonal: Array
    matrices: list[Array]
    pair_max: float
    triple_max: float


def zonal(n: int, degree: int, u: Array, v: Array, t: Array) -> list[Array]:
    """S_0, ..., S_degree at points: arrays of shape (len(u), degree-k+1, degree-k+1)."""
    found = [np.zeros((len(u), degree - k + 1, degree - k + 1)) for k in range(degree + 1)]
    for x, y, z in permutations((u, v, t)):
        q = zonal_values(n - 1, z - x * y, (1 - x * x) * (1 - y * y), degree)
        left, right = np.vander(x, degree + 1, increasing=True), np.vander(y, degree + 1, increasing=True)
        for k in range(degree + 1):
            m = degree - k + 1
            found[k] += q[k][:, None, None] * left[:, :m, None] * right[:, None, :m] / 6
    return found


def zonal_values(m: int, x: Any, w: Any, degree: int) -> list[Any]:
    """Q_0, ..., Q_degree by (k+m-2) Q_{k+1} = (2k+m-2) x Q_k - k w Q_{k-1}: no square roots, no division by
    zero.
    """
    q = [x * 0 + 1, x]
    for k in range(1, degree):
        q.append(((2 * k + m - 2) * x * q[k] - k * w * q[k - 1]) / (k + m - 2))
    return q[: degree + 1]


def _pairs(s: float, count: int) -> Array:
    return (s - 1) / 2 - (s + 1) / 2 * np.cos(np.linspace(0, math.pi, count))


def _triples(s: float, count: int) -> Array:
    """Triples u <= v <= t of inner products in [-1, s], shape (., 3): a Chebyshev grid and points on the
    border.
    """
    x = _pairs(s, count)
    u, v, t = (a.ravel() for a in np.meshgrid(x, x, x, indexing="ij"))
    reach = np.sqrt((1 - u * u) * (1 - v * v))  # the Gram determinant vanishes at t = u v +- reach
    third = np.concatenate([t, u * v - reach, u * v + reach])
    points = np.stack([np.tile(u, 3), np.tile(v, 3), third], axis=1)
    u, v, t = points.T
    inside = (1 + 2 * u * v * t - u * u - v * v - t * t >= -1e-12) & (t <= s) & (t >= -1)
    return np.unique(np.sort(points[inside], axis=1).round(12), axis=0)


def solve(n: int, s: float, degree: int, extra: Array | None = None) -> Hint:
    """Solve on samples with cvxpy and Clarabel, add samples where the solution violates q <= -w, and repeat.

    ``extra`` holds more triples, shape (., 3), at which the condition is imposed.  Raises ArithmeticError
    when the solver fails, ImportError without the extra ``sdp``.
    """
    pairs, triples = _pairs(s, 6 * degree + 10), _triples(s, degree + 6)
    fine = _triples(s, _FINE)
    if extra is not None:
        triples, fine = (np.unique(np.concatenate([x, np.sort(extra)]), axis=0) for x in (triples, fine))
    tables = zonal(n, degree, *fine.T)
    for _ in range(_ROUNDS):
        diagonal, matrices, gap = _solve_sampled(n, degree, pairs, triples)
        heights = _inner(tables, matrices)
        bad = np.flatnonzero(heights > -gap + 1e-7)
        if not len(bad):
            break
        worst = bad[np.argsort(-heights[bad])][:200]
        triples = np.unique(np.concatenate([triples, fine[worst]]), axis=0)
    u = _pairs(s, 4000)
    pair = gegenbauer.matrix(n, u, degree)[:, 1:] @ diagonal
    pair = pair + 3 * _inner(zonal(n, degree, u, u, np.ones_like(u)), matrices)
    return Hint(diagonal, matrices, float(pair.max()), float(heights.max()))


def _inner(tables: list[Array], matrices: list[Array]) -> Array:
    """sum_k <F_k, S_k> at the points of the tables."""
    return sum(np.einsum("mij,ij->m", z, f) for z, f in zip(tables, matrices, strict=True))


def _solve_sampled(n: int, d: int, pairs: Array, triples: Array) -> tuple[Array, list[Array], float]:
    cp = importlib.import_module("cvxpy")
    a, b = cp.Variable(d, nonneg=True), cp.Variable((2, 2), PSD=True)
    matrices = [cp.Variable((d - k + 1, d - k + 1), PSD=True) for k in range(d + 1)]

    def inner(u: Array, v: Array, t: Array) -> Any:
        tables = zip(zonal(n, d, u, v, t), matrices, strict=True)
        return sum(z.reshape(len(u), -1) @ cp.vec(f, order="C") for z, f in tables)

    pair = gegenbauer.matrix(n, pairs, d)[:, 1:] @ a + 3 * inner(pairs, pairs, np.ones_like(pairs))
    conditions = [pair + 2 * b[0, 1] + b[1, 1] <= -1, inner(*triples.T) + b[1, 1] <= 0]
    problem = cp.Problem(cp.Minimize(1 + cp.sum(a) + b[0, 0] + cp.sum(matrices[0])), conditions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an inaccurate solution is a hint like any other
        problem.solve(solver="CLARABEL")
    if a.value is None:
        raise ArithmeticError(f"no three-point bound of degree {d} in dimension {n}: {problem.status}")
    return a.value, [f.value for f in matrices], float(b.value[1, 1])
