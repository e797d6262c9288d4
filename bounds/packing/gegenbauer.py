"""Gegenbauer polynomials with value 1 at 1: exact values, exact coefficients, and arrays of floats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_poly

Array = Any


def values(n: int, t: Any, degree: int) -> list[Any]:
    """P_0(t), ..., P_degree(t) of dimension ``n`` for a number ``t`` (Fraction, fmpq, Real, arb, ...).

    ``P_0 = 1``, ``P_1 = t``, ``(k+n-2) P_{k+1} = (2k+n-2) t P_k - k P_{k-1}``: orthogonal on [-1, 1] with
    weight ``(1-t^2)^((n-3)/2)``, and ``P_k(1) = 1``.  Source: Schoenberg, Duke Math. J. 9 (1942);
    Delsarte, Goethals, Seidel, Geom. Dedicata 6 (1977).
    """
    found = [t**0, t]
    for k in range(1, degree):
        found.append(((2 * k + n - 2) * t * found[k] - k * found[k - 1]) / (k + n - 2))
    return found[: degree + 1]


def polynomials(n: int) -> Iterator[fmpq_poly]:
    """P_0, P_1, P_2, ... of dimension ``n`` in powers of t, with rational coefficients."""
    t = fmpq_poly([0, 1])
    before, now = fmpq_poly([1]), t
    yield before
    yield now
    k = 1
    while True:
        before, now = now, (t * now * (2 * k + n - 2) - before * k) / fmpq(k + n - 2)
        yield now
        k += 1


def matrix(n: int, t: Array, degree: int) -> Array:
    """Floats P_k(t_i), shape (len(t), degree + 1); the recurrence is stable on [-1, 1]."""
    t = np.asarray(t, dtype=float)
    table = np.empty((degree + 1, len(t)))
    table[0] = 1.0
    if degree:
        table[1] = t
    for k in range(1, degree):
        table[k + 1] = ((2 * k + n - 2) * t * table[k] - k * table[k - 1]) / (k + n - 2)
    return table.T


def combine(n: int, coefficients: Sequence[Fraction]) -> fmpq_poly:
    """The polynomial sum_k coefficients[k] P_k in powers of t, exactly."""
    total = fmpq_poly([0])
    for c, p in zip(coefficients, polynomials(n), strict=False):
        total += p * fmpq(c.numerator, c.denominator)
    return total


def expand(n: int, polynomial: fmpq_poly) -> list[Fraction]:
    """Exact Gegenbauer coefficients c_0, c_1, ... of a polynomial in t."""
    degree = polynomial.degree()
    basis = [p for p, _ in zip(polynomials(n), range(degree + 1), strict=False)]
    rest, found = polynomial, [Fraction(0)] * (degree + 1)
    for k in range(degree, -1, -1):
        c = rest[k] / basis[k][k]
        found[k] = Fraction(int(c.p), int(c.q))
        rest -= basis[k] * c
    return found
