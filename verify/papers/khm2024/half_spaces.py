"""Maps with normalised features: half-spaces and linear dependencies of the memories, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from flint import fmpq_mat
from sympy import Eq, Ge, Gt, Lt, Symbol

from bounds.exact import Real, enclose_max, exact_array
from simulations import linear_maps
from simulations.rational_matrices import fraction, is_semidefinite, matrix, rational
from simulations.rational_sets import KINDS, Vectors, memory_set, with_signs
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.linear_maps import integer, one
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

Matrix = Any
DERIVED = Source("khm2024", "a related statement of this project")

# -- half-spaces -------------------------------------------------------------------------------------


@cache
def injective_map(rows: int, columns: int, spread: int, seed: int) -> Matrix:
    """An integer W (rows, columns) of full column rank; ``spread`` multiplies its last column by 10^spread."""
    rng = stream(seed, "injective map", rows, columns)
    while True:
        entries: Any = rng.integers(-3, 4, (rows, columns)).astype(object)
        entries[:, -1] = entries[:, -1] * 10**spread
        w = fmpq_mat([[int(x) for x in row] for row in entries])
        if w.rank() == columns:
            return w


@cache
def images(kind: int, d: int, count: int, spread: int, seed: int) -> tuple[Fraction, Fraction, Fraction]:
    """min <u, xi>, min <v, W xi> with v = W (W^T W)^-1 u, and min <W u, W xi>; u a normal of a half-space.

    Memories in no open half-space give u = e_d, for which the first number is not positive.
    """
    memories = memory_set(KINDS[kind], d, count, seed)
    found, normal = linear_maps.half_space(memories)
    column = fmpq_mat([[rational(x)] for x in normal]) if found == "normal" else _last_axis(d)
    w = injective_map(2 * d, d, spread, seed)
    v = w * (w.transpose() * w).solve(column)
    features = matrix(memories) * w.transpose()

    def least(product: Matrix) -> Fraction:
        return min(fraction(x) for x in product.entries())

    return least(matrix(memories) * column), least(features * v), least(features * (w * column))


def _last_axis(d: int) -> Matrix:
    return fmpq_mat([[int(i == d - 1)] for i in range(d)])


def _images(b: Instances) -> tuple[Fraction, Fraction, Fraction]:
    return images(*(integer(b, name) for name in ("set", "d", "M", "spread", "seed")))


@quantity("maps_margin", "smallest <u, xi_mu>, u the normal of a half-space of the memories", real=True)
def margin(b: Instances) -> Array:
    return one(_images(b)[0])


@quantity("maps_margin_image", "smallest <v, W xi_mu> with v = W (W^T W)^-1 u", real=True)
def margin_image(b: Instances) -> Array:
    return one(_images(b)[1])


@quantity("maps_margin_naive", "smallest <W u, W xi_mu>", real=True)
def margin_naive(b: Instances) -> Array:
    return one(_images(b)[2])


HALF_SPACE = Inequality(
    id="restated.d8.halfspace",
    title="Half-space obstruction",
    source=DERIVED,
    provenance="derived",
    printed=r"\langle u,\xi_\mu\rangle>0\ \forall\mu,\ W\text{ injective}\ \Rightarrow\ \exists v:\ \langle v,W\xi_\mu\rangle>0\ \forall\mu",
    arena=Points(
        tuple(
            {"set": kind, "d": d, "M": count, "spread": spread, "seed": seed}
            for d, count in ((2, 2), (2, 5), (3, 4), (3, 12), (8, 8), (8, 40), (16, 24))
            for kind in (0, 1, 2)
            for spread in (0, 8)
            for seed in (0, 1)
        )
    ),
    hypotheses=(Hypothesis(Gt(margin, 0), "the memories lie in an open half-space"),),
    parts=(
        Part("the features lie in an open half-space", Gt(margin_image, 0)),
        Part("with the same margin", Eq(margin_image, margin), headline=False),
    ),
    controls=(Control("with the image of the normal as normal", Gt(margin_naive, 0)),),
    related=("hu2024.class.reach.normalised", "wu2024.stage1.uniform"),
    notices=("v = W (W^T W)^-1 u, exactly; spread 8 multiplies a column of W by 10^8.",),
)

# -- d + 1 memories in general position --------------------------------------------------------------


def simplex_map(memories: Vectors) -> Matrix:
    """A > 0 whose normalised features are the regular simplex, for a dependency of one sign.

    xi_mu^T A xi_nu = n_mu n_nu G_mu nu with lengths n_mu = 1/|c_mu|, for which G (n c) = 0.
    """
    c = linear_maps.dependency(memories)
    d = len(memories[0])
    return _solved(memories, c, lambda i, j: Fraction(1) if i == j else Fraction(-1, d))


def tilted_map(memories: Vectors, tilt: Fraction) -> Matrix:
    """A > 0 whose normalised features have no cosine above ``tilt`` > 0, for a dependency of both signs.

    Within either group of a sign all cosines agree, and so do those across, which are at most ``tilt``.
    """
    c = linear_maps.dependency(memories)
    p = sum(x > 0 for x in c)
    sizes = {True: p, False: len(c) - p}
    alone = min(sizes.values()) == 1
    # Group means of lengths l_+ and l_- point the same way; a group of one has a mean of length 1.
    length = {sign: Fraction(1) if size == 1 else tilt for sign, size in sizes.items()}
    across = length[True] * length[False] if alone else tilt * tilt

    def cosine(i: int, j: int) -> Fraction:
        if i == j:
            return Fraction(1)
        if (c[i] > 0) != (c[j] > 0):
            return across
        size = sizes[c[i] > 0]
        return (size * length[c[i] > 0] ** 2 - 1) / (size - 1)

    # sum_+ n c y = sum_- n |c| y needs weights 1/(size length) in each group.
    weights = [1 / (sizes[x > 0] * length[x > 0]) for x in c]
    return _solved(memories, tuple(x / w for x, w in zip(c, weights, strict=True)), cosine)


def _solved(memories: Vectors, c: tuple[Fraction, ...], cosine: Any) -> Matrix:
    """A with xi_mu^T A xi_nu = cosine(mu, nu)/|c_mu c_nu|, from the first d memories."""
    d = len(memories[0])
    inverse = matrix(memories[:d]).inv()
    target = fmpq_mat([[rational(cosine(i, j) / abs(c[i] * c[j])) for j in range(d)] for i in range(d)])
    return inverse * target * inverse.transpose()


def largest_cosine(memories: Vectors, a: Matrix) -> Real:
    """Max cosine of the normalised features of a map with A = W^T W, as a ball."""
    v = matrix(memories)
    kernel = exact_array((v * a * v.transpose()).tolist())
    i, j = np.triu_indices(len(memories), 1)
    length = np.sqrt(np.diagonal(kernel))
    return Real(enclose_max(kernel[i, j] / (length[i] * length[j])))


def _memories(b: Instances) -> Vectors:
    return with_signs(integer(b, "d"), integer(b, "positive"), integer(b, "seed"))


def _one_sign(b: Instances) -> bool:
    return integer(b, "positive") in (0, integer(b, "d") + 1)


@quantity("maps_positive_definite", "1 where the A of the map constructed is positive definite, else 0")
def positive_definite(b: Instances) -> Array:
    a = _constructed(b)
    return one(int(is_semidefinite(a) and a.det() != 0))


def _constructed(b: Instances) -> Matrix:
    memories = _memories(b)
    return simplex_map(memories) if _one_sign(b) else tilted_map(memories, b.scalars["tilt"][0].fraction)


@quantity("maps_constructed", "Delta_min of the normalised features of the map constructed")
def constructed(b: Instances) -> Array:
    return one(1 - largest_cosine(_memories(b), _constructed(b)))


@quantity("maps_crossing", "|sum_+ c_mu W xi_mu|^2 for a random map", real=True)
def crossing(b: Instances) -> Array:
    memories = _memories(b)
    c = linear_maps.dependency(memories)
    d = len(memories[0])
    leading = fmpq_mat([[rational(max(x, Fraction(0))) for x in c]])
    total = leading * matrix(memories)
    w = injective_map(d + 1, d, 0, integer(b, "seed"))
    image = total * w.transpose()
    return one(sum(fraction(x) ** 2 for x in image.entries()))


@quantity("maps_random_normalised", "largest Delta_min of normalised features over a few random maps")
def random_normalised(b: Instances) -> Array:
    memories = _memories(b)
    d = len(memories[0])
    found = []
    for k in range(6):
        w = injective_map(d + 1, d, 0, 10 * integer(b, "seed") + k)
        found.append(1 - largest_cosine(memories, w.transpose() * w))
    return one(enclose_max(np.array(found, dtype=object)))


d, tilt, positive = (
    Symbol("d", positive=True),
    Symbol("tilt", positive=True),
    Symbol("positive", nonnegative=True),
)
ONE_SIGN = Hypothesis(Ge(positive, d + 1), "the dependency has coefficients of one sign")
BOTH_SIGNS = Hypothesis(Lt(positive, d + 1), "the dependency has coefficients of both signs")
REACHED = "one sign: the simplex is reached"

D_PLUS_1 = Identity(
    id="restated.d8.dplus1",
    title="d + 1 memories in general position, normalised maps",
    source=DERIVED,
    provenance="derived",
    printed=r"\sup_W\Delta_{\min}^\Phi=1+\tfrac1d\text{ if all }c_\mu\text{ have one sign, otherwise }1\text{, not attained}",
    arena=Points(
        tuple(
            {"d": size, "positive": p, "tilt": t, "seed": seed}
            for size in (2, 3, 4, 5, 8)
            for p in (*range(1, (size + 1) // 2 + 1), size + 1)
            for t in ("1/10", "1/1000")
            for seed in (0, 1)
        )
    ),
    parts=(
        Part("the map constructed is injective", Eq(positive_definite, 1)),
        Part(REACHED, Eq(constructed, 1 + 1 / d), given=(ONE_SIGN,)),
        Part(
            "both signs: every separation below 1 is reached", Ge(constructed, 1 - tilt), given=(BOTH_SIGNS,)
        ),
        Part(
            "both signs: sum a_i b_j <y_i, y_j> = |v|^2 > 0, so some cosine is positive",
            Gt(crossing, 0),
            given=(BOTH_SIGNS,),
        ),
        Part("both signs: maps met stay below 1", Lt(random_normalised, 1), given=(BOTH_SIGNS,)),
    ),
    controls=(
        Control("a simplex in one dimension less", Eq(constructed, 1 + 1 / (d - 1)), REACHED),
        Control(
            "the simplex for both signs",
            Ge(constructed, 1 + 1 / d),
            "both signs: every separation below 1 is reached",
        ),
    ),
    related=("hu2024.class.reach.normalised", "restated.d8.halfspace"),
    notices=(
        "The maps are solved for exactly: one whose normalised features are the regular simplex; one whose features "
        "have cosines at most tilt, for tilt = 1/10 and 1/1000.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (HALF_SPACE, D_PLUS_1)
