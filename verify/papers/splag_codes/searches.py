"""The search for codes, and their verification."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from sympy import Abs, Eq, Ge, Gt, Le, Rational, Symbol

from simulations.codes import anneal, construct, known
from simulations.codes.losses import max_cosines, unit
from simulations.streams import stream
from verify import certified
from verify import code_profiles as codes
from verify.arena import Points
from verify.code_profiles import number, one, real, scalar
from verify.instances import Array, Instances
from verify.papers.splag_codes.table import ROWS
from verify.statement import Control, Definition, Hypothesis, Part, Source, Statement
from verify.vocabulary import quantity

# -- the search ----------------------------------------------------------------------------------------------------

_SEARCHED = (
    (2, 5),
    (2, 8),
    (3, 7),
    (3, 9),
    (3, 11),
    (3, 12),
    (3, 13),
    (4, 10),
    (5, 11),
    (5, 16),
    (6, 12),
    (6, 27),
    (7, 14),
)
STARTS = {(3, 13): 128}
"""Starts where forty do not reach the table."""


@quantity("codes_found", "max cosine of the best code that the optimiser finds, from above", real=True)
def found(b: Instances) -> Array:
    size = (scalar(b, "n"), scalar(b, "N"))
    return one(certified.found_cosine(*size, STARTS.get(size, 40)))


@quantity("codes_table", "the table's max cosine", real=True)
def table(b: Instances) -> Array:
    return one(Fraction(known()[(scalar(b, "n"), scalar(b, "N"))].max_cosine))


LOSSES = ("soft", "riesz")
ANNEALED = Fraction(1, 1000)
"""How far above the table an annealed code may lie before it is polished."""


@cache
def _share(loss: int, exponent: int, n: int, size: int) -> Fraction:
    """The share of forty random starts that anneal to within 1/1000 of the table from this starting exponent."""
    starts = unit(stream(0, "alg.optimise", n, size).standard_normal((40, size, n)))
    reached = max_cosines(anneal(starts, LOSSES[loss], float(exponent)))
    return Fraction(int(np.sum(reached < known()[(n, size)].max_cosine + float(ANNEALED))), 40)


@quantity(
    "codes_success", "share of forty starts that come within 1/1000 of the table from the starting exponent"
)
def success(b: Instances) -> Array:
    return one(_share(*(scalar(b, name) for name in ("loss", "exponent", "n", "N"))))


exponent = Symbol("exponent", nonnegative=True)
_SEARCH, _RATE = (Hypothesis(Eq(exponent, 0)),), (Hypothesis(Ge(exponent, 1)),)
REACHES = "the table's value is reached"
OPTIMISE = Definition(
    id="alg.optimise",
    title="Optimising a code",
    source=Source("splag", "standard"),
    provenance="derived",
    printed=r"\min\tau\log\sum_{i<j}e^{\langle x_i,x_j\rangle/\tau}\text{ or }\sum_{i<j}|x_i-x_j|^{-2k},\ \text{then polish the active pairs}",
    arena=Points(
        (
            *({"n": m, "N": size, "exponent": 0, "loss": 0} for m, size in _SEARCHED),
            *(
                {"n": 4, "N": 10, "exponent": e, "loss": i}
                for i in range(len(LOSSES))
                for e in (1, 4, 16, 64, 256)
            ),
        )
    ),
    parts=(
        Part(REACHES, Le(found, table + Rational(1, 10**10)), given=_SEARCH),
        Part(
            "no better code was found", Ge(found, table - Rational(1, 10**10)), given=_SEARCH, headline=False
        ),
        Part(
            "success rate by starting exponent: half",
            Ge(success, Rational(1, 2)),
            given=_RATE,
            headline=False,
        ),
    ),
    controls=(
        Control("better by a millionth", Le(found, table - Rational(1, 10**6)), REACHES),
        Control("always a millionth worse", Gt(found, table + Rational(1, 10**6)), REACHES),
    ),
    related=("alg.verify-code", "threedim.proven"),
    notices=(
        "Thirteen rows of the table in up to seven dimensions, forty starts each (128 for 13 points in three), both losses in turn, starting exponents as in "
        "simulations.codes.search; the max cosine of the result is certified by rational arithmetic.  The shares of forty starts that anneal to ten "
        "points in four dimensions stand in the record for the starting exponents 1 to 256 and both losses (loss = 0 soft, 1 Riesz); "
        "times are measured by make bench.",
    ),
)

# -- verification ----------------------------------------------------------------------------------------------------


@cache
def _float_view(code: int) -> tuple[float, int]:
    """Largest cosine and largest number of points at it, from the float coordinates alone."""
    points = construct(codes.NAMES[code]).points
    gram = points @ points.T
    np.fill_diagonal(gram, -2)
    top = float(gram.max())
    return top, int(np.max(np.sum(gram > top - 1e-9, axis=1)))


@quantity("codes_float_top", "max cosine from floats", real=True)
def float_top(b: Instances) -> Array:
    return one(_float_view(scalar(b, "code"))[0])


@quantity("codes_float_contacts", "points at the max cosine, from floats")
def float_contacts(b: Instances) -> Array:
    return one(_float_view(scalar(b, "code"))[1])


def _profile(b: Instances) -> Any:
    return codes.of(b)


@quantity("codes_count_total", "one more than the number of points that a point sees")
def count_total(b: Instances) -> Array:
    return one(1 + sum(_profile(b).counts))


@quantity(
    "codes_second_moment",
    "sum over the points of the squared cosines with one of them, itself included",
    real=True,
)
def second_moment(b: Instances) -> Array:
    found = _profile(b)
    total = found.cosines[0] ** 0
    for t, c in zip(found.cosines, found.counts, strict=True):
        total = total + t * t * c
    return one(real(total))


_VERIFIED = tuple(name for row in ROWS for name in row.built if row.size <= 600)
VERIFY = Definition(
    id="alg.verify-code",
    title="Verifying a code",
    source=Source("splag", "standard"),
    provenance="derived",
    printed=r"s(C),\ \{\langle x,y\rangle\},\ \operatorname{rank},\ t=\max\{t:\textstyle\sum_{x,y}P_k(\langle x,y\rangle)=0,\ 1\le k\le t\}",
    arena=Points(
        tuple({"code": number(name)} for name in (*_VERIFIED, "snub-cube", "cuboctahedron", "dodecahedron"))
    ),
    parts=(
        Part("every point is counted", Eq(count_total, codes.size)),
        Part("max cosine", Le(Abs(codes.cosine[1] - float_top), Rational(1, 10**12))),
        Part("points at it", Eq(codes.seen[1], float_contacts)),
        Part(
            "second moment of a 2-design",
            Eq(second_moment, codes.size / codes.rank),
            given=(Hypothesis(Ge(codes.strength, 2)),),
        ),
    ),
    controls=(
        Control("a point is lost", Eq(count_total, codes.size - 1)),
        Control(
            "one dimension more",
            Eq(second_moment, codes.size / (codes.rank + 1)),
            "second moment of a 2-design",
        ),
        Control("one contact less", Eq(codes.seen[1], float_contacts - 1), "points at it"),
    ),
    related=("code.e8", "code.leech"),
    notices=(
        "The exact invariants of codes of up to 600 points against counts from float coordinates; the larger ones are measured in their own "
        "entries, from one point of each orbit of checked symmetries or from all points.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (OPTIMISE, VERIFY)
