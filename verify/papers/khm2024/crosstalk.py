"""Crosstalk of unit memories, the optimal codes that are known in closed form, and the capacity in crosstalk.

Features are unit vectors: the directions y_mu of the memories, with beta m^2 in place of beta where the memories
have norm m.  X_mu = sum over nu != mu of exp(-beta (1 - <y_mu, y_nu>)); X_mu <= 1 says that y_mu has at least half of
its own softmax weight.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from sympy import log, sqrt

from bounds import expr
from bounds.exact import Real, escalate, pi
from bounds.packing.elementary import rankin_cosine
from simulations.codes.catalogue import construct
from verify.instances import Array, Instances
from verify.vocabulary import M, largest, m, measure, quantity

PAPER = "khm2024"
RELATED = "a related statement of this project, beside arXiv 2410.23126"


def whole(b: Instances, name: str) -> int:
    """An integer scalar of a grid point."""
    return int(b.scalars[name][0].fraction)


def one(value: Any) -> Array:
    """A value of a grid point as a batch of one."""
    return np.array([Real(value)], dtype=object)


def heat_of(b: Instances) -> Fraction:
    """The inverse temperature b of a grid point."""
    value: Fraction = b.scalars["b"][0].fraction
    return value


# -- cosines and crosstalk of a memory set ------------------------------------------------------------------


def rival_cosines(b: Instances) -> Array:
    """Cosines of every memory with all others, shape (B, M, M - 1)."""
    rows = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    lengths = np.sqrt(np.sum(rows * rows, axis=-1))
    units = rows / lengths[..., None]
    gram = np.matmul(units, np.swapaxes(units, -1, -2))
    count = gram.shape[-1]
    found: Array = gram[..., ~np.eye(count, dtype=bool)].reshape(b.size, count, count - 1)
    return found


@quantity("storage_gap", "Delta_min: one minus the largest cosine of two memories")
def gap(b: Instances) -> Array:
    cosines = rival_cosines(b)
    return 1 - largest(cosines.reshape(b.size, -1))


@quantity(
    "storage_worst_crosstalk", "the largest crosstalk X_mu of the directions of the memories at beta m^2"
)
def worst_crosstalk(b: Instances) -> Array:
    heat = (b.beta * measure(b, m) ** 2)[:, None, None]
    return largest(np.sum(np.exp(-heat * (1 - rival_cosines(b))), axis=-1))


def crosstalk_of(cosines: Any, beta: Any) -> Real:
    """X of a memory with these cosines (pairs of a number and how often it occurs), in balls."""
    total = Real(0)
    for cosine, count in cosines:
        value = cosine if isinstance(cosine, Real) else expr.ball(cosine, {})
        total = total + count * (Real(beta) * (value - 1)).exp()
    return total


# -- optimal codes known in closed form ----------------------------------------------------------------------

SHARP = {
    (3, 12): "icosahedron",
    (5, 16): "half-5-cube",
    (6, 27): "schlaefli",
    (7, 56): "gosset",
    (8, 240): "E8",
}
"""Codes that attain Levenshtein's bound, beside polygons, simplices and cross-polytopes."""


def universal_name(n: int, size: int) -> str:
    """The name of the universally optimal code of that many points; empty if none is listed here."""
    if size == n + 1:
        return f"simplex-{n}"
    if n == 2:
        return f"polygon-{size}"
    if size == 2 * n:
        return f"cross-polytope-{n}"
    return "600-cell" if (n, size) == (4, 120) else SHARP.get((n, size), "")


@cache
def _largest_cosine(name: str) -> Any:
    return construct(name).max_cosine_exact


def best_cosine(n: int, size: int) -> Real:
    """s*(n, size) where it is known exactly: Rankin's range, polygons, sharp codes, the 600-cell, (3, 8).

    The square antiprism is the optimal code of eight points: K. Schuette, B. L. van der Waerden, Math. Ann. 123
    (1951).  Raises ValueError elsewhere.
    """
    if size <= 2 * n:
        return Real(rankin_cosine(n, size))
    if n == 2:
        return (2 * pi() / size).cos()
    if (n, size) == (3, 8):
        return 1 / (1 + 2 * Real(2).sqrt())
    name = universal_name(n, size)
    if not name:
        raise ValueError(f"{size} points in dimension {n}: the optimal code is not known in closed form")
    return expr.ball(_largest_cosine(name), {})


@quantity("storage_best_gap", "Delta*(d, M): one minus the least possible max cosine of M points in R^d")
def best_gap(b: Instances) -> Array:
    count, dimension = b.memories.shape[-2:]
    value = 1 - best_cosine(dimension, count)
    return np.array([value] * b.size, dtype=object) if b.exact else np.full(b.size, float(value))


RADIUS = sqrt(gap / 2)
"""R_Phi of unit features: half the smallest distance, |y - y'|^2 = 2 (1 - <y, y'>)."""
SEPARATED_B = log(2 * (M - 1) / RADIUS)
"""What hu2024.sep.b asks of beta Delta_mu."""


@cache
def seen_from_a_point(name: str) -> tuple[tuple[Any, int], ...]:
    """Cosines of one point of a code with the others, rising, and how often each occurs.

    Raises ValueError for a polygon too large for exact coordinates.
    """
    exact = construct(name).exact
    if exact is None:
        raise ValueError(f"{name}: expected a code with exact coordinates")
    return tuple(exact.distribution(0))


# -- capacity: X_mu <= 1 for all memories -----------------------------------------------------------------------


def simplex_stored(beta: Any, count: int) -> bool:
    """(M - 1) exp(-beta M/(M - 1)) <= 1: the simplex of M points has X_mu <= 1, and by Jensen no other set of M
    unit vectors has where it fails (the cosines of a point to the others average at least -1/(M - 1) over
    all pairs, and exp is convex).
    """
    if count < 2:
        return True
    return bool(escalate(lambda: Real(count - 1).log() <= Real(beta) * Fraction(count, count - 1), cap=8192))


@cache
def crosstalk_capacity(beta: Fraction) -> int:
    """The largest number of unit vectors, in whatever dimension, with all X_mu <= 1 (certified)."""
    low, high = 1, 2
    while simplex_stored(beta, high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if simplex_stored(beta, middle) else (low, middle)
    return low
