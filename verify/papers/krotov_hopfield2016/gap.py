"""The gap of one bit: mean, variance and bit error, as printed (Eqs. (4), (5)) and with the moments at finite N.

The law of the gap is known: the other patterns add independent values with fair signs, whose sum is found by
Fourier transforms (:func:`bounds.binary_laws.gap_below`, absolute error below 1e-11). The printed formulas
are held against that law, and the law against simulations of the model.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp
from sympy import Abs, Eq, Ge, Gt, Le, Lt, Max, Rational, exp, pi, sqrt

from bounds.binary_laws import (
    double_factorial,
    gap_mean,
    gap_second_moment,
)
from simulations import events_binary as events
from verify.controls import scaled
from verify.papers.krotov_hopfield2016.laws import (
    RELATED,
    Grid,
    K,
    N,
    at,
    drawn,
    gauss,
    kurtosis,
    mean,
    n,
    p,
    point,
    v,
    w,
)
from verify.statement import Control, Hypothesis, Part, Scaling, Source, Statement

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

# -- moments at finite N --

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

STATEMENTS: tuple[Statement, ...] = (GAP_MOMENTS, FINITE_MOMENTS)
