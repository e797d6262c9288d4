"""Polynomial and exponential interactions: how many random patterns are fixed points, or are reached in one step.

M. Demircigil, J. Heusel, M. Loewe, S. Upgang and F. Vermet, "On a model of associative memory with huge storage
capacity", J. Stat. Phys. 168, 2017, arXiv 1702.01929, Theorems 1.1 to 1.3; and statements of this project.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Abs, Ge, Gt, Le, Lt, Max, Min, Rational, cosh, exp, floor, log

from bounds.binary_laws import decimals, double_factorial, overlap_tail
from simulations import events_binary as events
from verify.controls import scaled
from verify.papers.krotov_hopfield2016 import bit_error
from verify.statement import Control, Hypothesis, Part, Probability, Scaling, Source, Statement

PAPER: dict[str, Any] = {
    "key": "demircigil2017",
    "title": "On a model of associative memory with huge storage capacity",
    "authors": "M. Demircigil, J. Heusel, M. Loewe, S. Upgang, F. Vermet",
    "year": 2017,
    "arxiv": "1702.01929",
    "venue": "J. Stat. Phys. 168",
}
RELATED = "a related statement of this project"
Grid = tuple[Mapping[str, Any], ...]

n = sp.Symbol("n", integer=True, positive=True)
N = sp.Symbol("N", integer=True, positive=True)
M = sp.Symbol("M", integer=True, positive=True)
share = sp.Symbol("share", nonnegative=True)
"""Share of the bits that may differ at rest: 0 asks for a fixed point, 1/20 for small errors."""
ratio = sp.Symbol("ratio", positive=True)
"""c_n / (2 (2n-3)!!); the theorem asks for more than 1."""
p = sp.Symbol("p", nonnegative=True)
"""P(a bit of a pattern is unstable) under the flip rule, by the law of the gap; 0 where it was not computed."""
claimed = sp.Symbol("claimed", integer=True)
"""1 where the statement claims success, -1 where it claims failure, 0 where it says nothing."""
drawn = sp.Symbol("drawn", integer=True, nonnegative=True)

# -- polynomial interactions --------------------------------------------------------------------------------


def _fixed(degree: int, size: int, times: str, profile: str = "quick", drawn_: int = 1) -> dict[str, Any]:
    """Part (2) at c_n = times * 2 (2n-3)!!."""
    load = size ** (degree - 1) / (2 * double_factorial(2 * degree - 3) * math.log(size))
    count = max(2, math.floor(load / float(Fraction(times))))
    return {
        "n": degree,
        "N": size,
        "M": count,
        "share": 0,
        "ratio": times,
        "p": bit_error(degree, size, count),
        "claimed": int(Fraction(times) > 1),
        "drawn": drawn_,
        "profile": profile,
    }


def _small_errors(degree: int, size: int, profile: str = "quick") -> dict[str, Any]:
    """Part (1) with alpha_n = 1/(10 (2n-3)!!): bit errors below one in a thousand before the descent."""
    return {
        "n": degree,
        "N": size,
        "M": size ** (degree - 1) // (10 * double_factorial(2 * degree - 3)),
        "share": "1/20",
        "ratio": 1,
        "p": 0,
        "claimed": 1,
        "drawn": 1,
        "profile": profile,
    }


POLYNOMIAL_GRID: Grid = (
    *(_small_errors(2, s) for s in (100, 200)),
    *(_small_errors(3, s) for s in (40, 60)),
    _small_errors(4, 24),
    _small_errors(3, 100, "standard"),
    _small_errors(4, 40, "full"),
    *(_fixed(2, s, f) for s in (40, 100, 200) for f in ("6/5", "2")),
    *(_fixed(3, s, f) for s in (40, 60) for f in ("6/5", "2")),
    _fixed(3, 100, "6/5", "standard"),
    *(_fixed(4, s, "2") for s in (24, 40)),
    _fixed(4, 40, "6/5", "standard"),
    _fixed(2, 200, "1/2"),
    _fixed(3, 40, "1/2"),
    *(_fixed(2, s, f, drawn_=0) for s in (10**4, 10**6) for f in ("6/5", "2")),
)
ONLY_FIXED = 1 - Min(1, 20 * share)
"""1 where a fixed point is asked for, 0 where small errors are allowed."""


def _declared(constant: Any) -> Any:
    """Failure probability declared at size N: N^(1 - constant * ratio) for fixed points, at least 1/20."""
    return Min(1, Max(Rational(1, 20), ONLY_FIXED * N ** (1 - constant * ratio)))


BELOW_ENVELOPE = "the expected number of wrong bits is at most N^(1 - c_n/(2 (2n-3)!!))"
POLYNOMIAL: dict[str, Any] = {
    "event": events.drifts,
    "points": POLYNOMIAL_GRID,
    "bound": 1 - claimed * (1 - _declared(1)),
    "informative": Gt(drawn, 0),
    "trials": 2400,
}
QUARTER = Control("a quarter of the constant", _declared(4), description="c_n > (2n-3)!!/2 suffices")
LIMIT = (
    "A limit: declared at each size is a failure probability of at most N^(1 - c_n/(2 (2n-3)!!)), and at least 1/20. "
    "The event of part (2) is that a fixed pattern is no fixed point (not that some pattern is none)."
)
PART_ONE = "Part (1), with alpha_n = 1/(10 (2n-3)!!): sweeps from a pattern end with at most 5 % of the bits unlike it."

THM_1_1 = Scaling(
    id="demircigil2017.thm1.1",
    title="Polynomial interactions, descent of the energy",
    source=Source("demircigil2017", "Thm/statement 1.1"),
    provenance="primary",
    printed=(
        r"(1)\ M=\alpha_nN^{n-1}\text{ with small errors};\quad(2)\ M=\tfrac{N^{n-1}}{c_n\log N},\ c_n>2(2n-3)!!:\ "
        r"P(\text{a fixed pattern is a fixed point})\to1"
    ),
    arguments={"N": N, "M": M, "degree": n, "share": share},
    parts=(
        Part(
            BELOW_ENVELOPE,
            Le(N * p, N ** (1 - ratio)),
            given=(Hypothesis(Le(share, 0), "part (2)"), Hypothesis(Gt(ratio, 1), "c_n beyond the constant")),
        ),
    ),
    controls=(
        QUARTER,
        Control("one and a half times the exponent", Le(N * p, N ** (1 - 3 * ratio / 2)), BELOW_ENVELOPE),
    ),
    related=("krotov-hopfield2016.capacity-no-error", "demircigil2017.thm1.2", "restated.kh-all-patterns"),
    notices=(LIMIT, PART_ONE, "Asynchronous descent: a bit takes the sign of lower energy."),
    **POLYNOMIAL,
)

THM_1_2 = Scaling(
    id="demircigil2017.thm1.2",
    title="Polynomial interactions, sign of the field",
    source=Source("demircigil2017", "Thm 1.2"),
    provenance="primary",
    printed=(
        r"T_i(s)=\mathrm{sgn}\sum_\mu\xi_i^\mu\langle\xi_\mu,s\rangle^{n-1}:\quad(1)\ M=\alpha_nN^{n-1}\text{ with small "
        r"errors};\quad(2)\ M=\tfrac{N^{n-1}}{c_n\log N},\ c_n>2(2n-3)!!:\ P(\text{a fixed pattern is a fixed point})\to1"
    ),
    arguments={"N": N, "M": M, "degree": n, "share": share, "rule": "field"},
    controls=(QUARTER,),
    related=("demircigil2017.thm1.1", "krotov-hopfield2016.capacity-no-error"),
    notices=(
        LIMIT,
        PART_ONE + " Newman's sense (energy barriers about the patterns) is not measured beyond that.",
        "Repeated indices couple a bit to itself. For even n >= 4 at these loads that coupling outweighs everything: "
        "nearly every state is a fixed point, patterns among them (tests/test_papers_binary.py). Being a fixed "
        "point is then no retrieval.",
    ),
    **POLYNOMIAL,
)

# -- exponential interactions ---------------------------------------------------------------------------------

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
        *((20, "1/5", "4/5"), (40, "1/5", "3/5")),
        *((40, "1/4", "1/2"), (60, "1/4", "1/2")),
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

STATEMENTS: tuple[Statement, ...] = (THM_1_1, THM_1_2, THM_1_3, TIES, THRESHOLDS)
