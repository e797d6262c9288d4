"""The best code of N points that a short search finds: an upper bound on s*(n, N), certified."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from simulations.codes import optimise

STARTS = 16
"""Random starts of a search."""


@cache
def found(n: int, count: int, starts: int = STARTS) -> tuple[Fraction, Fraction]:
    """Rationals around the max cosine of the best code of that many points that the optimiser finds."""
    enclosure = optimise(n, count, budget=starts).max_cosine_enclosure
    if enclosure is None:
        raise ArithmeticError("the optimiser certifies what it finds")
    return enclosure
