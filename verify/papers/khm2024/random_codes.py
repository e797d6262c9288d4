"""How many random unit memories are stored: Lemma 2.1 and statements of this project beside it.

J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Lemma 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Abs, Ge, Gt, LambertW, Le, Lt, Min, Rational, Symbol, acos, exp, floor, log, sqrt

from bounds import expr
from bounds.exact import precision
from bounds.functions import CapArea
from simulations.events_spherical_storage import crosstalk_too_large, fixed_points_coincide
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.crosstalk import PAPER, RELATED, one
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Probability, Source, Statement
from verify.vocabulary import quantity

OWN = Source(PAPER, f"{RELATED}, Lemma 2.1")
D, beta, p, N, R = (Symbol(name, positive=True) for name in ("D", "beta", "p", "N", "R"))
a, b, C = Symbol("a", real=True), Symbol("b", positive=True), Symbol("C", positive=True)
K = Symbol("K", positive=True)
"""The real number whose integer part is the claimed number N of memories."""

CLAIMED = sqrt(p) * C ** ((D - 1) / 4)
B_FORMULA = 4 * beta / (5 * (D - 1))
C_FORMULA = b / LambertW(exp(a + log(b)))
STORAGE = {"d": D, "M": N, "beta": beta}


# -- Lemma 2.1 --------------------------------------------------------------------------------------------------

LEMMA = Probability(
    id="hu2024.lemma2.1",
    title="Capacity lower bound for random memories",
    source=Source(PAPER, "arXiv 2410.23126, Lemma 2.1 (transcribed by third-party notes)"),
    provenance="secondary",
    printed=r"M_\Phi\ge\sqrt p\,C^{(D_\Phi-1)/4},\ C=\tfrac b{W_0(\exp(a+\ln b))},\ "
    r"a=\tfrac4{D_\Phi-1}\big(\ln\tfrac{2\sqrt p-2}{R_\Phi}+1\big),\ b=\tfrac{4\beta}{5(D_\Phi-1)}",
    event=crosstalk_too_large,
    arguments=STORAGE,
    points=tuple(
        {"p": prob, "D": dimension, "beta": heat, "R": radius}
        for prob in ("1/1000000", "1/1000", "1/100", "1/10", "1/2", "9/10", "99/100", "999999/1000000", 1)
        for dimension in (2, 3, 8, 64, 256)
        for heat in ("1/1000", 1, 20, 200, 10**4)
        for radius in ("1/10", "1/2", 1)
    ),
    derive={
        "a": 4 / (D - 1) * (log((2 * sqrt(p) - 2) / R) + 1),
        "b": B_FORMULA,
        "C": C_FORMULA,
        "N": floor(CLAIMED),
    },
    bound=1 - p,
    parts=(Part("the claimed number can be evaluated", Ge(N, 1)),),
    controls=(Control("at least two memories", Ge(N, 2), "the claimed number can be evaluated"),),
    related=("khm2024.capacity-lemma", "restated.d3.random", "hu2024.sep.b"),
    notices=(
        "2 sqrt(p) - 2 is negative for p < 1 and 0 for p = 1, whatever the radius of the sample: the logarithm has no "
        "real value anywhere on the range of p.",
        "R stands for values that R_Phi, at most 1 for unit features, can take.",
    ),
)


# -- related statements -----------------------------------------------------------------------------------------

A_FORMULA = 4 / (D - 1) * (1 + log(4 * beta * sqrt(p)))
DERIVE = {"a": A_FORMULA, "b": B_FORMULA, "C": C_FORMULA, "K": CLAIMED, "N": floor(K)}
TWO = Hypothesis(Ge(N, 2), "at least two memories are claimed")
SUFFICES = Part(
    "the guaranteed separation suffices",
    Lt(1 + log(4 * beta * (N - 1)), beta / (5 * C)),
    given=(TWO, Hypothesis(Le(N, 10**12), "numbers whose effect on the logarithm balls resolve")),
)
UNION = Part("union bound over the pairs", Le(N * (N - 1) / 2 * CapArea(D, 1 / sqrt(C)), p), given=(TWO,))


def _grid(*rows: tuple[int, Any, str]) -> tuple[Mapping[str, Any], ...]:
    return tuple({"D": dimension, "beta": heat, "p": prob} for dimension, heat, prob in rows)


GRID = _grid(
    *((k, "1/1000", q) for k in (2, 8, 256) for q in ("1/100", "1/2", "99/100")),
    *((k, "1/50", q) for k in (3, 64) for q in ("1/10", "9/10")),
    *((k, heat, "1/2") for k in (2, 16, 128) for heat in (1, 4)),
    *((k, 20, q) for k in (3, 8, 32) for q in ("1/100", "1/2")),
    *((k, 30, q) for k in (8, 16, 64) for q in ("1/10", "1/2", "9/10")),
    *((k, 200, q) for k in (2, 3) for q in ("1/10", "99/100")),
    *((k, 10**4, q) for k in (2, 8, 256) for q in ("1/1000000", "1/2")),
)

RANDOM = Probability(
    id="restated.d3.random",
    title="Random memories: Lambert form",
    source=OWN,
    provenance="derived",
    printed=r"a=\tfrac4{D-1}\big(1+\ln(4\beta\sqrt p)\big),\ b=\tfrac{4\beta}{5(D-1)},\ C=\tfrac b{W_0(e^{a+\ln b})}:\quad "
    r"\Pr(\text{all }M\le\sqrt p\,C^{(D-1)/4}\text{ stored})\ge1-p",
    event=crosstalk_too_large,
    arguments=STORAGE,
    points=GRID,
    derive=DERIVE,
    bound=p,
    informative=Ge(N, 2),
    simulate_if=Le(N + 1 / p, 200),
    trials=600,
    parts=(SUFFICES, UNION),
    controls=(scaled("9/10", part=SUFFICES.name), scaled("1/1000", part=UNION.name)),
    related=("hu2024.lemma2.1", "restated.d2.storage", "restated.d3.pair-law"),
    notices=(
        "A draw fails if some X_mu is not below 1/(4 e beta), the hypothesis of restated.d2.storage.",
        "The two deterministic parts are the proof at each grid point: pairs closer than the angle C^(-1/2) have probability at "
        "most p, and beyond that angle 1 - cos >= 1/(5 C) suffices.",
    ),
)

DISTINCT = Probability(
    id="restated.d3.distinct",
    title="Random memories: distinct fixed points",
    source=OWN,
    provenance="derived",
    printed=r"\text{as restated.d3.random, all }\beta>0:\quad\Pr(x^*_\mu\text{ pairwise distinct})\ge1-p",
    event=fixed_points_coincide,
    arguments=STORAGE,
    points=GRID,
    derive=DERIVE,
    bound=p,
    informative=Ge(N, 2),
    simulate_if=Le(N + 1 / p, 200),
    trials=600,
    controls=(scaled("1/2"),),
    related=("restated.d3.random", "restated.d2.distinct-all", "restated.d2.disjoint"),
    notices=(
        "For small beta the claimed number is about 1/(4 e beta) memories, and below beta = 1 the update is a contraction with a "
        "single fixed point: they all share it, in every draw.",
    ),
)

NEEDED = (1 + log(4 * beta * (N - 1))) / beta
PAIR_BOUND = N * (N - 1) / 2 * CapArea(D, acos(Min(1, 1 - NEEDED)))

PAIR_LAW = Probability(
    id="restated.d3.pair-law",
    title="Random memories: exact pair law",
    source=OWN,
    provenance="derived",
    printed=r"\binom M2\,p_D\Big(1-\tfrac{1+\ln(4\beta(M-1))}\beta\Big)\le p\ \Rightarrow\ \Pr(\text{all }M\text{ stored})\ge1-p",
    event=crosstalk_too_large,
    arguments=STORAGE,
    points=tuple(
        {"D": dimension, "beta": heat, "N": count}
        for dimension, heat, count in (
            *((8, 10, c) for c in (3, 4)),
            *((k, 20, c) for k in (8, 16) for c in (3, 5, 8)),
            *((k, 20, c) for k in (32, 64) for c in (10, 20)),
            *((k, 50, c) for k in (3, 8) for c in (5, 10)),
            *((k, 1000, c) for k in (2, 3) for c in (6, 10)),
            *((k, "1/100", c) for k in (2, 64) for c in (2, 9)),
        )
    ),
    hypotheses=(Hypothesis(Le(NEEDED, 2), "p_D(.) < 1: else the inequality fails for every p < 1"),),
    bound=PAIR_BOUND,
    simulate_if=Gt(PAIR_BOUND, Rational(1, 100)),
    trials=6000,
    controls=(scaled("1/2"),),
    related=("hu2024.lemma2.1", "restated.d3.random", "restated.d2.storage"),
    notices=(
        "The bound is the best p of the statement, binom(M, 2) p_D(.); p_D(s) is the cap area A_D(arccos s).  For two memories it is "
        "the exact probability of X_mu >= 1/(4 e beta), which no number of trials can tell from more: these are left out.",
        "For one memory the inequality holds log(0) and has no value; the claim there is trivial.",
    ),
)


# -- fixed beta, growing dimension ------------------------------------------------------------------------------

far = Symbol("far", positive=True)
"""A dimension of at least D."""


def _c(dimension: Any) -> Any:
    shift = A_FORMULA.subs(D, dimension) + log(B_FORMULA.subs(D, dimension))
    return B_FORMULA.subs(D, dimension) / LambertW(exp(shift))


def _log_bound(dimension: Any) -> Any:
    return log(p) / 2 + (dimension - 1) / 4 * log(_c(dimension))


LOG_LIMIT = beta / 5 - 1 - log(4 * beta)


@quantity("storage_bound_shift", "|log of the bound of restated.d3.random at D, over its limit|")
def bound_shift(batch: Instances) -> Array:
    """log C of order 1/D, times D: evaluated with enough digits for that."""
    values = {"beta": batch.beta[0]} | {name: v[0] for name, v in batch.scalars.items()}
    with precision(512):
        return one(expr.ball(Abs(_log_bound(D) - LOG_LIMIT), values))


DISTANCE = beta / 5 * (exp(Abs(B_FORMULA - A_FORMULA)) - 1)
"""log C lies between 0 and b - a, and log(bound/limit) = (beta/5)(1/C - 1)."""
DEEP = tuple(
    {"D": dimension, "beta": heat, "p": prob}
    for dimension in (8, 100, 10**4, 10**6)
    for heat in ("1/1000", "1/2", 5, 20, 64, 200)
    for prob in ("1/1000000", "1/2", "99/100")
)

FIXED_BETA = Identity(
    id="restated.d3.fixed-beta",
    title="Fixed beta, growing dimension",
    source=OWN,
    provenance="derived",
    printed=r"\beta,p\text{ fixed}:\quad\sqrt p\,C^{(D-1)/4}\ \to\ \frac{e^{\beta/5-1}}{4\beta}\quad(D\to\infty)",
    arena=Points(DEEP),
    parts=(Part("distance from the limit", Le(bound_shift, DISTANCE)),),
    controls=(
        Control("e times the limit", Le(Abs(_log_bound(D) - LOG_LIMIT - 1), DISTANCE)),
        Control("a quarter of the distance", Le(bound_shift, DISTANCE / 4)),
    ),
    related=("restated.d3.random", "restated.d3.growth"),
    notices=(
        "Logarithms of both sides.  The distance (beta/5)(exp(|b - a|) - 1) is at most of order 1/D, since a and b are 1/(D - 1) times "
        "numbers that do not depend on D: the limit follows from the bound.",
    ),
)

GROWTH = Inequality(
    id="restated.d3.growth",
    title="Fixed beta, exponential growth of the bound",
    source=OWN,
    provenance="derived",
    printed=r"\beta,p\text{ fixed}:\quad\sqrt p\,C^{(D-1)/4}\ \text{grows exponentially in }D",
    arena=Points(
        tuple(
            {"D": dimension, "far": more, "beta": heat, "p": "1/2"}
            for dimension, more in ((8, 8), (8, 10**6), (100, 10**4), (10**4, 10**6))
            for heat in ("1/2", 5, 20, 64)
        )
    ),
    parts=(
        Part(
            "in some larger dimension it exceeds e^distance times its limit",
            Gt(_log_bound(far), LOG_LIMIT + DISTANCE),
        ),
    ),
    controls=(Control("e times that", Gt(_log_bound(far), LOG_LIMIT + DISTANCE + 1)),),
    related=("restated.d3.fixed-beta", "restated.d3.random"),
    notices=(
        "The distance of restated.d3.fixed-beta falls in D, so that from dimension D on the bound never exceeds e^distance times its "
        "limit exp(beta/5 - 1)/(4 beta).  Any growth c^D, c > 1, would.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (LEMMA, RANDOM, DISTINCT, PAIR_LAW, FIXED_BETA, GROWTH)
