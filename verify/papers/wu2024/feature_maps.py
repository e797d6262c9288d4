"""What linear feature maps can make of given memories (Wu et al. 2024): exact, as in verify.papers.khm2024."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from flint import fmpq_mat
from sympy import Eq, Ge, Gt, Le, Lt, Rational, Symbol

from bounds.exact import enclose_max, exact_array
from simulations.rational_matrices import fraction
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.half_spaces import injective_map, margin, margin_image
from verify.papers.khm2024.linear_maps import (
    SMALLER,
    STAR_SETS,
    grid,
    integer,
    kernel_defect,
    kernels,
    kernels_square,
    one,
)
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

# -- orthogonal features -----------------------------------------------------------------------------


@cache
def integer_memories(d: int, count: int, seed: int) -> Any:
    """Integer memories (count, d) of rank min(count, d)."""
    rng = stream(seed, "orthogonal features", d, count)
    while True:
        v = fmpq_mat(rng.integers(-3, 4, (count, d)).tolist())
        if v.rank() == min(count, d) and all(any(x != 0 for x in row) for row in v.tolist()):
            return v


def _memories(b: Instances) -> Any:
    return integer_memories(integer(b, "d"), integer(b, "M"), integer(b, "seed"))


@quantity("maps_integer_rank", "dimension of the span of the memories")
def rank(b: Instances) -> Array:
    return one(_memories(b).rank())


@quantity(
    "maps_off_diagonal", "largest |K(xi_mu, xi_nu)|, mu != nu, of W = (X X^T)^-1 X, memories as rows of X"
)
def off_diagonal(b: Instances) -> Array:
    kernel = _solved_kernel(_memories(b))
    size = kernel.nrows()
    return one(max([abs(fraction(kernel[i, j])) for i in range(size) for j in range(i)], default=0))


@quantity("maps_least_feature", "smallest |W xi_mu|^2 of the same map")
def least_feature(b: Instances) -> Array:
    kernel = _solved_kernel(_memories(b))
    return one(min(fraction(kernel[i, i]) for i in range(kernel.nrows())))


def _solved_kernel(v: Any) -> Any:
    w = (v * v.transpose()).solve(v)
    y = v * w.transpose()
    return y * y.transpose()


@quantity("maps_coherence2", "smallest largest squared cosine of two features, over a few maps")
def coherence2(b: Instances) -> Array:
    v, size = _memories(b), integer(b, "d")
    found = []
    for k in range(4):
        w = injective_map(2 * size, size, 0, k)
        kernel = exact_array((v * w.transpose() * w * v.transpose()).tolist())
        i, j = np.triu_indices(len(kernel), 1)
        squares = np.diagonal(kernel)
        found.append(enclose_max(kernel[i, j] ** 2 / (squares[i] * squares[j])))
    return one(min(found))


d, M = Symbol("d", positive=True), Symbol("M", positive=True)
FEW, MANY = Hypothesis(Le(M, d), "M <= d"), Hypothesis(Gt(M, d), "M > d")
NONE = "M > d: non-zero orthogonal features would be M independent vectors in the span of rank at most d"

ORTHOGONAL = Inequality(
    id="wu2024.thm3.1.condition",
    title="Orthogonal features for M <= d",
    source=Source("wu2024", "Theorem 3.1, hypothesis part"),
    provenance="secondary",
    printed=r"M\le d\ \Rightarrow\ \exists W:\ \mathcal K(\xi_\mu,\xi_\nu)=0\ (\mu\ne\nu);\quad M>d\ \Rightarrow\ \text{there is none}",
    arena=Points(
        tuple(
            {"d": size, "M": count, "seed": seed}
            for size in (1, 2, 3, 8, 16)
            for count in sorted({max(size - 1, 2), size, size + 1, 2 * size} - {1})
            for seed in (0, 1)
        )
    ),
    parts=(
        Part("M <= d: the kernel matrix is diagonal", Eq(off_diagonal, 0), given=(FEW,)),
        Part("M <= d: with non-zero features", Gt(least_feature, 0), given=(FEW,)),
        Part(NONE, Lt(rank, M), given=(MANY,)),
        Part(
            "M > d: maps met have at least the coherence of Welch's bound",
            Ge(coherence2, (M - d) / (d * (M - 1))),
            given=(MANY,),
            headline=False,
        ),
    ),
    controls=(
        Control("orthogonal features for M > d as well", Ge(rank, M), NONE),
        Control(
            "the map found sends the memories to 0", Le(least_feature, 0), "M <= d: with non-zero features"
        ),
    ),
    related=("restated.d7.reach",),
    notices=(
        "Independent integer memories; W = (X X^T)^-1 X maps them onto an orthonormal set, exactly.",
        "Without non-zero features W = 0 has a kernel matrix without off-diagonal entries for every M.",
    ),
)

# -- balance and dimension ---------------------------------------------------------------------------

UNIFORM = Inequality(
    id="wu2024.stage1.uniform",
    title="Stage I can distribute the memories uniformly",
    source=Source("wu2024", "reading of the more uniform memory distribution"),
    provenance="secondary",
    printed=r"\forall\,\xi_1,\dots,\xi_M\ \exists W\text{ of full rank}:\ \sum_\mu\frac{W\xi_\mu}{\|W\xi_\mu\|}=0",
    arena=Points(
        tuple(
            {"set": kind, "d": size, "M": count, "spread": 0, "seed": 0}
            for size, count in ((2, 2), (2, 4), (3, 3), (3, 6), (3, 24), (8, 8), (8, 16), (16, 32))
            for kind in (0, 1, 2)
        )
    ),
    parts=(
        Part("no open half-space holds the memories", Le(margin, 0)),
        Part(
            "memories in a half-space: so are the features",
            Gt(margin_image, 0),
            given=(Hypothesis(Gt(margin, 0)),),
            headline=False,
        ),
    ),
    controls=(Control("the features leave every half-space", Le(margin_image, 0)),),
    related=("restated.d8.halfspace", "hu2024.class.reach.normalised"),
    notices=(
        "If <u, xi_mu> > 0 for all mu and W has full rank, v = W (W^T W)^-1 u gives <v, W xi_mu> > 0, so the sum of "
        "the normalised features has a positive product with v and is not 0. Smallest witness: (1, 0) and (0, 1).",
    ),
)

DPHI = Inequality(
    id="wu2024.dphi",
    title="D_Phi much larger than d enlarges the reachable set",
    source=Source("wu2024", "role of D_Phi >> d in Assumption 2.1"),
    provenance="secondary",
    printed=r"\{(\mathcal K(\xi_\mu,\xi_\nu))_{\mu\nu}:W\in\mathbb R^{D_\Phi\times d}\}\supsetneq\{\dots:W\in\mathbb R^{d\times d}\}\quad(D_\Phi>d)",
    arena=Points(
        tuple(
            dict(p) | {"factor": factor}
            for p in grid(((2, 2), (2, 4), (2, 8), (5, 5), (5, 10), (8, 16)), (0, 1)).points
            for factor in (2, 4, 16)
        )
    ),
    parts=(
        Part("more rows reach kernel matrices that d rows do not", Gt(kernels, kernels_square)),
        SMALLER,
    ),
    controls=(Control("the kernel changes by a tenth", Ge(kernel_defect, Rational(1, 10)), SMALLER.name),),
    related=("hu2024.dphi.linear", "restated.d7.sdp"),
    notices=(STAR_SETS,),
)

STATEMENTS: tuple[Statement, ...] = (ORTHOGONAL, UNIFORM, DPHI)
