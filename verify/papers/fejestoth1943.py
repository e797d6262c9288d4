"""The minimal angle of N points on the 2-sphere.

L. Fejes Toth, "Ueber eine Abschaetzung des kuerzesten Abstandes zweier Punkte eines auf einer Kugelflaeche liegenden
Punktsystems", Jber. Deutsch. Math.-Verein. 53 (1943).
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Ge, Le, Lt, Rational, Symbol, acos, cos, pi, sin, sqrt

from bounds.exact import Real
from bounds.packing.elementary import fejes_toth_cosine
from simulations.codes.known import known
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.splag import bands
from verify.papers.splag.codes import digits
from verify.papers.splag.optima import one, optimal_cosine, proven, value, whole
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "fejestoth1943",
    "title": "Ueber eine Abschaetzung des kuerzesten Abstandes zweier Punkte eines auf einer Kugelflaeche liegenden "
    "Punktsystems",
    "authors": "L. Fejes Toth",
    "year": 1943,
    "arxiv": "",
    "venue": "Jber. Deutsch. Math.-Verein. 53",
}

N = Symbol("N", positive=True)
SHARP = (3, 4, 6, 12)
TABLE = tuple(sorted(m for n, m in known() if n == 3 and not proven(n, m)))
ANGLES = tuple(Fraction(1, q) for q in (5, 10, 20, 50, 100))
"""Minimal angles of explicit codes of up to 138 924 points."""
BANDS = {bands.size(angle): angle for angle in ANGLES}
"""Those angles by the number of points."""


@quantity(
    "volume_three_cosine",
    "max cosine of N points on the 2-sphere: optimal if proven, else of a known code",
    real=True,
)
def three_cosine(b: Instances) -> Array:
    count = whole(b, "N")
    if proven(3, count):
        return one(optimal_cosine(3, count))
    if count in BANDS:
        return one(Real(BANDS[count]).cos())
    row = known()[3, count]
    return one(
        Real.between(Fraction(row.max_cosine - row.tolerance), Fraction(row.max_cosine + row.tolerance))
    )


@quantity("volume_three_sharp", "1 at the sizes of claimed equality")
def sharp(b: Instances) -> Array:
    return one(int(whole(b, "N") in SHARP))


@quantity("volume_three_proven", "1 where the optimal max cosine is proven")
def is_proven(b: Instances) -> Array:
    return one(int(proven(3, whole(b, "N"))))


@quantity("volume_three_digits", "digits to which the bound and the optimal max cosine agree")
def agreement(b: Instances) -> Array:
    count = whole(b, "N")
    # 1 + s, as s may be 0.
    return one(digits(lambda: (1 + optimal_cosine(3, count), 1 + fejes_toth_cosine(count))))


OMEGA = N / (N - 2) * pi / 6
COSINE = ((cos(OMEGA) / sin(OMEGA)) ** 2 - 1) / 2
EQUAL = Hypothesis(Ge(sharp, 1), "N = 3, 4, 6, 12")
STRICT = Hypothesis(Le(sharp, 0), "any other N")

BOUND = Inequality(
    id="fejestoth1943",
    title="Fejes Toth bound on the 2-sphere",
    source=Source("fejestoth1943", "the theorem"),
    provenance="recalled",
    printed=r"\theta\le\arccos\frac{\cot^2\omega-1}2,\ \omega=\frac N{N-2}\cdot\frac\pi6,\quad\text{equality exactly for }"
    r"N=3,4,6,12",
    arena=Points(tuple({"N": m} for m in sorted({*range(3, 15), 24, *TABLE, *BANDS}))),
    hypotheses=(Hypothesis(Ge(N, 3)),),
    parts=(
        Part("equality to 25 digits", Le(25, agreement), given=(EQUAL,)),
        Part(
            "strict for every other proven size",
            Lt(acos(three_cosine), acos(COSINE)),
            given=(STRICT, Hypothesis(Ge(is_proven, 1), "proven optimal angles")),
            trivial=acos(-1 / (N - 1)),
        ),
        Part(
            "no known code beats it",
            Lt(acos(three_cosine), acos(COSINE)),
            given=(STRICT, Hypothesis(Le(is_proven, 0), "best known angles and explicit codes")),
            trivial=acos(-1 / (N - 1)),
        ),
    ),
    controls=(
        scaled("9/10", part="strict for every other proven size"),
        scaled("95/100", part="no known code beats it"),
    ),
    related=("fejestoth1943.asymptotic", "boroczky1978"),
    notices=(
        "Optimal angles are proven for N = 3..14 and 24.  Beyond, the best known codes (N <= 130) and explicit codes of up to "
        "138 924 points stay below the bound: a code above it would refute it.",
    ),
)


@quantity("volume_bands", "points of the explicit code of minimal angle 1/q on the 2-sphere", positive=True)
def bands_size(b: Instances) -> Array:
    return one(bands.size(1 / value(b, "q")))


@quantity(
    "volume_three_separation", "optimal separation of that many points, between that code and the bound"
)
def separation(b: Instances) -> Array:
    angle = 1 / value(b, "q")
    bound = fejes_toth_cosine(bands.size(angle))
    return one(Real.between((1 - Real(angle).cos()).lower(), (1 - bound).upper()))


LIMIT = 4 * pi / sqrt(3)
ASYMPTOTIC = Inequality(
    id="fejestoth1943.asymptotic",
    title="Many points in three dimensions",
    source=Source("fejestoth1943", "the theorem; the lower side by Habicht and van der Waerden 1951"),
    provenance="recalled",
    printed=r"N\,\Delta^*(3,N)\to\frac{4\pi}{\sqrt3}=7.2552\ldots\quad(N\to\infty)",
    arena=Points(tuple({"q": q} for q in (5, 10, 20, 50, 100, 500, 2000, 10000))),
    parts=(
        Part("at most the limit", Le(bands_size * separation, LIMIT)),
        Part(
            "at least 1 - N^(-1/4) of it",
            Ge(bands_size * separation, LIMIT * (1 - bands_size ** Rational(-1, 4))),
        ),
        Part("the number", Le(abs(LIMIT - Rational(72552, 10000)), Rational(1, 10000), evaluate=False)),
    ),
    controls=(
        scaled("99/100"),
        Control(
            "one percent more",
            Ge(bands_size * separation, LIMIT * Rational(101, 100)),
            "at least 1 - N^(-1/4) of it",
        ),
    ),
    related=("fejestoth1943", "cap.small-angle", "hu2024.prop3.1.tight-ratio"),
    notices=(
        "Decided with a declared error that vanishes: an explicit code of bands of the hexagonal lattice, certified to "
        "1.4 10^9 points, within 0.37 % of the bound there.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (BOUND, ASYMPTOTIC)
