"""The proven cases in three dimensions."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from sympy import Eq, Ge, Le, Rational, Symbol

from bounds import packing
from bounds.exact import Real
from simulations.codes import best_known, known
from verify import certified
from verify.arena import Points
from verify.code_profiles import one, scalar
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

STARTS = {13: 128}
"""Starts of the optimiser where 16 do not reach the table."""
SIZES = (*range(3, 15), 24)


@cache
def _optimum(size: int) -> tuple[Fraction, Fraction, bool]:
    """Proved ends of an interval for s*(3, N), and whether a code attains a closed form of the lower one.

    The upper end is the exact max cosine of a constructed code or, for sizes without one, that of a code found by the
    optimiser, enclosed by rationals.
    """
    code: Any = best_known(3, size)
    low = certified.least_cosine(3, size)
    if code is None:
        return low, certified.found_cosine(3, size, STARTS.get(size, 16)), False
    closed = certified.closed_cosine(3, size)
    sharp = closed is not None and packing.same(closed, packing.read_cosine(code.max_cosine_exact))
    return low, code.max_cosine_enclosure[1], bool(sharp)


@quantity("codes_three_gap", "upper end minus s*(3, N), from 0 to the width of the proved interval")
def gap(b: Instances) -> Array:
    low, high, sharp = _optimum(scalar(b, "N"))
    return one(0 if sharp else Real.between(0, high - low))


@quantity("codes_three_width", "width of the proved interval for s*(3, N), 0 where it is known exactly")
def width(b: Instances) -> Array:
    low, high, sharp = _optimum(scalar(b, "N"))
    return one(0 if sharp else high - low)


@quantity("codes_three_found", "max cosine that the optimiser reaches for N points in R^3, from above")
def found(b: Instances) -> Array:
    size = scalar(b, "N")
    return one(certified.found_cosine(3, size, STARTS.get(size, 16)))


@quantity("codes_three_table", "the table's max cosine for N points in R^3", real=True)
def table(b: Instances) -> Array:
    return one(Fraction(known()[(3, scalar(b, "N"))].max_cosine))


N, listed = Symbol("N", positive=True), Symbol("listed", nonnegative=True)
_LISTED = (Hypothesis(Eq(listed, 1), "the table has a row for it"),)
_TINY = Rational(1, 10**10)
REACHED, BETTER, KNOWN = (
    "the optimiser reaches the table",
    "and nothing better",
    "the value is optimal (the proved interval)",
)
_SHARP = "optimal for N = 3, 4, 5, 6, 12"

PROVEN = Identity(
    id="threedim.proven",
    title="Proven cases in three dimensions",
    source=Source(
        "splag",
        "Schuette, van der Waerden 1951; Danzer 1963; Boroczky 1983; Musin, Tarasov 2012, 2015; Robinson 1961; Fejes Toth 1943",
    ),
    provenance="recalled",
    printed=r"s^*(3,N)\text{ is known for }N\le14\text{ and }N=24",
    arena=Points(tuple({"N": size, "listed": int((3, size) in known())} for size in SIZES)),
    parts=(
        Part(REACHED, Le(found, table + _TINY), given=_LISTED),
        Part(BETTER, Ge(found, table - _TINY), given=_LISTED, sampled=16),
        Part(
            _SHARP, Eq(gap, 0), given=(Hypothesis(Eq((N - 3) * (N - 4) * (N - 5) * (N - 6) * (N - 12), 0)),)
        ),
        Part("the proved interval is narrower than 1/15", Le(width, Rational(1, 15))),
        Part(KNOWN, Eq(gap, 0), headline=False),
    ),
    controls=(
        Control("better by 1/1000", Le(found, table - Rational(1, 1000)), REACHED),
        Control("worse by 1/1000", Ge(found, table + Rational(1, 1000)), BETTER),
        Control("an optimum below by a tenth", Eq(gap, Rational(1, 10)), KNOWN),
    ),
    related=("alg.optimise", "code.icosahedron", "code.snubcube"),
    notices=(
        "Proved here: s*(3, N) for N = 3, 4, 5, 6 and 12 (Rankin, Levenshtein), and for the other sizes an interval between "
        "Fejes Toth's bound (three-point certificates for 7 and 8) and the certified max cosine of a code.  The proofs of the literature "
        "for N = 7 to 11, 13, 14 and 24 go through contact graphs and are not repeated: optimality stays open there.",
        "The optimiser makes 16 starts, 128 for N = 13; N = 8, 10 and 14 have no row in the table.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (PROVEN,)
