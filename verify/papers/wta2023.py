"""Column-row sampling with the largest terms taken for certain (WTA-CRS).

Z. Liu, G. Wang, S. Zhong, Z. Xu, D. Zha, R. Tang, Z. Jiang, K. Zhou, V. Chaudhary, S. Xu, X. Hu,
"Winner-Take-All Column Row Sampling for Memory Efficient Adaptation of Language Model", NeurIPS 2023,
arXiv 2305.15265.  Means and variances are exact: every sequence of draws is enumerated where there are few, and
the law of a single draw is enumerated otherwise (the draws are independent and alike).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from math import prod
from typing import Any

import numpy as np
from sympy import Eq, Ge, Gt, Le, Lt, Symbol

from bounds.exact import Real
from simulations.streams import stream
from verify.arena import Points
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "wta2023",
    "title": "Winner-Take-All Column Row Sampling for Memory Efficient Adaptation of Language Model",
    "authors": "Z. Liu, G. Wang, S. Zhong, Z. Xu, D. Zha, R. Tang, Z. Jiang, K. Zhou, V. Chaudhary, S. Xu, X. Hu",
    "year": 2023,
    "arxiv": "2305.15265",
    "venue": "NeurIPS 2023",
}

Matrix = Any
LAWS = ("proportional to the norms", "uniform", "random")
TERMS = ("random signs", "positive numbers", "one large term", "equal terms")
SEQUENCES = 27
"""Most sequences of draws that are enumerated."""


@cache
def problem(n: int, law: int, terms: int) -> tuple[tuple[Matrix, ...], tuple[Fraction, ...], tuple[int, ...]]:
    """Terms a_i b_i^T as integer matrices (2, 2), the sampling law p, and the order of falling p.

    Terms of rank one with integer entries; positive numbers and equal terms live in one corner.
    """
    rng = stream(0, "wta2023", n, law, terms)
    a: Any = rng.integers(-4, 5, (n, 2))
    b: Any = rng.integers(-4, 5, (n, 2))
    a[np.all(a == 0, axis=1)] = 1
    b[np.all(b == 0, axis=1)] = 1
    if terms in (1, 3):
        a, b = np.abs(a) + 1, np.abs(b) + 1
        a[:, 1], b[:, 1] = 0, 0
        if terms == 3:
            a, b = np.full_like(a, 1) * [1, 0], np.full_like(b, 1) * [1, 0]
    if terms == 2:
        a[0] = (40, 30)
    products = tuple(np.outer(x, y).astype(object) for x, y in zip(a, b, strict=True))
    if law == 0:
        sizes = [_length(x) * _length(y) for x, y in zip(a, b, strict=True)]
    else:
        sizes = [Fraction(1)] * n if law == 1 else [Fraction(int(k)) for k in rng.integers(1, 10, n)]
    p = tuple(s / sum(sizes) for s in sizes)
    return products, p, tuple(sorted(range(n), key=lambda i: -p[i]))


def _length(v: Any) -> Fraction:
    """A thousand times the norm, to the nearest integer; exact for integer norms."""
    return Fraction(round(1000 * float(np.hypot(*v))))


def setting(n: int, k: int, c: int, law: int, terms: int) -> dict[str, Any]:
    """A problem with its number of samples k and the sets C (the c largest p_i) and D."""
    products, p, order = problem(n, law, terms)
    s = {"terms": products, "p": p, "k": k, "C": order[:c], "D": order[c:]}
    return s | {"fixed": _total(s, s["C"])}


def _integers(b: Instances) -> tuple[int, int, int, int, int]:
    n, k, c, law, terms = (int(b.scalars[s][0].fraction) for s in ("n", "k", "c", "law", "terms"))
    return n, k, c, law, terms


def _setting(b: Instances) -> dict[str, Any]:
    return setting(*_integers(b))


def _one(value: Any) -> Array:
    return np.array([Real(Fraction(value))], dtype=object)


def _norm2(g: Matrix) -> Fraction:
    return Fraction(np.sum(g * g))


def _total(s: Mapping[str, Any], indices: Any) -> Matrix:
    return sum((s["terms"][i] for i in indices), np.zeros((2, 2), dtype=object))


def _rest(s: Mapping[str, Any]) -> Fraction:
    """1 - P_C."""
    return sum((s["p"][i] for i in s["D"]), Fraction(0))


def estimator(s: Mapping[str, Any], drawn: tuple[int, ...]) -> Matrix:
    """g for one sequence of draws from D."""
    scale = _rest(s) / len(drawn)
    return s["fixed"] + sum(scale * s["terms"][i] / s["p"][i] for i in drawn)


def scaled_estimator(s: Mapping[str, Any], drawn: tuple[int, ...]) -> Matrix:
    """Plain top-k: the draws are not weighted by their law."""
    return s["fixed"] + sum(Fraction(len(s["D"]), len(drawn)) * s["terms"][i] for i in drawn)


def crs(s: Mapping[str, Any]) -> dict[str, Any]:
    """The same problem with nothing taken for certain."""
    return {**s, "C": (), "D": (*s["C"], *s["D"]), "fixed": 0 * s["fixed"]}


def expectation(s: Mapping[str, Any], value: Callable[[tuple[int, ...]], Any], draws: int) -> Any:
    """E value(drawn) over all sequences of draws from D with law p_i/(1 - P_C)."""
    rest = _rest(s)
    return sum(
        prod((s["p"][i] / rest for i in drawn), start=Fraction(1)) * value(drawn)
        for drawn in itertools.product(s["D"], repeat=draws)
    )


def mean_and_variance(
    s: Mapping[str, Any], rule: Callable[..., Matrix] = estimator
) -> tuple[Matrix, Fraction]:
    """E g and E|g - E g|^2 of the estimator with k - |C| draws."""
    draws = s["k"] - len(s["C"])
    few = len(s["D"]) ** draws <= SEQUENCES
    # Draws are independent and alike: the mean is that of one draw, the variance divided by their number.
    used = draws if few else 1
    mean = expectation(s, lambda drawn: rule(s, drawn), used)
    spread = expectation(s, lambda drawn: _norm2(rule(s, drawn) - mean), used)
    return mean, Fraction(spread) if few else Fraction(spread) / draws


@cache
def moments(n: int, k: int, c: int, law: int, terms: int, kind: str) -> tuple[Matrix, Fraction]:
    """Mean and variance of WTA-CRS ("wta"), of plain sampling ("crs") and of unweighted draws ("plain")."""
    s = setting(n, k, c, law, terms)
    if kind == "plain":
        return mean_and_variance(s, scaled_estimator)
    return mean_and_variance(crs(s) if kind == "crs" else s)


def _moments(b: Instances, kind: str) -> tuple[Matrix, Fraction]:
    return moments(*_integers(b), kind)


@quantity("wta_bias2", "|E g - AB|^2")
def bias2(b: Instances) -> Array:
    s = _setting(b)
    return _one(_norm2(_moments(b, "wta")[0] - _total(s, range(len(s["p"])))))


@quantity("wta_scaled_bias2", "|E g - AB|^2 with draws that are not weighted")
def scaled_bias2(b: Instances) -> Array:
    s = _setting(b)
    return _one(_norm2(_moments(b, "plain")[0] - _total(s, range(len(s["p"])))))


@quantity("wta_size2", "|AB|^2")
def size2(b: Instances) -> Array:
    s = _setting(b)
    return _one(_norm2(_total(s, range(len(s["p"])))))


@quantity("wta_rest_size2", "|AB_D|^2")
def rest_size2(b: Instances) -> Array:
    s = _setting(b)
    return _one(_norm2(_total(s, s["D"])))


@quantity("wta_variance", "E|g - AB|^2 of WTA-CRS")
def variance(b: Instances) -> Array:
    return _one(_moments(b, "wta")[1])


@quantity("wta_crs_variance", "E|g - AB|^2 of column-row sampling with k samples")
def crs_variance(b: Instances) -> Array:
    return _one(_moments(b, "crs")[1])


def _q(s: Mapping[str, Any], indices: Any) -> Fraction:
    return sum((_norm2(s["terms"][i]) / s["p"][i] for i in indices), Fraction(0))


@quantity("wta_Q_C", "sum over C of |a_i|^2 |b_i|^2/p_i")
def q_c(b: Instances) -> Array:
    s = _setting(b)
    return _one(_q(s, s["C"]))


@quantity("wta_Q_D", "sum over D of |a_i|^2 |b_i|^2/p_i")
def q_d(b: Instances) -> Array:
    s = _setting(b)
    return _one(_q(s, s["D"]))


@quantity("wta_P_C", "P_C")
def p_c(b: Instances) -> Array:
    return _one(1 - _rest(_setting(b)))


k, c = Symbol("k", positive=True), Symbol("c", nonnegative=True)
MORE = Hypothesis(Gt(p_c, c / k), "P_C > |C|/k")
GRID = Points(
    tuple(
        {"n": n, "k": draws, "c": certain, "law": law, "terms": terms}
        for n, pairs in (
            (3, ((2, 0), (2, 1), (3, 1), (3, 2))),
            (5, ((2, 1), (3, 1), (4, 2), (5, 4))),
            (20, ((5, 0), (5, 3), (12, 8))),
            (200, ((20, 10),)),
        )
        for draws, certain in pairs
        for law in range(len(LAWS))
        for terms in range(len(TERMS) if n < 100 else 1)
    )
)
NOTE = (
    "Exact rational means and variances of a_i b_i^T of rank one (2 x 2), three laws of sampling (proportional to "
    "the norms, to a thousandth, uniform, random) and four kinds of terms; C holds the largest p_i and is not everything."
)

UNBIASED = Identity(
    id="wta2023.unbiased",
    title="WTA-CRS is unbiased",
    source=Source("wta2023", "WTA-CRS, 2023 (NeurIPS), arXiv 2305.15265"),
    provenance="recalled",
    printed=r"\hat g=\sum_{i\in C}a_ib_i^T+\frac{1-P_C}{k-|C|}\sum_t\frac{a_{i_t}b_{i_t}^T}{p_{i_t}},\quad E\hat g=AB",
    arena=GRID,
    parts=(Part("no bias", Eq(bias2, 0)),),
    controls=(Control("draws that are not weighted", Eq(scaled_bias2, 0)),),
    related=("wta2023.variance",),
    notices=(NOTE,),
)

LESS = "P_C > |C|/k: smaller variance, not necessarily strictly"

VARIANCE = Inequality(
    id="wta2023.variance",
    title="WTA-CRS has a smaller variance than sampling",
    source=Source("wta2023", "WTA-CRS, 2023 (NeurIPS), arXiv 2305.15265"),
    provenance="recalled",
    printed=r"P_C>|C|/k\ \Rightarrow\ \mathrm{Var}(\text{WTA-CRS})<\mathrm{Var}(\text{CRS with }k\text{ samples})",
    arena=GRID,
    hypotheses=(MORE,),
    parts=(
        Part("smaller variance, as printed", Lt(variance, crs_variance)),
        Part(LESS, Le(variance, crs_variance), headline=False),
        Part(
            "smaller variance where sampling has any",
            Lt(variance, crs_variance),
            given=(Hypothesis(Gt(crs_variance, 0), "sampling has a variance"),),
            headline=False,
        ),
    ),
    controls=(
        Control("variance falls to a tenth", Le(variance, crs_variance / 10), LESS),
        Control("larger variance", Ge(variance, crs_variance), LESS),
    ),
    related=("restated.wta-variance-gap",),
    notices=(
        NOTE,
        "Where all a_i b_i^T/p_i agree both variances are 0, and a strict inequality between them fails.",
    ),
)

BRACKET = (q_c + rest_size2 / (1 - p_c) - size2) / k

GAP = Inequality(
    id="restated.wta-variance-gap",
    title="The gap between the variances",
    source=Source("wta2023", "a related statement of this project"),
    provenance="derived",
    printed=(
        r"k\mathrm{Var}_{CRS}=Q_C+Q_D-\|AB\|^2,\quad \mathrm{Var}_{WTA}=\tfrac{(1-P_C)Q_D-\|AB_D\|^2}{k-|C|},\quad "
        r"\mathrm{Var}_{CRS}-\mathrm{Var}_{WTA}\ge\tfrac1k\big[Q_C+\tfrac{\|AB_D\|^2}{1-P_C}-\|AB\|^2\big]\ge0"
    ),
    arena=GRID,
    parts=(
        Part("variance of sampling", Eq(k * crs_variance, q_c + q_d - size2)),
        Part("variance of WTA-CRS", Eq((k - c) * variance, (1 - p_c) * q_d - rest_size2)),
        Part("gap", Le(BRACKET, crs_variance - variance), given=(MORE,)),
        Part("the bracket is not negative", Ge(BRACKET, 0), given=(MORE,)),
    ),
    controls=(
        replaced(size2, 0, name="without |AB|^2", part="variance of sampling"),
        replaced(rest_size2, 0, name="without |AB_D|^2", part="variance of WTA-CRS"),
        Control("twice the gap", Le(2 * BRACKET, crs_variance - variance), "gap"),
        Control("without P_C", Ge((q_c + rest_size2 / 2 - size2) / k, 0), "the bracket is not negative"),
    ),
    related=("wta2023.variance",),
    notices=(NOTE,),
)

STATEMENTS: tuple[Statement, ...] = (UNBIASED, VARIANCE, GAP)
