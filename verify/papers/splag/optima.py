"""Optimal max cosines s*(n, N) and sizes A(n, s) for statements: proven values, else certified intervals.

Proven values are those of the table of known codes (:mod:`simulations.codes.known`, kind "optimal"), of Rankin's
theorems and of the circle.  Everywhere else the number is enclosed between a packing bound and a code that exists, so
that a comparison is decided where the bounds decide it, and stays open where they do not.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from flint import arb, fmpz_poly

from bounds.exact import Real, escalate, pi
from bounds.packing import elementary, existence
from bounds.packing.certificate import cap_floor, fejes_toth_floor, levenshtein_size
from bounds.packing.levenshtein import levenshtein
from simulations.codes.known import known
from verify.instances import Array, Instances

POLYNOMIALS: dict[tuple[int, int], tuple[tuple[int, ...], float]] = {
    (3, 7): ((1, -3, -9, 3), 0.2101),
    (3, 8): ((-1, 2, 7), 0.2612),
    (3, 11): ((-1, 0, 5), 0.4472),
    (3, 12): ((-1, 0, 5), 0.4472),
    (3, 24): ((-1, -3, 1, 7), 0.7231),
    (4, 120): ((-1, -2, 4), 0.8090),
}
"""Proven optimal cosines as roots: coefficients from the constant one on, and a float next to the root.

(3, 7) and (3, 8): Schuette, van der Waerden 1951; (3, 11), (3, 12): Danzer 1963, Boroczky 1983, Fejes Toth 1943; (3, 24):
Robinson 1961; (4, 120): Boroczky 1978.
"""

MORE_PROVEN = {(3, 10): "0.404394325", (3, 14): "0.563950300"}
"""Proven values that are no rows of the table: Danzer 1963, Musin and Tarasov 2015; to 2e-9."""

SMALL = 80
"""Largest dimension in which Levenshtein's bound joins the bounds on a size."""
RESOLUTION = 28
"""Binary digits to which the two ends of an interval for s* are found."""


def proven(n: int, count: int) -> bool:
    """Whether s*(n, N) is known by a published proof, and enclosed by :func:`optimal_cosine` to 2e-9 or better."""
    row = known().get((n, count))
    return (
        count <= 2 * n
        or n == 2
        or (n, count) in POLYNOMIALS
        or (n, count) in MORE_PROVEN
        or (row is not None and row.kind == "optimal")
    )


def optimal_cosine(n: int, count: int) -> Real:
    """s*(n, N) for n >= 1 and N >= 2: exact, or a ball around it (as wide as the bounds where nothing is proven)."""
    if n == 1:
        if count > 2:
            raise ValueError(f"{count} points in dimension 1: there are two unit vectors")
        return Real(-1)
    if count <= 2 * n:
        return Real(elementary.rankin_cosine(n, count))
    if n == 2:
        return (2 * pi() / count).cos()
    if (n, count) in POLYNOMIALS:
        return root_near(*POLYNOMIALS[n, count])
    if (n, count) in MORE_PROVEN:
        return _about(Fraction(MORE_PROVEN[n, count]), Fraction(2, 10**9))
    row = known().get((n, count))
    if row is not None and row.kind == "optimal":
        simple = Fraction(row.max_cosine).limit_denominator(100)
        if abs(float(simple) - row.max_cosine) < 1e-14:
            return Real(simple)
        return _about(Fraction(row.max_cosine), Fraction(row.tolerance))
    return Real.between(*cosine_interval(n, count))


def root_near(coefficients: tuple[int, ...], near: float) -> Real:
    """The real root of an integer polynomial (constant term first) next to a float, as a ball."""
    found: Any = fmpz_poly(list(coefficients)).complex_roots()
    real: list[arb] = [root.real for root, _ in found if root.imag == 0]
    return Real(min(real, key=lambda root: abs(float(root.mid()) - near)))


def _about(value: Fraction, radius: Fraction) -> Real:
    return Real.between(value - radius, value + radius)


@cache
def cosine_interval(n: int, count: int) -> tuple[Fraction, Fraction]:
    """Certified ends for s*(n, N), n >= 3 and N > 2n: packing bounds below, existence (covering) above."""
    if n == 3:
        low = escalate(lambda: elementary.fejes_toth_cosine(count).lower(), 192)
        # While N - 1 caps of the full angle do not cover, there is room: (N - 1) (1 - s) / 2 < 1.
        return low, 1 - Fraction(2, count - 1)
    low, _ = _bisect(lambda s: s < 0 or levenshtein(n, Real(s)).value <= count)
    _, high = _bisect(lambda s: existence.covering_size(n, s) < count)
    return low, high


def _bisect(below: Callable[[Fraction], bool]) -> tuple[Fraction, Fraction]:
    """Neighbouring multiples of 2^-RESOLUTION in [-1, 1]; the predicate holds at the first and not at the second."""
    low, high = Fraction(-1), Fraction(1)
    while high - low > Fraction(1, 1 << RESOLUTION):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return low, high


def size_interval(n: int, s: Fraction) -> tuple[int, int]:
    """Certified ends for A(n, s), n >= 2 and rational s in (-1, 1)."""
    return size_below(n, s), size_above(n, s)


@cache
def size_below(n: int, s: Fraction) -> int:
    """A size that some code of max cosine at most s has; A(n, s) itself for n = 2 and for s <= 0."""
    if n == 2 or s <= 0:
        return existence.elementary_size(n, s)
    return max(existence.covering_size(n, s), existence.elementary_size(n, s))


@cache
def size_above(n: int, s: Fraction) -> int:
    """A packing bound on A(n, s); A(n, s) itself for n = 2 and for s <= 0."""
    if n == 2 or s <= 0:
        return existence.elementary_size(n, s)
    rules: list[Callable[[int, Any], int]] = [cap_floor]
    if n == 3:
        rules.append(fejes_toth_floor)
    if n <= SMALL:
        rules.append(levenshtein_size)
    found = []
    for rule in rules:
        try:
            found.append(rule(n, s))
        except ArithmeticError:  # a degree out of reach
            continue
    return min(found)


@cache
def dimension_interval(count: int, s: Fraction) -> tuple[int, int]:
    """Certified ends for the smallest dimension that admits N unit vectors with max cosine at most s."""
    if count <= 2:
        return 1, 1

    def first(size: Callable[[int, Fraction], int]) -> int:
        low, high = 1, 2
        while size(high, s) < count:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if size(middle, s) >= count else (middle, high)
        return high

    # A(n, s) rises with n: too small an upper bound one dimension below the first end excludes all before it.
    return first(size_above), first(size_below)


# -- reading the coordinates of a grid point ------------------------------------------------------------


def value(b: Instances, name: str) -> Fraction:
    """A coordinate of an exact grid point."""
    found: Fraction = b.scalars[name][0].fraction
    return found


def whole(b: Instances, name: str) -> int:
    """An integer coordinate of an exact grid point; raises ValueError for a fraction."""
    number = value(b, name)
    if number.denominator != 1:
        raise ValueError(f"{name} = {number}: expected an integer")
    return int(number)


def one(number: Any) -> Array:
    """A number as a batch of one."""
    return np.array([Real(number)], dtype=object)
