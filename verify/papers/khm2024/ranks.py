"""Rank of feature Gram matrices and the number of features, in exact rational arithmetic.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126; D. Wu et al., ICML 2024, arXiv 2404.03827.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Le, Min

from bounds.exact import exact_array
from simulations.feature_maps.numbered import (
    KINDS,
    NUMBER,
    Rows,
    exact_gram,
    exact_product,
    exact_rank,
    exact_rows,
    feature_map,
    rank_of,
    square_factor,
)
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.kernel import OWN, PAPER
from verify.statement import Control, Identity, Part, Source, Statement
from verify.vocabulary import quantity

dimension = sp.Symbol("dyn_d", positive=True)
memories = sp.Symbol("dyn_M", positive=True)


def case(b: Instances) -> tuple[int, int]:
    """Number of the feature map and dimension d of an exact point."""
    return int(b.scalars["dyn_map"][0].fraction), int(b.scalars["dyn_d"][0].fraction)


@cache
def memory_columns(d: int, count: int) -> Rows:
    """Xi (d, M) with small drawn fractions."""
    drawn = np.round(4 * stream(0, "rank memories", d, count).standard_normal((d, count))) / 4
    return exact_rows(drawn)


@cache
def _grams(n: int, d: int, count: int) -> tuple[Rows, Rows, Fraction]:
    """G from W, G from a d x d factor V of A, and the smallest pivot of A."""
    xi = memory_columns(d, count)
    w = exact_rows(feature_map(n, d))
    lower, pivots = square_factor(exact_gram(w))
    # V = diag(sqrt(pivots)) L^T is d x d and V^T V = A; Xi^T V^T V Xi needs the squares of the roots alone.
    rotated = exact_product([list(c) for c in zip(*lower, strict=True)], xi)
    weighted = [[p * x for x in row] for p, row in zip(pivots, rotated, strict=True)]
    own = exact_gram(exact_product(w, xi))
    other = exact_product([list(c) for c in zip(*rotated, strict=True)], weighted)
    return own, other, min(pivots)


def _of(b: Instances) -> tuple[Rows, Rows, Fraction]:
    return _grams(*case(b), int(b.scalars["dyn_M"][0].fraction))


@quantity("dyn_rank_G", "rank of the Gram matrix of the features")
def rank_G(b: Instances) -> Array:
    return exact_array([exact_rank(_of(b)[0])])


@quantity("dyn_rank_W", "rank of the feature map")
def rank_W(b: Instances) -> Array:
    return exact_array([rank_of(*case(b))])


@quantity("dyn_rows", "number D of features", positive=True)
def rows(b: Instances) -> Array:
    return exact_array([feature_map(*case(b)).shape[0]])


@quantity("dyn_G_gap", "largest difference of G made by W and by a d x d factor of A = W^T W")
def gram_gap(b: Instances) -> Array:
    own, other, _ = _of(b)
    gaps = [abs(x - y) for r, s in zip(own, other, strict=True) for x, y in zip(r, s, strict=True)]
    return exact_array([max(gaps)])


@quantity("dyn_pivot", "smallest pivot of A: the factor is real if it is not negative", real=True)
def pivot(b: Instances) -> Array:
    return exact_array([_of(b)[2]])


@quantity("dyn_trace_gap", "difference of the traces of G and of Xi^T Xi, no feature map")
def trace_gap(b: Instances) -> Array:
    own, _, _ = _of(b)
    plain = exact_gram(memory_columns(case(b)[1], len(own)))
    return exact_array([abs(sum(own[i][i] - plain[i][i] for i in range(len(own))))])


POINTS = Points(
    tuple(
        {"dyn_map": n, "dyn_d": d, "dyn_M": count}
        for d in (2, 3, 5)
        for n in range(min(NUMBER, 2 * len(KINDS)))
        for count in ((3,) if n >= len(KINDS) else (3, 10))
    )
)

RANK = Identity(
    id="restated.a1.rank",
    title="Rank of the feature Gram matrix and the role of the number of features",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"G=\Xi^\top A\,\Xi,\ \operatorname{rank}G\le\min(d,D_\Phi,M);\ (W,D_\Phi)\text{ and }(A^{1/2},d)"
    r"\text{ give the same }G",
    arena=POINTS,
    parts=(
        Part("rank at most min(d, D, M)", Le(rank_G, Min(dimension, rows, memories))),
        Part("the same G from a d x d factor", Eq(gram_gap, 0)),
        Part("the factor is real", Ge(pivot, 0)),
    ),
    controls=(
        Control("rank at most min(d, D, M) - 1", Le(rank_G, Min(dimension, rows, memories) - 1)),
        Control("the same G without a feature map", Eq(trace_gap, 0), "the same G from a d x d factor"),
        Control("pivots of at least 1", Ge(pivot, 1), "the factor is real"),
    ),
    related=("hu2024.kernel", "wu2024.assumption2.1"),
    notices=(
        "The factor is V = sqrt(D) L^T with A = L D L^T exactly; A^(1/2) is V times a rotation from the left, with the "
        "same G. A map with D < d is filled up with zero rows. So every G of any D >= d is one of D = d.",
    ),
)

RELATED: tuple[Statement, ...] = (RANK,)
