"""Symbols and grid points that the statements on dense associative memory share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from bounds.binary_laws import (
    contributions,
    decimals,
    double_factorial,
    gap_below,
    gap_gaussian_error,
    gap_mean,
    gap_second_moment,
    hebb_bit_error,
)
from bounds.exact import Real

RELATED = "a related statement of this project"

n = sp.Symbol("n", integer=True, positive=True)
N = sp.Symbol("N", integer=True, positive=True)
K = sp.Symbol("K", integer=True, positive=True)
w = sp.Symbol("w", integer=True, positive=True)
"""(2n-3)!!"""
p = sp.Symbol("p", nonnegative=True)
"""P(gap < 0) for one bit of one pattern, by Fourier inversion (n = 2: the exact binomial law)."""
mean = sp.Symbol("mean", positive=True)
"""Mean of the gap, exact."""
v = sp.Symbol("v", positive=True)
"""Variance that each other pattern adds to the gap, exact."""
kurtosis = sp.Symbol("kurtosis", real=True)
"""Excess kurtosis of what one other pattern adds."""
gauss = sp.Symbol("gauss", nonnegative=True)
"""Gaussian tail with the exact mean and variance."""
drawn = sp.Symbol("drawn", integer=True, nonnegative=True)

Grid = tuple[Mapping[str, Any], ...]
DIGITS = 160
"""Bits for numbers that are written into grid points."""


def no_errors(degree: int, size: int) -> float:
    """The load of Eq. (6), N^(n-1)/(2 (2n-3)!! log N)."""
    return float(size ** (degree - 1)) / (2 * double_factorial(2 * degree - 3) * math.log(size))


def bit_error(degree: int, size: int, count: int) -> str:
    """P(gap < 0) as a decimal."""
    if degree == 2:
        return decimals(hebb_bit_error(size, count))
    return f"{gap_below(degree, size, count)[0]:.12e}"


def moments(degree: int, size: int) -> dict[str, str]:
    """Exact mean and variance of the gap, and the excess kurtosis of one contribution."""
    table, second = contributions(degree, size), gap_second_moment(degree, size)
    fourth = Fraction(sum(value**4 * ways for value, ways in table), 2 ** (size - 1))
    return {
        "mean": str(gap_mean(degree, size)),
        "v": decimals(Real(second), 40),
        "kurtosis": decimals(Real(fourth / second**2 - 3)),
    }


def point(degree: int, size: int, count: int, profile: str = "quick", drawn_: int = 1) -> dict[str, Any]:
    """A grid point with everything that is known exactly about it."""
    return {
        "n": degree,
        "N": size,
        "K": count,
        "w": double_factorial(2 * degree - 3),
        "p": bit_error(degree, size, count),
        "gauss": decimals(gap_gaussian_error(degree, size, count)),
        "drawn": drawn_,
        "profile": profile,
        **moments(degree, size),
    }


def at(degree: int, size: int, factor: str, **more: Any) -> dict[str, Any]:
    """The grid point with the load nearest to factor times that of Eq. (6)."""
    return point(degree, size, max(2, round(float(sp.Rational(factor)) * no_errors(degree, size))), **more)
