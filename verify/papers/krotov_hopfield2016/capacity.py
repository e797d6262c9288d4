"""Capacities with small errors, without errors, and with all patterns fixed at once (Eq. (6) and its text)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Abs, Eq, Ge, Gt, Le, Lt, Max, Min, Rational, exp, floor, log, pi, sqrt

from bounds.binary_laws import (
    crossing,
    decimals,
    double_factorial,
    gaussian_tail,
    small_error_load,
)
from bounds.exact import Real, precision
from simulations import events_binary as events
from verify.arena import Points
from verify.controls import scaled
from verify.papers.krotov_hopfield2016.laws import (
    DIGITS,
    RELATED,
    Grid,
    K,
    N,
    bit_error,
    drawn,
    n,
    no_errors,
    p,
    w,
)
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Scaling, Source, Statement

ONE_HALF_PER_CENT = Fraction(1, 200)
asymptotic = sp.Symbol("asymptotic", positive=True)
"""K (2n-3)!!/N^(n-1) at which the printed asymptotic tail is 0.5 %."""
exact_tail = sp.Symbol("exact_tail", positive=True)
"""The same with the Gaussian tail itself."""


def _small_error_points() -> Grid:
    """Largest loads with a bit error below 0.5 % (by the laws of the gap), and the two limits."""
    limits = {
        "asymptotic": decimals(small_error_load(ONE_HALF_PER_CENT, "asymptotic")),
        "exact_tail": decimals(small_error_load(ONE_HALF_PER_CENT)),
    }
    points = []
    for degree, size in ((2, 101), (2, 1001), (3, 40), (3, 60), (3, 100), (4, 30)):
        guess = float(limits["exact_tail"]) * size ** (degree - 1) / double_factorial(2 * degree - 3)

        def small(count: int, degree: int = degree, size: int = size) -> bool:
            return float(bit_error(degree, size, count)) < float(ONE_HALF_PER_CENT)

        count = crossing(small, int(0.8 * guess), int(1.2 * guess) + 3)
        points.append({"n": degree, "N": size, "K": count, "w": double_factorial(2 * degree - 3), **limits})
    return tuple(points)


CLASSICAL = (Hypothesis(Eq(n, 2), "the classical model"),)

SMALL_ERROR = Inequality(
    id="krotov-hopfield2016.capacity-small-error",
    title="Capacity with a bit error below 0.5 %",
    source=Source("krotov-hopfield2016", "text after Eq. (5)"),
    provenance="primary",
    printed=r"P_{error}<0.5\%:\quad K^{max}=\alpha_nN^{n-1},\quad\alpha_2\approx0.14",
    arena=Points(_small_error_points()),
    parts=(
        Part(
            "K_max grows like N^(n-1), with the constant of the Gaussian tail",
            Le(Abs(K * w / (exact_tail * N ** (n - 1)) - 1), 6 * n / N),
        ),
        Part(
            "alpha_2 = 0.14 to its two digits, by the printed tail of Eq. (5)",
            Le(Abs(asymptotic - Rational("0.14")), Rational("0.005")),
            given=CLASSICAL,
        ),
        Part(
            "alpha_2 = 0.14 to its two digits, by the Gaussian tail",
            Le(Abs(exact_tail - Rational("0.14")), Rational("0.005")),
            given=CLASSICAL,
            headline=False,
        ),
        Part(
            "0.14 N patterns have an error below 0.5 %",
            Ge(K, floor(Rational("0.14") * N)),
            given=CLASSICAL,
            headline=False,
        ),
        Part(
            "alpha_2 = 0.14 within a tenth, by the printed tail",
            Le(Abs(asymptotic / Rational("0.14") - 1), Rational(1, 10)),
            given=CLASSICAL,
            headline=False,
        ),
    ),
    controls=(
        Control("one power of N less", Le(Abs(K * w / (exact_tail * N ** (n - 2)) - 1), 6 * n / N)),
        Control(
            "alpha_2 = 0.16",
            Le(Abs(asymptotic - Rational("0.16")), Rational("0.005")),
            "alpha_2 = 0.14 to its two digits, by the printed tail of Eq. (5)",
        ),
    ),
    related=("krotov-hopfield2016.gap-moments", "restated.hebb-exact-binomial", "ags1985.alpha-c"),
    notices=(
        "alpha_2 is 0.1463 by the asymptotic tail and 0.1507 by the Gaussian tail, to which the exact binomial law "
        "converges: both are 0.15 to two digits. As an order of size, or as a load that is safe, 0.14 holds (last parts).",
        "K_max at finite N is found from the law of the gap by bisection (odd N: for n = 2 no ties).",
    ),
)

EXPECTED = N * p
"""Expected number of wrong bits of one pattern."""
factor = sp.Symbol("factor", positive=True)
"""The load in units of Eq. (6)."""


def _huge(degree: int, exponent: int, times: str) -> dict[str, Any]:
    """A size beyond simulation: N = 10^exponent, with the Gaussian tail at ``times`` the load of Eq. (6)."""
    with precision(DIGITS):
        error = gaussian_tail((2 * Real(10**exponent).log() / Real(times)).sqrt())
    return {
        "n": degree,
        "N": 10**exponent,
        "K": 1,
        "w": double_factorial(2 * degree - 3),
        "p": decimals(error),
        "factor": times,
        "drawn": 0,
    }


def _capacity_point(
    degree: int, size: int, times: str, profile: str = "quick", drawn_: int = 1
) -> dict[str, Any]:
    count = max(2, math.floor(float(sp.Rational(times)) * no_errors(degree, size)))
    return {
        "n": degree,
        "N": size,
        "K": count,
        "w": double_factorial(2 * degree - 3),
        "p": bit_error(degree, size, count),
        "factor": times,
        "drawn": drawn_,
        "profile": profile,
    }


NO_ERROR = Scaling(
    id="krotov-hopfield2016.capacity-no-error",
    title="Capacity without errors",
    source=Source("krotov-hopfield2016", "Eq. (6)"),
    provenance="primary",
    printed=r"P_{error}<1/N:\quad K^{max}_{no\ errors}\approx\frac1{2(2n-3)!!}\frac{N^{n-1}}{\ln N}",
    event=events.step_fails,
    points=(
        *(_capacity_point(2, s, "1") for s in (40, 60, 100, 200)),
        _capacity_point(2, 1000, "1", "standard"),
        *(_capacity_point(2, s, "2") for s in (100, 200)),
        *(_capacity_point(3, s, "1") for s in (40, 60)),
        _capacity_point(3, 100, "1", "standard"),
        *(_capacity_point(3, s, "2") for s in (60,)),
        _capacity_point(4, 40, "1"),
        _capacity_point(4, 40, "2", drawn_=0),
        *(_huge(2, k, "1") for k in (6, 12, 100)),
        _huge(2, 6, "3/2"),
        _huge(2, 12, "6/5"),
        _huge(2, 100, "11/10"),
    ),
    arguments={"N": N, "M": K, "degree": n},
    bound=1 - Min(1, floor(1 / factor)) * (1 - Max(Rational(1, 20), Rational(3, 2) * EXPECTED)),
    lower=(1 - Min(1, floor(1 / factor))) * Min(1, floor(2 * EXPECTED)) * (1 - exp(-EXPECTED / 8)),
    informative=Gt(drawn, 0),
    trials=2400,
    parts=(
        Part(
            "P_error < 1/N at the claimed number of patterns",
            Lt(EXPECTED, 1),
            given=(Hypothesis(Le(factor, 1), "the claimed load"),),
        ),
        Part(
            "P_error > 1/N beyond it (twice; 3/2, 6/5 and 11/10 times for N = 10^6, 10^12, 10^100)",
            Gt(EXPECTED, 1),
            given=(Hypothesis(Gt(factor, 1), "beyond"), Hypothesis(Ge(N, 60), "large N")),
        ),
        Part(
            "the reading 'no errors in any of the patterns': fewer than one wrong bit expected in all of them",
            Lt(K * EXPECTED, 1),
            given=(
                Hypothesis(Le(factor, 1), "the claimed load"),
                Hypothesis(Gt(drawn, 0), "sizes of the grid"),
            ),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "twice as many patterns",
            Max(Rational(1, 20), Rational(3, 2) / sqrt(4 * pi * log(N))),
            description="as many fixed patterns at twice the load",
        ),
        scaled("1/20", part="P_error < 1/N at the claimed number of patterns"),
    ),
    related=("restated.kh-all-patterns", "mceliece1987.most-patterns", "demircigil2017.thm1.1"),
    notices=(
        "'No errors' is defined by P_error < 1/N for one bit: then the expected number of wrong bits of one pattern is "
        "below one (it falls like 1/sqrt(4 pi log N)). It does not mean that all K patterns are free of errors (third part).",
        "Simulation: a fixed pattern is no fixed point; declared is at most 3/2 of the expected number of its wrong bits.",
        "For N = 10^6 and more the Gaussian tail with the printed moments stands in for the law of the gap.",
    ),
)

CLAIMED_LOAD = N ** (n - 1) / (2 * w * log(N))
number = sp.Symbol("number", positive=True)
digit = sp.Symbol("digit", positive=True)
"""Value of the last digit printed that is not a trailing zero."""

EXAMPLES = Identity(
    id="krotov-hopfield2016.examples",
    title="Capacities without errors at N = 100",
    source=Source("krotov-hopfield2016", "worked numbers"),
    provenance="primary",
    printed=r"N=100:\quad n=2,3,4:\ 11,\ 360,\ 7240",
    arena=Points(
        tuple(
            {"n": degree, "N": 100, "w": double_factorial(2 * degree - 3), "number": k, "digit": unit}
            for degree, k, unit in ((2, 11, 1), (3, 360, 10), (4, 7240, 10))
        )
    ),
    parts=(
        Part("the printed numbers, rounded", Le(Abs(CLAIMED_LOAD - number), digit / 2)),
        Part("to the nearest whole number", Le(Abs(CLAIMED_LOAD - number), Rational(1, 2)), headline=False),
    ),
    controls=(
        Control("(2n-1)!! in place of (2n-3)!!", Le(Abs(CLAIMED_LOAD / (2 * n - 1) - number), digit / 2)),
        Control("binary logarithm", Le(Abs(CLAIMED_LOAD * log(2) - number), digit / 2)),
    ),
    related=("krotov-hopfield2016.capacity-no-error",),
    notices=("Recomputed: 10.86, 361.9 and 7238.2; the page says that the printed numbers are rounded.",),
)

# -- all patterns at once --

ALL_EXPECTED = N * K * p
"""Expected number of wrong bits of all patterns together."""


def _all_point(degree: int, size: int, times: str, profile: str = "quick") -> dict[str, Any]:
    count = max(2, math.floor(float(sp.Rational(times)) * no_errors(degree, size) / degree))
    return {
        "n": degree,
        "N": size,
        "K": count,
        "w": double_factorial(2 * degree - 3),
        "p": bit_error(degree, size, count),
        "factor": times,
        "drawn": 1,
        "profile": profile,
    }


def _all_huge(degree: int, exponent: int, times: str) -> dict[str, Any]:
    """N = 10^exponent: the number of patterns itself (not rounded) and the bit error by the Gaussian tail."""
    size = 10**exponent
    scale = 2 * degree * double_factorial(2 * degree - 3)
    with precision(DIGITS):
        count = Real(times) * Real(size) ** (degree - 1) / (scale * Real(size).log())
        error = gaussian_tail((2 * degree * Real(size).log() / Real(times)).sqrt())
    return {
        "n": degree,
        "N": size,
        "K": decimals(count),
        "w": double_factorial(2 * degree - 3),
        "p": decimals(error),
        "factor": times,
        "drawn": 0,
    }


ALL_PATTERNS = Scaling(
    id="restated.kh-all-patterns",
    title="Capacity with all patterns fixed at once",
    source=Source("krotov-hopfield2016", RELATED),
    provenance="derived (heuristic for n >= 3)",
    printed=r"K^{max}_{all}\approx\frac1{2n(2n-3)!!}\frac{N^{n-1}}{\ln N}\quad(n=2:\ N/(4\ln N))",
    event=events.step_fails,
    points=(
        *(_all_point(2, s, f) for s in (100, 200) for f in ("1", "2")),
        _all_point(2, 40, "1/2"),
        *(_all_point(3, s, f) for s in (40, 60) for f in ("1/2", "1", "2")),
        *(_all_point(3, 100, f, "standard") for f in ("1", "2")),
        _all_point(3, 200, "2", "full"),
        *(_all_huge(k, e, "1") for k in (2, 3, 4) for e in (3, 6, 12)),
        *(_all_huge(k, 100, f) for k in (2, 3, 4) for f in ("9/10", "11/10")),
    ),
    arguments={"N": N, "M": K, "degree": n, "everyone": sp.Integer(1)},
    bound=1 - Min(1, floor(1 / factor)) * (1 - Max(Rational(1, 20), 2 * ALL_EXPECTED)),
    lower=(1 - Min(1, floor(1 / factor))) * Min(1, floor(2 * ALL_EXPECTED)) * (1 - exp(-ALL_EXPECTED / 8)),
    informative=Gt(drawn, 0),
    trials=2400,
    parts=(
        Part(
            "fewer than one wrong bit expected at the claimed number of patterns",
            Lt(ALL_EXPECTED, 1),
            given=(Hypothesis(Le(factor, 1), "up to the claimed load"),),
        ),
        Part(
            "more than a million at 11/10 of it, fewer than a millionth at 9/10 (N = 10^100)",
            Ge(
                Max(0, factor - 1) * log(ALL_EXPECTED) + Max(0, 1 - factor) * log(1 / ALL_EXPECTED),
                log(10**6) / 10,
            ),
            given=(Hypothesis(Gt(Abs(factor - 1), 0), ""), Hypothesis(Ge(N, 10**100), "N = 10^100")),
        ),
    ),
    controls=(
        Control(
            "n times as many, the capacity without errors of one pattern",
            Lt(N * n * K * exp(-log(N)) / sqrt(4 * pi * log(N)), 1),
            "fewer than one wrong bit expected at the claimed number of patterns",
            "fewer than one wrong bit expected at K N^(n-1)/(2 (2n-3)!! log N)",
        ),
        Control("twice as many", Rational(1, 20), description="all patterns fixed at twice the load as well"),
    ),
    related=("krotov-hopfield2016.capacity-no-error", "mceliece1987.all-patterns"),
    notices=(
        "A limit: at each size declared is at most twice the expected number of wrong bits of all patterns (and 1/20) up to "
        "the claimed load, and at least 1 - exp(-an eighth of it) at twice that load, where it reaches 1/2.",
        "For N = 10^3 and more the Gaussian tail with the printed moments gives the expected number.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SMALL_ERROR, NO_ERROR, EXAMPLES, ALL_PATTERNS)
