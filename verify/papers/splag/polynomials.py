"""Gegenbauer polynomials with value 1 at 1, in exact rationals."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import factorial

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_poly
from sympy import Eq, Ge, Symbol

from bounds.packing import gegenbauer
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.splag.codes import random_code
from verify.papers.splag.optima import one, whole
from verify.statement import Control, Definition, Hypothesis, Part, Source, Statement
from verify.vocabulary import quantity

n = Symbol("n", integer=True, positive=True)

ARGUMENT = Fraction(3, 7)
POINTS = 5
"""Points of the rational codes on which positive definiteness is looked at."""


def _point(b: Instances) -> tuple[int, int]:
    return whole(b, "n"), whole(b, "k")


@quantity("volume_gegenbauer_one", "P_k(1) by the recurrence", real=True)
def at_one(b: Instances) -> Array:
    dimension, degree = _point(b)
    return one(gegenbauer.values(dimension, Fraction(1), degree)[degree])


@quantity("volume_gegenbauer", "P_k(3/7) by the recurrence", real=True)
def by_recurrence(b: Instances) -> Array:
    dimension, degree = _point(b)
    return one(gegenbauer.values(dimension, ARGUMENT, degree)[degree])


@quantity(
    "volume_gegenbauer_classical", "C_k(3/7)/C_k(1) by the classical sum, T_k(3/7) for n = 2", real=True
)
def classical(b: Instances) -> Array:
    dimension, degree = _point(b)
    if dimension == 2:
        value_at = fmpz_poly.chebyshev_t(degree)(fmpq(ARGUMENT.numerator, ARGUMENT.denominator))
        return one(Fraction(int(value_at.p), int(value_at.q)))
    return one(ultraspherical(dimension, degree, ARGUMENT) / ultraspherical(dimension, degree, Fraction(1)))


def ultraspherical(dimension: int, degree: int, t: Fraction) -> Fraction:
    """C_k^(n/2-1)(t) by its explicit sum; n >= 3.  Source: Abramowitz, Stegun 22.3.4."""
    order = Fraction(dimension, 2) - 1
    return sum(
        (
            (-1) ** j
            * rising(order, degree - j)
            * (2 * t) ** (degree - 2 * j)
            / (factorial(j) * factorial(degree - 2 * j))
            for j in range(degree // 2 + 1)
        ),
        Fraction(0),
    )


def rising(x: Fraction, count: int) -> Fraction:
    """x (x + 1) ... (x + count - 1)."""
    product = Fraction(1)
    for j in range(count):
        product *= x + j
    return product


@cache
def orthogonality_defect(dimension: int, degree: int, weight: int) -> Fraction:
    """Sum over j < k of |integral of P_k^(n)(t) t^j (1-t^2)^((w-3)/2)|, relative to the integral of the weight."""
    polynomial = next(p for i, p in enumerate(gegenbauer.polynomials(dimension)) if i == degree)
    coefficients = [Fraction(int(c.p), int(c.q)) for c in (polynomial[i] for i in range(degree + 1))]
    # The mean of t^(2i) under the weight is (1/2)_i / (w/2)_i.
    means = [Fraction(1)]
    for i in range(degree):
        means.append(means[-1] * Fraction(2 * i + 1, weight + 2 * i))
    total = Fraction(0)
    for j in range(degree):
        inner = (c * means[(i + j) // 2] for i, c in enumerate(coefficients) if (i + j) % 2 == 0)
        total += abs(sum(inner, Fraction(0)))
    return total


@quantity("volume_orthogonality", "sum of |<P_k, t^j>| over j < k for the weight (1-t^2)^((n-3)/2)")
def orthogonality(b: Instances) -> Array:
    dimension, degree = _point(b)
    return one(orthogonality_defect(dimension, degree, dimension))


@quantity("volume_orthogonality_next", "the same for the weight of dimension n + 1")
def orthogonality_next(b: Instances) -> Array:
    dimension, degree = _point(b)
    return one(orthogonality_defect(dimension, degree, dimension + 1))


@cache
def _gram_values(dimension: int, degree: int) -> fmpq_mat:
    """P_k of all inner products of a rational code of few points."""
    found = random_code(dimension, POINTS)
    dots, scale = found.vectors @ found.vectors.T, np.outer(found.norms, found.norms)
    entries = []
    for dot, unit in zip(dots.ravel(), scale.ravel(), strict=True):
        entries.append(gegenbauer.values(dimension, fmpq(int(dot), int(unit)), degree)[degree])
    return fmpq_mat(POINTS, POINTS, entries)


@quantity("volume_gegenbauer_sum", "sum of P_k over all pairs of points of a rational code", real=True)
def pair_sum(b: Instances) -> Array:
    total = sum(_gram_values(*_point(b)).entries(), fmpq(0))
    return one(Fraction(int(total.p), int(total.q)))


@quantity(
    "volume_gegenbauer_minor", "smallest principal minor, size by size, of the matrix of P_k", real=True
)
def smallest_minor(b: Instances) -> Array:
    matrix = _gram_values(*_point(b)).tolist()
    minors = [fmpq_mat([row[:size] for row in matrix[:size]]).det() for size in range(1, POINTS + 1)]
    return one(min(Fraction(int(m.p), int(m.q)) for m in minors))


GEGENBAUER = Definition(
    id="def.gegenbauer",
    title="Gegenbauer polynomials with value 1 at 1",
    source=Source("splag", "chapter 9; Schoenberg 1942, Delsarte, Goethals, Seidel 1977"),
    provenance="recalled",
    printed=r"P_0=1,\ P_1=t,\ (k+n-2)P^{(n)}_{k+1}=(2k+n-2)\,t\,P^{(n)}_k-k\,P^{(n)}_{k-1};\quad P_k^{(n)}=C_k^{(n/2-1)}/"
    r"C_k^{(n/2-1)}(1);\quad\sum_{x,y\in C}P_k^{(n)}(\langle x,y\rangle)\ge0",
    arena=Points(
        tuple(
            {"n": dimension, "k": degree}
            for dimension in (2, 3, 4, 8, 16, 24, 64, 256)
            for degree in (0, 1, 2, 3, 4, 7, 12, 30, 60)
            if degree < 60 or dimension in (2, 3, 24)
        )
    ),
    hypotheses=(Hypothesis(Ge(n, 2)),),
    parts=(
        Part("value at 1", Eq(at_one, 1)),
        Part("quotient of classical polynomials", Eq(by_recurrence, classical)),
        Part("orthogonal to all lower powers", Eq(orthogonality, 0)),
        Part("positive definite: sum over all pairs", Ge(pair_sum, 0)),
        Part("positive definite: leading principal minors", Ge(smallest_minor, 0)),
    ),
    controls=(
        Control(
            "orthogonal for the next dimension's weight",
            Eq(orthogonality_next, 0),
            "orthogonal to all lower powers",
        ),
        Control(
            "sum at least the number of points", Ge(pair_sum, POINTS), "positive definite: sum over all pairs"
        ),
    ),
    related=("def.code",),
    notices=(
        "All values are exact rationals; positive definiteness on one rational code of five points per dimension.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (GEGENBAUER,)
