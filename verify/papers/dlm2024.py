"""The D4 root system as a spherical code.

D. de Laat, N. Leijenhorst, W. H. H. de Muinck Keizer, "Optimality and uniqueness of the D4 root system", arXiv 2404.18794.
"""

from __future__ import annotations

from sympy import Eq, Ge, Gt, Le, Rational, Symbol

from verify import certified
from verify import code_profiles as codes
from verify import packing_quantities as q
from verify.arena import Points
from verify.code_profiles import number, one, scalar
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "dlm2024",
    "title": "Optimality and uniqueness of the D4 root system",
    "authors": "D. de Laat, N. Leijenhorst, W. H. H. de Muinck Keizer",
    "year": 2024,
    "arxiv": "2404.18794",
    "venue": "arXiv",
}


@quantity("codes_bound_4", "proved lower bound on s*(4, N)", real=True)
def bound(b: Instances) -> Array:
    return one(certified.least_cosine(4, scalar(b, "N")))


N = Symbol("N", positive=True)
OPTIMUM, KISSING = "s*(4, 24) = 1/2 (the proved interval)", "A(4, 1/2) = 24"
TINY = Rational(1, 10**10)
_ROOTS = (Hypothesis(Eq(N, 24)),)
_MORE = (Hypothesis(Ge(N, 25)),)

CELL24 = Identity(
    id="dlm2024.cell24",
    title="Twenty-four points in four dimensions",
    source=Source("dlm2024", "Theorem 1.1; kissing number: O. R. Musin 2008"),
    provenance="recalled",
    printed=r"s^*(4,24)=\tfrac12,\quad A(4,\tfrac12)=24",
    arena=Points(tuple({"code": number("24-cell"), "n": 4, "N": size} for size in (22, 23, 24, 25))),
    parts=(
        Part("the code", Eq(codes.points, 24)),
        Part("its max cosine", Eq(codes.cosine[1], Rational(1, 2))),
        Part(KISSING, Eq(q.size_interval, 24)),
        Part("the optimiser finds 24 points at 1/2", Le(q.found, Rational(1, 2) + TINY), given=_ROOTS),
        Part("and nothing better", Ge(q.found, Rational(1, 2)), given=_ROOTS, sampled=q.STARTS),
        Part("25 points stay above 1/2", Gt(q.found, Rational(1, 2)), given=_MORE),
        Part("the bound is below what is found", Le(bound, q.found)),
        Part(OPTIMUM, Eq(q.optimum_gap, 0), given=_ROOTS, headline=False),
    ),
    controls=(
        Control("a kissing number of 25", Eq(q.size_interval, 25), KISSING),
        Control(
            "24 points at 49/100", Le(q.found, Rational(49, 100)), "the optimiser finds 24 points at 1/2"
        ),
        Control("an optimum below by a tenth", Eq(q.optimum_gap, Rational(1, 10)), OPTIMUM),
    ),
    related=("bv2008.sdp", "code.cell24", "kissing.table"),
    notices=(
        "Proved here: A(4, 1/2) = 24, by a three-point certificate of degree 7, and 0.48293 < s*(4, 24) <= 1/2, by one of degree 5; "
        "they are checked again without a solver.  The paper's proof of s* = 1/2 uses the second level of Lasserre's hierarchy, "
        "which is not computed here: that part stays open.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (CELL24,)
