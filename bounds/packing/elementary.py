"""Closed forms: Rankin's three regimes, the circle, Fejes Toth's bound in three dimensions, and the cap
bound.

A(n, s) is the largest number of points on S^{n-1} with pairwise inner products at most s;
s*(n, N) is the least possible max cosine of N points on S^{n-1}.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import sympy as sp

from bounds.exact import Real, escalate, pi
from bounds.expr_points import ball_cap_area
from bounds.packing.cosine import (
    check_dimension,
    check_size,
    rational_above,
    rational_below,
    read_cosine,
    same,
)


def floor_above(value: Real) -> int:
    """The integer part of the upper end of an enclosure: an upper bound on an integer that is at most
    ``value``.
    """
    return math.floor(value.upper())


def rankin_size(n: int, s: Any) -> int:
    """A(n, s) for -1 <= s <= 0, exactly: floor(1 - 1/s) up to s = -1/n, then n + 1, and 2n at s = 0.

    Hypotheses: n >= 2.  Raises ValueError for s > 0.
    Source: R. A. Rankin, Proc. Glasgow Math. Assoc. 2 (1955), 139-144, Theorem 1 and the two after it.
    """
    check_dimension(n)
    value = read_cosine(s)
    if value > 0:
        raise ValueError(f"max cosine {s}: expected s <= 0 for Rankin's values")
    if value == 0:
        return 2 * n
    if value >= sp.Rational(-1, n):
        return n + 1
    return int(sp.floor(1 - 1 / value))


def rankin_cosine(n: int, size: int) -> Fraction:
    """s*(n, N) exactly: -1/(N-1) for 2 <= N <= n + 1, and 0 for n + 2 <= N <= 2n.

    Raises ValueError for N > 2n, where Rankin's theorems say only that the max cosine is positive.
    Source: Rankin 1955, as for :func:`rankin_size`.
    """
    check_dimension(n)
    check_size(size)
    if size > 2 * n:
        raise ValueError(f"size {size}: expected at most {2 * n} points for Rankin's values in dimension {n}")
    return Fraction(-1, size - 1) if size <= n + 1 else Fraction(0)


def circle_size(s: Any) -> int:
    """A(2, s) = floor(2 pi / arccos s), exactly also where a regular polygon meets s with equality."""
    value = read_cosine(s)
    above, below = (_turns(r(value)) for r in (rational_above, rational_below))
    if above == below:
        return above
    # s is so close to cos(2 pi / N) that only algebra can tell them apart.
    polygon = circle_cosine(above)
    return above if same(value, polygon) or value > polygon else below


def _turns(s: Fraction) -> int:
    # The only rational cosines of rational parts of the turn belong to the 2-, 3-, 4- and 6-gon (Niven 1956).
    known = {Fraction(-1): 2, Fraction(-1, 2): 3, Fraction(0): 4, Fraction(1, 2): 6}
    if s in known:
        return known[s]
    return escalate(lambda: math.floor(2 * pi() / Real(s).arccos()))


def circle_cosine(size: int) -> Any:
    """s*(2, N) = cos(2 pi / N), as an exact SymPy number; N >= 2."""
    return sp.cos(2 * sp.pi / check_size(size))


def fejes_toth_cosine(size: int) -> Real:
    """Lower bound (cot^2 w - 1)/2, w = N pi / (6 (N - 2)), on the max cosine of N >= 3 points in three
    dimensions.

    Equality exactly for N = 3, 4, 6, 12.  Evaluated in balls at the current precision.
    Source: L. Fejes Toth, Jber. Deutsch. Math.-Verein. 53 (1943), 66-68.
    """
    check_size(size, 3)
    angle = pi() * Fraction(size, 6 * (size - 2))
    return ((angle.cos() / angle.sin()) ** 2 - 1) / 2


def fejes_toth_size(s: Real) -> Real:
    """Upper bound 12 w / (6 w - pi), cot^2 w = 1 + 2 s, on A(3, s), for -1/2 < s < 1.

    The inverse of :func:`fejes_toth_cosine`, which rises in N.  Raises ValueError outside the range of s.
    """
    if not (-Fraction(1, 2) < s < 1):
        raise ValueError(f"max cosine {s}: expected -1/2 < s < 1 for Fejes Toth's bound")
    angle = (1 / (1 + 2 * s).sqrt()).arctan()
    return 12 * angle / (6 * angle - pi())


def cap_packing_size(n: int, s: Real) -> Real:
    """Upper bound 1/sigma_n(theta/2) on A(n, s) by disjoint caps of half the angle theta = arccos s.

    ``sigma_n`` is the normalised area of a cap; n >= 2, -1 <= s < 1.  Elementary.
    """
    check_dimension(n)
    if not (-1 <= s < 1):
        raise ValueError(f"max cosine {s}: expected -1 <= s < 1")
    return 1 / ball_cap_area(Real(n), s.arccos() / 2)
