"""Invariants of a code, exactly: size, rank, distance distribution, design strength."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from simulations.codes.algebraic import Algebraic
from simulations.codes.exact import INTEGERS, Exact
from simulations.codes.graphs import Ints, Spectrum, spectrum

STRENGTH_LIMIT = 24
"""Designs are looked for up to this strength."""


@dataclass(frozen=True)
class Profile:
    """Exact invariants of a code.

    Attributes:
        size, rank: number of points, dimension of their span.
        cosines: the distinct inner products of two different points, in falling order.
        counts: how often each is seen from a point of the first kind.
        kinds: how many different distance distributions the points have; 1: all points see the same.
        strength: largest t such that the sum over all pairs of P_k vanishes for k = 1..t (a spherical
            t-design in its span; Delsarte, Goethals and Seidel 1977, Theorem 5.5).
        orbits: orbits of the stated symmetries, the number of points where none are stated.
    """

    size: int
    rank: int
    cosines: tuple[Algebraic, ...]
    counts: tuple[int, ...]
    kinds: int
    strength: int
    orbits: int


def profile(exact: Exact) -> Profile:
    """The invariants of a code from its coordinates.

    All points are looked at, or one of each orbit of the symmetries that were checked on the coordinates.
    """
    seen = [
        {Algebraic.make(exact.ring, exact.cosine(element)): count for element, count in counts.items()}
        for counts in exact.profiles()
    ]
    first = sorted(seen[0].items(), key=lambda pair: -float(pair[0]))
    rank = exact.rank
    return Profile(
        size=len(exact.vectors),
        rank=rank,
        cosines=tuple(t for t, _ in first),
        counts=tuple(c for _, c in first),
        kinds=len(seen),
        strength=strength(rank, dict(first)) if len(seen) == 1 else 0,
        orbits=len(exact.representatives),
    )


def spectral_profile(adjacency: Ints) -> Profile:
    """The invariants of the spectral embedding of a strongly regular graph, from A^2 alone.

    The projection on the eigenspace of theta is E = (A - k)(A - r)/((theta - k)(theta - r)), a combination of
    1, A and J by the relation for A^2, which is checked entry by entry; E^2 = E, so E is the Gram matrix of
    its own rows, their squared norm is trace(E)/v and its rank the trace.

    Raises:
        ValueError: the matrix is not that of a strongly regular graph with integer eigenvalues.
    """
    found: Spectrum = spectrum(adjacency)
    v, k, r, theta = found.size, found.degree, found.other, found.least
    scale = Fraction((theta - k) * (theta - r))
    own, edge, apart = (
        Fraction(found.square[0] + k * r) / scale,
        Fraction(found.square[1] - k - r) / scale,
        Fraction(found.square[2]) / scale,
    )
    rank = v * own
    if rank.denominator != 1:
        raise ValueError("the trace of a projection is an integer; found another number")
    counts = {edge / own: k, apart / own: v - k - 1}
    ordered = sorted(counts.items(), reverse=True)
    numbers = {Algebraic.make(INTEGERS, [t]): c for t, c in ordered}
    return Profile(v, int(rank), tuple(numbers), tuple(numbers.values()), 1, strength(int(rank), numbers), v)


def strength(n: int, counts: dict[Algebraic, int]) -> int:
    """Design strength of a distance-invariant code in R^n, from what one point sees."""
    sums = moments(n, counts)
    for t in range(STRENGTH_LIMIT):
        if next(sums) != 0:
            return t
    return STRENGTH_LIMIT


def moments(n: int, counts: dict[Algebraic, int]) -> Any:
    """Yield 1 + sum over the seen cosines of P_k, k = 1, 2, ..., exactly; P_k has dimension n, P_k(1) = 1."""
    before, here = {t: t**0 for t in counts}, {t: t for t in counts}
    k = 1
    while True:
        yield sum((here[t] * c for t, c in counts.items()), next(iter(counts)) ** 0)
        # Chebyshev polynomials for n = 2, where both sides of the recurrence have the factor k.
        here, before = (
            {t: (t * here[t] * (2 * k + n - 2) - before[t] * k) / (k + n - 2) for t in counts},
            here,
        )
        k += 1


def spans(vectors: Any) -> int:
    """Rank over GF(2) of the rows of a 0/1 matrix."""
    rows = [int("".join(map(str, row)), 2) for row in np.asarray(vectors).tolist()]
    rank = 0
    while rows:
        pivot = rows.pop()
        if pivot:
            rank += 1
            low = pivot & -pivot
            rows = [row ^ pivot if row & low else row for row in rows]
    return rank
