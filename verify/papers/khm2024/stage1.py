"""Separation before and after training: global minimisers over all linear maps with normalised features.

They are known where the orbit of the memories holds the simplex (at most d independent memories, or d + 1 with a
dependency of one sign: by Jensen's inequality the simplex is the one minimiser of every form of the loss), and in
the plane, where branch and bound over the disc of all maps encloses them (bounds.planar_maps).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np
from sympy import Ge, Gt, sqrt

from bounds.exact import Real, enclose_max
from bounds.planar_maps import LOSSES, minimiser_region
from simulations import linear_maps
from simulations.rational_matrices import matrix
from simulations.rational_sets import Vectors, with_signs
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.linear_maps import integer, one
from verify.statement import Control, Inequality, Part, Source, Statement
from verify.vocabulary import quantity


def _over(*vectors: tuple[int, ...]) -> Vectors:
    """Integer vectors (..., z) as (...)/z."""
    return tuple(tuple(Fraction(x, v[-1]) for x in v[:-1]) for v in vectors)


FOUR = _over((1, 0, 1), (-4, 3, 5), (5, 12, 13), (5, -12, 13))
SIX = _over((1, 0, 1), (4, 3, 5), (-7, 24, 25), (-4, 3, 5), (-7, -24, 25), (5, -12, 13))
SETS: tuple[Vectors, ...] = (
    _over((1, 0, 1), (-3, 4, 5), (-3, -4, 5)),
    _over((-1, 0, 1), (15, 8, 17), (15, -8, 17)),
    FOUR,
    SIX,
    _over((1, 0, 0, 1), (0, 1, 0, 1), (3, 0, 4, 5)),
    with_signs(3, 4),
    with_signs(5, 6),
)
"""Two triangles around the origin; four and six memories of the plane; three independent ones; d + 1 memories with
a dependency of one sign for d = 3 and 5."""

PLANAR = (2, 3)


def memories_of(b: Instances) -> Vectors:
    return SETS[integer(b, "case")]


def reaches_simplex(memories: Vectors) -> bool:
    """Whether some map with normalised features makes the memories a regular simplex."""
    if matrix(memories).rank() == len(memories):
        return True
    if len(memories) != len(memories[0]) + 1:
        return False
    c = linear_maps.dependency(memories)
    return min(c) > 0 or max(c) < 0


@cache
def trained_cosines(memories: Vectors, tau: Fraction, kind: str) -> tuple[tuple[Real, ...], ...]:
    """Cosines of the features at a global minimiser (enclosed over all of them), (M, M)."""
    count = len(memories)
    if reaches_simplex(memories):
        off = Real(Fraction(-1, count - 1))
        return tuple(tuple(Real(1) if i == j else off for j in range(count)) for i in range(count))
    found = minimiser_region(tuple((u[0], u[1]) for u in memories), tau, kind)
    return tuple(tuple(row) for row in found.cosines())


def given_cosines(memories: Vectors) -> tuple[tuple[Real, ...], ...]:
    """Cosines of the memories, (M, M)."""
    return tuple(
        tuple(Real(sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0))) for v in memories)
        for u in memories
    )


def temperature(b: Instances) -> Fraction:
    """tau, or 1/(2t) where the grid has t."""
    if "tau" in b.scalars:
        return Fraction(b.scalars["tau"][0].fraction)
    return 1 / (2 * Fraction(b.scalars["t"][0].fraction))


def after(b: Instances) -> tuple[tuple[Real, ...], ...]:
    kind = LOSSES[integer(b, "loss")] if "loss" in b.scalars else "pair"
    return trained_cosines(memories_of(b), temperature(b), kind)


def separation(cosines: tuple[tuple[Real, ...], ...]) -> Real:
    """Delta_min."""
    pairs = [cosines[i][j] for i, j in combinations(range(len(cosines)), 2)]
    return 1 - Real(enclose_max(np.array(pairs, dtype=object)))


@quantity("stage1_before", "Delta_min of the memories")
def separation_before(b: Instances) -> Array:
    return one(separation(given_cosines(memories_of(b))))


@quantity("stage1_after", "Delta_min of the features of a global minimiser of the loss")
def separation_after(b: Instances) -> Array:
    return one(separation(after(b)))


MINIMISERS = (
    "Global minimisers are certain: the regular simplex where a map reaches it (at most d independent memories, or "
    "d + 1 with a dependency of one sign), and in the plane by branch and bound in ball arithmetic over the disc of "
    "all W^T W of trace 2, with the rim excluded, so that the minimum is attained.",
    "Smallest witness (case 2): (1, 0), (-4/5, 3/5), (5/13, 12/13), (5/13, -12/13), of largest cosine 5/13: the mean "
    "over the pairs gains more from moving the others apart than it loses at the closest pairs. Case 3: (1, 0), "
    "(4/5, 3/5), (-7/25, 24/25), (-4/5, 3/5), (-7/25, -24/25), (5/13, -12/13), from 4/5 to more than 9/10.",
)

NO_LOSS = Inequality(
    id="hu2024.stage1.no-loss",
    title="Minimising the loss at finite temperature never lowers the separation",
    source=Source("khm2024", "reading of the purpose of Algorithm 1"),
    provenance="recalled",
    printed=r"\Delta_{\min}^{\Phi_\tau}\ge\Delta_{\min},\quad W\text{ a global minimiser at temperature }\tau",
    arena=Points(
        tuple(
            {"case": k, "tau": tau, "loss": loss}
            for k in range(len(SETS))
            for tau in (("1/4",) if k in PLANAR else ("1/4", "1/100"))
            for loss in (0, 1)
        )
    ),
    parts=(Part("separation after and before", Ge(separation_after, separation_before)),),
    controls=(Control("larger than before by a half", Gt(separation_after, separation_before * 3 / 2)),),
    related=("wu2024.stage1.separation", "restated.d9.lse", "restated.b6.tlimit"),
    notices=(
        "Loss 0 is the pair form (and the U-Hop loss at t = 1/(2 tau)), loss 1 the cross-entropy form.",
        *MINIMISERS,
    ),
)

STATEMENTS: tuple[Statement, ...] = (NO_LOSS,)
RADIUS_AFTER, RADIUS_BEFORE = sqrt(separation_after / 2), sqrt(separation_before / 2)
"""Half the smallest distance of unit vectors, from |u - v|^2 = 2 (1 - cos)."""
