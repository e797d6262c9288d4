"""The dimension that a given number of random patterns needs, and the mean of their smallest angle.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Theorem A6, Corollary A2, Lemmas A16 and A17, Theorem A7, and the numbers worked out after them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy import E, Eq, Ge, Gt, LambertW, Le, Lt, Rational, cos, exp, floor, log, sqrt

from simulations import events
from verify.arena import Box, Param, Points
from verify.controls import scaled
from verify.papers.ramsauer2021.random_capacity import K, beta_m2, c, p
from verify.papers.ramsauer2021.random_patterns import kappa
from verify.statement import (
    Control,
    Hypothesis,
    Identity,
    Inequality,
    Part,
    Probability,
    Scaling,
    Source,
    Statement,
)
from verify.vocabulary import M, beta, d

RELATED = "a related statement of this project"

# -- Theorem A6 and Corollary A2 ------------------------------------------------------------------------

A = log(c) / 2 - K**2 * beta / (5 * c)
B = 1 + log(2 * p * beta * K**2)
ARGUMENT = A * exp(-B)
PARAMETERS = Box(
    (
        Param(beta, 1e-8, 4.0, log=True),
        Param(K, 1.0, 3.0),
        Param(c, 1.01, 3.0),
        Param(p, 1e-3, 1.0, log=True),
    )
)
REAL_BRANCH = Hypothesis(Ge(ARGUMENT, -exp(-1)), "the Lambert function is real")
POSITIVE_A = Hypothesis(Gt(A, 0), "the branch W_0")
NEGATIVE_A = Hypothesis(Lt(A, 0), "the branch W_{-1}")
ROOT_0 = LambertW(ARGUMENT) / A
ROOT_1 = LambertW(ARGUMENT, -1) / A
"""d - 1 as the theorem gives it, for a > 0 and for a < 0."""


def _side(root: Any) -> Hypothesis:
    return Hypothesis(Ge(c, (2 / sqrt(p)) ** (4 / root)), "at least two patterns are claimed")


def _recovered(root: Any) -> Any:
    """c of Theorem 3 at d - 1 = root."""
    a_3 = 2 / root * (1 + log(2 * beta * K**2 * p * root))
    b_3 = 2 * K**2 * beta / 5
    return b_3 / LambertW(exp(a_3 + log(b_3)))


def _claimed(root: Any) -> Any:
    return sqrt(p) * c ** (root / 4)


BELOW_ONE = Hypothesis(Lt(p, 1), "storage is claimed with positive probability")
TWO_STORED = Ge(beta * K**2 * ROOT_0, 1)
CONDITION_305 = Hypothesis(
    Gt(2 * (floor(_claimed(ROOT_0)) - 1) * floor(_claimed(ROOT_0)) * beta * K**2 * ROOT_0, 1), "(305)"
)

THM_A6 = Identity(
    id="ramsauer2021.thm-a6",
    title="Dimension for a given base c",
    source=Source("ramsauer2021", "Thm A6"),
    provenance="primary",
    printed=(
        r"a=\tfrac{\ln c}{2}-\tfrac{K^2\beta}{5c},\ b=1+\ln(2p\beta K^2),\quad d=1+\tfrac1aW(ae^{-b})"
        r"\ (W_0\text{ for }a>0,\ W_{-1}\text{ for }a<0);\qquad N\ge\sqrt p\,c^{(d-1)/4}"
    ),
    arena=PARAMETERS,
    hypotheses=(REAL_BRANCH,),
    parts=(
        Part("root, a > 0", Eq(log(ROOT_0) + A * ROOT_0, -B), given=(POSITIVE_A, _side(ROOT_0))),
        Part("root, a < 0", Eq(log(ROOT_1) + A * ROOT_1, -B), given=(NEGATIVE_A, _side(ROOT_1))),
        Part("c of Theorem 3, a > 0", Eq(_recovered(ROOT_0), c), given=(POSITIVE_A, _side(ROOT_0))),
        Part("c of Theorem 3, a < 0", Eq(_recovered(ROOT_1), c), given=(NEGATIVE_A, _side(ROOT_1))),
        Part(
            "two stored patterns need beta m^2 >= 1", TWO_STORED, given=(POSITIVE_A, _side(ROOT_0), BELOW_ONE)
        ),
        Part(
            "two stored patterns need beta m^2 >= 1, with the condition of the text",
            TWO_STORED,
            given=(POSITIVE_A, _side(ROOT_0), BELOW_ONE, CONDITION_305),
            headline=False,
        ),
    ),
    controls=(
        Control("other sign of b", Eq(log(ROOT_0) + A * ROOT_0, B), "root, a > 0"),
        Control("other c", Eq(_recovered(ROOT_1), 2 * c), "c of Theorem 3, a < 0"),
    ),
    related=("ramsauer2021.thm3", "ramsauer2021.cor-a2"),
    notices=(
        "For beta m^2 < 1 the map contracts all of space to one fixed point, so at most one pattern is stored.",
        "The formula for d is hardly ever an integer; the parameters at which a part fails form an open set, "
        "in which d takes integer values too.",
        "(305) stands in the text before the capacity theorems; the last part adds it.",
    ),
)

U = B - log(-A) - 1
POSITIVE_U = Hypothesis(Gt(U, 0), "the argument of the Lambert bound")
COR_ROOT = (-log(-A) + B) / A
WIDE = Box(
    (
        Param(beta, 1e-2, 10.0, log=True),
        Param(K, 1.0, 3.0),
        Param(c, 1.01, 3.0),
        Param(p, 1e-3, 1.0, log=True),
    )
)

COR_A2 = Identity(
    id="ramsauer2021.cor-a2",
    title="Dimension without the Lambert function",
    source=Source("ramsauer2021", "Corollary A2"),
    provenance="primary",
    printed=r"d=1+\tfrac1a\big(-\ln(-a)+b\big)",
    arena=WIDE,
    hypotheses=(NEGATIVE_A, REAL_BRANCH, POSITIVE_U),
    parts=(
        Part("the requirement of Thm A6", Le(log(COR_ROOT) + A * COR_ROOT, -B), scale=sp.Integer(1)),
        Part("more than one dimension", Gt(COR_ROOT, 0), scale=sp.Integer(1), headline=False),
        Part(
            "the requirement with d - 1 = -(-ln(-a) + b)/a",
            Le(log(-COR_ROOT) - A * COR_ROOT, -B),
            scale=sp.Integer(1),
            headline=False,
        ),
    ),
    controls=(Control("opposite sign", Le(log(-COR_ROOT) - A * COR_ROOT, -B)),),
    related=("ramsauer2021.thm-a6", "restated.dimension-from-c"),
    notices=(
        "u = b - ln(-a) - 1 > 0 makes -ln(-a) + b > 1 positive, and a < 0 turns d - 1 negative.",
        "With the sign of d - 1 turned round the requirement is missed by ln(1+u).",
    ),
)

COR_A2_EXAMPLE = Identity(
    id="ramsauer2021.cor-a2-example",
    title="Worked number after Cor. A2",
    source=Source("ramsauer2021", "worked number after Cor. A2"),
    provenance="primary",
    printed=r"\beta=1,\ K=3,\ c=2,\ p=0.001:\quad d<24",
    arena=Points(({"beta": 1, "K": 3, "c": 2, "p": "0.001"},)),
    parts=(
        Part("the formula yields d < 24", Lt(1 + COR_ROOT, 24)),
        Part("the hypothesis a exp(-b) >= -1/e", Ge(ARGUMENT, -exp(-1)), headline=False),
        Part("the hypothesis u > 0", Gt(U, 0), headline=False),
        Part("the side condition on c at this d", Ge(c, (2 / sqrt(p)) ** (4 / COR_ROOT)), headline=False),
        Part(
            "the side condition on c needs d < 24", Lt(1 + 4 * log(2 / sqrt(p)) / log(c), 24), headline=False
        ),
    ),
    controls=(Control("a smaller number", Lt(1 + COR_ROOT, 5)),),
    related=("ramsauer2021.cor-a2",),
    notices=(
        "The headline is the printed number alone; the other parts ask whether Cor. A2 applies at these values.",
    ),
)

excess = sp.Symbol("t", positive=True)
"""d - 1 over the smallest value that the statement admits."""
ADMITTED = excess * E / (E - 1) * (U + 1) / (-A)
WITHOUT_FACTOR = excess * (U + 1) / (-A)

DIMENSION_FROM_C = Inequality(
    id="restated.dimension-from-c",
    title="A sufficient dimension without the Lambert function",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=r"d\ge1+\tfrac{e}{e-1}\,\tfrac{u+1}{|a|}\ \Rightarrow\ \ln(d-1)+a(d-1)+b\le0",
    arena=Box((*WIDE.params, Param(excess, 1.0, 10.0))),
    hypotheses=(NEGATIVE_A, POSITIVE_U, Hypothesis(Ge(excess, 1), "d at least as large as required")),
    parts=(Part("requirement", Le(log(ADMITTED) + A * ADMITTED, -B), scale=sp.Integer(1)),),
    controls=(Control("factor e/(e-1) dropped", Le(log(WITHOUT_FACTOR) + A * WITHOUT_FACTOR, -B)),),
    related=("ramsauer2021.cor-a2",),
    notices=("Both sides agree where u + 1 = e - 1 and d is the smallest one admitted.",),
)


# -- means of the smallest angle ------------------------------------------------------------------------


def mean_constant(n: Any) -> Any:
    """C_n = (kappa_n/2)^(-1/n) n/(n+1)."""
    return (kappa(n) / 2) ** (-1 / n) * n / (n + 1)


drawn = sp.Symbol("drawn", nonnegative=True)
MEAN_SIZES = tuple((d_, n) for d_ in (2, 3, 5, 8, 20) for n in (2, 5, 20, 100))
DIMENSIONS = (*range(1, 61), 75, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000)

LEMMA_A16_A17 = Probability(
    id="ramsauer2021.lemma-a16-a17",
    title="Mean of the smallest angle of random patterns",
    source=Source("ramsauer2021", "Lemmas A16, A17"),
    provenance="primary (inequalities), recalled (definition of C_d)",
    printed=(
        r"E\big[N^{2/(d-1)}\alpha_{min}\big]\ge C_{d-1},\quad C_d=(\kappa_d/2)^{-1/d}\tfrac{d}{d+1},\quad "
        r"C_d\ge1-\tfrac{\ln(d+1)}{d}"
    ),
    event=events.scaled_min_angle,
    points=(
        *({"d": d_, "M": n, "drawn": 1} for d_, n in MEAN_SIZES),
        *({"d": k + 1, "M": 2, "drawn": 0} for k in DIMENSIONS),
    ),
    arguments={"d": d, "M": M},
    lower=mean_constant(d - 1),
    mean_range=sp.pi * M ** (2 / (d - 1)),
    informative=Gt(drawn, 0, evaluate=False),
    trials=3000,
    parts=(Part("C_d from below", Ge(mean_constant(d - 1), 1 - log(d) / (d - 1))),),
    controls=(scaled("2"), scaled("1/2", part="C_d from below")),
    related=("ramsauer2021.lemma-a13-a14", "ramsauer2021.thm-a7"),
    notices=("C_d is examined at the dimensions of the grid, 1 to 2000, not for all d.",),
)


# -- Theorem A7 -----------------------------------------------------------------------------------------

A7_LEFT = (d - 1) * K**2 / (5 * c) * (1 - log(d - 1) / (d - 1)) ** 2
A7_RIGHT = 2 / (beta * c ** ((d - 1) / 4)) + log(2 * c ** ((d - 1) / 2) * beta * (d - 1) * K**2) / beta
A7_LEFT_LOG_D = (d - 1) * K**2 / (5 * c) * (1 - log(d) / (d - 1)) ** 2

expected = sp.Symbol("alpha_bar", positive=True)
"""The lower bound of Lemma A16 on the mean of the smallest angle of M random patterns."""


def _a7_points() -> tuple[Mapping[str, Any], ...]:
    """Parameters of the common grid, and tiny temperatures at which the hypothesis is met as well."""
    usual = (
        *((d_, 3, "1.5", "1") for d_ in (10, 20, 30)),
        *((d_, 3, "2", "1") for d_ in (17, 21, 25)),
        *((d_, 2, "1.5", "2") for d_ in (20, 30, 40)),
        *((d_, 3, "1.1", q) for d_ in (30, 60) for q in ("1/2", "1", "2")),
        *((d_, 2, "1.1", q) for d_ in (40, 60) for q in ("1/2", "1")),
        (20, 1, "2", "1"),
        (60, 1, "1.1", "2"),
        (12, 3, "3", "2"),
    )
    tiny = ((20, 1, "2", "1e-6"), (20, 3, "2", "1e-8"), (30, 1, "1.5", "1e-6"), (60, 2, "1.1", "1e-6"))
    return tuple({"d": d_, "K": k, "c": c_, "beta": q} for d_, k, c_, q in (*usual, *tiny))


A7_TOLERANCE = Rational(1, 100)

THM_A7 = Scaling(
    id="ramsauer2021.thm-a7",
    title="Capacity at the expected smallest angle",
    source=Source("ramsauer2021", "Thm A7"),
    provenance="primary",
    printed=(
        r"\tfrac15(d-1)K^2c^{-1}\Big(1-\tfrac{\ln(d-1)}{d-1}\Big)^2\ge\frac{2}{\beta c^{\frac{d-1}4}}+"
        r"\frac1\beta\ln\big(2c^{\frac{d-1}2}\beta(d-1)K^2\big)\ \Rightarrow\ N\ge c^{\frac{d-1}4}"
    ),
    event=events.separated_not_stored,
    points=_a7_points(),
    derive={"M": floor(c ** ((d - 1) / 4)), "alpha_bar": mean_constant(d - 1) * M ** (-2 / (d - 1))},
    hypotheses=(
        Hypothesis(Ge(A7_LEFT, A7_RIGHT), "the condition of the theorem"),
        Hypothesis(Ge(M, 2), "more than one pattern is claimed"),
    ),
    arguments={"model": "dense", "d": d, "M": M, "m": K * sqrt(d - 1), "beta": beta, "theta": expected},
    bound=A7_TOLERANCE,
    simulate_if=Le(M, 300),
    trials=1500,
    parts=(
        Part(
            "the separation at the expected angle suffices",
            Ge(beta_m2 * (1 - cos(expected)), 2 / M + log(2 * (M - 1) * M * beta_m2)),
        ),
        Part("more than one stored pattern needs beta m^2 >= 1", Ge(beta_m2, 1)),
    ),
    controls=(scaled("1/2"), scaled("1/5", part="the separation at the expected angle suffices")),
    related=("ramsauer2021.thm3", "ramsauer2021.lemma-a16-a17"),
    notices=(
        "Read as: patterns whose smallest angle is at least its mean (bounded by Lemma A16) are all stored; "
        "a failure is a draw with such angles that no choice of spheres stores. Tolerance 1/100.",
        "For beta m^2 < 1 the map has one global fixed point, so at most one pattern is stored.",
    ),
)

DIMENSIONS_A7 = tuple({"d": k} for k in range(10, 61))
AT_EXAMPLE = {beta: 1, K: 3, c: 2}
FROM_17 = Hypothesis(Ge(d, 17), "the dimensions named")

THM_A7_EXAMPLE = Identity(
    id="ramsauer2021.thm-a7-example",
    title="Worked number after Thm A7",
    source=Source("ramsauer2021", "worked number after Thm A7"),
    provenance="primary",
    printed=r"\beta=1,\ K=3,\ c=2:\quad d\ge17",
    arena=Points(DIMENSIONS_A7),
    parts=(
        Part(
            "the condition for d >= 17",
            Ge(A7_LEFT.subs(AT_EXAMPLE), A7_RIGHT.subs(AT_EXAMPLE)),
            given=(FROM_17,),
        ),
        Part(
            "the condition for d >= 21",
            Ge(A7_LEFT.subs(AT_EXAMPLE), A7_RIGHT.subs(AT_EXAMPLE)),
            given=(Hypothesis(Ge(d, 21), "a later start"),),
            headline=False,
        ),
        Part(
            "the condition for d >= 17, with log d for log(d-1)",
            Ge(A7_LEFT_LOG_D.subs(AT_EXAMPLE), A7_RIGHT.subs(AT_EXAMPLE)),
            given=(FROM_17,),
            headline=False,
        ),
    ),
    controls=(scaled("1/2"),),
    related=("ramsauer2021.thm-a7",),
    notices=("Examined for d = 10 to 60.",),
)

STATEMENTS: tuple[Statement, ...] = (
    THM_A6,
    COR_A2,
    COR_A2_EXAMPLE,
    DIMENSION_FROM_C,
    LEMMA_A16_A17,
    THM_A7,
    THM_A7_EXAMPLE,
)
