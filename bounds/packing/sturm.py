"""Exact sign conditions on rational polynomials by Sturm sequences."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_poly

Poly = Any  # fmpq_poly


def odd_part(f: Poly) -> Poly:
    """Product of the distinct irreducible factors that divide ``f`` (not zero) an odd number of times.

    ``f`` changes sign exactly where this square-free polynomial has a real root.  Yun's algorithm.
    """
    common = f.gcd(f.derivative())
    rest, step = f // common, f.derivative() // common
    result, multiplicity = fmpq_poly([1]), 1
    while rest.degree() > 0:
        step = step - rest.derivative()
        factor = rest.gcd(step)
        if multiplicity % 2:
            result *= factor
        rest, step = rest // factor, step // factor
        multiplicity += 1
    return result


def sequence(f: Poly) -> list[Poly]:
    """Sturm sequence of a square-free polynomial, each member scaled to integer coefficients without a
    factor.
    """
    chain = [_primitive(f), _primitive(f.derivative())]
    while chain[-1].degree() > 0:
        chain.append(_primitive(-(chain[-2] % chain[-1])))
    return chain


def _primitive(f: Poly) -> Poly:
    content = f.numer().content()
    return fmpq_poly(f.numer()) / fmpq(content) if content else f


def _changes(chain: list[Poly], t: fmpq) -> int:
    signs = [v > 0 for v in (p(t) for p in chain) if v != 0]
    return sum(a != b for a, b in itertools.pairwise(signs))


def roots_between(f: Poly, lo: Fraction, hi: Fraction) -> int:
    """Number of distinct real roots of a square-free polynomial in the half-open interval (lo, hi]."""
    if f.degree() < 1:
        return 0
    chain = sequence(f)
    ends = [fmpq(x.numerator, x.denominator) for x in (lo, hi)]
    return _changes(chain, ends[0]) - _changes(chain, ends[1])


def nonnegative(f: Poly, lo: Fraction, hi: Fraction) -> bool:
    """Whether ``f`` >= 0 on [lo, hi] with lo < hi, decided exactly; roots of even order and at the ends are
    allowed.

    Raises ValueError unless lo < hi.
    """
    if not lo < hi:
        raise ValueError(f"expected an interval, found [{lo}, {hi}]")
    if f.degree() < 1:
        return bool(f[0] >= 0)
    odd = odd_part(f)
    ends = [fmpq(x.numerator, x.denominator) for x in (lo, hi)]
    inside = roots_between(odd, lo, hi) - (odd(ends[1]) == 0)
    if inside:
        return False
    # No change of sign inside: the sign at one point that is not a root is the sign everywhere.
    return bool(f(_point_off_roots(f, *ends)) > 0)


def _point_off_roots(f: Poly, lo: fmpq, hi: fmpq) -> fmpq:
    pieces = f.degree() + 2
    points = (lo + (hi - lo) * fmpq(i, pieces) for i in range(1, pieces))
    return next(p for p in points if f(p) != 0)
