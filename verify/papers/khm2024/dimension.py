"""The feature dimension that M memories at a required separation ask for.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, scaling of the feature dimension; statements of this project
beside it.  The smallest dimension is exact by Rankin for separations of one or more, and enclosed between packing and
covering bounds below.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from sympy import Eq, Ge, Gt, Le, Lt, Rational, Symbol, ceiling, log

from bounds.exact import Real
from bounds.packing.elementary import rankin_size
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.packing import GRID, PREFACTOR, RELATED, D, cited
from verify.papers.splag.optima import (
    dimension_interval,
    one,
    optimal_cosine,
    proven,
    size_interval,
    value,
    whole,
)
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import M, quantity

Delta = Symbol("Delta", real=True)
DIGEST = "D_Phi scales logarithmically with M"


@quantity("volume_dimension", "smallest dimension that admits M unit vectors with minimal separation Delta")
def least_dimension(b: Instances) -> Array:
    low, high = dimension_interval(whole(b, "M"), 1 - value(b, "Delta"))
    return one(Real.between(low, high))


@cache
def rankin_dimension(count: int, s: Fraction) -> int:
    """Smallest dimension with A(n, s) >= N for s <= 0, from Rankin's exact values; A(1, s) = 2."""
    if count <= 2:
        return 1
    low, high = 1, 2
    while rankin_size(high, s) < count:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rankin_size(middle, s) >= count else (middle, high)
    return high


@quantity("volume_dimension_orthoplex", "smallest dimension that admits M unit vectors with separation 1")
def orthoplex_dimension(b: Instances) -> Array:
    return one(rankin_dimension(whole(b, "M"), Fraction(0)))


@quantity("volume_dimension_simplex", "smallest dimension that admits M unit vectors with separation M/(M-1)")
def simplex_dimension(b: Instances) -> Array:
    count = whole(b, "M")
    return one(rankin_dimension(count, Fraction(-1, count - 1)))


def _products(deltas: tuple[str, ...], counts: tuple[int, ...]) -> tuple[dict[str, Any], ...]:
    return tuple({"Delta": s, "M": m} for m in counts for s in deltas)


RATE = -log(Delta * (2 - Delta)) / 2
"""Exponent of the covering bound: sin(theta)^2 = Delta (2 - Delta) at cos theta = 1 - Delta."""
SMALL_SEPARATION = (Hypothesis(Gt(Delta, 0)), Hypothesis(Lt(Delta, 1)), Hypothesis(Ge(M, 2)))
POWERS = tuple(10**k for k in (1, 2, 3, 6, 9, 12, 30))

DIMENSION_LOG = Inequality(
    id="hu2024.dphi.log",
    title="Required feature dimension of order log M",
    source=cited(f"digest: {DIGEST}, required separation below one"),
    provenance="secondary",
    printed=r"D_{\min}(M,\Delta)=\min\{D:A(D,1-\Delta)\ge M\}=\Theta(\log M)\quad(0<\Delta<1\text{ fixed})",
    arena=Points(_products(("1/10", "3/10", "1/2", "3/4", "9/10"), (2, 3, 4, 8, 16, 64, 128, *POWERS))),
    hypotheses=SMALL_SEPARATION,
    parts=(
        Part("at most of order log M", Le(least_dimension, 2 + log(M) / RATE)),
        Part("at least of order log M", Ge(least_dimension, log(M) / (1 + log(2 / Delta) / 2))),
    ),
    controls=(
        scaled("1/8", part="at most of order log M"),
        Control(
            "ten times as many",
            Ge(least_dimension, 10 * log(M) / (1 + log(2 / Delta) / 2)),
            "at least of order log M",
        ),
    ),
    related=("hu2024.dphi.log-any", "restated.a15.sufficient", "restated.a15.necessary", "restated.a15.csw"),
    notices=(
        "The constants depend on Delta and are explicit, and the two inequalities hold at every M: caps of angle theta have "
        "an area of at most sin(theta)^(D-1)/2, and caps of half of it at least (Delta/2)^((D-1)/2)/(2 D).  The smallest "
        "dimension is enclosed between packing and covering bounds.",
    ),
)

DIMENSION_ANY = Inequality(
    id="hu2024.dphi.log-any",
    title="Required feature dimension of order log M, separations of one or more",
    source=cited(f"digest: {DIGEST}, the same claim without restriction"),
    provenance="secondary",
    printed=r"D_{\min}(M,\Delta)=\Theta(\log M)\quad(1\le\Delta<2)",
    arena=Points(
        tuple({"M": m} for m in (2, 3, 4, 7, 16, 64, 128, 1024, 4096, *(10**k for k in (5, 6, 9, 12))))
    ),
    hypotheses=(Hypothesis(Ge(M, 2)),),
    parts=(
        Part("separation 1: at most 1000 log M", Le(orthoplex_dimension, 1000 * log(M))),
        Part("separation M/(M-1): at most 1000 log M", Le(simplex_dimension, 1000 * log(M))),
        Part("separation 1: at least M/2", Ge(orthoplex_dimension, M / 2), headline=False),
    ),
    controls=(scaled("1/1000"),),
    related=("hu2024.dphi.log", "restated.a15.large", "rankin1955.orthoplex", "rankin1955.simplex"),
    notices=(
        "By Rankin the dimensions are exactly M/2, rounded up, and M - 1.  A constant of 1000 fails on this grid, every "
        "other one at a larger M.",
        "For a fixed separation above 1 at most Delta/(Delta - 1) vectors exist, in whatever dimension.",
    ),
)


def _smallest(count: int, delta: Fraction) -> int:
    """The smallest D >= 2 that meets the criterion of restated.a15.sufficient (floats; the hypothesis certifies)."""

    def met(n: int) -> bool:
        prefactor = math.log(2 * math.sqrt(math.pi)) + math.lgamma((n + 1) / 2) - math.lgamma(n / 2)
        return (n - 1) * math.log(1 / (2 * delta)) >= 2 * (math.log(count) - prefactor)

    low, high = 1, 2
    while not met(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high


def _criterion_points() -> tuple[dict[str, Any], ...]:
    deltas = ("1/100", "1/10", "3/10", "49/100")
    counts = (2, 3, 4, 5, 8, 13, 24, 25, 64, 128, 1000, 10**6, 10**9, 10**12)
    return tuple(
        {"Delta": s, "M": m, "D": _smallest(m, Fraction(s)) + more}
        for m in counts
        for s in deltas
        for more in (0, 1)
    )


@quantity(
    "volume_log_size",
    "log of the largest number of unit vectors in dimension D with minimal separation Delta",
)
def log_size(b: Instances) -> Array:
    low, high = size_interval(whole(b, "D"), 1 - value(b, "Delta"))
    return one(Real(low).log() if low == high else Real.between(Real(low).log(), Real(high).log()))


CRITERION = 2 * log(M / PREFACTOR)

SUFFICIENT = Inequality(
    id="restated.a15.sufficient",
    title="Sufficient dimension",
    source=Source("khm2024", RELATED),
    provenance="derived",
    printed=r"D-1\ge\frac{2\ln(M/\mathrm{pref})}{\ln(1/(2\Delta))}\Rightarrow\Delta^*(D,M)\ge\Delta,\quad"
    r"\mathrm{pref}=\frac{2\sqrt\pi\,\Gamma(\frac{D+1}2)}{\Gamma(\frac D2)}",
    arena=Points(_criterion_points()),
    hypotheses=(
        Hypothesis(Gt(Delta, 0)),
        Hypothesis(Lt(Delta, Rational(1, 2))),
        Hypothesis(Ge(M, 2)),
        Hypothesis(Ge(D - 1, CRITERION / log(1 / (2 * Delta))), "the criterion"),
    ),
    parts=(Part("a code exists", Le(log(M), log_size)),),
    controls=(Control("a hundred times as many points", Le(log(100 * M), log_size)),),
    related=("hu2024.dphi.log", "restated.d11.two-sided", "restated.a15.necessary"),
    notices=(
        "At the smallest dimension that meets the criterion and the next one; Delta*(D, M) >= Delta means that the largest "
        "code of separation Delta has at least M points.",
    ),
)


@quantity("volume_prescribed", "the separation asked for: all of what M vectors can have, or a share of it")
def prescribed(b: Instances) -> Array:
    return one((1 - optimal_cosine(whole(b, "D"), whole(b, "M"))) * Real(value(b, "share")))


NECESSARY = Inequality(
    id="restated.a15.necessary",
    title="Necessary dimension",
    source=Source("khm2024", RELATED),
    provenance="derived",
    printed=r"\Delta^*(D,M)\ge\Delta\Rightarrow D-1\ge\frac{2\ln(M/\mathrm{pref})}{\ln(2/\Delta)}",
    arena=Points(
        tuple(
            point | {"share": share}
            for point in GRID
            if proven(point["D"], point["M"])
            for share in ("1" if point["M"] > 2 else "99/100", "1/10")
        )
    ),
    hypotheses=(Hypothesis(Lt(prescribed, 2)), Hypothesis(Ge(M, 2))),
    parts=(Part("dimension", Le(CRITERION / log(2 / prescribed), D - 1)),),
    controls=(scaled("1/2"),),
    related=("hu2024.dphi.log", "restated.d11.two-sided", "restated.a15.sufficient"),
    notices=(
        "At every proven row, with the largest separation that the dimension admits (the hardest case: the bound rises with "
        "the separation) and with a tenth of it.  Two points reach 2, which the hypotheses exclude: 1.98 for them.",
    ),
)

LARGE = Identity(
    id="restated.a15.large",
    title="Separations of one or more",
    source=Source("khm2024", RELATED),
    provenance="derived",
    printed=r"\Delta=1:\ D_{\min}=\lceil M/2\rceil;\qquad\Delta=\tfrac M{M-1}:\ D_{\min}=M-1",
    arena=Points(
        tuple(
            {"M": m}
            for m in (*range(2, 9), 10, 12, 13, 16, 24, 25, 32, 64, 100, 120, 128, 240, 256, 512, 1024, 4096)
        )
    ),
    hypotheses=(Hypothesis(Ge(M, 2)),),
    parts=(
        Part("separation 1", Eq(orthoplex_dimension, ceiling(M / 2))),
        Part("separation M/(M-1)", Eq(simplex_dimension, M - 1)),
    ),
    controls=(
        Control("rounded down", Eq(orthoplex_dimension, ceiling((M - 1) / 2)), "separation 1"),
        Control("one dimension less", Eq(simplex_dimension, M - 2), "separation M/(M-1)"),
    ),
    related=("hu2024.dphi.log-any", "rankin1955.simplex", "rankin1955.orthoplex"),
)

COVERING = Inequality(
    id="restated.a15.csw",
    title="Sufficient dimension from the covering bound",
    source=Source("khm2024", RELATED),
    provenance="derived",
    printed=r"D_{\min}(M,\Delta)\le(1+o(1))\,\frac{\ln M}{-\frac12\ln(\Delta(2-\Delta))}\quad(0<\Delta<1\text{ fixed},\ M\to\infty)",
    arena=Points(
        _products(
            ("1/10", "3/10", "1/2", "3/4", "9/10", "99/100"), tuple(10**k for k in (1, 2, 4, 8, 16, 30))
        )
    ),
    hypotheses=SMALL_SEPARATION,
    parts=(Part("o(1) at most 2 rate/ln M", Le(least_dimension, (1 + 2 * RATE / log(M)) * log(M) / RATE)),),
    controls=(scaled("1/4"),),
    related=("hu2024.dphi.log", "csw.asymptotic"),
    notices=(
        "Decided with an explicit o(1) that holds at every M: a cap of angle theta has an area of at most "
        "sin(theta)^(D-1)/2, so 1 + ln(M/2)/rate dimensions, rounded up, suffice.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    DIMENSION_LOG,
    DIMENSION_ANY,
    SUFFICIENT,
    NECESSARY,
    LARGE,
    COVERING,
)
