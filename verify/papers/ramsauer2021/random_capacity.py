"""How many random patterns are stored: the capacity theorems with the Lambert function and without it.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Theorem 3 (A5), Corollary A1 and the numbers worked out after them, and statements of this project beside them.
The paper prints its assumption (305), 1 < 2 (M-1) M beta m^2, in the text before these theorems.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Abs, Eq, Ge, Gt, LambertW, Le, Lt, Rational, acos, exp, floor, log, sqrt

from bounds.functions import CapArea
from simulations import events
from verify.arena import Points
from verify.controls import scaled
from verify.papers.ramsauer2021.random_patterns import pairs
from verify.statement import Control, Hypothesis, Identity, Part, Probability, Source, Statement
from verify.vocabulary import M, beta, d

K = sp.Symbol("K", positive=True)
p = sp.Symbol("p", positive=True)
a = sp.Symbol("a", real=True)
b = sp.Symbol("b", positive=True)
c = sp.Symbol("c", positive=True)

beta_m2 = beta * K**2 * (d - 1)
"""beta m^2 with m = K sqrt(d-1)."""

A_FORMULA = 2 / (d - 1) * (1 + log(2 * beta * K**2 * p * (d - 1)))
B_FORMULA = 2 * K**2 * beta / 5
THRESHOLD = (2 / sqrt(p)) ** (4 / (d - 1))
CLAIMED = sqrt(p) * c ** ((d - 1) / 4)

RELATED = "a related statement of this project"
FAILURE_RANGE = Hypothesis(Le(p, 1), "a probability")
SIDE = Hypothesis(Ge(c, THRESHOLD), "equivalent to a claimed number of at least two patterns")
TEXT_305 = Hypothesis(Gt(2 * (M - 1) * M * beta_m2, 1), "(305)", in_text_only=True)
STORAGE = {"model": "dense", "d": d, "M": M, "m": K * sqrt(d - 1), "beta": beta}


def point(d_: int, s: Any, p_: str, k: int = 1, **more: Any) -> Mapping[str, Any]:
    """The grid point with beta m^2 = s: beta = s/(K^2 (d-1)) exactly."""
    return {"d": d_, "beta": str(Fraction(str(s)) / (k * k * (d_ - 1))), "K": k, "p": p_, **more}


# Small beta m^2 with every d and several p; then up to a few hundred, where the claimed number is moderate.
GRID = (
    *(point(d_, "1e-6", q) for d_ in (8, 20, 75) for q in ("1/1000", "1/20", "1/2")),
    *(point(d_, "1e-3", q, k) for d_, k in ((8, 1), (12, 2), (40, 3)) for q in ("1/100", "1/10", "9/10")),
    *(point(d_, s, "1/10") for d_ in (8, 20, 40) for s in ("1/10", 1, 10, 20)),
    *(point(75, 40, q) for q in ("1/20", "1/2", "9/10", "1")),
    point(40, 40, "1/2"),
    point(40, 80, "1/1000"),
    *(point(40, 80, q, 2) for q in ("1/100", "1/10", "9/10")),
    point(20, 80, "1/20"),
    point(20, 80, "1/2", 3),
    point(75, 80, "1/100"),
    point(75, 80, "1/2"),
    point(12, 80, "1/2"),
    point(8, 160, "1/2"),
    point(8, 160, "9/10", 2),
    point(12, 160, "1/20"),
    *(point(20, 160, q) for q in ("1/100", "1/2")),
    point(20, 171, "1/1000", 3),
    point(40, 160, "1/20", profile="standard"),
    point(75, 160, "1/2", profile="full"),
    point(8, 400, "9/10"),
    point(12, 400, "1/20"),
)
SIMULATED = Le(M, 600)


# -- Theorem 3 ----------------------------------------------------------------------------------------

DERIVE = {"a": A_FORMULA, "b": B_FORMULA, "c": b / LambertW(exp(a + log(b))), "M": floor(CLAIMED)}
SUFFICES = Part(
    "the guaranteed separation suffices",
    Ge(beta_m2 / (5 * c), 2 / M + log(2 * (M - 1) * M * beta_m2)),
)
"""Separation of patterns at angle c^(-1/2) (by Lemma A15) against what Lemmas A5 to A7 ask for, times beta."""

THM3 = Probability(
    id="ramsauer2021.thm3",
    title="Capacity for random patterns",
    source=Source("ramsauer2021", "Thm 3 = A5"),
    provenance="primary",
    printed=(
        r"a=\tfrac{2}{d-1}\big(1+\ln(2\beta K^2p(d-1))\big),\ b=\tfrac{2K^2\beta}{5},\ "
        r"c=\tfrac{b}{W_0(\exp(a+\ln b))};\qquad N\ge\sqrt p\,c^{\frac{d-1}{4}}"
    ),
    event=events.not_all_stored,
    points=GRID,
    derive=DERIVE,
    hypotheses=(FAILURE_RANGE, SIDE, TEXT_305),
    arguments=STORAGE,
    bound=p,
    simulate_if=SIMULATED,
    trials=6000,
    controls=(scaled("1/2"),),
    related=("restated.thm3-with-305", "restated.random-capacity-lambert", "restated.random-capacity-cap"),
    notices=(
        "A failure counts only if no choice of spheres about the patterns stores them all (Def. 1, radius free).",
        "beta m^2 < 1 makes the map a contraction with one global fixed point: two patterns cannot both be stored.",
        "With (305) added the statement is restated.thm3-with-305.",
    ),
)


def _value(literal: str) -> Any:
    return Rational(literal)


U = A_FORMULA + log(B_FORMULA)
OMEGA = Rational("0.56714329")
C_LAMBERT = B_FORMULA / LambertW(exp(U))
C_LOGARITHM = B_FORMULA / log((OMEGA * exp(U) + 1) / (OMEGA * (1 + OMEGA)))
C_POWER = B_FORMULA * U ** (-U / (1 + U))


def _example(name: str, relation: Any, k: int, headline: bool = True) -> Part:
    return Part(name, relation, given=(Hypothesis(Eq(K, k), f"the example with K = {k}"),), headline=headline)


def _rounded(name: str, formula: Any, literal: str, k: int) -> Part:
    """The reading of a printed lower bound as rounded to its last digit."""
    relation = Ge(formula, _value(literal) - Rational(1, 20000))
    return _example(f"{name}, up to rounding of the last digit", relation, k)


THM3_EXAMPLES = Identity(
    id="ramsauer2021.thm3-examples",
    title="Worked numbers after Thm 3 and Cor. A1",
    source=Source("ramsauer2021", "worked numbers after Thm 3 and Cor. A1"),
    provenance="primary",
    printed=(
        r"c\ge3.1546\ (\beta=1,K=3,d=20,p=0.001;\ a+\ln b>1.27);\ c\ge1.3718\ (\beta=1,K=1,d=75,p=0.001;\ "
        r"a+\ln b<-0.94);\ \text{Cor. A1: } c\ge3.1444,\ c\ge1.2585"
    ),
    arena=Points(({"beta": 1, "K": 3, "d": 20, "p": "0.001"}, {"beta": 1, "K": 1, "d": 75, "p": "0.001"})),
    parts=(
        _example("Thm 3, K = 3: a + log b", Gt(U, _value("1.27")), 3),
        _example("Thm 3, K = 3: c", Ge(C_LAMBERT, _value("3.1546")), 3, headline=False),
        _example("Thm 3, K = 1: a + log b", Lt(U, _value("-0.94")), 1),
        _example("Thm 3, K = 1: c", Ge(C_LAMBERT, _value("1.3718")), 1, headline=False),
        _example("Cor. A1, K = 3: c", Ge(C_POWER, _value("3.1444")), 3, headline=False),
        _example("Cor. A1, K = 1: c", Ge(C_LOGARITHM, _value("1.2585")), 1, headline=False),
        _rounded("Thm 3, K = 3: c", C_LAMBERT, "3.1546", 3),
        _rounded("Thm 3, K = 1: c", C_LAMBERT, "1.3718", 1),
        _rounded("Cor. A1, K = 3: c", C_POWER, "3.1444", 3),
        _rounded("Cor. A1, K = 1: c", C_LOGARITHM, "1.2585", 1),
        _example("K = 3: side condition", Ge(C_LAMBERT, THRESHOLD), 3, headline=False),
        _example("K = 1: side condition", Ge(C_LAMBERT, THRESHOLD), 1, headline=False),
    ),
    controls=(
        Control(
            "larger c", Ge(C_LAMBERT, _value("3.1556")), "Thm 3, K = 3: c, up to rounding of the last digit"
        ),
        Control(
            "larger c without W",
            Ge(C_LOGARITHM, _value("1.2595")),
            "Cor. A1, K = 1: c, up to rounding of the last digit",
        ),
    ),
    related=("ramsauer2021.thm3", "ramsauer2021.cor-a1"),
    notices=(
        "The printed numbers are rounded: the headline allows half a unit of the last digit, the literal reading stands beside it",
        "Recomputed: c = 3.15461077 and 1.37187777 (Thm 3), 3.14440925 and 1.25849610 (Cor. A1).",
    ),
)

THM3_WITH_305 = Probability(
    id="restated.thm3-with-305",
    title="Capacity for random patterns, with condition (305)",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"2N(N-1)\beta M^2>1\ \Rightarrow\ \text{as Thm 3: } \Pr(\text{all } N=\lfloor\sqrt p\,"
        r"c^{\frac{d-1}{4}}\rfloor\text{ stored})\ge1-p"
    ),
    event=events.not_all_stored,
    points=GRID,
    derive=DERIVE,
    hypotheses=(FAILURE_RANGE, SIDE, Hypothesis(Gt(2 * (M - 1) * M * beta_m2, 1), "(305)")),
    arguments=STORAGE,
    bound=p,
    simulate_if=SIMULATED,
    trials=6000,
    parts=(SUFFICES,),
    controls=(scaled("9/10", part=SUFFICES.name),),
    related=("ramsauer2021.thm3",),
)

PRIME_A = 4 / (d - 1) * (1 + log(4 * beta_m2 * sqrt(p)))
PRIME_B = 4 * beta * K**2 / 5
BALL_STORAGE = Part(
    "the guaranteed separation suffices",
    Ge(beta_m2 / (5 * c), 1 + log(4 * beta_m2 * (M - 1))),
)

CAPACITY_LAMBERT = Probability(
    id="restated.random-capacity-lambert",
    title="Capacity for random patterns in balls of radius 1/(2 beta m)",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"a'=\tfrac4{d-1}\big(1+\ln(4\beta M^2\sqrt p)\big),\ b'=\tfrac{4\beta K^2}{5},\ "
        r"c'=b'/W_0(\exp(a'+\ln b'));\quad \Pr(\text{all }N\le\sqrt p\,c'^{(d-1)/4}\text{ stored})\ge1-p"
    ),
    event=events.not_all_stored,
    points=GRID,
    derive={"a": PRIME_A, "b": PRIME_B, "c": b / LambertW(exp(a + log(b))), "M": floor(CLAIMED)},
    hypotheses=(FAILURE_RANGE, Hypothesis(Gt(4 * beta_m2, 1), "room for two patterns"), SIDE),
    arguments={**STORAGE, "radius": 1 / (2 * beta * K * sqrt(d - 1))},
    bound=p,
    simulate_if=Le(M, 60),
    trials=6000,
    parts=(BALL_STORAGE,),
    controls=(scaled("9/10", part=BALL_STORAGE.name),),
    related=("ramsauer2021.thm3", "hu2023.lemma3.1-capacity"),
)

NEEDED = (1 + log(4 * beta_m2 * (M - 1))) / beta_m2
"""1 - cos theta_M: the separation that ball storage asks for, in units of m^2."""

CAPACITY_CAP = Probability(
    id="restated.random-capacity-cap",
    title="Capacity for random patterns by cap areas",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"\Pr(\text{all stored, } r=\tfrac1{2\beta M})\ge1-\tfrac{N(N-1)}2A_d(\theta_N),\qquad "
        r"1-\cos\theta_N=\tfrac{1+\ln(4\beta M^2(N-1))}{\beta M^2}"
    ),
    event=events.not_all_stored,
    points=tuple(
        {"d": d_, "beta": str(Fraction(s, d_ - 1)), "K": 1, "M": n, **more}
        for d_, s, n, more in (
            *((8, 160, n, {}) for n in (15, 30, 60, 100)),
            *((8, 80, n, {}) for n in (5, 10, 20)),
            *((8, 40, n, {}) for n in (3, 4)),
            *((12, 80, n, {}) for n in (20, 30, 60)),
            *((12, 40, n, {}) for n in (6, 8, 14)),
            *((20, 40, n, {}) for n in (24, 40)),
            *((20, 20, n, {}) for n in (5, 8, 12)),
            *((40, 20, n, {}) for n in (20, 40)),
            (8, 10, 2, {}),
            (40, 10, 5, {}),
            (20, 40, 60, {"profile": "standard"}),
            (40, 40, 300, {"profile": "full"}),
        )
    ),
    hypotheses=(
        Hypothesis(Gt(4 * beta_m2 * (M - 1), 1), "the logarithm is positive"),
        Hypothesis(Le(NEEDED, 1), "an angle of at most 90 degrees"),
    ),
    arguments={**STORAGE, "radius": 1 / (2 * beta * K * sqrt(d - 1))},
    bound=pairs(M) * CapArea(d, acos(1 - NEEDED)),
    trials=3000,
    controls=(scaled("1/1000"),),
    related=("ramsauer2021.thm3",),
    notices=(
        "How often the condition of ball storage holds for all patterns is restated.minimal-angle-poisson.",
    ),
)


# -- Corollary A1 -------------------------------------------------------------------------------------

branch = sp.Symbol("u_positive", nonnegative=True)
"""1 at grid points with u = a + log b > 0, where the second formula for c applies, else 0."""

u = a + log(b)
COR_C = branch * b * Abs(u) ** (-Abs(u) / (1 + Abs(u))) + (1 - branch) * b / log(
    (OMEGA * exp(u) + 1) / (OMEGA * (1 + OMEGA))
)


def with_branch(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A grid point with the formula for c that applies to it; a hypothesis checks the choice in balls."""
    k, d_, p_ = (float(Fraction(str(raw[name]))) for name in ("K", "d", "p"))
    product = float(Fraction(str(raw["beta"]))) * k * k
    value = 2 / (d_ - 1) * (1 + math.log(2 * product * p_ * (d_ - 1))) + math.log(2 * product / 5)
    return {**raw, "u_positive": int(value > 0)}


def _formula_points() -> tuple[Mapping[str, Any], ...]:
    """u from about -30 to 10: beta K^2 over many orders of magnitude at fixed dimensions."""
    return tuple(
        with_branch({"d": d_, "beta": f"1e{k}", "K": 1, "p": q})
        for d_, largest in ((8, 5), (20, 3), (75, 1))
        for k in range(-10, largest + 1)
        for q in ("1/100", "1")
    )


COR_A1 = Probability(
    id="ramsauer2021.cor-a1",
    title="Capacity for random patterns without the Lambert function",
    source=Source("ramsauer2021", "Corollary A1"),
    provenance="primary",
    printed=(
        r"u=a+\ln b,\ \Omega=0.56714329:\quad c=b\Big[\ln\frac{\Omega e^{u}+1}{\Omega(1+\Omega)}\Big]^{-1}"
        r"\ (u\le0),\quad c=b\,u^{-u/(1+u)}\ (u>0);\qquad N\ge\sqrt p\,c^{(d-1)/4}"
    ),
    event=events.not_all_stored,
    points=(*(with_branch(g) for g in GRID), *_formula_points()),
    derive={"a": A_FORMULA, "b": B_FORMULA, "c": COR_C, "M": floor(CLAIMED)},
    hypotheses=(
        FAILURE_RANGE,
        Hypothesis(Ge((2 * branch - 1) * u, 0), "the formula for the sign of u"),
        SIDE,
        TEXT_305,
    ),
    arguments=STORAGE,
    bound=p,
    simulate_if=SIMULATED,
    trials=6000,
    parts=(Part("not larger than with the Lambert function", Le(c, b / LambertW(exp(u)))),),
    controls=(scaled("9/10", part="not larger than with the Lambert function"),),
    related=("ramsauer2021.thm3",),
    notices=("The two formulas for c are written as one expression with a switch, the sign of u.",),
)

STATEMENTS: tuple[Statement, ...] = (
    THM3,
    THM3_EXAMPLES,
    THM3_WITH_305,
    CAPACITY_LAMBERT,
    CAPACITY_CAP,
    COR_A1,
)
