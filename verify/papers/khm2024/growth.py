"""Does the capacity grow exponentially with the dimension?  Proposition 2.1 in its readings.

J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Proposition 2.1 (M* of order c^D).  A(D, s) is the largest number of
unit vectors in R^D with pairwise products at most s.  A claim "c^D for some c > 1" is refuted by a bound that does
not depend on D, or grows linearly: such a bound contradicts every c at once.
"""

from __future__ import annotations

import sympy as sp
from sympy import E, Eq, Ge, Gt, Le, Lt, Symbol, acos, log, sqrt

from bounds.exact import Real, precision
from bounds.exact import pi as turn
from bounds.expr_points import ball_cap_area
from bounds.functions import CapArea
from bounds.packing.asymptotic import kl_localised_exponent
from bounds.packing.elementary import rankin_size
from bounds.packing.existence import covering_size, elementary_size
from verify.arena import Points
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.crosstalk import PAPER, crosstalk_capacity, crosstalk_of, one, whole
from verify.papers.khm2024.symmetric import largest_by_criterion
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

n, b, gap, size = (Symbol(name, positive=True) for name in ("n", "b", "gap", "size"))
"""Dimension, inverse temperature, required separation Delta, number of points."""

SINE = sqrt(gap * (2 - gap))
"""sin(theta) of the angle with 1 - cos(theta) = Delta."""
HALF_SINE = sqrt(gap / 2)
"""sin(theta/2)."""


def _source(reading: str) -> Source:
    return Source(PAPER, f"arXiv 2410.23126, Proposition 2.1, {reading}")


# -- a required separation --------------------------------------------------------------------------------------

SEPARATIONS = ("1/100", "1/10", "1/4", "1/2", "3/4", "9/10", "99/100")
LOWER, UPPER = "lower: caps of the full angle cover the sphere", "upper: caps of half the angle are disjoint"


def _cap_rate(batch: Instances, share: int) -> Array:
    """-log(A_D(theta/share))/D, 1 - cos(theta) = Delta; the small areas near the equator need more digits."""
    with precision(1024):
        angle = (1 - Real(batch.scalars["gap"][0])).arccos() / share
        dimension = whole(batch, "n")
        return one(-ball_cap_area(Real(dimension), angle).log() / dimension)


@quantity("storage_cover_rate", "log of the covering bound on A(D, 1 - Delta), divided by D")
def cover_rate(batch: Instances) -> Array:
    return _cap_rate(batch, 1)


@quantity("storage_packing_rate", "log of the cap packing bound on A(D, 1 - Delta), divided by D")
def packing_rate(batch: Instances) -> Array:
    return _cap_rate(batch, 2)


FIXED_SEPARATION = Inequality(
    id="hu2024.prop2.1.fixed-separation",
    title="Exponential capacity at a fixed required separation",
    source=_source("reading 1 (form M* of order c^D)"),
    provenance="secondary",
    printed=r"0<\Delta<1:\quad c_1^{D}\le A(D,1-\Delta)\le c_2^{D}\quad(D\ge D_0),\qquad 1<c_1\le c_2",
    arena=Points(
        tuple({"n": k, "gap": delta} for delta in SEPARATIONS for k in (2, 3, 4, 8, 24, 64, 256, 800))
    ),
    parts=(
        Part(LOWER, Le(-log(SINE) / 2, cover_rate)),
        Part(UPPER, Le(packing_rate, log(3 / HALF_SINE))),
        Part("c_1 > 1", Lt(1, 1 / sqrt(SINE))),
        Part("c_1 <= c_2", Le(1 / sqrt(SINE), 3 / HALF_SINE)),
    ),
    controls=(
        Control("c_1 = 3/sin(theta)", Le(log(3 / SINE), cover_rate), LOWER),
        Control("c_2 = sin(theta)^(-1/2)", Le(packing_rate, -log(SINE) / 2), UPPER),
    ),
    related=("hu2024.prop2.1.single-c", "hu2024.prop2.1.any-separation", "khm2024.spherical-code-optimum"),
    notices=(
        "c_1 = sin(theta)^(-1/2), c_2 = 3/sin(theta/2), D_0 = 2.  A maximal code covers the sphere with caps of angle theta, and "
        "A_D(theta) <= sin(theta)^(D-1) for theta below 90 degrees; the caps of half the angle are disjoint, and "
        "A_D(theta/2) >= sin(theta/2)^(D-1)/sqrt(2 pi D).",
    ),
)


@quantity("storage_lim_inf", "lim inf of log2 A(D, 1 - Delta)/D, enclosed")
def lim_inf(batch: Instances) -> Array:
    return one(_exponents(batch))


@quantity("storage_lim_sup", "lim sup of log2 A(D, 1 - Delta)/D, enclosed")
def lim_sup(batch: Instances) -> Array:
    return one(_exponents(batch))


def _exponents(batch: Instances) -> Real:
    """Both limits lie between -log2 sin(theta) (covering) and the bound of Kabatiansky and Levenshtein."""
    s = 1 - Real(batch.scalars["gap"][0])
    lower = -((1 - s * s).log()) / (2 * Real(2).log())
    return Real.between(lower.lower(), kl_localised_exponent(s).upper())


SINGLE = "the two limits agree"

SINGLE_RATE = Identity(
    id="hu2024.prop2.1.single-c",
    title="One exponential rate",
    source=_source("reading 2 ('tight')"),
    provenance="secondary",
    printed=r"0<\Delta<1:\quad\lim_{D\to\infty}A(D,1-\Delta)^{1/D}=c(\Delta)\ \text{exists}",
    arena=Points(tuple({"gap": delta} for delta in SEPARATIONS)),
    parts=(
        Part(SINGLE, Eq(lim_inf, lim_sup)),
        Part("they are positive", Gt(lim_inf, 0), headline=False),
    ),
    controls=(
        Control("a lim sup below half the covering exponent", Le(lim_sup, -log(SINE) / log(2) / 2), SINGLE),
    ),
    related=("hu2024.prop2.1.fixed-separation",),
    notices=(
        "Open in the literature for every Delta: the best lower exponent is -log2 sin(theta) (improvements gain factors that are "
        "polynomial in D), the best upper one is Kabatiansky's and Levenshtein's.  The enclosures of the two limits overlap; "
        "the evidence table shows the gap.",
    ),
)


@quantity("storage_rankin", "A(D, 1 - Delta) for Delta >= 1, exactly")
def rankin(batch: Instances) -> Array:
    cosine = 1 - batch.scalars["gap"][0].fraction
    return one(rankin_size(whole(batch, "n"), sp.Rational(cosine.numerator, cosine.denominator)))


ANY_SEPARATION = Inequality(
    id="hu2024.prop2.1.any-separation",
    title="Exponential capacity for required separations of one or more",
    source=_source("without restriction on the separation"),
    provenance="secondary",
    printed=r"1\le\Delta<2:\quad\exists\,c>1:\ A(D,1-\Delta)\ge c^{D}\ \text{for all large }D",
    arena=Points(
        tuple(
            {"n": k, "gap": delta}
            for delta in (1, "65/64", "11/10", "3/2")
            for k in (2, 3, 4, 8, 24, 64, 256, 10**6)
        )
    ),
    parts=(
        Part("more than 2 D points (c^D exceeds 2 D in the end, for every c > 1)", Gt(rankin, 2 * n)),
        Part("at most 2 D points", Le(rankin, 2 * n), headline=False),
    ),
    controls=(Control("more than 4 D points", Gt(rankin, 4 * n)),),
    related=("hu2024.prop2.1.fixed-separation",),
    notices=(
        "Rankin: A(D, s) = 2 D at s = 0, D + 1 for -1/D <= s < 0, and floor(1 - 1/s) below: at most 2 D in every dimension, "
        "and bounded for a separation above 1.  Any exponential law would exceed 2 D in large dimension.",
    ),
)


# -- a fixed temperature ----------------------------------------------------------------------------------------


def _capacity(batch: Instances, factor: int) -> int:
    """M*(beta, D) in the sense S-cross where D admits the simplex of the largest number there is."""
    largest = crosstalk_capacity(batch.scalars["b"][0].fraction)
    return min(largest, factor * whole(batch, "n") + 1)


@quantity(
    "storage_cross_capacity",
    "largest number of unit vectors in R^D with all X_mu <= 1, D admitting the simplex",
)
def cross_capacity(batch: Instances) -> Array:
    return one(_capacity(batch, 1))


@quantity("storage_cross_supremum", "largest number of unit vectors with all X_mu <= 1, over all dimensions")
def cross_supremum(batch: Instances) -> Array:
    return one(crosstalk_capacity(batch.scalars["b"][0].fraction))


@quantity(
    "storage_weight_supremum", "largest number of memories stored in the sense S-weight, over all dimensions"
)
def weight_supremum(batch: Instances) -> Array:
    """Between the capacity of the simplex (restated.a10.simplex) and the integer part of 1 + exp(2 beta) (restated.d4.i)."""
    heat = batch.scalars["b"][0].fraction
    upper = (1 + (2 * Real(heat)).exp()).upper() // 1
    return one(Real.between(largest_by_criterion(heat, 1), upper))


ROOM = Hypothesis(Ge(n + 1, cross_supremum), "the dimension admits the simplex of the largest number")
CROSS = "S-cross: some larger dimension stores more"
WEIGHT = "S-weight: some dimension stores more than 1 + exp(2 beta)"

FIXED_BETA = Inequality(
    id="hu2024.prop2.1.fixed-beta",
    title="Exponential capacity at fixed beta, softmax",
    source=_source("applied to the softmax model at fixed inverse temperature"),
    provenance="secondary",
    printed=r"\beta\text{ fixed}:\quad\exists\,C>0,c>1:\ M^*(\beta,D)\ge C\,c^{D}\quad\forall D",
    arena=Points(
        tuple(
            {"n": k, "b": heat}
            for heat in ("1/2", 1, 2, 3, 4, 5, 6, 8)
            for k in (2, 3, 4, 8, 16, 64, 256, 4096)
        )
    ),
    parts=(
        Part(CROSS, Lt(cross_capacity, cross_supremum), given=(ROOM,)),
        Part(WEIGHT, Lt(1 + sp.exp(2 * b), weight_supremum)),
    ),
    controls=(
        Control("twice as many", Lt(2 * cross_capacity, cross_supremum), CROSS),
        Control("exp(3 beta)", Lt(1 + sp.exp(3 * b), weight_supremum), WEIGHT),
    ),
    related=("restated.d4.i", "restated.d4.ii", "restated.a10.saturation", "khm2024.spherical-code-optimum"),
    notices=(
        "C c^D with c > 1 is unbounded in D.  X_mu <= 1 for all mu forces (M - 1) exp(-beta M/(M - 1)) <= 1 (Jensen), and the simplex "
        "meets it wherever it holds: from D = M - 1 on the capacity is one number, the same for all larger D.",
        "In the sense S-weight a fixed point of norm at most 1 gives M <= 1 + exp(2 beta) in every dimension.",
    ),
)


@quantity("storage_exact_code", "a number of unit vectors that certainly exist with max cosine 1 - Delta")
def exact_code(batch: Instances) -> Array:
    """The larger of the covering bound and the elementary codes; Delta = 1/((alpha - 1) beta)."""
    cosine = 1 - 1 / batch.scalars["strength"][0].fraction
    s = sp.Rational(cosine.numerator, cosine.denominator)
    dimension = whole(batch, "n")
    return one(max(covering_size(dimension, s), elementary_size(dimension, s)))


strength = Symbol("strength", positive=True)
"""(alpha - 1) beta."""
BASE = sqrt(strength**2 / (2 * strength - 1))
"""1/sin(theta) for 1 - cos(theta) = 1/strength."""
SPARSE_LAW = "C c^D exactly stored memories, c = 1/sin(theta), C = 1/c"

FIXED_BETA_SPARSE = Inequality(
    id="hu2024.prop2.1.fixed-beta-sparse",
    title="Exponential capacity at fixed beta, entmax",
    source=_source("applied to the sparse model at fixed inverse temperature"),
    provenance="secondary",
    printed=r"1<\alpha\le2,\ (\alpha-1)\beta>1\text{ fixed}:\quad\exists\,C>0,c>1:\ M^*_\alpha(\beta,D)\ge C\,c^{D}\quad\forall D",
    arena=Points(
        tuple(
            {"n": k, "strength": product}
            for product in ("11/10", "3/2", 2, 4)
            for k in (2, 3, 4, 8, 16, 24, 64, 256)
        )
    ),
    parts=(
        Part(SPARSE_LAW, Le(BASE ** (n - 1), exact_code)),
        Part("c > 1", Gt(BASE, 1)),
        Part("no more than the sphere holds", Le(exact_code, 1 / CapArea(n, acos(1 - 1 / strength) / 2))),
    ),
    controls=(
        replaced(BASE, 2 * BASE, part=SPARSE_LAW),
        Control("c > 2", Gt(BASE, 2), "c > 1"),
        scaled("1/4", "no more than the sphere holds"),
    ),
    related=("restated.d6.entmax", "hu2024.prop2.1.fixed-separation"),
    notices=(
        "All memories are stored exactly if the max cosine is at most 1 - 1/((alpha - 1) beta) (restated.d6.entmax), which depends on "
        "(alpha - 1) beta alone; this is a separation below 1, and the covering bound holds in every dimension.",
    ),
)


# -- low temperature --------------------------------------------------------------------------------------------


@quantity(
    "storage_polygon_crosstalk", "crosstalk of the regular polygon of that many corners at beta = size^2"
)
def polygon_crosstalk(batch: Instances) -> Array:
    corners = whole(batch, "size")
    seen = [
        ((2 * k * turn() / corners).cos(), 2 if 2 * k < corners else 1) for k in range(1, corners // 2 + 1)
    ]
    return one(crosstalk_of(seen, corners**2))


SERIES = 2 / (E**8 - 1)
"""2 sum over k >= 1 of exp(-8 k^2) <= 2 sum of exp(-8 k): at least X of every polygon at beta = N^2."""
ALL_POLYGONS = "for large N the N-gon is not stored at beta = N^2 (all N at once)"

LOW_TEMPERATURE = Inequality(
    id="hu2024.prop2.1.low-temp",
    title="Capacity of order c^D in the low-temperature regime",
    source=Source(PAPER, "arXiv 2410.23126, digests of Proposition 2.1 ('in the low-temperature regime')"),
    provenance="secondary",
    printed=r"\exists\,C,c\ \forall D\ge2\ \forall\beta:\quad M^*(\beta,D)\le C\,c^{D}",
    arena=Points(tuple({"size": k} for k in (3, 5, 8, 20, 60, 200))),
    parts=(
        Part(ALL_POLYGONS, Lt(1, SERIES + 0 * size, evaluate=False)),
        Part("the N-gon is not stored at beta = N^2", Gt(polygon_crosstalk, 1)),
        Part("X of the N-gon at beta = N^2", Le(polygon_crosstalk, SERIES), headline=False),
    ),
    controls=(
        Control("X above 2", Gt(polygon_crosstalk, 2), "the N-gon is not stored at beta = N^2"),
        Control(
            "a series a thousand times smaller",
            Le(polygon_crosstalk, SERIES / 1000),
            "X of the N-gon at beta = N^2",
        ),
    ),
    related=("hu2024.prop2.1.fixed-beta", "restated.d4.sandwich"),
    notices=(
        "D = 2: 1 - cos(2 pi k/N) >= 8 k^2/N^2 for k <= N/2, so the N-gon has X <= 2 sum exp(-8 k^2) < 1/1000 at beta = N^2, for every N. "
        "M*(N^2, 2) >= N is unbounded, while C c^2 is one number: at fixed D the capacity grows with beta without limit.",
        "If the claim held, all polygons of more than C c^2 corners would have X > 1 at every beta; the first part is that consequence.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    FIXED_SEPARATION,
    SINGLE_RATE,
    ANY_SEPARATION,
    FIXED_BETA,
    FIXED_BETA_SPARSE,
    LOW_TEMPERATURE,
)
