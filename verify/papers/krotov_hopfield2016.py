"""Dense associative memory with the energy -sum F(<xi_mu, s>), F(x) = x^n: gap of one bit, and three capacities.

D. Krotov and J. J. Hopfield, "Dense Associative Memory for Pattern Recognition", NeurIPS 2016, arXiv 1606.01164,
Eqs. (4) to (6); and statements of this project beside them.

The law of the gap is known: the other patterns add independent values with fair signs, whose sum is found by
Fourier inversion (:func:`bounds.binary_laws.gap_below`, absolute error below 1e-11). The printed formulas
are held against that law, and the law against simulations of the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Abs, Eq, Ge, Gt, Le, Lt, Max, Min, Rational, exp, floor, log, pi, sqrt

from bounds.binary_laws import (
    contributions,
    crossing,
    decimals,
    double_factorial,
    gap_below,
    gap_gaussian_error,
    gap_mean,
    gap_second_moment,
    gaussian_tail,
    hebb_bit_error,
    small_error_load,
)
from bounds.exact import Real, precision
from simulations import events_binary as events
from verify.arena import Points
from verify.controls import scaled
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Scaling, Source, Statement

PAPER: dict[str, Any] = {
    "key": "krotov-hopfield2016",
    "title": "Dense Associative Memory for Pattern Recognition",
    "authors": "D. Krotov, J. J. Hopfield",
    "year": 2016,
    "arxiv": "1606.01164",
    "venue": "NeurIPS 2016",
}
RELATED = "a related statement of this project"

n = sp.Symbol("n", integer=True, positive=True)
N = sp.Symbol("N", integer=True, positive=True)
K = sp.Symbol("K", integer=True, positive=True)
w = sp.Symbol("w", integer=True, positive=True)
"""(2n-3)!!"""
p = sp.Symbol("p", nonnegative=True)
"""P(gap < 0) for one bit of one pattern, by Fourier inversion (n = 2: the exact binomial law)."""
mean = sp.Symbol("mean", positive=True)
"""Mean of the gap, exact."""
v = sp.Symbol("v", positive=True)
"""Variance that each other pattern adds to the gap, exact."""
kurtosis = sp.Symbol("kurtosis", real=True)
"""Excess kurtosis of what one other pattern adds."""
gauss = sp.Symbol("gauss", nonnegative=True)
"""Gaussian tail with the exact mean and variance."""
drawn = sp.Symbol("drawn", integer=True, nonnegative=True)

Grid = tuple[Mapping[str, Any], ...]
DIGITS = 160
"""Bits for numbers that are written into grid points."""


def no_errors(degree: int, size: int) -> float:
    """The load of Eq. (6), N^(n-1)/(2 (2n-3)!! log N)."""
    return float(size ** (degree - 1)) / (2 * double_factorial(2 * degree - 3) * math.log(size))


def bit_error(degree: int, size: int, count: int) -> str:
    """P(gap < 0) as a decimal."""
    if degree == 2:
        return decimals(hebb_bit_error(size, count))
    return f"{gap_below(degree, size, count)[0]:.12e}"


def moments(degree: int, size: int) -> dict[str, str]:
    """Exact mean and variance of the gap, and the excess kurtosis of one contribution."""
    table, second = contributions(degree, size), gap_second_moment(degree, size)
    fourth = Fraction(sum(value**4 * ways for value, ways in table), 2 ** (size - 1))
    return {
        "mean": str(gap_mean(degree, size)),
        "v": decimals(Real(second), 40),
        "kurtosis": decimals(Real(fourth / second**2 - 3)),
    }


def point(degree: int, size: int, count: int, profile: str = "quick", drawn_: int = 1) -> dict[str, Any]:
    """A grid point with everything that is known exactly about it."""
    return {
        "n": degree,
        "N": size,
        "K": count,
        "w": double_factorial(2 * degree - 3),
        "p": bit_error(degree, size, count),
        "gauss": decimals(gap_gaussian_error(degree, size, count)),
        "drawn": drawn_,
        "profile": profile,
        **moments(degree, size),
    }


def at(degree: int, size: int, factor: str, **more: Any) -> dict[str, Any]:
    """The grid point with the load nearest to factor times that of Eq. (6)."""
    return point(degree, size, max(2, round(float(sp.Rational(factor)) * no_errors(degree, size))), **more)


# -- the gap of one bit -----------------------------------------------------------------------------------

X2 = N ** (n - 1) / (K * w)
"""Squared ratio of mean and standard deviation of the gap, as printed."""
PRINTED_ERROR = exp(-X2 / 2) / sqrt(2 * pi * X2)
KURTOSIS_LIMIT = sp.Symbol("kurtosis_limit", real=True)
"""Excess kurtosis for N to infinity, (4n-5)!!/((2n-3)!!)^2 - 3."""
ERROR_TOLERANCE = 1 / X2 + X2 / K + n * X2 / N + KURTOSIS_LIMIT * X2**2 / (12 * K)
"""Relative size of what the printed formula leaves out: the Gaussian tail beyond its first term, K - 1 in place of
K, moments at finite N, and the fourth cumulant of the sum."""


def _with_limit(points: Grid) -> Grid:
    return tuple(
        {
            **q,
            "kurtosis_limit": str(
                Fraction(double_factorial(4 * q["n"] - 5), double_factorial(2 * q["n"] - 3) ** 2) - 3
            ),
        }
        for q in points
    )


GAP_GRID: Grid = (
    at(2, 100, "2"),
    at(2, 100, "4"),
    at(2, 400, "1", drawn_=0),
    at(2, 400, "4", drawn_=0),
    *(at(3, s, f) for s in (40, 60) for f in ("2", "4")),
    at(3, 100, "2", profile="standard"),
    *(at(3, s, f, drawn_=0) for s in (40, 60, 100) for f in ("1/4", "1/2", "1")),
    at(4, 40, "2"),
    *(at(4, 40, f, drawn_=0) for f in ("1/4", "1/2", "1", "4")),
)
SMALL_CORRECTIONS = (
    Hypothesis(Lt(ERROR_TOLERANCE, 1), "N and K large: what the formula leaves out is below it"),
)

GAP_MOMENTS = Scaling(
    id="krotov-hopfield2016.gap-moments",
    title="Mean and variance of the gap of one bit, and the bit error",
    source=Source("krotov-hopfield2016", "Eqs. (4), (5)"),
    provenance="primary",
    printed=(
        r"\langle\Delta E\rangle=N^n-(N-2)^n\approx2nN^{n-1},\ \Sigma^2=\Omega_n(K-1)N^{n-1},\ \Omega_n=4n^2(2n-3)!!;\quad"
        r"P_{error}\approx\sqrt{\tfrac{(2n-3)!!}{2\pi}\tfrac K{N^{n-1}}}\,e^{-\frac{N^{n-1}}{2K(2n-3)!!}}"
    ),
    event=events.bit_unstable,
    points=_with_limit(GAP_GRID),
    arguments={"N": N, "M": K, "degree": n},
    bound=PRINTED_ERROR * (1 + ERROR_TOLERANCE),
    lower=Max(0, PRINTED_ERROR * (1 - ERROR_TOLERANCE)),
    informative=Gt(drawn, 0),
    trials=16000,
    parts=(
        Part("the mean is N^n - (N-2)^n", Eq(mean, N**n - (N - 2) ** n)),
        Part("and 2 n N^(n-1) up to a share of n/N", Le(Abs(mean / (2 * n * N ** (n - 1)) - 1), n / N)),
        Part(
            "the variance is Omega_n (K-1) N^(n-1) up to a share of n^2/N",
            Le(Abs(v / (4 * n**2 * w * N ** (n - 1)) - 1), n**2 / N),
        ),
        Part(
            "the bit error is the printed one up to the terms left out",
            Le(Abs(p / PRINTED_ERROR - 1), ERROR_TOLERANCE),
            given=SMALL_CORRECTIONS,
        ),
        Part(
            "the bit error is the printed one up to a factor of two, at every load of the grid",
            Le(Max(p / PRINTED_ERROR, PRINTED_ERROR / p), 2),
            given=(Hypothesis(Ge(n, 3), "n = 3 and 4"),),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "a third of the printed error", PRINTED_ERROR / 3, description="P_error <= a third of the formula"
        ),
        Control(
            "Omega_n with (2n-1)!!",
            Le(Abs(v / (4 * n**2 * (2 * n - 1) * w * N ** (n - 1)) - 1), n**2 / N),
            "the variance is Omega_n (K-1) N^(n-1) up to a share of n^2/N",
        ),
        Control(
            "a mean without the factor 2",
            Le(Abs(mean / (n * N ** (n - 1)) - 1), n / N),
            "and 2 n N^(n-1) up to a share of n/N",
        ),
        Control(
            "without the exponential",
            Le(Abs(p * sqrt(2 * pi * X2) - 1), ERROR_TOLERANCE),
            "the bit error is the printed one up to the terms left out",
        ),
    ),
    related=("restated.kh-finite-moments", "restated.hebb-exact-binomial"),
    notices=(
        "Approximations for large N and K; declared tolerances vanish in that limit (share n/N for the mean, n^2/N for the "
        "variance; for the error 1/x^2 + x^2/K + n x^2/N + kappa x^4/(12 K) with x^2 = N^(n-1)/(K (2n-3)!!)).",
        "In the far tail the sum of few heavy-tailed terms is not Gaussian: at N = 40, n = 3 and a quarter of the load of "
        "Eq. (6) the error is 130 times the printed one (fifth part, not part of the verdict).",
    ),
)

# -- capacities -------------------------------------------------------------------------------------------

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

# -- related statements --------------------------------------------------------------------------------------

counted = sp.Symbol("counted", nonnegative=True)
"""Variance of the gap over all pattern sets, through the model's energy; 0 where they are too many."""
FINITE_X2 = mean**2 / ((K - 1) * v)
FINITE_TOLERANCE = Rational(1, 50) + Max(0, kurtosis) * FINITE_X2**2 / (12 * (K - 1))


def _finite_points() -> Grid:
    small = (
        {
            "n": degree,
            "N": size,
            "K": count,
            "mean": str(gap_mean(degree, size)),
            "v": str(gap_second_moment(degree, size)),
            "counted": str(events.gap_variance(size, count, degree)),
            "kurtosis": 0,
            "p": 0,
            "gauss": 0,
            "drawn": 0,
        }
        for degree, size, count in (
            (2, 4, 3),
            (3, 4, 3),
            (3, 3, 4),
            (3, 5, 3),
            (4, 4, 3),
            (4, 5, 2),
            (5, 3, 3),
        )
    )
    known = (
        *(point(3, s, k, profile) for s, k, profile in ((60, 400, "standard"), (100, 362, "full"))),
        point(4, 60, 1758, "full"),
        at(3, 40, "2"),
        at(3, 40, "4"),
        at(4, 24, "2"),
        *(at(3, s, f, drawn_=0) for s in (40, 60, 100) for f in ("1/4", "1/2", "1", "2")),
        *(at(4, 40, f, drawn_=0) for f in ("1/4", "1/2", "1", "2")),
    )
    return (*small, *({**q, "counted": 0} for q in known))


LAW_KNOWN = Hypothesis(Gt(p, 0), "where the law of the gap was computed")

FINITE_MOMENTS = Scaling(
    id="restated.kh-finite-moments",
    title="Bit error from the exact moments at finite N",
    source=Source("krotov-hopfield2016", RELATED),
    provenance="derived",
    printed=(
        r"\Sigma^2=(K-1)\,E\big[\big((1+y)^n-(y-1)^n\big)^2\big],\ y=\textstyle\sum_{j<N}\pm1;\quad"
        r"P_{error}=P\big(Z>(N^n-(N-2)^n)/\Sigma\big)"
    ),
    event=events.bit_unstable,
    points=_finite_points(),
    arguments={"N": N, "M": K, "degree": n},
    bound=gauss * (1 + FINITE_TOLERANCE + Rational(1, 3)),
    lower=Max(0, gauss * (1 - FINITE_TOLERANCE - Rational(1, 3))),
    informative=Gt(drawn, 0),
    trials=6000,
    parts=(
        Part(
            "the variance over all pattern sets, visited one by one",
            Eq((K - 1) * v, counted),
            given=(Hypothesis(Gt(counted, 0), "sizes at which all sets can be visited"),),
        ),
        Part(
            "the Gaussian tail up to 1/50 and the fourth cumulant",
            Le(Abs(p / gauss - 1), FINITE_TOLERANCE),
            given=(LAW_KNOWN, Hypothesis(Lt(FINITE_TOLERANCE, 1), "N and K large")),
        ),
        Part(
            "the Gaussian tail up to a tenth at every load of the grid",
            Le(Abs(p / gauss - 1), Rational(1, 10)),
            given=(LAW_KNOWN,),
            headline=False,
        ),
    ),
    controls=(
        scaled("1/2"),
        Control(
            "K patterns in place of K - 1",
            Eq(K * v, counted),
            "the variance over all pattern sets, visited one by one",
        ),
        Control(
            "the printed variance",
            Le(
                Abs(p / (exp(-FINITE_X2 / 2) / sqrt(2 * pi * FINITE_X2)) - 1),
                FINITE_TOLERANCE,
            ),
            "the Gaussian tail up to 1/50 and the fourth cumulant",
            "the first term of the tail in place of the tail",
        ),
    ),
    related=("krotov-hopfield2016.gap-moments", "restated.hebb-exact-binomial"),
    notices=(
        "The variance is exact. The Gaussian tail is a limit: declared is a relative error of 1/50 plus kappa x^4/(12 (K-1)), "
        "kappa the excess kurtosis of one contribution, which vanishes as N grows at a fixed share of the capacity.",
        "At K a quarter of Eq. (6), n = 3 and N = 40, the error is 178 times the Gaussian tail (third part).",
    ),
)

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

STATEMENTS: tuple[Statement, ...] = (
    GAP_MOMENTS,
    SMALL_ERROR,
    NO_ERROR,
    EXAMPLES,
    FINITE_MOMENTS,
    ALL_PATTERNS,
)
