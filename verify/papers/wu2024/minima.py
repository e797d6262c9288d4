"""Minima of the U-Hop loss over free features: universally optimal codes, the simplex, large t.

Configurations are given by exact Gram matrices or by exact cosines with multiplicities; losses are balls.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from sympy import Eq, Ge, Gt, Le, Rational, Symbol, log

from bounds.exact import Real, enclose_max, enclose_min, precision
from simulations.codes import construct, construction
from simulations.rational_matrices import fraction, is_semidefinite, matrix
from simulations.rational_sets import KINDS, memory_set
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.linear_maps import integer, one
from verify.papers.wu2024.loss import DERIVED
from verify.papers.wu2024.universal import Weighted, distribution, minorant, minorant_600_cell
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Statement
from verify.vocabulary import quantity

t, M = Symbol("t", positive=True), Symbol("M", positive=True)
TIMES = ("1/1000", "1", "200")

BITS = 768
"""Precision of interpolation: at t = 50 the potential ranges over 87 decimal places."""


def loss_of(cosines: Weighted, time: Real) -> Real:
    """log of the mean of exp(-2 t (1 - s)) over cosines s with multiplicities; exact where all s agree."""
    if len(cosines) == 1:
        return -2 * time * (1 - Real(cosines[0][0]))
    total = sum(m for _, m in cosines)
    return (sum(((-2 * time * (1 - Real(s))).exp() * m for s, m in cosines), Real(0)) / total).log()


# -- the simplex bound -------------------------------------------------------------------------------

FAMILIES = (
    "random",
    "half-space",
    "non-negative",
    "both signs",
    "simplex",
    "narrowed simplex",
    "pulled pair",
)


@cache
def gram_of(family: str, d: int, count: int) -> tuple[tuple[Fraction, ...], ...]:
    """Exact Gram matrix of unit features: random sets, the simplex, and two deformations of it.

    The narrowed simplex has all cosines -(1 - 1/100)/(M - 1); in the pulled pair one cosine is larger by
    1/100 and the others are multiplied by 98/100.
    """
    if family in FAMILIES[:4]:
        v = matrix(memory_set(("any", *KINDS[1:])[FAMILIES.index(family)], d, count, 1))
        rows = (v * v.transpose()).tolist()
        return tuple(tuple(fraction(x) for x in row) for row in rows)
    shrink = {"simplex": 0, "narrowed simplex": 1, "pulled pair": 2}[family]
    off = Fraction(-1, count - 1) * (1 - Fraction(shrink, 100))
    g = [[Fraction(1) if i == j else off for j in range(count)] for i in range(count)]
    if family == "pulled pair":
        g[0][1] = g[1][0] = off + Fraction(1, 100)
    return tuple(tuple(row) for row in g)


def _gram(b: Instances) -> tuple[tuple[Fraction, ...], ...]:
    return gram_of(FAMILIES[integer(b, "family")], integer(b, "d"), integer(b, "M"))


def weighted(gram: tuple[tuple[Fraction, ...], ...]) -> Weighted:
    """Cosines of the pairs with multiplicities."""
    found: dict[Fraction, int] = {}
    for i, j in combinations(range(len(gram)), 2):
        found[gram[i][j]] = found.get(gram[i][j], 0) + 1
    return sorted(found.items())


@quantity("uhop_gram_loss", "loss of features with this Gram matrix", real=True)
def gram_loss(b: Instances) -> Array:
    return one(loss_of(weighted(_gram(b)), b.scalars["t"][0]))


@quantity("uhop_gram_valid", "1 if the matrix is a Gram matrix of unit vectors, else 0")
def gram_valid(b: Instances) -> Array:
    g = _gram(b)
    return one(int(is_semidefinite(matrix(g)) and all(g[i][i] == 1 for i in range(len(g)))))


@quantity("uhop_from_simplex", "largest |cos + 1/(M - 1)| of a pair")
def from_simplex(b: Instances) -> Array:
    g = _gram(b)
    return one(max(abs(s + Fraction(1, len(g) - 1)) for s, _ in weighted(g)))


SIMPLEX = Hypothesis(Eq(from_simplex, 0), "a regular simplex")
OTHER = Hypothesis(Gt(from_simplex, 0), "not a regular simplex")
UNIT = Hypothesis(Eq(gram_valid, 1), "unit features")
EQUAL, STRICT = "equality for the simplex", "and for nothing else"

B9_LOWER = Inequality(
    id="restated.b9.lower",
    title="Simplex bound for the U-Hop loss",
    source=DERIVED,
    provenance="derived",
    printed=r"\mathcal L_\Phi(\Xi;t)\ge-\frac{2tM}{M-1},\ \text{equality exactly for the simplex}",
    arena=Points(
        tuple(
            {"family": family, "d": d, "M": count, "t": time}
            for d, count in ((2, 2), (2, 3), (2, 6), (3, 4), (3, 8), (8, 9))
            for family in range(len(FAMILIES))
            for time in TIMES
            if not (count == 2 and family == 6)
        )
    ),
    hypotheses=(UNIT,),
    parts=(
        Part("the bound", Ge(gram_loss, -2 * t * M / (M - 1))),
        Part(EQUAL, Eq(gram_loss, -2 * t * M / (M - 1)), given=(SIMPLEX,)),
        Part(STRICT, Gt(gram_loss, -2 * t * M / (M - 1)), given=(OTHER,)),
    ),
    controls=(
        Control("-2t in place of -2tM/(M - 1)", Ge(gram_loss, -2 * t)),
        Control("equality for all", Eq(gram_loss, -2 * t * M / (M - 1)), STRICT),
    ),
    related=("wu2024.def2.2", "restated.b6.lower"),
)

# -- universally optimal codes -----------------------------------------------------------------------


def _code(b: Instances) -> tuple[str, int, list[tuple[Real, int]]]:
    return distribution(integer(b, "code"))


def formula(b: Instances) -> Real:
    """Loss from the distance distribution as tabulated."""
    return loss_of(_code(b)[2], b.scalars["t"][0])


@quantity(
    "uhop_code_built",
    "loss of the code as constructed, from the inner products of its coordinates",
    real=True,
)
def built(b: Instances) -> Array:
    return one(_built(b))


@quantity("uhop_code_difference", "loss of the code as constructed minus the formula, in size")
def difference(b: Instances) -> Array:
    with precision(BITS):
        return one(abs(_built(b) - formula(b)))


def _built(b: Instances) -> Real:
    name, n, cosines = _code(b)
    if n == 1:
        return Real(-4 * b.scalars["t"][0])
    found = construct(name).exact
    if found is None:
        raise ArithmeticError(f"{name} has no exact coordinates")
    counts = [_counts(name, point) for point in _points(name)]
    values = [
        [(Real(found.ring.ball(c)) if any(c[1:]) else Real(c[0]), m) for c, m in kinds] for kinds in counts
    ]
    if any(sum(m for _, m in kinds) != sum(m for _, m in cosines) for kinds in values):
        raise ArithmeticError(f"{name} has another number of points")
    total: Any = [(s, m) for kinds in values for s, m in kinds]
    return loss_of(total, b.scalars["t"][0])


def _points(name: str) -> range:
    return range(min(3, construction(name).N))


@cache
def _counts(name: str, point: int) -> tuple[tuple[tuple[Fraction, ...], int], ...]:
    """Cosines seen from a point, as elements of the field of the code, with multiplicities."""
    exact: Any = construct(name).exact
    row = exact.gram(np.array([point]))[0]
    kinds, counts = np.unique(np.delete(row, point, axis=0), axis=0, return_counts=True)
    return tuple((exact.cosine(k), int(m)) for k, m in zip(kinds.tolist(), counts.tolist(), strict=True))


def _series(b: Instances) -> tuple[int, list[Real], Real]:
    """Size, Gegenbauer coefficients of h, and a lower bound on (f - h)/w where that needs a proof (else 1)."""
    name, n, cosines = _code(b)
    count, time = 1 + sum(m for _, m in cosines), b.scalars["t"][0]
    if name == "600-cell":
        return count, *minorant_600_cell(cosines, time)
    return count, minorant(max(n, 2), cosines, time), Real(1)


@quantity(
    "uhop_excess",
    "the formula minus log (M h_0 - h(1))/(M - 1), h the polynomial below the potential",
    real=True,
)
def excess(b: Instances) -> Array:
    with precision(BITS):
        count, series, _ = _series(b)
        return one(formula(b) - ((count * series[0] - sum(series, Real(0))) / (count - 1)).log())


@quantity(
    "uhop_least_coefficient",
    "smallest coefficient of h by Gegenbauer polynomials over the largest",
    real=True,
)
def least_coefficient(b: Instances) -> Array:
    with precision(BITS):
        series = np.array(_series(b)[1], dtype=object)
        return one(enclose_min(series) / enclose_max(series))


@quantity(
    "uhop_room", "smallest (f - h)/w over [-1, 1] for the 600-cell, in units; 1 for the others", real=True
)
def room(b: Instances) -> Array:
    with precision(BITS):
        return one(_series(b)[2])


TINY = Rational(1, 10**20)
FLOOR = "no features have less"

B6_MINIMA = Identity(
    id="restated.b6.minima",
    title="Minima of the U-Hop loss on free features",
    source=DERIVED,
    provenance="derived",
    printed=r"\min\mathcal L_\Phi(\cdot;t)=\log\frac{\sum_im_i\,e^{-2t(1-s_i)}}{M-1}",
    arena=Points(
        tuple(
            {"code": code, "t": time}
            for code in (2, 3, 4, 7, 10, 12, 13, 15, 18, 23, 24, 25, 27, 32, 51, 52, 53, 54, 55, 56)
            for time in ("1/1000", "2", "50")
        )
    ),
    parts=(
        Part("the code has this loss", Le(difference, TINY)),
        Part(FLOOR, Le(excess, TINY)),
        Part("the polynomial is positive definite", Ge(least_coefficient, 0)),
        Part("it lies below the potential", Gt(room, 0)),
    ),
    controls=(
        Control("a thousandth less", Le(excess + Rational(1, 1000), TINY), FLOOR),
        Control("the simplex bound for all", Le(abs(built + 2 * t), TINY)),
    ),
    related=("wu2024.def2.2", "restated.b9.lower", "restated.b6.lower"),
    notices=(
        "Minimality by the polynomial of Cohn and Kumar: h touches the potential at the cosines of the code and lies "
        "below it, its Gegenbauer coefficients are positive, so M^2 h_0 - M h(1) bounds the sum over the ordered "
        "pairs from below. All of it is computed in ball arithmetic, to 20 digits of the loss.",
        "The 600-cell needs another polynomial, of degree 17 without the coefficients 11, 12 and 13; that it lies "
        "below the potential is shown on 64 cells.",
    ),
)

# -- large t -----------------------------------------------------------------------------------------


def compact_set(kind: int, size: int) -> list[Weighted]:
    """A finite set of configurations, each by its cosines with multiplicities.

    Kind 0: five points of the sphere: the triangular bipyramid and square pyramids of heights k/size.
    Kind 1: three equiangular points of cosine 1/2, and a pair of cosine size/64 with a third point of cosine
    -3/4 to both.  Kind 2: random rational sets.
    """
    if kind == 0:
        bipyramid = [(Fraction(-1), 1), (Fraction(0), 6), (Fraction(-1, 2), 3)]
        heights = [Fraction(k, size) for k in range(size // 2 + 1)]
        return [bipyramid, *([(-h, 4), (h * h, 4), (2 * h * h - 1, 2)] for h in heights)]
    if kind == 1:
        return [[(Fraction(1, 2), 3)], [(Fraction(size, 64), 1), (Fraction(-3, 4), 2)]]
    return [weighted(_random_gram(seed, size)) for seed in range(12)]


@cache
def _random_gram(seed: int, count: int) -> tuple[tuple[Fraction, ...], ...]:
    v = matrix(memory_set("any", 3, count, seed + 1))
    return tuple(tuple(fraction(x) for x in row) for row in (v * v.transpose()).tolist())


def _minimiser(b: Instances) -> tuple[Weighted, list[Weighted]]:
    """The configuration of smallest loss, compared in balls, and the whole set."""
    members = compact_set(integer(b, "kind"), integer(b, "size"))
    losses = [loss_of(member, b.scalars["t"][0]) for member in members]
    best = 0
    for k in range(1, len(members)):
        best = k if losses[k] < losses[best] else best
    return members[best], members


def _squared_distance(member: Weighted) -> Fraction:
    return 2 - 2 * Fraction(max(s for s, _ in member))


@quantity("uhop_minimiser_distance2", "squared smallest distance of the minimiser over the compact set")
def minimiser_distance2(b: Instances) -> Array:
    return one(_squared_distance(_minimiser(b)[0]))


@quantity("uhop_best_distance2", "squared smallest distance of the best configuration of the compact set")
def best_distance2(b: Instances) -> Array:
    return one(max(_squared_distance(member) for member in _minimiser(b)[1]))


@quantity("uhop_pairs", "number of pairs K")
def pairs(b: Instances) -> Array:
    return one(sum(m for _, m in _minimiser(b)[0]))


B6_TLIMIT = Inequality(
    id="restated.b6.tlimit",
    title="Large t",
    source=DERIVED,
    provenance="derived",
    printed=r"d_{\min}^2(Y_t)\ge d_*^2-\frac{\ln K}t",
    arena=Points(
        tuple(
            {"kind": kind, "size": size, "t": time}
            for kind, sizes in ((0, (16, 48)), (1, tuple(range(33, 64, 4))), (2, (5, 7, 10)))
            for size in sizes
            for time in ("1/10", "1", "2", "5", "10", "50", "200")
        )
    ),
    parts=(Part("the bound", Le(best_distance2 - minimiser_distance2, log(pairs) / t)),),
    controls=(
        Control("with half of log K", Le(best_distance2 - minimiser_distance2, log(pairs) / (2 * t))),
        Control("no loss at finite t", Le(best_distance2 - minimiser_distance2, 0)),
    ),
    related=("wu2024.def2.2", "restated.b6.temperature", "restated.d9.lse"),
    notices=(
        "Compact sets are finite, so that the global minimiser is certain: bipyramid and square pyramids of five "
        "points, an equiangular triple against one with a close pair (where the bound is nearly reached), and random "
        "rational sets of 5 to 12 points.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (B6_MINIMA, B6_TLIMIT, B9_LOWER)
