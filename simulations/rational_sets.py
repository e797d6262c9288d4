"""Memory sets of rational unit vectors, for statements that are decided in exact arithmetic.

Points of the sphere by stereographic projection of rational numbers with small denominators.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from simulations import linear_maps
from simulations.streams import stream

Vectors = tuple[tuple[Fraction, ...], ...]

KINDS = ("any", "half-space", "non-negative", "both signs")
"""Anywhere; with a positive last coordinate; with all coordinates >= 0; +-v for the v of the first kind."""

DENOMINATOR = 4

PLANAR = (
    (1, 0, 1),
    (0, 1, 1),
    (3, 4, 5),
    (-3, 4, 5),
    (-5, -12, 13),
    (12, -5, 13),
    (-8, 15, 17),
    (-15, -8, 17),
)
"""The first memories of the plane, x/z and y/z: readable witnesses."""


def sphere_point(p: list[Fraction]) -> tuple[Fraction, ...]:
    """Return the unit vector (2 p, 1 - |p|^2)/(1 + |p|^2) of R^(len(p) + 1)."""
    square = sum((x * x for x in p), Fraction(0))
    return (*(2 * x / (1 + square) for x in p), (1 - square) / (1 + square))


@cache
def memory_set(kind: str, d: int, count: int, seed: int = 0) -> Vectors:
    """Return ``count`` distinct rational unit vectors of R^d, d >= 2, of one of ``KINDS``.

    Raises:
        ValueError: an unknown kind, d < 2.
    """
    if kind not in KINDS or d < 2:
        raise ValueError(f"expected d >= 2 and one of {', '.join(KINDS)}, found d = {d} and {kind!r}")
    if kind == "any" and d == 2 and seed == 0 and count <= len(PLANAR):
        return tuple((Fraction(x, z), Fraction(y, z)) for x, y, z in PLANAR[:count])
    rng = stream(seed, "rational sets", kind, d, count)
    found: list[tuple[Fraction, ...]] = []
    denominator = DENOMINATOR if count <= 4 * d else 16
    while len(found) < count:
        u = _draw(kind, d, denominator, rng)
        both = [u, tuple(-x for x in u)] if kind == "both signs" else [u]
        found += [v for v in both if v not in found]
    return tuple(found[:count])


def _draw(kind: str, d: int, denominator: int, rng: np.random.Generator) -> tuple[Fraction, ...]:
    low = 0 if kind == "non-negative" else -denominator
    p = [Fraction(int(k), denominator) for k in rng.integers(low, denominator + 1, d - 1)]
    shrink = 1 if kind in ("any", "both signs") else d
    u = sphere_point([x / shrink for x in p])
    if kind == "any" and rng.random() < 0.5:
        u = tuple(-x for x in u)
    # The projection favours the last coordinate.
    place = int(rng.integers(d)) if kind != "half-space" else d - 1
    moved = list(u)
    moved[place], moved[-1] = moved[-1], moved[place]
    return tuple(moved)


@cache
def with_signs(d: int, positive: int, seed: int = 0) -> Vectors:
    """Return d + 1 memories, every d independent, whose dependency has ``positive`` coefficients > 0.

    Those come first; the others are negative. A change of the sign of a memory changes that of its
    coefficient.
    """
    for attempt in range(1000):
        memories = memory_set("any", d, d + 1, 1000 * seed + attempt)
        try:
            c = linear_maps.dependency(memories)
        except ValueError:
            continue
        return tuple(
            tuple(x if (value > 0) == (i < positive) else -x for x in row)
            for i, (value, row) in enumerate(zip(c, memories, strict=True))
        )
    raise ArithmeticError(f"no {d + 1} memories in general position were drawn")
