"""The largest separation of M unit features in dimension D, and the dimension that a separation asks for.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, Proposition 3.1 and the scaling of the feature dimension;
statements of this project beside them.  Delta*(D, M) = 1 - s*(D, M) is a proven value where the literature has one, and
an interval between certified bounds elsewhere: a comparison that the interval does not decide stays undecided.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from sympy import E, Eq, Ge, Gt, Integer, Le, Lt, Rational, Symbol, ceiling, gamma, log, pi, sqrt

from bounds.exact import Real
from bounds.packing.elementary import rankin_size
from simulations.codes.known import known
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
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

D = Symbol("D", positive=True)
Delta = Symbol("Delta", real=True)
PROP = "Proposition 3.1 (formula as in the authors' published implementation)"
CAPTION = "caption of the figure for Proposition 3.1, D = 3"
DIGEST = "D_Phi scales logarithmically with M"
RELATED = "a related statement of this project"


def cited(where: str) -> Source:
    """A place in the paper."""
    return Source("khm2024", f"arXiv 2410.23126, {where}")


# -- the largest separation -----------------------------------------------------------------------------


@quantity("volume_separation", "largest possible minimal separation of M unit vectors in dimension D")
def best(b: Instances) -> Array:
    return one(1 - optimal_cosine(whole(b, "D"), whole(b, "M")))


@quantity("volume_separation_next", "the same for M + 1 unit vectors")
def best_next(b: Instances) -> Array:
    return one(1 - optimal_cosine(whole(b, "D"), whole(b, "M") + 1))


@quantity("volume_separation_far", "the same for 4 M unit vectors")
def best_far(b: Instances) -> Array:
    return one(1 - optimal_cosine(whole(b, "D"), 4 * whole(b, "M")))


@quantity(
    "volume_proven", "1 where the largest separation is a proven value, 0 where it is enclosed by bounds"
)
def is_proven(b: Instances) -> Array:
    return one(int(proven(whole(b, "D"), whole(b, "M"))))


def _grid() -> tuple[dict[str, int], ...]:
    """All M at small D, the table, and a coarse grid of large D and M."""
    pairs = {(2, m) for m in (*range(2, 14), 16, 24, 25, 32, 64, 100, 128, 1024, 4096)}
    pairs |= {(3, m) for m in (*range(2, 15), 24, 512, 4096)} | {(3, m) for n, m in known() if n == 3}
    pairs |= {pair for pair, row in known().items() if row.kind == "optimal"}
    large = (2, 8, 25, 128, 4096)
    pairs |= {(n, m) for n in (4, 5, 8, 16, 24, 32, 64, 128, 256) for m in large}
    return tuple({"D": n, "M": m} for n, m in sorted(pairs))


GRID = _grid()
"""Grid of Proposition 3.1, smallest dimension and size first."""

LOWER = (sqrt(pi) / M * gamma((D + 1) / 2) / gamma(D / 2 + 1)) ** (2 / (D - 1)) / 2
UPPER = 2 * (2 * sqrt(pi) / M * gamma((D + 1) / 2) / gamma(D / 2)) ** (1 / (D - 1))
PREFACTOR = 2 * sqrt(pi) * gamma((D + 1) / 2) / gamma(D / 2)
Q = (PREFACTOR / M) ** (2 / (D - 1))
SIDE = Hypothesis(
    Ge(M, sqrt(2 * pi * sqrt(E * D))), "side condition of the softmax-code bound", in_text_only=True
)
ENCLOSED = "Where no optimal value is proven, the largest separation is enclosed by certified packing bounds."

PROP_LOWER = Inequality(
    id="hu2024.prop3.1.lower",
    title="Lower bound on the maximal separation",
    source=cited(PROP),
    provenance="secondary",
    printed=r"\frac12\Big[\frac{\sqrt\pi}{M}\frac{\Gamma(\frac{D+1}2)}{\Gamma(\frac D2+1)}\Big]^{\frac2{D-1}}"
    r"\le\max\Delta_{\min}^\Phi",
    arena=Points(GRID),
    hypotheses=(Hypothesis(Ge(D, 2)), Hypothesis(Ge(M, 2)), SIDE),
    parts=(Part("lower bound", Le(LOWER, best)),),
    controls=(scaled("1/8"), Control("the volume bound from above as one from below", Le(2 * Q, best))),
    related=("hu2024.prop3.1.upper", "restated.d11.two-sided", "cap.covering"),
    notices=(
        ENCLOSED,
        "The side condition belongs to a related bound; the second reading has it as a condition.",
        "The bound is that of restated.d11.two-sided divided by D^(2/(D-1)): within a factor of about 16 of the "
        "truth at D = 2, and of 11 at D = 3.",
    ),
)

PROP_UPPER = Inequality(
    id="hu2024.prop3.1.upper",
    title="Upper bound on the maximal separation",
    source=cited(PROP),
    provenance="secondary",
    printed=r"\max\Delta_{\min}^\Phi\le2\Big[\frac{2\sqrt\pi}{M}\frac{\Gamma(\frac{D+1}2)}{\Gamma(\frac D2)}\Big]"
    r"^{\frac1{D-1}}",
    arena=Points(GRID),
    hypotheses=(Hypothesis(Ge(D, 2)), Hypothesis(Ge(M, 2)), SIDE),
    parts=(
        Part("upper bound", Le(best, UPPER), trivial=Integer(2)),
        Part("against the average of all pairs", Le(best, UPPER), trivial=M / (M - 1), headline=False),
    ),
    controls=(scaled("1/2"), Control("cubed", Le(best, UPPER**3 / 4))),
    related=("hu2024.prop3.1.lower", "restated.d11.two-sided", "cap.packing"),
    notices=(
        ENCLOSED,
        "With Q of restated.d11.two-sided the bound is 2 sqrt(Q): it exceeds the volume bound 2 Q by 1/sqrt(Q), "
        "so it has half of the rate in M, and it is above 2, which every separation satisfies, up to M = "
        "2 sqrt(pi) Gamma((D+1)/2)/Gamma(D/2).  M vectors have a pair with separation at most M/(M-1) in any dimension.",
    ),
)

TWO_SIDED = Inequality(
    id="restated.d11.two-sided",
    title="Two-sided bound on the maximal separation",
    source=Source("khm2024", RELATED),
    provenance="derived",
    printed=r"\tfrac12Q\le\Delta^*(D,M)\le2Q,\quad Q=\Big[\frac{2\sqrt\pi\,\Gamma(\frac{D+1}2)}{M\,\Gamma(\frac D2)}\Big]"
    r"^{\frac2{D-1}}",
    arena=Points(GRID),
    hypotheses=(Hypothesis(Ge(D, 2)), Hypothesis(Ge(M, 2))),
    parts=(
        Part("lower bound", Le(Q / 2, best)),
        Part("upper bound", Le(best, 2 * Q), trivial=Integer(2)),
    ),
    controls=(
        scaled("1/4", part="lower bound"),
        scaled("3/4", part="upper bound"),
        Control("four times the lower bound", Le(2 * Q, best), "lower bound"),
    ),
    related=("hu2024.prop3.1.lower", "hu2024.prop3.1.upper"),
    notices=(ENCLOSED,),
)

# -- three dimensions ---------------------------------------------------------------------------------------

ROWS = tuple(sorted({*range(4, 15), 24, *(m for n, m in known() if n == 3)}))


def _sizes(*counts: int) -> tuple[dict[str, int], ...]:
    return tuple({"D": 3, "M": m} for m in counts)


TIGHT_ABS = Inequality(
    id="hu2024.prop3.1.tight-abs",
    title="The bounds become tighter with M (absolute gap)",
    source=cited(f"{CAPTION}, reading 1"),
    provenance="secondary",
    printed=r"\text{upper}-\max\Delta_{\min}\to0,\quad\max\Delta_{\min}-\text{lower}\to0\quad(M\to\infty,\ D=3)",
    arena=Points(_sizes(*ROWS, *(10**k for k in (3, 4, 6, 8, 10, 12)))),
    parts=(
        Part("gap of the upper bound below a null sequence", Le(UPPER - best, 4 / sqrt(M))),
        Part("it is a gap", Ge(UPPER - best, 0)),
        Part("gap of the lower bound below a null sequence", Le(best - LOWER, 8 / M)),
        Part("it is a gap too", Ge(best - LOWER, 0)),
    ),
    controls=(
        Control("a gap of 1/M", Le(UPPER - best, 1 / M), "gap of the upper bound below a null sequence"),
        Control(
            "a gap of 1/M below", Le(best - LOWER, 1 / M), "gap of the lower bound below a null sequence"
        ),
    ),
    related=("hu2024.prop3.1.tight-monotone", "hu2024.prop3.1.tight-ratio", "restated.d11.two-sided"),
    notices=(
        "Decided by null sequences that hold at every M: separations are positive, so the upper gap is below the "
        "bound 4/sqrt(M) itself, and at most 8/M by the volume bound.  " + ENCLOSED,
        "Both the bound and the truth tend to 0, so that the gap does is no sign of tightness.",
    ),
)

TIGHT_MONOTONE = Inequality(
    id="hu2024.prop3.1.tight-monotone",
    title="The absolute gap of the upper bound decreases with every point",
    source=cited(f"{CAPTION}, read monotonically"),
    provenance="secondary",
    printed=r"(\text{upper}-\max\Delta_{\min})(M+1)<(\text{upper}-\max\Delta_{\min})(M)\quad(M\ge4,\ D=3)",
    arena=Points(_sizes(*range(4, 14))),
    hypotheses=(Hypothesis(Ge(M, 4)),),
    parts=(Part("next gap smaller", Lt(UPPER.subs(M, M + 1) - best_next, UPPER - best)),),
    controls=(Control("the gap at least halves", Lt(UPPER.subs(M, M + 1) - best_next, (UPPER - best) / 2)),),
    related=("hu2024.prop3.1.tight-abs", "hu2024.prop3.1.tight-ratio"),
    notices=("Proven optimal values only, M = 4..14.",),
)

TIGHT_RATIO = Inequality(
    id="hu2024.prop3.1.tight-ratio",
    title="The bounds become tighter with M (relative gap)",
    source=cited(f"{CAPTION}, reading 2"),
    provenance="secondary",
    printed=r"\text{upper}/\max\Delta_{\min}\ \text{bounded (decreasing) in }M\quad(D=3)",
    arena=Points(_sizes(4, 6, 24, *(10**k for k in range(2, 13)))),
    parts=(
        Part("not larger at 4 M than at M", Le(UPPER.subs(M, 4 * M) / best_far, UPPER / best)),
        Part("at most 1000", Le(UPPER / best, 1000)),
        Part("at least sqrt(M)/2", Ge(UPPER / best, sqrt(M) / 2), headline=False),
    ),
    controls=(Control("at most 1/M^(1/4)", Le(UPPER / best, M ** Rational(-1, 4))),),
    related=("hu2024.prop3.1.tight-abs", "fejestoth1943.asymptotic", "restated.d11.two-sided"),
    notices=(
        "The separation is at most 8/M (restated.d11.two-sided), so the ratio is at least sqrt(M)/2 at every M: it has "
        "no bound.  What fails at 1000 fails at every other constant for a larger M.",
    ),
)

# -- the dimension that a separation asks for -----------------------------------------------------------


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
            if proven(point["D"], point["M"]) and point["M"] > 2
            for share in ("1", "1/10")
        )
    ),
    hypotheses=(Hypothesis(Lt(prescribed, 2)), Hypothesis(Ge(M, 2))),
    parts=(Part("dimension", Le(CRITERION / log(2 / prescribed), D - 1)),),
    controls=(scaled("1/2"),),
    related=("hu2024.dphi.log", "restated.d11.two-sided", "restated.a15.sufficient"),
    notices=(
        "At every proven row, with the largest separation that the dimension admits (the hardest case: the bound rises with "
        "the separation) and with a tenth of it.  Two points reach 2, where the formula divides by 0; they are left out by "
        "the hypothesis Delta < 2.",
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
    PROP_LOWER,
    PROP_UPPER,
    TIGHT_ABS,
    TIGHT_MONOTONE,
    TIGHT_RATIO,
    DIMENSION_LOG,
    DIMENSION_ANY,
    TWO_SIDED,
    SUFFICIENT,
    NECESSARY,
    LARGE,
    COVERING,
)
