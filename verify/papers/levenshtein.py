"""Levenshtein's universal bounds.

V. I. Levenshtein, "On bounds for packings in n-dimensional Euclidean space", Soviet Math. Dokl. 20 (1979); "Designs as
maximum codes in polynomial metric spaces", Acta Appl. Math. 29 (1992); "Universal bounds for codes and designs" (1998).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from sympy import Eq, Ge, Gt, Le, Lt, Rational, Symbol, log, sqrt

from bounds.packing import extremal
from verify import code_profiles as codes
from verify import packing_quantities as q
from verify.arena import Points
from verify.code_profiles import one, real, scalar
from verify.controls import scaled, shifted
from verify.instances import Array, Instances
from verify.sharp_codes import FAMILY, WITH_POLYGONS
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "levenshtein",
    "title": "Designs as maximum codes in polynomial metric spaces",
    "authors": "V. I. Levenshtein",
    "year": 1992,
    "arxiv": "",
    "venue": "Acta Applicandae Mathematicae 29",
}

n, s, k = Symbol("n", positive=True), Symbol("s", real=True), Symbol("k", positive=True)

ODD = q.binomial_odd * ((2 * k + n - 3) / (n - 1) - (q.p_before - q.p_here) / ((1 - s) * q.p_here))
"""L_{2k-1}(n, s) as printed."""
EVEN = q.binomial_even * (
    (2 * k + n - 1) / (n - 1) - (1 + s) * (q.p_here - q.p_after) / ((1 - s) * (q.p_here + q.p_after))
)
"""L_{2k}(n, s) as printed."""

IN_ODD = (
    Hypothesis(Ge(q.above_t11_before, 0), "t11(k-1) <= s"),
    Hypothesis(Le(q.above_t10, 0), "s <= t10(k)"),
)
IN_EVEN = (
    Hypothesis(Ge(q.above_t10, 0), "t10(k) <= s"),
    Hypothesis(Le(q.above_t11, 0), "s <= t11(k)"),
)


def _grid() -> tuple[dict[str, object], ...]:
    """Table rows and a fine grid of s, each with the index k of its interval and the two beside it.

    A table row on the wrong side of an end is left out by the hypotheses, not by this grid.
    """
    spots = [(row.n, q.row_cosine(row)) for row in q.ROWS]
    spots += [(m, Fraction(i, 20)) for m in (3, 4, 8, 24) for i in range(-19, 17)]
    found = []
    for m, t in dict.fromkeys(spots):
        here = (extremal.degree_at(m, t) + 1) // 2
        found += [{"n": m, "s": str(t), "k": j} for j in (here - 1, here) if j >= 1]
    return tuple(found)


_NOTICE = (
    "The left side is the most points of a row of the table of good codes whose max cosine is at most s (small fractions "
    "exactly, other table values rounded up), at least 2; that such codes exist is said by the table and, for the "
    "classical ones, by the entries code.*.  k runs over the index of the interval that holds s and the one before; the hypotheses "
    "choose, with exact signs at the ends.  Continuity there is decided modulo the polynomial whose zero the end is."
)

LEV_ODD = Inequality(
    id="lev.odd",
    title="Levenshtein bound, odd degree",
    source=Source("levenshtein", "1979; 1992; 1998, Theorem 5.42"),
    provenance="recalled",
    printed=r"A(n,s)\le L_{2k-1}(n,s)=\binom{k+n-3}{k-1}\Big[\frac{2k+n-3}{n-1}-\frac{P_{k-1}(s)-P_k(s)}{(1-s)P_k(s)}\Big],"
    r"\quad t_{11}(k-1)\le s\le t_{10}(k)",
    arena=Points(_grid()),
    hypotheses=IN_ODD,
    parts=(
        Part("size", Le(q.known_size, ODD)),
        Part("continuous at t10(k)", Eq(q.jump_odd, 0)),
        Part("agrees with the value by degree", Eq(ODD, q.levenshtein_bound), headline=False),
    ),
    controls=(scaled("9/10"), shifted(1)),
    related=("lev.even", "lev.sharp", "lev.low"),
    notices=(_NOTICE,),
)

LEV_EVEN = Inequality(
    id="lev.even",
    title="Levenshtein bound, even degree",
    source=Source("levenshtein", "1979; 1992; 1998, Theorem 5.42"),
    provenance="recalled",
    printed=r"A(n,s)\le L_{2k}(n,s)=\binom{k+n-2}k\Big[\frac{2k+n-1}{n-1}-\frac{(1+s)(P_k(s)-P_{k+1}(s))}"
    r"{(1-s)(P_k(s)+P_{k+1}(s))}\Big],\quad t_{10}(k)\le s\le t_{11}(k)",
    arena=Points(_grid()),
    hypotheses=IN_EVEN,
    parts=(
        Part("size", Le(q.known_size, EVEN)),
        Part("continuous at t11(k)", Eq(q.jump_even, 0)),
        Part("agrees with the value by degree", Eq(EVEN, q.levenshtein_bound), headline=False),
    ),
    controls=(scaled("9/10"), shifted(1)),
    related=("lev.odd", "lev.sharp", "lev.low"),
    notices=(_NOTICE,),
)

_LOW_S = (
    "-9/10",
    "-2/3",
    "-1/2",
    "-1/3",
    "-1/4",
    "-1/5",
    "-1/7",
    "-1/10",
    "-1/24",
    "-1/50",
    "0",
    "1/50",
    "1/24",
)
LEV_LOW = Identity(
    id="lev.low",
    title="Levenshtein bounds of low degree",
    source=Source("levenshtein", "1979"),
    provenance="recalled",
    printed=r"L_1=1-\frac1s,\quad L_2=\frac{2n(1-s)}{1-ns},\quad L_3=\frac{n(1-s)(2+(n+1)s)}{1-ns^2}",
    arena=Points(
        tuple(
            {"n": m, "s": t, "k": j}
            for m in (2, 3, 4, 7, 24)
            for t in (*_LOW_S, "1/10", "1/7", "1/5", "1/4", "3/10", "1/3", "2/5")
            for j in (1, 2)
        )
    ),
    parts=(
        Part("degree one", Eq(ODD, 1 - 1 / s), given=(*IN_ODD, Hypothesis(Eq(k, 1)))),
        Part("degree two", Eq(EVEN, 2 * n * (1 - s) / (1 - n * s)), given=(*IN_EVEN, Hypothesis(Eq(k, 1)))),
        Part(
            "degree three",
            Eq(ODD, n * (1 - s) * (2 + (n + 1) * s) / (1 - n * s**2)),
            given=(*IN_ODD, Hypothesis(Eq(k, 2))),
        ),
    ),
    controls=(
        Control("the reciprocal alone", Eq(ODD, -1 / s), "degree one"),
        Control("half of it", Eq(EVEN, n * (1 - s) / (1 - n * s)), "degree two"),
        Control("n for n + 1", Eq(ODD, n * (1 - s) * (2 + n * s) / (1 - n * s**2)), "degree three"),
    ),
    related=("lev.odd", "lev.even"),
    notices=("Both sides are rational numbers; the intervals are part of the hypotheses of each degree.",),
)


@cache
def _at_code(code: int, member: int) -> tuple[int, Any]:
    seen = codes.view_of(code, member)
    top = seen.cosines[0]
    degree = extremal.degree_at(seen.n, top)
    return degree, extremal.value(seen.n, degree, top)


@quantity(
    "codes_levenshtein_at_code",
    "Levenshtein's bound at the max cosine of the code, in its number field",
    real=True,
)
def at_code(b: Instances) -> Array:
    return one(real(_at_code(scalar(b, "code"), scalar(b, "k"))[1]))


@quantity("codes_levenshtein_degree", "degree of the interval that holds the max cosine of the code")
def degree_at_code(b: Instances) -> Array:
    return one(_at_code(scalar(b, "code"), scalar(b, "k"))[0])


@quantity("codes_levenshtein_at_family", "Levenshtein's bound at n = q(q^3+1)/(q+1), s = 1/q^2")
def at_family(b: Instances) -> Array:
    order = scalar(b, "k")
    dimension, top = order * (order**3 + 1) // (order + 1), Fraction(1, order**2)
    return one(q.level(dimension, top)[1])


LEV_SHARP = Identity(
    id="lev.sharp",
    title="Codes attaining the Levenshtein bound",
    source=Source("levenshtein", "1992; Cohn, Kumar 2007, Table 1"),
    provenance="recalled",
    printed=r"L_m(n,s)=N",
    arena=Points(WITH_POLYGONS),
    parts=(
        Part("the bound is the size", Eq(at_code, codes.points)),
        Part(
            "the isotropic family by its parameters",
            Eq(at_family, (k + 1) * (k**3 + 1)),
            given=(Hypothesis(Eq(FAMILY, 1)),),
        ),
    ),
    controls=(
        Control("one point more", Eq(at_code, codes.points + 1)),
        Control("two points for one", Eq(at_code, 2 * codes.points)),
    ),
    related=("dgs1977.certificates", "ck2007.optimal", "code.gq"),
    notices=(
        "The bound is evaluated at the max cosine of the constructed code, exactly: in Q(sqrt 5) for the icosahedron, in "
        "Q(2 cos(2 pi/4N)) for the N-gon (N = 3..12), over the rationals for the rest.  n and N are measured.",
    ),
)

_VS = tuple(
    {"n": m, "s": t, "degree": extremal.degree_at(m, Fraction(t))}
    for m in (3, 4, 5, 8, 16, 24)
    for t in ("1/6", "1/5", "1/4", "1/3", "1/2", "4/5")
)
OVER_ALL = "its ratio f(1)/f_0, which no optimum exceeds, is at most L"
IN_DEGREE = "the optimum in degree m is L"
LEV_VS_LP = Inequality(
    id="lev.vs-lp",
    title="Levenshtein bound against the optimal LP bound",
    source=Source("levenshtein", "1992; Sidelnikov; Boyvalenkov"),
    provenance="recalled",
    printed=r"\min_f\frac{f(1)}{f_0}\le L_m(n,s)\text{ over all degrees},\quad =L_m(n,s)\text{ over degree at most }m",
    arena=Points(_VS),
    parts=(
        Part("Levenshtein's polynomial is admissible: coefficients", Ge(q.f_least, 0)),
        Part("Levenshtein's polynomial is admissible: mean", Gt(q.f_0, 0)),
        Part("Levenshtein's polynomial is admissible: sign", Eq(q.f_positive, 0)),
        Part(OVER_ALL, Le(q.f_1 / q.f_0, q.levenshtein_bound)),
        Part(IN_DEGREE, Eq(q.lp_in_degree, q.levenshtein_bound)),
    ),
    controls=(
        Control("the optimum in degree m is below L", Lt(q.lp_in_degree, q.levenshtein_bound), IN_DEGREE),
        Control("a point more", Eq(q.lp_in_degree, q.levenshtein_bound + 1), IN_DEGREE),
        Control("the polynomial gives less", Lt(q.f_1 / q.f_0, q.levenshtein_bound), OVER_ALL),
    ),
    related=("dgs1977.lp", "lev.odd", "lev.even"),
    notices=(
        "Proved at every point of the grid without a solver: Levenshtein's polynomial has rational coefficients at rational "
        "s, and its nodes carry a quadrature rule of degree m with positive weights, so f_0 <= f(1)/L for every admissible f "
        "of degree at most m.",
    ),
)

_RATIO = (2 / sqrt(3) - 1) / 2  # (1 - sin 60)/(2 sin 60)
LIMIT = ((1 + _RATIO) * log(1 + _RATIO) - _RATIO * log(_RATIO)) / log(2)
"""h((1 - sin 60 degrees)/(2 sin 60 degrees)) = 0.4014..., h(u) = (1+u) log2(1+u) - u log2 u."""

KL_TREND = Inequality(
    id="lev.kl-trend",
    title="Levenshtein bounds at growing dimension",
    source=Source("levenshtein", "G. A. Kabatiansky, V. I. Levenshtein 1978"),
    provenance="recalled",
    printed=r"\frac1n\log_2L(n,\tfrac12)\to h\big(\tfrac{1-\sin60^\circ}{2\sin60^\circ}\big),\text{ decreasing over }"
    r"n=50,100,200,400,800",
    arena=Points(tuple({"n": m, "s": "1/2"} for m in (100, 200, 400, 800, 1600, 3200, 6400, 12800))),
    parts=(
        Part("decreasing", Lt(q.exponent, q.exponent_before)),
        Part("from above", Gt(q.exponent, LIMIT)),
        Part(
            "the distance falls as a power of n",
            Le(q.exponent - LIMIT, (q.exponent_before - LIMIT) / sqrt(2)),
        ),
    ),
    controls=(
        Control("rising", Lt(q.exponent_before, q.exponent), "decreasing"),
        Control(
            "towards the logarithm of Shannon's bound",
            Le(q.exponent - LIMIT, (q.exponent_before - LIMIT) / 2),
            "the distance falls as a power of n",
        ),
        Control("a limit one tenth larger", Gt(q.exponent, LIMIT + Rational(1, 10)), "from above"),
    ),
    related=("lev.odd", "lev.even", "dgs1977.kissing"),
    notices=(
        "A limit cannot be decided at finite n.  What is certified: the exponents fall with every doubling from 50 to 12800 "
        "(exact values of L, logarithms in balls), stay above the limit, and the distance to it shrinks by more than "
        "the square root of 2 each time, as it would for a rate n^(-2/3).",
    ),
)


STATEMENTS: tuple[Statement, ...] = (LEV_ODD, LEV_EVEN, LEV_LOW, LEV_SHARP, LEV_VS_LP, KL_TREND)
