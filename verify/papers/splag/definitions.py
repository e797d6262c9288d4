"""Codes, and conversions between separation, angle and distance."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy as sp
from flint import fmpq_mat, fmpz_mat
from sympy import Eq, Ge, Le, Symbol, cos, sin

from bounds.exact import Real, precision
from simulations.codes import Exact
from simulations.codes.known import known
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.splag.codes import (
    CODES,
    CROSSES,
    POLYGONS,
    SHARP,
    SIMPLICES,
    closest,
    code,
    digits,
    max_cosine,
    numbers,
    s_code,
)
from verify.papers.splag.optima import one, size_above, value, whole
from verify.statement import Control, Definition, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

n, N, k = (Symbol(name, integer=True, positive=True) for name in ("n", "N", "k"))
theta = Symbol("theta", positive=True)

# -- codes ------------------------------------------------------------------------------------------------


@quantity(
    "volume_table", "largest cosine of the best code of this dimension and size in the literature", real=True
)
def table_cosine(b: Instances) -> Array:
    return one(Fraction(known()[whole(b, "n"), whole(b, "N")].max_cosine))


@quantity("volume_in_table", "1 where the code is a row of the table")
def in_table(b: Instances) -> Array:
    name = CODES[whole(b, "code")][0]
    worse = name in ("random", "dodecahedron", "cuboctahedron")
    return one(int((whole(b, "n"), whole(b, "N")) in known() and not worse))


@quantity("volume_angle_digits", "digits to which arccos s and 2 arcsin(chord/2) agree")
def angle_digits(b: Instances) -> Array:
    number = whole(b, "code")
    return one(digits(lambda: (2 * (closest(number) / 2).arcsin(), max_cosine(number).arccos())))


@quantity("volume_small", "1 where the code is small enough for all distances from coordinates")
def is_small(b: Instances) -> Array:
    return one(int(whole(b, "N") <= SMALL))


@quantity("volume_sharp", "1 where the code attains a linear programming bound, or the bound on the circle")
def is_sharp(b: Instances) -> Array:
    return one(int(CODES[whole(b, "code")][0] in (*POLYGONS, *SIMPLICES, *CROSSES, *SHARP)))


@quantity("volume_size_above", "packing bound on A(n, s) at the max cosine of the code")
def packing_bound(b: Instances) -> Array:
    return one(_packing_bound(whole(b, "code")))


@cache
def _packing_bound(number: int) -> int:
    name, dimension, count = CODES[number]
    if name in POLYGONS:
        return size_above(2, sp.cos(2 * sp.pi / count))
    with precision(256):
        s = max_cosine(number)
    return size_above(dimension, s.fraction if s.is_exact else s.upper())


@quantity("volume_rank", "rank of the Gram matrix of the code")
def gram_rank(b: Instances) -> Array:
    found = code(whole(b, "code"))
    return one(found.rank if isinstance(found, Exact) else fmpq_mat(fmpz_mat(found.vectors.tolist())).rank())


SMALL = 30
"""Points up to which all distances of a code are computed from its coordinates."""
FEW = (Hypothesis(Ge(is_small, 1), "few points"),)
TWO = (Hypothesis(Ge(N, 2)),)

CODE = Definition(
    id="def.code",
    title="Spherical code, minimal angle, A(n,s)",
    source=Source("splag", "chapters 1 and 13; Delsarte, Goethals, Seidel 1977"),
    provenance="recalled",
    printed=r"s(C)=\max_{x\ne y\in C}\langle x,y\rangle,\ \theta(C)=\arccos s(C);\quad A(n,s)=\max\{|C|:s(C)\le s\};\quad "
    r"s^*(n,N)=\min\{s(C):|C|=N\};\quad\text{kissing number }A(n,\tfrac12)",
    arena=Points(numbers()),
    hypotheses=TWO,
    parts=(
        Part(
            "a code of N points with max cosine s has N <= A(n, s), within the packing bounds",
            Le(N, packing_bound),
        ),
        Part(
            "at sharp codes A(n, s) = N",
            Eq(packing_bound, N),
            given=(Hypothesis(Ge(is_sharp, 1), "sharp codes and regular polygons"),),
        ),
        Part(
            "s(C) is the value of the literature",
            Le(abs(s_code - table_cosine), sp.Rational(1, 10**9)),
            given=(Hypothesis(Ge(in_table, 1), "codes of the table"),),
        ),
        Part("the angle by chords and by cosines, to 25 digits", Le(25, angle_digits), given=FEW),
        Part("rank of the Gram matrix", Eq(gram_rank, sp.Min(n, N)), given=(Hypothesis(Ge(N, n + 1)),)),
    ),
    controls=(
        Control("one point more", Le(N + 1, packing_bound)),
        Control("A(n, s) = N + 1", Eq(packing_bound, N + 1), "at sharp codes A(n, s) = N"),
        Control(
            "twice the max cosine",
            Le(abs(2 * s_code - table_cosine), sp.Rational(1, 10**9)),
            "s(C) is the value of the literature",
        ),
    ),
    related=("conv.delta-angle", "cap.packing"),
    notices=(
        "Evaluated on regular polygons, simplices, cross-polytopes, sharp codes, other codes of the table and codes of "
        "rational unit vectors; the columns n and N of a grid point say which.",
        "A(n, s) itself can be evaluated where a packing bound meets a code: polygons, sharp codes, s <= 0.",
    ),
)

# -- separation, angle, distance --------------------------------------------------------------------------

ANGLES = ("1/1000000000", "1/1000000", "1/1000", "1/10", "1/2", "1", "3/2", "2", "3", "157/50")
FEW_CODES = numbers(largest_size=12)


def _vectors() -> tuple[sp.Matrix, sp.Matrix, sp.Symbol]:
    angle, more = sp.symbols("angle more", real=True)
    x = sp.Matrix([sp.cos(more), sp.sin(more)])
    return x, sp.Matrix([sp.cos(more + angle), sp.sin(more + angle)]), angle


def _pair_identities() -> dict[str, sp.Expr]:
    x, y, angle = _vectors()
    square = ((x - y).T * (x - y))[0]
    separation = 1 - (x.T * y)[0]
    return {
        "1 - cos": sp.expand_trig(separation - (1 - sp.cos(angle))),
        "half the squared distance": sp.expand_trig(square / 2 - separation),
        "twice the squared sine of half the angle": sp.expand_trig(
            2 * sp.sin(angle / 2) ** 2 - (1 - sp.cos(angle))
        ),
    }


@quantity("volume_half_digits", "digits to which 1 - cos theta and 2 sin(theta/2)^2 agree")
def half_digits(b: Instances) -> Array:
    angle = Real(value(b, "theta"))
    return one(digits(lambda: (1 - angle.cos(), 2 * (angle / 2).sin() ** 2)))


@quantity("volume_chord_digits", "digits to which the smallest distance and sqrt(2 (1 - s)) agree")
def chord_digits(b: Instances) -> Array:
    number = whole(b, "code")
    return one(digits(lambda: (closest(number), (2 * (1 - max_cosine(number))).sqrt())))


@quantity(
    "volume_wrong_chord_digits", "digits to which the smallest distance and sqrt(1 - s) agree", real=True
)
def wrong_chord_digits(b: Instances) -> Array:
    number = whole(b, "code")
    return one(digits(lambda: (closest(number), (1 - max_cosine(number)).sqrt())))


@quantity("volume_sine_digits", "digits to which half the smallest distance and sin(theta/2) agree")
def sine_digits(b: Instances) -> Array:
    number = whole(b, "code")
    return one(digits(lambda: (closest(number) / 2, (max_cosine(number).arccos() / 2).sin())))


DELTA_ANGLE = Identity(
    id="conv.delta-angle",
    title="Separation and angle",
    source=Source("splag", "elementary"),
    provenance="derived",
    printed=r"\Delta=1-\cos\theta=2\sin^2(\theta/2)=\tfrac12|x-y|^2;\quad\Delta_{\min}=1-s(C),\ \text{minimum chord}="
    r"\sqrt{2\Delta_{\min}}",
    arena=Points(tuple(point | {"theta": ANGLES[i % len(ANGLES)]} for i, point in enumerate(FEW_CODES))),
    parts=(
        Part("half angle", Eq(1 - cos(theta), 2 * sin(theta / 2) ** 2)),
        Part("half angle, to 25 digits", Le(25, half_digits)),
        Part("chord of a code, to 25 digits", Le(25, chord_digits)),
    ),
    symbolic=_pair_identities,
    symbolic_range="all angles; for codes: the closest pair has the largest inner product",
    controls=(
        Control("without the half", Eq(1 - cos(theta), sin(theta) ** 2)),
        Control("chord without the 2", Le(25, wrong_chord_digits), "chord of a code, to 25 digits"),
    ),
    related=("conv.radius", "def.code"),
)

RADIUS = Identity(
    id="conv.radius",
    title="Half the minimum chord",
    source=Source("splag", "elementary"),
    provenance="derived",
    printed=r"R=\tfrac12\min|x-y|=\sqrt{\Delta_{\min}/2}=\sin(\theta(C)/2)\le1",
    arena=Points(FEW_CODES),
    hypotheses=TWO,
    parts=(
        Part("by the separation, to 25 digits", Le(25, chord_digits)),
        Part("by the angle, to 25 digits", Le(25, sine_digits)),
        Part("at most 1", Le((1 - s_code) / 2, 1)),
    ),
    symbolic=lambda: {
        "sine of half the angle": sp.sin(theta / 2) ** 2 - (1 - sp.cos(theta)) / 2,
    },
    symbolic_range="0 <= theta <= pi, where sin(theta/2) >= 0",
    controls=(
        Control("without the half", Le(25, wrong_chord_digits)),
        Control("at most 1/2", Le((1 - s_code) / 2, sp.Rational(1, 4)), "at most 1"),
    ),
    related=("conv.delta-angle",),
)

STATEMENTS: tuple[Statement, ...] = (CODE, DELTA_ANGLE, RADIUS)
