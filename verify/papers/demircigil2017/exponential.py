"""Exponential interactions: retrieval in one step (Theorem 1.3), its thresholds, and ties."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Abs, Ge, Gt, Le, Lt, Max, Min, Rational, cosh, exp, floor, log

from bounds.binary_laws import decimals, overlap_tail
from simulations import events_binary as events
from verify.controls import scaled
from verify.statement import Control, Hypothesis, Part, Probability, Scaling, Source, Statement

RELATED = "a related statement of this project"
Grid = tuple[Mapping[str, Any], ...]

N = sp.Symbol("N", integer=True, positive=True)
M = sp.Symbol("M", integer=True, positive=True)
claimed = sp.Symbol("claimed", integer=True)
"""1 where the statement claims success, -1 where it claims failure, 0 where it says nothing."""
drawn = sp.Symbol("drawn", integer=True, nonnegative=True)

rho = sp.Symbol("rho", nonnegative=True)
delta = sp.Symbol("delta", positive=True)
rate = sp.Symbol("rate", positive=True)
"""I(1 - 2 rho)."""
alpha = sp.Symbol("alpha", positive=True)
times = sp.Symbol("times", positive=True)
"""alpha in units of the threshold."""
everyone = sp.Symbol("everyone", integer=True, nonnegative=True)
"""1 where all patterns are asked for, 0 where a fixed one is."""
near = sp.Symbol("near", nonnegative=True)
"""P(overlap of a random pattern with the query >= (1-2 rho) N - 2), exact: such a rival may win at some bit."""
nearer = sp.Symbol("nearer", nonnegative=True)
"""The same with + 2: such a rival has more weight than the pattern itself. For rho = 0 half of ``near``: of two
patterns at distance 1 one is wrong, whichever way the others break the tie."""


def rate_function(x: Any) -> Any:
    """I(x) = ((1+x) log(1+x) + (1-x) log(1-x))/2, with 0 log 0 = 0."""
    return ((1 + x) * log(1 + x) + (1 - x) * log(Max(1 - x, Rational(1, 10**9)))) / 2


def _exponential(size: int, rho_: str, factor: str, claim: int, **more: Any) -> dict[str, Any]:
    """A grid point; ``claim`` 1: success, -1: failure, 0: nothing."""
    turned = Fraction(rho_) * size
    if turned.denominator != 1:
        raise ValueError(f"rho N: expected an integer, found {turned}")
    pull = size - 2 * int(turned)
    return {
        "N": size,
        "rho": rho_,
        "times": factor,
        "claimed": claim,
        "everyone": 1,
        "near": decimals(overlap_tail(size, pull - 2)),
        "nearer": decimals(overlap_tail(size, pull + 2) if turned else overlap_tail(size, size - 2) / 2),
        "drawn": 1,
        **more,
    }


# Sizes at which the expected number of rivals is either clearly below 1/20 or clearly a probability.
BELOW: Grid = (
    *(
        _exponential(s, "0", f, 1)
        for s, f in ((14, "3/5"), (18, "1/2"), (20, "1/2"), (22, "3/5"), (24, "1/2"))
    ),
    *(_exponential(s, "1/10", f, 1) for s, f in ((20, "7/10"), (30, "1/2"), (40, "3/5"))),
    *(_exponential(s, "1/5", f, 1) for s, f in ((20, "1/2"), (30, "4/5"), (50, "3/5"), (60, "3/5"))),
    *(_exponential(s, "1/4", f, 1) for s, f in ((40, "4/5"), (60, "1/2"), (60, "9/10"), (80, "3/5"))),
    _exponential(30, "0", "3/5", 1, profile="standard"),
    _exponential(40, "0", "1/2", 1, profile="standard"),
    _exponential(60, "1/10", "1/2", 1, profile="standard"),
    _exponential(100, "1/4", "7/10", 1, profile="standard"),
    _exponential(160, "1/4", "7/10", 1, profile="full"),
)
LARGE_BELOW: Grid = tuple(
    _exponential(s, r, "9/10", 1, drawn=0) for s in (1000, 2000) for r in ("0", "1/10", "1/4")
)
BEYOND: Grid = (
    _exponential(12, "0", "13/10", 0),
    _exponential(20, "1/5", "2", 0),
    _exponential(40, "1/4", "2", 0),
)

EXPONENTIAL_DERIVE = {
    "delta": 1 - 2 * rho,
    "rate": rate_function(delta),
    "alpha": times * rate / (1 + everyone),
    "M": floor(exp(alpha * N) + Rational(3, 2)),
}
EXPONENTIAL_ARGUMENTS = {
    "N": N,
    "M": M,
    "degree": sp.Integer(0),
    "flips": rho * N,
    "everyone": everyone,
    "ties": "open",
}
RIVALS = M**everyone * (M - 1) * near
"""Expected number of rivals that may win at some bit, over all queries that are asked for."""
WINNERS = M**everyone * (M - 1) * nearer
SUCCESS = Min(1, Max(Rational(1, 20), 3 * RIVALS / 2))
VANISHES = "the expected number of rivals vanishes (below 1/100 at N = 1000, 2000)"
RIVALS_NOTICE = (
    "A limit: declared at each size is a failure probability of at most 3/2 of the expected number of rivals, patterns "
    "with an overlap of at least (1-2 rho) N - 2 with the corrupted one (and 1/20); that number is exact, and is "
    "followed to N = 2000."
)
TIES_NOTICE = "A sum that is exactly 0 (it happens with two patterns only) is counted as undecided."

THM_1_3 = Scaling(
    id="demircigil2017.thm1.3",
    title="Exponentially many patterns, retrieved in one step",
    source=Source("demircigil2017", "Thm 1.3"),
    provenance="primary",
    printed=(
        r"T_i(s)=\mathrm{sgn}\sum_\mu\big[e^{\xi_i^\mu+h_i^\mu}-e^{-\xi_i^\mu+h_i^\mu}\big],\ M=e^{\alpha N}+1,\ "
        r"\alpha<I(1-2\rho)/2:\quad P(\exists\mu,i:\ T_i(\tilde\xi^\mu)\ne\xi_i^\mu)\to0"
    ),
    event=events.step_fails,
    points=(*BELOW, *BEYOND, *LARGE_BELOW),
    derive=EXPONENTIAL_DERIVE,
    hypotheses=(
        Hypothesis(Lt(claimed * alpha, rate / 2), "alpha < I(1-2 rho)/2, where success is claimed"),
        Hypothesis(Lt(claimed * alpha, log(2) / 2), "alpha < log(2)/2"),
    ),
    arguments=EXPONENTIAL_ARGUMENTS,
    bound=1 - claimed * (1 - SUCCESS),
    informative=Gt(drawn, 0),
    trials=1600,
    parts=(
        Part(
            VANISHES,
            Le(RIVALS, Rational(1, 100)),
            given=(Hypothesis(Ge(N, 1000), "large N"),),
        ),
    ),
    controls=(
        Control(
            "also above the threshold", Rational(1, 4), description="few failures up to alpha = I(1-2 rho)"
        ),
        Control(
            "5/4 of the load",
            Le(M ** Rational(9, 4) * (M - 1) ** Rational(1, 4) * near, Rational(1, 100)),
            VANISHES,
        ),
    ),
    related=("restated.demircigil-thresholds", "restated.demircigil-ties"),
    notices=(
        RIVALS_NOTICE,
        TIES_NOTICE,
        "Every pattern is corrupted once, uniformly on its sphere, and all bits are updated at once; the event is that "
        "some bit of some pattern is wrong.",
    ),
)

NEIGHBOUR = N * Rational(1, 2) ** N
CLAIMED_SHARE = M * NEIGHBOUR
EXACT_SHARE = 1 - (1 - NEIGHBOUR) ** (M - 1)

TIES = Probability(
    id="restated.demircigil-ties",
    title="Patterns at distance one: ties of the exponential sum",
    source=Source("demircigil2017", RELATED),
    provenance="derived",
    printed=r"\text{expected share of patterns with another one at Hamming distance 1}\approx MN2^{-N}",
    event=events.has_neighbour,
    points=(
        *({"N": s, "alpha": a} for s in (14, 16) for a in ("1/5", "1/4", "3/10", "17/50")),
        *({"N": s, "alpha": a} for s in (18, 20) for a in ("3/10", "17/50")),
        *({"N": s, "alpha": a, "profile": "standard"} for s in (18, 20) for a in ("1/5", "1/4")),
    ),
    derive={"M": floor(exp(alpha * N) + Rational(3, 2))},
    arguments={"N": N, "M": M},
    bound=CLAIMED_SHARE * Rational(5, 4) + Rational(1, 200),
    lower=Max(0, CLAIMED_SHARE * Rational(3, 4) - Rational(1, 200)),
    trials=8000,
    parts=(
        Part("the exact share within a tenth", Le(Abs(EXACT_SHARE / CLAIMED_SHARE - 1), Rational(1, 10))),
        Part("the exact share is smaller", Lt(EXACT_SHARE, CLAIMED_SHARE)),
    ),
    controls=(
        scaled("1/2"),
        Control(
            "distance 2 as well",
            Le(Abs((1 - (1 - NEIGHBOUR * (N + 1) / 2) ** (M - 1)) / CLAIMED_SHARE - 1), Rational(1, 10)),
            "the exact share within a tenth",
        ),
    ),
    related=("demircigil2017.thm1.3", "restated.demircigil-thresholds"),
    notices=(
        "By independence the share is exactly 1 - (1 - N 2^(-N))^(M-1).",
        "At distance 1 the terms of the two patterns cancel at the differing bit; the whole sum is then the rest, which "
        "vanishes only if there are no further patterns to break the tie (M = 2, or cancelling pairs).",
    ),
)

WITHIN = "alpha + max_x (x - I(x)) < 1 - 2 rho"
ONE_BELOW: Grid = tuple(
    _exponential(s, r, f, 1, everyone=0)
    for s, r, f in (
        *((14, "0", "3/5"), (20, "0", "1/2")),
        *((20, "1/10", "7/10"), (30, "1/10", "3/5")),
        *((20, "1/5", "4/5"), (50, "1/5", "3/5")),
        *((24, "1/4", "1/2"), (60, "1/4", "1/2")),
    )
)

THRESHOLDS = Scaling(
    id="restated.demircigil-thresholds",
    title="Thresholds of the exponential model, for all patterns and for one",
    source=Source("demircigil2017", RELATED),
    provenance="derived (heuristic)",
    printed=(
        r"\text{all patterns: }\alpha^*=I(1-2\rho)/2;\quad\text{one pattern: }\alpha^*=I(1-2\rho)\text{ while }"
        r"\alpha+\max_x(x-I(x))<1-2\rho"
    ),
    event=events.step_fails,
    points=(
        *BELOW,
        *LARGE_BELOW,
        *({**q, "claimed": -1} for q in BEYOND),
        _exponential(30, "1/5", "2", -1),
        _exponential(20, "1/10", "7/4", -1, profile="standard"),
        *(_exponential(s, r, "11/10", -1, drawn=0) for s in (1000, 2000) for r in ("0", "1/10", "1/4")),
        *ONE_BELOW,
        *(_exponential(s, r, "5/4", -1, everyone=0) for s, r in ((20, "1/5"), (40, "1/4"))),
    ),
    derive=EXPONENTIAL_DERIVE,
    hypotheses=(Hypothesis(Lt(alpha + log(cosh(1)), delta + everyone), f"one pattern: {WITHIN}"),),
    arguments=EXPONENTIAL_ARGUMENTS,
    bound=1 - Max(0, claimed) * (1 - SUCCESS),
    # Rivals are independent in pairs: the probability of none is at most one over their expected number (Chebyshev).
    lower=Max(0, -claimed) * Max(0, 1 - Max(2 / WINNERS, Rational(1, 20))),
    informative=Gt(drawn, 0),
    trials=1600,
    parts=(
        Part(
            VANISHES,
            Le(RIVALS, Rational(1, 100)),
            given=(Hypothesis(Ge(N, 1000), "large N"), Hypothesis(Lt(times, 1), "below the threshold")),
        ),
        Part(
            "the expected number of winners grows (above 100 at N = 1000, 2000)",
            Ge(WINNERS, 100),
            given=(Hypothesis(Ge(N, 1000), "large N"), Hypothesis(Gt(times, 1), "above the threshold")),
        ),
        Part(
            "the condition for one pattern can hold up to its threshold",
            Lt(rate + log(cosh(1)), delta),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "success above the threshold", Rational(1, 4), description="few failures above the threshold"
        ),
        Control("failure below the threshold", Rational(1, 2), "lower", "failures at every load"),
        Control(
            "half the growth",
            Ge(WINNERS / M, 100),
            "the expected number of winners grows (above 100 at N = 1000, 2000)",
        ),
    ),
    related=("demircigil2017.thm1.3", "restated.demircigil-ties"),
    notices=(
        RIVALS_NOTICE
        + " Above the threshold of all patterns declared is at least 1 - 2/(expected number of winners).",
        TIES_NOTICE,
        "max_x (x - I(x)) = log cosh 1 = 0.434, so that the condition for one pattern reads alpha < 1 - 2 rho - 0.434, which is "
        "never larger than I(1 - 2 rho) (equality at 1 - 2 rho = tanh 1): under it the second claim speaks of loads "
        "below the threshold only (third part).",
    ),
)

STATEMENTS: tuple[Statement, ...] = (THM_1_3, TIES, THRESHOLDS)
