"""Codes as grid points: exact constructions and codes of rational unit vectors, numbered, with certified cosines.

A grid point names a code by its number in :data:`CODES` (coordinate ``code``), beside its dimension n and size N.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from flint import ctx

from bounds.exact import Real, exact_array, precision
from simulations.codes import Exact, construction
from simulations.streams import stream
from verify.instances import Array, Instances
from verify.papers.splag.optima import one, whole
from verify.vocabulary import quantity, smallest

POLYGONS = tuple(f"polygon-{k}" for k in (3, 4, 5, 6, 7, 8, 9, 12, 16))
SIMPLICES = tuple(f"simplex-{n}" for n in (2, 3, 4, 8, 16))
CROSSES = tuple(f"cross-polytope-{n}" for n in (2, 3, 4, 8, 16))
SHARP = (
    "icosahedron",
    "half-5-cube",
    "schlaefli",
    "gosset",
    "E8",
    "isotropic-3",
    "higman-sims",
    "mclaughlin",
)
"""Codes at which Levenshtein's bound is attained, beside simplices and cross-polytopes."""
OTHERS = (
    *("icosahedron-minus-1", "dodecahedron", "cuboctahedron", "snub-cube", "petersen", "24-cell", "600-cell"),
    *("D5", "E6", "E7", "P9a", "P12a", "kerdock-16", "gewirtz", "hoffman-singleton", "m22"),
)
RANDOM = ((2, 2), (2, 5), (3, 2), (3, 4), (3, 12), (4, 9), (5, 20), (8, 30), (24, 12), (64, 8))
"""Dimensions and sizes of the codes of rational vectors."""


BITS = 192
"""Precision at which two readings of one number are compared."""


@dataclass(frozen=True)
class Rational:
    """Unit vectors with rational coordinates ``vectors / norms``: integers (N, n) and (N,)."""

    vectors: Any
    norms: Any

    @property
    def largest(self) -> Fraction:
        """The largest inner product of two different points, exactly."""
        dots = self.vectors @ self.vectors.T
        scale = np.outer(self.norms, self.norms)
        near = dots / scale
        np.fill_diagonal(near, -np.inf)
        i, j = np.nonzero(np.triu(near >= near.max() - 1e-12, 1))
        return max(Fraction(int(dots[a, b]), int(scale[a, b])) for a, b in zip(i, j, strict=True))


def rational_code(points: Any, denominator: int = 64) -> Rational:
    """Rational unit vectors next to given ones (N, n), n >= 2, by stereographic projection from the last axis."""
    x = np.asarray(points, dtype=float)
    # From the pole that is farther away, so that the projection stays bounded.
    side = np.where(x[:, -1] > 0, -1, 1)
    u = np.rint(denominator * x[:, :-1] / (1 - side * x[:, -1])[:, None]).astype(np.int64)
    square = np.sum(u * u, axis=1)
    vectors = np.column_stack([2 * denominator * u, side * (square - denominator**2)])
    return Rational(vectors, square + denominator**2)


def random_code(n: int, count: int) -> Rational:
    """A rational code next to uniform points."""
    points = stream(0, "volume.codes", n, count).standard_normal((count, n))
    return rational_code(points / np.linalg.norm(points, axis=1, keepdims=True))


CODES: tuple[tuple[str, int, int], ...] = (
    *(
        (name, construction(name).n, construction(name).N)
        for name in POLYGONS + SIMPLICES + CROSSES + SHARP + OTHERS
    ),
    *(("random", n, count) for n, count in RANDOM),
)
"""Name, dimension and size of every code."""


def numbers(*, names: Iterable[str] = (), largest_size: int = 10**6) -> tuple[dict[str, int], ...]:
    """Grid points of the codes of these names (default: all) with at most that many points."""
    chosen = set(names)
    return tuple(
        {"code": i, "n": n, "N": count}
        for i, (name, n, count) in enumerate(CODES)
        if (not chosen or name in chosen) and count <= largest_size
    )


@cache
def code(number: int) -> Exact | Rational:
    """The code of that number."""
    name, n, count = CODES[number]
    return random_code(n, count) if name == "random" else construction(name).build()


def max_cosine(number: int) -> Real:
    """s(C), exactly or as a ball at the current precision."""
    found = code(number)
    if isinstance(found, Rational):
        return Real(found.largest)
    if not any(found.largest[1:]):
        return Real(found.largest[0])
    return Real(found.ring.ball(found.largest))


def coordinates(number: int) -> Array:
    """The unit vectors (N, k) as exact numbers or balls; k may exceed n."""
    found = code(number)
    if isinstance(found, Rational):
        return exact_array(
            [
                [Fraction(int(v), int(s)) for v in row]
                for row, s in zip(found.vectors, found.norms, strict=True)
            ]
        )
    powers = _powers(found)
    rows = [
        [sum((Real(int(c)) * p for c, p in zip(v, powers, strict=True)), Real(0)) for v in row]
        for row in found.vectors
    ]
    length = sum((Real(int(c)) * p for c, p in zip(found.norm, powers, strict=True)), Real(0)).sqrt()
    result: Array = np.array(rows, dtype=object) / length
    return result


def _powers(found: Exact) -> list[Real]:
    d = found.ring.degree
    if d == 1:
        return [Real(1)]
    return [Real(found.ring.ball([Fraction(int(i == j)) for j in range(d)])) for i in range(d)]


def chords(number: int) -> Array:
    """All distances of two different points from their coordinates, (pairs,)."""
    x = coordinates(number)
    i, j = np.triu_indices(len(x), 1)
    away = x[i] - x[j]
    result: Array = np.sqrt(np.sum(away * away, axis=-1))
    return result


def closest(number: int) -> Real:
    """The smallest distance of two points of the code, from the coordinates."""
    return Real(smallest(chords(number)[None, :])[0])


def digits(both: Callable[[], tuple[Real, Real]]) -> Real:
    """Decimal digits to which two numbers certainly agree (relative to the second), at most 100.

    The numbers are evaluated at :data:`BITS` bits or more.
    """
    with precision(max(BITS, ctx.prec)):
        return agreeing_digits(*both())


def agreeing_digits(a: Real, b: Real) -> Real:
    """Decimal digits to which two enclosures certainly agree (relative to the second), at most 100."""
    gap = abs(a - b)
    if gap.upper() == 0:
        return Real(100)
    relative = Real((gap / abs(b)).upper())
    return Real(min(Fraction(100), (-(relative.log()) / Real(10).log()).lower()))


# -- quantities of the code at a grid point -------------------------------------------------------------


@quantity("volume_max_cosine", "largest inner product s(C) of two different points of the code", real=True)
def s_code(b: Instances) -> Array:
    return one(max_cosine(whole(b, "code")))
