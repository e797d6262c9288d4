"""Ten points in four dimensions.

C. Bachoc, F. Vallentin, "Optimality and uniqueness of the (4,10,1/6) spherical code", J. Combin. Theory A 116 (2009).
"""

from __future__ import annotations

from sympy import Eq, Ge, Le, Rational

from verify import code_profiles as codes
from verify import packing_quantities as q
from verify.arena import Points
from verify.code_profiles import number
from verify.statement import Control, Identity, Part, Source, Statement

PAPER = {
    "key": "bv2009",
    "title": "Optimality and uniqueness of the (4,10,1/6) spherical code",
    "authors": "C. Bachoc, F. Vallentin",
    "year": 2009,
    "arxiv": "0708.3947",
    "venue": "Journal of Combinatorial Theory A 116",
}

OPTIMUM, SEARCH = "s* = 1/6 (the proved interval)", "the search finds no better code"
PETERSEN = Identity(
    id="bv2009.petersen",
    title="Ten points in four dimensions",
    source=Source("bv2009", "Theorem 1.1"),
    provenance="secondary",
    printed=r"s^*(4,10)=\tfrac16",
    arena=Points(({"code": number("petersen"), "n": 4, "N": 10},)),
    parts=(
        Part("a code of ten points", Eq(codes.points, 10)),
        Part("in four dimensions", Eq(codes.rank, 4)),
        Part("its max cosine", Eq(codes.cosine[1], Rational(1, 6))),
        Part("no eleven points at 1/6", Eq(q.size_interval, 10)),
        Part("the interval is narrower than 1/500", Le(q.optimum_resolution, Rational(1, 500))),
        Part(SEARCH, Ge(q.found, Rational(1, 6)), sampled=q.STARTS),
        Part(OPTIMUM, Eq(q.optimum_gap, 0), headline=False),
    ),
    controls=(
        Control("a code of eleven points", Eq(q.size_interval, 11), "no eleven points at 1/6"),
        Control("a better code is found", Ge(q.found, Rational(1, 6) + Rational(1, 1000)), SEARCH),
        Control("an optimum below by 1/100", Eq(q.optimum_gap, Rational(1, 100)), OPTIMUM),
        Control(
            "an interval of width 1/1000",
            Le(q.optimum_resolution, Rational(1, 1000)),
            "the interval is narrower than 1/500",
        ),
    ),
    related=("bv2008.sdp", "code.petersen10"),
    notices=(
        "Proved here: A(4, 1/6) = 10 and 0.16494 < s*(4, 10) <= 1/6, by three-point certificates of degree 5 and 4 that are checked "
        "again without a solver.  s* = 1/6 itself needs a solution of the semidefinite programme that is sharp exactly; a numerical "
        "solution leaves a gap, however small, and that part stays open.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (PETERSEN,)
