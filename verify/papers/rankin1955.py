"""Codes with max cosine at most zero: Rankin's exact values.

R. A. Rankin, "The closest packing of spherical caps in n dimensions", Proc. Glasgow Math. Assoc. 2 (1955).

Why no n + 2 unit vectors of R^n have negative inner products: on the line two of three vectors have the same sign; and
in R^n the projections along one of the vectors, of the n + 1 others, again have negative inner products, since
<x - <x,v> v, y - <y,v> v> = <x,y> - <x,v> <y,v>, and would live in one dimension less.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Rational, Symbol

from bounds.exact import Real
from bounds.packing.levenshtein import levenshtein
from simulations.codes import best_known
from simulations.codes.polytopes import simplex
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.splag.codes import random_code, rational_code
from verify.papers.splag.optima import one, value, whole
from verify.papers.splag.search import STARTS, found
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "rankin1955",
    "title": "The closest packing of spherical caps in n dimensions",
    "authors": "R. A. Rankin",
    "year": 1955,
    "arxiv": "",
    "venue": "Proc. Glasgow Math. Assoc. 2",
}

n, N = (Symbol(name, positive=True) for name in ("n", "N"))
s = Symbol("s", real=True)
SOURCE = Source("rankin1955", "the theorems on max cosine at most 0")


@cache
def known_cosine(dimension: int, count: int) -> Fraction:
    """Max cosine of the simplex of N points, or of N vertices of the cross-polytope, from exact coordinates."""
    if dimension == 1:
        return Fraction(-1)
    best = best_known(dimension, count)
    if best is None or best.exact is None or best.exact.rank > dimension:
        raise ArithmeticError(f"no exact code of {count} points in dimension {dimension}")
    return best.exact.largest[0]


@quantity(
    "volume_attained",
    "max cosine of an exact code of N points: simplex, or vertices of the cross-polytope",
    real=True,
)
def attained(b: Instances) -> Array:
    return one(known_cosine(whole(b, "n"), whole(b, "N")))


@quantity("volume_levenshtein", "Levenshtein's bound on the size of codes with max cosine -1/(N-1)")
def level(b: Instances) -> Array:
    return one(levenshtein(whole(b, "n"), Real(Fraction(-1, whole(b, "N") - 1))).value)


@quantity("volume_levenshtein_zero", "Levenshtein's bound on the size of codes with max cosine 0")
def level_zero(b: Instances) -> Array:
    dimension = whole(b, "n")
    return one(levenshtein(dimension, Real(0)).value if dimension > 1 else 2)


@cache
def near_simplex(dimension: int, count: int) -> Fraction:
    """Max cosine of rational unit vectors next to a regular simplex of N <= n + 1 points."""
    points = simplex(count - 1).points()
    padded = np.pad(points, ((0, 0), (dimension - points.shape[1], 0)))
    return rational_code(padded, 200).largest


@quantity("volume_moved_cosine", "max cosine of rational vectors next to a regular simplex", real=True)
def moved_cosine(b: Instances) -> Array:
    d, m = whole(b, "n"), whole(b, "N")
    # Two rational vectors can be antipodal, which is a simplex; random ones are not.
    return one(near_simplex(d, m) if m > 2 else random_code(d, m).largest)


@quantity(
    "volume_found_cosine",
    "max cosine of the best code of N points that a search finds, from below",
    real=True,
)
def found_cosine(b: Instances) -> Array:
    return one(found(whole(b, "n"), whole(b, "N"))[0])


@quantity("volume_found_more", "the same for N + 1 points", real=True)
def found_more(b: Instances) -> Array:
    return one(found(whole(b, "n"), whole(b, "N") + 1)[0])


def _simplex_points() -> tuple[dict[str, int], ...]:
    few = ((d, m) for d in (2, 3, 4, 5, 8) for m in range(2, d + 2))
    many = ((d, m) for d in (16, 32, 64) for m in (2, 3, d // 2, d, d + 1))
    return tuple({"n": d, "N": m} for d, m in (*few, *many))


SIMPLEX = Identity(
    id="rankin1955.simplex",
    title="At most n+1 points",
    source=SOURCE,
    provenance="recalled",
    printed=r"s^*(n,N)=-\frac1{N-1}\ (2\le N\le n+1),\ \text{attained exactly by the regular simplex}",
    arena=Points(_simplex_points()),
    hypotheses=(Hypothesis(Ge(N, 2)), Hypothesis(Le(N, n + 1))),
    parts=(
        Part("the simplex attains it", Eq(attained, -1 / (N - 1))),
        Part("no code has less: the linear programming bound there is N", Eq(level, N)),
        Part("codes that are no simplex have more", Gt(moved_cosine, -1 / (N - 1))),
    ),
    controls=(
        Control("-1/N", Eq(attained, -1 / N)),
        Control(
            "at least a tenth more",
            Gt(moved_cosine - Rational(1, 10), -1 / (N - 1)),
            "codes that are no simplex have more",
        ),
        Control(
            "one point less", Eq(level, N - 1), "no code has less: the linear programming bound there is N"
        ),
    ),
    related=("rankin1955.negative", "restated.a15.large"),
    notices=(
        "Levenshtein's bound rises strictly in s, so its value N at -1/(N-1) excludes every smaller max cosine.  Equality asks "
        "for a sum of all inner products of exactly -N, so for all cosines equal: the simplex alone.",
    ),
)


def _projection() -> dict[str, Any]:
    x, y, t = sp.symbols("x1:3"), sp.symbols("y1:3"), sp.Symbol("t", real=True)
    v = ((1 - t**2) / (1 + t**2), 2 * t / (1 + t**2))

    def dot(a: Any, c: Any) -> Any:
        return sum(i * j for i, j in zip(a, c, strict=True))

    px, py = ([i - dot(a, v) * j for i, j in zip(a, v, strict=True)] for a in (x, y))
    return {"projection along a vector": sp.together(dot(px, py) - (dot(x, y) - dot(x, v) * dot(y, v)))}


MIDDLE = Identity(
    id="rankin1955.middle",
    title="From n+2 to 2n points",
    source=SOURCE,
    provenance="recalled",
    printed=r"s^*(n,N)=0\quad(n+2\le N\le2n)",
    arena=Points(tuple({"n": d, "N": m} for d in (2, 3, 4, 5, 8, 16) for m in range(d + 2, 2 * d + 1))),
    hypotheses=(Hypothesis(Ge(N, n + 2)), Hypothesis(Le(N, 2 * n))),
    parts=(
        Part("vertices of the cross-polytope attain it", Eq(attained, 0)),
        Part(
            "the search finds no code below",
            Ge(found_cosine, 0),
            given=(Hypothesis(Le(n, 5), "dimensions that are searched"),),
            sampled=STARTS,
        ),
    ),
    symbolic=_projection,
    symbolic_range="every n, by induction on the dimension: n + 2 vectors with negative inner products, projected along one "
    "of them, leave n + 1 with negative inner products in one dimension less; three on a line there are not",
    controls=(
        Control("negative", Eq(attained, -1 / n)),
        Control("at least 1/10", Ge(found_cosine, Rational(1, 10)), "the search finds no code below"),
    ),
    related=("rankin1955.orthoplex", "rankin1955.negative"),
)

# -- negative max cosine ----------------------------------------------------------------------------------


@quantity(
    "volume_negative_cosine",
    "max cosine of a code: of the simplex, or of rational vectors next to it",
    real=True,
)
def negative_cosine(b: Instances) -> Array:
    d, m = whole(b, "n"), whole(b, "N")
    return one(near_simplex(d, m) if value(b, "moved") else known_cosine(d, m))


NEGATIVE = Inequality(
    id="rankin1955.negative",
    title="Negative max cosine",
    source=SOURCE,
    provenance="recalled",
    printed=r"s(C)<0\Rightarrow N\le1-\frac1s;\qquad A(n,s)=n+1\ \text{for}\ -\tfrac1n\le s<0",
    arena=Points(
        tuple(
            {"n": d, "N": m, "moved": moved}
            for d in (2, 3, 4, 5, 8, 16, 32)
            for m in sorted({2, 3, (d + 2) // 2, d, d + 1} - {1})
            for moved in (0, 1)
        )
    ),
    hypotheses=(Hypothesis(Lt(negative_cosine, 0)),),
    parts=(
        Part("size", Le(N, 1 - 1 / negative_cosine)),
        Part(
            "n + 1 points have -1/n",
            Le(attained, -1 / n),
            given=(Hypothesis(Ge(N, n + 1), "n + 1 points"),),
        ),
        Part(
            "the search finds no n + 2 points with negative max cosine",
            Ge(found_more, 0),
            given=(
                Hypothesis(Ge(N, n + 1), "n + 1 points"),
                Hypothesis(Le(n, 8), "dimensions that are searched"),
            ),
            sampled=STARTS,
        ),
    ),
    controls=(
        Control("one point less", Le(N, -1 / negative_cosine)),
        Control(
            "n + 1 points have -1/(n-1)",
            Le(attained, -1 / (n - 1)),
            "n + 1 points have -1/n",
        ),
        Control(
            "n + 2 points are above 1/2",
            Ge(found_more, Rational(1, 2)),
            "the search finds no n + 2 points with negative max cosine",
        ),
    ),
    related=("rankin1955.simplex", "rankin1955.middle"),
    notices=(
        "The size follows from |sum of the vectors|^2 = N + sum of cosines >= 0.  That no n + 2 points have a negative max "
        "cosine is rankin1955.middle; here it is searched only.",
    ),
)

ORTHOPLEX = Identity(
    id="rankin1955.orthoplex",
    title="Max cosine zero",
    source=SOURCE,
    provenance="recalled",
    printed=r"A(n,0)=2n",
    arena=Points(tuple({"n": d, "N": 2 * d} for d in (1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 256))),
    hypotheses=(Hypothesis(Ge(n, 1)),),
    parts=(
        Part("the cross-polytope has 2n points", Le(attained, 0), given=(Hypothesis(Le(n, 64), "built"),)),
        Part("no code has more: the linear programming bound at 0", Eq(level_zero, 2 * n)),
        Part(
            "the search finds no 2n + 1 points",
            Gt(found_more, 0),
            given=(Hypothesis(Ge(n, 2), "n >= 2"), Hypothesis(Le(n, 5), "dimensions that are searched")),
            headline=False,
            sampled=STARTS,
        ),
    ),
    controls=(
        Control(
            "one point more", Eq(level_zero, 2 * n + 1), "no code has more: the linear programming bound at 0"
        ),
        Control("negative max cosine", Lt(attained, 0)),
    ),
    related=("rankin1955.middle", "hu2024.dphi.log-any", "restated.a15.large"),
)

STATEMENTS: tuple[Statement, ...] = (SIMPLEX, MIDDLE, NEGATIVE, ORTHOPLEX)
