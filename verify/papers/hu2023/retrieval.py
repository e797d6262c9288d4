"""Storage, comparison of the sparse with the dense map, exact recovery.

J. Y.-C. Hu et al., "On Sparse Modern Hopfield Model", NeurIPS 2023, arXiv 2309.12673: definitions of storage and
retrieval, Theorem 2.2 (comparison), and statements of this project beside them.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Rational

from verify.arena import Param, Patterns
from verify.controls import flipped, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.entmax_quantities import (
    alpha,
    alpha_high,
    rest_alpha,
    self_error_alpha,
    top_high,
    top_low,
)
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    M,
    R,
    beta,
    dist,
    err_dense,
    err_sparse,
    fixed_point,
    largest,
    limit_from,
    m,
    norm,
    norm_spread,
    q_dense,
    q_sparse,
    quantity,
)

PAPER = "hu2023"
OWN = "a related statement of this project"
IN_BALL = Hypothesis(Le(dist, R), "the query lies in S_mu")
BEST = Hypothesis(Ge(Delta_x, 0), "the target has the largest score")
MARGIN = Rational(1, 10**6)
SPARSE_BALL = Patterns(model="sparse", query="ball", min_memories=2, max_size=2000)


@quantity("closest_half", "distance from the midpoint of the closest pair to its two members")
def closest_half(b: Instances) -> Array:
    i, j = np.triu_indices(b.memories.shape[-2], 1)
    gaps = b.memories[:, i] - b.memories[:, j]
    nearest = np.argmin(np.sum(gaps * gaps, axis=-1).astype(float), axis=-1)
    rows = np.arange(len(b.memories))
    one, other = b.memories[rows, i[nearest]], b.memories[rows, j[nearest]]
    middle = (one + other) / 2
    return largest(np.stack([norm(middle - one), norm(middle - other)], axis=-1))


@quantity(
    "sparse_limit_gap", "distance between the limits of the iterations from the query and from the target"
)
def sparse_limit_gap(b: Instances) -> Array:
    return norm(limit_from(b, b.query) - fixed_point(b))


DEF_STORED = Definition(
    id="hu2023.def-stored",
    title="Stored and retrieved memories of the sparse model",
    source=Source(PAPER, "definitions of storage, retrieval, separation"),
    provenance="recalled",
    printed=r"\xi_\mu\text{ stored: } x_\mu^*\in S_\mu\text{ attracts all }x\in S_\mu,\ S_\mu\cap S_\nu=\emptyset;\quad \|T(x)-\xi_\mu\|\le\epsilon",
    arena=Patterns(
        model="sparse",
        query="ball",
        min_memories=2,
        norms="equal",
        max_size=160,
        sizes=((1, 2), (2, 2), (2, 3), (3, 4), (5, 10)),
    ),
    hypotheses=(
        Hypothesis(Gt(R, 0), "distinct memories"),
        Hypothesis(Lt(dist, R), "the query lies in the open ball"),
    ),
    parts=(
        Part("open balls: the midpoint of the closest pair is in neither", Le(R, closest_half)),
        Part(
            "open balls: satisfied at a large margin",
            Le(sparse_limit_gap, m / 10**6),
            scale=m,
            given=(
                Hypothesis(
                    Ge(beta * (Delta_mu - 2 * m * dist), 1), "the whole smaller ball is sent to the memory"
                ),
            ),
        ),
        Part("reading: closed balls are disjoint", Lt(R, closest_half), headline=False),
        Part(
            "reading: every query of the open ball reaches the limit of its memory",
            Le(sparse_limit_gap, m / 10**6),
            scale=m,
            headline=False,
        ),
    ),
    controls=(
        Control(
            "balls of twice the radius would be disjoint",
            Le(2 * R, closest_half),
            "open balls: the midpoint of the closest pair is in neither",
        ),
    ),
    related=("restated.sparse-ball-exact", "np2024.def-stored"),
    notices=(
        "With closed balls of radius R the two closest balls always share the midpoint: no set is stored in that reading.",
        "A single memory has no R: the definition says nothing there.",
    ),
)

SPARSE_VS_DENSE = Inequality(
    id="hu2023.thm2.2-sparse-vs-dense",
    title="The sparse error is at most the dense error",
    source=Source(PAPER, "Theorem 2.2 (label eps_sparse_dense)"),
    provenance="secondary (claim), recalled (quantifier)",
    printed=r"\|\mathcal T(x)-\xi_\mu\|\le\|\mathcal T_{Dense}(x)-\xi_\mu\|\ \text{for all }x\in S_\mu",
    arena=SPARSE_BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("error after one step", Le(err_sparse, err_dense)),
        Part(
            "reading: where the target has the largest score",
            Le(err_sparse, err_dense),
            given=(BEST,),
            headline=False,
        ),
    ),
    controls=(flipped(),),
    related=("restated.sparse-mass-comparison", "restated.top-weight-monotone"),
    notices=("No condition on which memory has the largest score is known to be printed.",),
)

TOP_WEIGHT = Inequality(
    id="restated.top-weight-monotone",
    title="The top entmax weight does not decrease with alpha",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\alpha\mapsto\max_i[\alpha\text{-entmax}(v)]_i\text{ is non-decreasing on }\alpha\ge1",
    arena=Patterns(query="free", params=(Param(alpha, 1.0, 4.0), Param(alpha_high, 1.0, 4.0)), max_size=2000),
    hypotheses=(Hypothesis(Lt(alpha, alpha_high)),),
    parts=(Part("top weight", Le(top_low, top_high), trivial=1),),
    controls=(flipped(),),
    related=("hu2023.thm2.2-sparse-vs-dense", "stanhop2024.error-vs-dense"),
    notices=("The score vectors are v = beta Xi^T x.",),
)

MASS = Inequality(
    id="restated.sparse-mass-comparison",
    title="The sparse map puts less mass off the best memory",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"1-p_\mu^{sparse}\le1-p_\mu^{dense};\quad M=2:\ \|T(x)-\xi_\mu\|\le\|T_{Dense}(x)-\xi_\mu\|",
    arena=Patterns(model="sparse", query="free", min_memories=2, max_size=2000),
    hypotheses=(BEST,),
    parts=(
        Part("mass", Le(q_sparse, q_dense), trivial=1),
        Part(
            "error for two memories", Le(err_sparse, err_dense), given=(Hypothesis(Eq(M, 2)),), trivial=2 * m
        ),
    ),
    controls=(scaled("9/10", part="mass"), scaled("9/10", part="error for two memories")),
    related=("hu2023.thm2.2-sparse-vs-dense", "restated.top-weight-monotone"),
)

THRESHOLD = (alpha - 1) * beta
EXACT_RECOVERY = Identity(
    id="restated.exact-recovery",
    title="When an entmax map is exact",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\alpha\text{-entmax}(\beta z)=e_\mu\iff\beta(z_\mu-\max_{\nu\ne\mu}z_\nu)\ge\tfrac1{\alpha-1};\quad T_\alpha(\xi_\mu)=\xi_\mu\iff\beta\Delta_\mu\ge\tfrac1{\alpha-1}",
    arena=Patterns(
        query="free", norms="equal", min_memories=2, params=(Param(alpha, 1.0, 4.0),), max_size=400
    ),
    hypotheses=(
        Hypothesis(Gt(alpha, 1)),
        Hypothesis(Eq(norm_spread, 0), "equal norms (needed for the second part only)"),
        Hypothesis(Gt(R, 0), "distinct memories (needed for the second part only)"),
    ),
    parts=(
        Part(
            "margin gives the unit vector",
            Le(rest_alpha, 0),
            scale=sp.Integer(1),
            given=(Hypothesis(Ge(THRESHOLD * Delta_x, 1)),),
        ),
        Part(
            "without the margin other weights remain",
            Gt(rest_alpha, 0),
            scale=sp.Integer(1),
            given=(Hypothesis(Le(THRESHOLD * Delta_x, 1 - MARGIN)),),
        ),
        Part(
            "separation gives an exact fixed point",
            Le(self_error_alpha, 0),
            scale=m,
            given=(Hypothesis(Ge(THRESHOLD * Delta_mu, 1)),),
        ),
        Part(
            "without the separation it is none",
            Gt(self_error_alpha, 0),
            scale=m,
            given=(Hypothesis(Le(THRESHOLD * Delta_mu, 1 - MARGIN)),),
        ),
    ),
    controls=(
        Control(
            "weights remain, above a millionth of the temperature",
            Ge(rest_alpha, 1),
            "without the margin other weights remain",
        ),
        Control(
            "fixed point error of at least m", Ge(self_error_alpha, m), "without the separation it is none"
        ),
    ),
    related=("hu2023.cor-rapid-convergence", "hfy2024.margins-tsallis"),
    notices=("A single memory is always exact; the statement is about two or more.",),
)

STATEMENTS = (DEF_STORED, SPARSE_VS_DENSE, TOP_WEIGHT, MASS, EXACT_RECOVERY)
