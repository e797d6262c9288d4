"""Polynomial interactions: how many patterns are fixed points or nearly so (Theorems 1.1 and 1.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Gt, Le, Max, Min, Rational

from bounds.binary_laws import double_factorial
from simulations import events_binary as events
from verify.papers.krotov_hopfield2016.laws import bit_error
from verify.statement import Control, Hypothesis, Part, Scaling, Source, Statement

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
    "trials": 1600,
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

STATEMENTS: tuple[Statement, ...] = (THM_1_1, THM_1_2)
