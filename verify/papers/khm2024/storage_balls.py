"""Separation of a memory, storage balls, and storage at large beta in the kernelised model.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126: Section 2 and Definition 2.2.
"""

from __future__ import annotations

import contextlib

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Rational

from bounds.exact import Undecided
from verify.arena import Patterns
from verify.instances import Array, Instances
from verify.papers.khm2024.features import (
    DISTINCT,
    MAP,
    NONZERO,
    Delta_unit,
    in_features,
    size,
    unit_features,
)
from verify.papers.khm2024.kernel import PAPER, apply_gram, feature_length
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    R,
    largest,
    measure,
    others,
    quantity,
    smallest,
    target_memory,
)

SIZES = ((1, 2), (1, 3), (2, 2), (2, 3), (2, 5), (3, 4), (3, 8), (5, 10), (8, 16))
GEOMETRY = Patterns(query="free", min_memories=2, params=(MAP,), sizes=SIZES, search=False)

# -- separation ------------------------------------------------------------------------------------------------


@quantity("dyn_Delta_features", "K(xi_mu, xi_mu) - max over nu != mu of K(xi_mu, xi_nu)", real=True)
def Delta_features(b: Instances) -> Array:
    return measure(in_features(b), Delta_mu)


@quantity("dyn_Delta_least", "min over nu != mu of xi_mu^T A (xi_mu - xi_nu)", real=True)
def Delta_least(b: Instances) -> Array:
    own = target_memory(b)
    gaps = np.sum(apply_gram(b, own)[:, None, :] * (own[:, None, :] - b.memories), axis=-1)
    return smallest(others(b, gaps))


@quantity("dyn_nearest_squared", "squared distance of the target unit feature to the nearest other one")
def nearest_squared(b: Instances) -> Array:
    u = unit_features(b)
    away = u.memories - target_memory(u)[:, None, :]
    return smallest(others(u, np.sum(away * away, axis=-1)))


SEPARATION = Definition(
    id="hu2024.def2.2.separation",
    title="Separation of a memory in feature space",
    source=Source(PAPER, "Section 2"),
    provenance="secondary",
    printed=r"\Delta_\mu^\Phi=\mathcal K(\xi_\mu,\xi_\mu)-\max_{\nu\ne\mu}\mathcal K(\xi_\mu,\xi_\nu),\quad"
    r"\Delta_{\min}^\Phi=\min_\mu\Delta_\mu^\Phi",
    arena=GEOMETRY,
    parts=(
        Part("smallest kernel value against a difference", Eq(Delta_features, Delta_least), scale=size),
        Part(
            "unit features: half the squared distance of the nearest",
            Eq(Delta_unit, nearest_squared / 2),
            scale=sp.Integer(1),
            given=(NONZERO,),
        ),
        Part(
            "reading: never negative, whatever the norms", Ge(Delta_features, 0), scale=size, headline=False
        ),
    ),
    controls=(
        Control("without the feature map", Eq(Delta_features, Delta_mu)),
        Control(
            "the whole squared distance",
            Eq(Delta_unit, nearest_squared),
            "unit features: half the squared distance of the nearest",
        ),
    ),
    related=("hu2024.def2.2.radius", "hfy2024.def-separation"),
    notices=("With unequal norms, or with a map that is not injective, it may be negative or zero.",),
)

# -- balls -----------------------------------------------------------------------------------------------------


def pair_squares(memories: Array) -> Array:
    """Squared distances of all pairs of memories (B, M, d), shape (B, M (M-1)/2)."""
    i, j = np.triu_indices(memories.shape[1], 1)
    away = memories[:, i] - memories[:, j]
    return np.sum(away * away, axis=-1)


@quantity("dyn_R_squared", "R_Phi^2, a quarter of the smallest squared distance of two features")
def R_squared(b: Instances) -> Array:
    return smallest(pair_squares(in_features(b).memories)) / 4


@quantity("dyn_R_features", "R_Phi, half the smallest distance of two features")
def R_features(b: Instances) -> Array:
    return measure(in_features(b), R)


@quantity("dyn_R_kernel", "min over mu < nu of (K(mu, mu) - 2 K(mu, nu) + K(nu, nu))/4", real=True)
def R_kernel(b: Instances) -> Array:
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    matrix = np.matmul(memories, np.swapaxes(apply_gram(b, memories), -1, -2))
    i, j = np.triu_indices(memories.shape[1], 1)
    return smallest(matrix[:, i, i] - 2 * matrix[:, i, j] + matrix[:, j, j]) / 4


@quantity("dyn_second_squared", "squared distance of the point W x to the second nearest feature")
def second_squared(b: Instances) -> Array:
    inside = in_features(b)
    return _second(inside, inside.query)


def _second(b: Instances, point: Array) -> Array:
    """Squared distance of points (B, d) to the second nearest memory."""
    away = b.memories - point[:, None, :]
    squares = np.sum(away * away, axis=-1)
    i, j = np.triu_indices(squares.shape[-1], 1)
    a, c = squares[:, i], squares[:, j]
    # The farther one of a pair, without a comparison that balls might not decide.
    return smallest((a + c + np.abs(a - c)) / 2)


def closest_pair(memories: Array) -> tuple[Array, Array]:
    """Indices (B,) of a closest pair of memories (B, M, d); among balls that overlap, one of the closest."""
    i, j = np.triu_indices(memories.shape[1], 1)
    squares = pair_squares(memories)
    if memories.dtype != object:
        chosen = np.argmin(squares, axis=-1)
        return i[chosen], j[chosen]
    best = 0
    for k in range(1, squares.shape[1]):
        # Undecided means that both will do, or that the precision is too low; certify_closest tells.
        with contextlib.suppress(Undecided):
            best = k if squares[0, k] < squares[0, best] else best
    return i[[best]], j[[best]]


def certify_closest(memories: Array, first: int, second: int) -> None:
    """Certify a closest pair of exact memories (1, M, d).

    Raises:
        ArithmeticError: another pair is closer, or (Undecided) balls do not tell which is.
    """
    i, j = np.triu_indices(memories.shape[1], 1)
    squares = pair_squares(memories)[0]
    chosen = (i == first) & (j == second)
    if not all(square >= squares[chosen][0] for square in squares[~chosen]):
        raise ArithmeticError("the chosen pair is not a closest one")


@quantity("dyn_midpoint_squared", "the same at the midpoint of a closest pair of features")
def midpoint_squared(b: Instances) -> Array:
    inside = in_features(b)
    i, j = closest_pair(inside.memories)
    rows = np.arange(b.size)
    return _second(inside, (inside.memories[rows, i] + inside.memories[rows, j]) / 2)


APART = Hypothesis(Gt(R_squared, 0), "pairwise distinct features")

RADIUS = Definition(
    id="hu2024.def2.2.radius",
    title="Radius of the storage balls",
    source=Source(PAPER, "Definition 2.2"),
    provenance="secondary",
    printed=r"R_\Phi=\tfrac12\min_{\mu\ne\nu}\|\Phi(\xi_\mu)-\Phi(\xi_\nu)\|,\quad"
    r"S_\mu^\Phi=\{y:\|y-\Phi(\xi_\mu)\|\le R_\Phi\}",
    arena=GEOMETRY,
    parts=(
        Part("from differences and from the kernel", Eq(R_squared, R_kernel), scale=feature_length**2),
        Part("half the smallest distance", Eq(R_features**2, R_squared), scale=feature_length**2),
        Part(
            "the midpoint of a closest pair is at that distance",
            Eq(midpoint_squared, R_squared),
            scale=feature_length**2,
        ),
    ),
    controls=(Control("the whole distance", Eq(R_features**2, 4 * R_squared), "half the smallest distance"),),
    related=("hu2024.def2.2.disjoint.closed", "hu2024.def2.2.disjoint.open"),
)

CLOSED = Inequality(
    id="hu2024.def2.2.disjoint.closed",
    title="The closed storage balls are pairwise disjoint",
    source=Source(PAPER, "Definition 2.2, closed reading"),
    provenance="recalled",
    printed=r"S_\mu^\Phi\cap S_\nu^\Phi=\emptyset\ (\mu\ne\nu),\quad S_\mu^\Phi=\{y:\|y-\Phi(\xi_\mu)\|\le R_\Phi\}",
    arena=GEOMETRY,
    hypotheses=(APART,),
    parts=(
        Part("at the midpoint of a closest pair", Gt(midpoint_squared, R_squared), scale=feature_length**2),
        Part("at any point of the range of W", Gt(second_squared, R_squared), scale=feature_length**2),
    ),
    controls=(
        Control("radius 11/10 R", Gt(midpoint_squared, Rational(121, 100) * R_squared)),
        Control(
            "radius 11/10 R",
            Gt(second_squared, Rational(121, 100) * R_squared),
            "at any point of the range of W",
        ),
    ),
    related=("hu2024.def2.2.disjoint.open",),
    notices=(
        "Half the smallest distance is attained: the midpoint of a closest pair lies in both closed balls, whatever the "
        "memories and the map.",
    ),
)

OPEN = Inequality(
    id="hu2024.def2.2.disjoint.open",
    title="The open storage balls are pairwise disjoint",
    source=Source(PAPER, "Definition 2.2, open reading"),
    provenance="recalled",
    printed=r"S_\mu^\Phi\cap S_\nu^\Phi=\emptyset\ (\mu\ne\nu),\quad S_\mu^\Phi=\{y:\|y-\Phi(\xi_\mu)\|<R_\Phi\}",
    arena=GEOMETRY,
    hypotheses=(APART,),
    parts=(
        Part("at any point of the range of W", Ge(second_squared, R_squared), scale=feature_length**2),
        Part("at the midpoint of a closest pair", Ge(midpoint_squared, R_squared), scale=feature_length**2),
    ),
    controls=(
        Control("radius 11/10 R", Ge(second_squared, Rational(121, 100) * R_squared)),
        Control(
            "radius 11/10 R",
            Ge(midpoint_squared, Rational(121, 100) * R_squared),
            "at the midpoint of a closest pair",
        ),
    ),
    related=("hu2024.def2.2.disjoint.closed",),
    notices=(
        "A point lies in two open balls if and only if its second nearest feature is nearer than R_Phi.",
    ),
)

# -- storage at large beta -------------------------------------------------------------------------------------


@quantity(
    "dyn_trap",
    "min over the other features of <y_a - y_b, y_nu>, y_a and y_b a closest pair in the better order; "
    "0 without other features",
    real=True,
)
def trap(b: Instances) -> Array:
    u = unit_features(b)
    if u.memories.shape[1] < 3:
        return b.beta * 0
    i, j = closest_pair(u.memories)
    rows = np.arange(b.size)
    if b.exact:
        certify_closest(u.memories, int(i[0]), int(j[0]))
    axis = u.memories[rows, i] - u.memories[rows, j]
    heights = np.sum(u.memories * axis[:, None, :], axis=-1)
    columns = np.arange(heights.shape[-1])
    rest = heights[(columns != i[:, None]) & (columns != j[:, None])].reshape(b.size, -1)
    low, high = smallest(rest), -largest(rest)
    return (low + high + np.abs(low - high)) / 2


@quantity(
    "dyn_lead", "smallest squared distance of two unit features but the closest ones, minus theirs", real=True
)
def lead(b: Instances) -> Array:
    u = unit_features(b)
    squares, (i, j) = pair_squares(u.memories), closest_pair(u.memories)
    first, second = np.triu_indices(u.memories.shape[1], 1)
    chosen = (first == i[:, None]) & (second == j[:, None])
    return smallest(squares[~chosen].reshape(b.size, -1)) - squares[chosen]


STORED = Inequality(
    id="hu2024.def2.2.stored",
    title="Generic sets of three or more unit features are stored from some temperature on",
    source=Source(PAPER, "Definition 2.2 (gist; exact quantifiers recalled)"),
    provenance="recalled",
    printed=r"M\ge3,\ Y\text{ generic}:\ \exists\beta_0(Y)<\infty\ \forall\beta\ge\beta_0:\ "
    r"\text{every }y\in S_\mu^\Phi\text{ (open) converges to one fixed point }x_\mu^*\in S_\mu^\Phi",
    arena=Patterns(
        query="pattern", norms="equal", min_memories=3, sizes=((2, 3), (3, 3), (3, 4), (2, 4), (5, 5), (8, 8))
    ),
    hypotheses=(
        NONZERO,
        DISTINCT,
        Hypothesis(Gt(lead, 0), "a single closest pair: all but a set of measure zero"),
    ),
    parts=(
        Part(
            "no half-space keeps what enters it from a ball, at all temperatures",
            Le(trap, 0),
            scale=sp.Integer(1),
        ),
    ),
    controls=(Control("a half-space that loses something at once", Le(trap, -1)),),
    related=("hu2024.sep.b.stored", "restated.a4.rho-ball", "hu2024.def2.2.disjoint.open"),
    notices=(
        "A violation holds for every beta > 0 at once. Let a, b be a closest pair, s(y) = <y_a - y_b, y>, and all other "
        "s(y_nu) > 0. If s(y) >= 0 then p_a >= p_b and s(T(y)) = (p_a - p_b)(1 - <y_a, y_b>) + sum p_nu s(y_nu) > 0: the "
        "half-space s >= 0 is invariant. The midpoint of the pair has s = 0, so T maps points of the open ball of y_b next "
        "to it into s > 0, where they stay; that ball has s < 0, so their limits lie outside it.",
        "For M = 3 this happens unless the third feature is equally far from the closest pair: for almost every set. A "
        "single closest pair and a positive trap are open conditions, so sets near a witness are witnesses too.",
        "With M = 3 no set in general position is stored with the full radius; with a share of it see restated.a4.rho-ball.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SEPARATION, RADIUS, CLOSED, OPEN, STORED)
