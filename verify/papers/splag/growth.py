"""Growth of A(n, s) in n at fixed s, as quantities of a grid point (n, s): certified rates and exponents."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from sympy import Symbol, log, pi, sqrt

from bounds.exact import Real, Undecided, escalate, precision
from bounds.expr_points import ball_cap_area
from bounds.packing.levenshtein import levenshtein
from verify.instances import Array, Instances
from verify.papers.splag.optima import one, value, whole
from verify.vocabulary import quantity

n = Symbol("n", positive=True)
s = Symbol("s", real=True)
SINE = sqrt(1 - s**2)

SIZES = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640)
"""Dimensions of the grid."""
COSINES = ("87/100", "7/10", "1/2", "17/50", "17/100")
"""Near the cosines of 30, 45, 60, 70 and 80 degrees."""


FINITE = 1
"""One finite size of an asymptotic statement: what a grid point of such a part is."""


def entropy(u: Any) -> Any:
    """h(u) = (1+u) log2(1+u) - u log2 u."""
    return ((1 + u) * log(1 + u) - u * log(u)) / log(2)


KL_EXPONENT = entropy((1 - SINE) / (2 * SINE))
"""Exponent of Kabatiansky and Levenshtein."""
COVERING_EXPONENT = -log(1 - s**2) / (2 * log(2))
"""-log2 sin theta, the exponent of the covering bound."""
PACKING_EXPONENT = -log((1 - s) / 2) / (2 * log(2))
"""-log2 sin(theta/2), the exponent of the packing bound by caps."""
LEADING = sqrt(2 * pi * n) * s / SINE ** (n - 1)
"""Leading term of the covering bound."""


@cache
def rate_interval(dimension: int, cosine: Fraction) -> tuple[Fraction, Fraction]:
    """Ends for (1/n) log2 A(n, s): covering below, Levenshtein's bound above; 0 < s < 1."""

    def ends() -> tuple[Fraction, Fraction]:
        scale = dimension * Real(2).log()
        area = ball_cap_area(Real(dimension), Real(cosine).arccos())
        upper = levenshtein(dimension, Real(cosine)).value
        return (-area.log() / scale).lower(), (upper.log() / scale).upper()

    return escalate(ends)


@quantity("volume_rate", "(1/n) log2 A(n, s), between the covering bound and Levenshtein's")
def rate(b: Instances) -> Array:
    return one(Real.between(*rate_interval(whole(b, "n"), value(b, "s"))))


def rate_points(largest: int = 640) -> tuple[dict[str, Any], ...]:
    """Grid points (n, s) at which Levenshtein's bound is within reach."""
    reach = {"87/100": 80, "7/10": 320}
    return tuple({"n": d, "s": c} for c in COSINES for d in SIZES if d <= min(largest, reach.get(c, 640)))


@cache
def covering_ratio(dimension: int, cosine: Fraction) -> Real:
    """1/sigma_n(theta) divided by its leading term, to 64 bits or better."""

    def ratio() -> Real:
        c = Real(cosine)
        area = ball_cap_area(Real(dimension), c.arccos())
        leading = (2 * Real(-1).arccos() * dimension).sqrt() * c / (1 - c * c) ** Fraction(dimension - 1, 2)
        found = 1 / (area * leading)
        if found.upper() - found.lower() > Fraction(1, 1 << 64):
            raise Undecided("too wide")
        return found

    with precision(192):
        return escalate(ratio)


@quantity("volume_covering_ratio", "the covering bound 1/sigma_n(theta) divided by its leading term")
def ratio(b: Instances) -> Array:
    return one(covering_ratio(whole(b, "n"), value(b, "s")))
