"""Retrieval error bounds of the dense and the sparse map.

J. Y.-C. Hu et al., "On Sparse Modern Hopfield Model", NeurIPS 2023, arXiv 2309.12673: Theorem 2.2, Eqs. (2.7) and
(2.8), the comparison claimed in the abstract, and statements of this project beside them.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Gt, Le, exp, sqrt

from verify.arena import Patterns
from verify.controls import exponent_scaled, flipped, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.capacity import kappa
from verify.papers.hu2023.retrieval import BEST, IN_BALL, OWN, PAPER
from verify.statement import Control, Hypothesis, Inequality, Part, Source
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    M,
    beta,
    column,
    d,
    dist,
    err_dense,
    err_sparse,
    largest,
    m,
    norm_x,
    others,
    overlaps,
    q_sparse,
    quantity,
    target_overlaps,
    weights,
)

BALL = Patterns(model="sparse", query="ball", min_memories=2, max_size=2000)
FREE = Patterns(model="sparse", query="free", min_memories=2, max_size=2000)


@quantity("z_mu", "overlap <xi_mu, x> of the query with the target", real=True)
def z_mu(b: Instances) -> Array:
    return column(b, overlaps(b))


@quantity("rival", "max over nu != mu of <xi_mu, xi_nu>", real=True)
def rival(b: Instances) -> Array:
    return largest(others(b, target_overlaps(b)))


@quantity("rival_all", "max over all nu of <xi_mu, xi_nu>", real=True)
def rival_all(b: Instances) -> Array:
    return largest(target_overlaps(b))


@quantity("support_gap", "z_(1) - z_(kappa): spread of the overlaps over the support of the sparse weights")
def support_gap(b: Instances) -> Array:
    z, inside = overlaps(b), weights(b, "sparse") > 0
    top = largest(z)
    # Outside the support every overlap is smaller than inside, so the top stands in for it harmlessly.
    least = -largest(np.where(inside, -z, -top[:, None]))
    return top - least


@quantity("support_sum", "sum over the support of z_mu - z_nu", real=True)
def support_sum(b: Instances) -> Array:
    z, inside = overlaps(b), weights(b, "sparse") > 0
    return np.sum(np.where(inside, column(b, z)[:, None] - z, 0 * z), axis=-1)


@quantity("p_mu_sparse", "sparse weight of the target")
def p_mu_sparse(b: Instances) -> Array:
    return column(b, weights(b, "sparse"))


DENSE_OTHERS = 2 * m * (M - 1) * exp(-beta * (z_mu - rival))
DENSE_ALL = 2 * m * (M - 1) * exp(-beta * (z_mu - rival_all))
SPARSE_BOUND = m + sqrt(d) * m * beta * (kappa * support_gap + 1 / beta)
EPS_QUERY = (M - 1) * exp(-beta * Delta_x)
EPS_TARGET = (M - 1) * exp(-beta * (Delta_mu - 2 * m * dist))

OTHERS = Inequality(
    id="hu2023.thm2.2-dense-bound-others",
    title="Exponential bound of the dense error, maximum over the other memories",
    source=Source(PAPER, "Theorem 2.2, Eq. (2.7); the maximum read over nu != mu"),
    provenance="recalled (exponent secondary, through the follow-up 2404.03900)",
    printed=r"\|\mathcal T_{Dense}(x)-\xi_\mu\|\le2m(M-1)\exp\{-\beta(\langle\xi_\mu,x\rangle-\max_{\nu\ne\mu}\langle\xi_\mu,\xi_\nu\rangle)\}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(Part("error", Le(err_dense, DENSE_OTHERS), trivial=2 * m),),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("restated.dense-bound-query-separation",),
)

ALL = Inequality(
    id="hu2023.thm2.2-dense-bound-all",
    title="Exponential bound of the dense error, maximum over all memories",
    source=Source(PAPER, "Theorem 2.2, Eq. (2.7); the maximum read over all nu in [M]"),
    provenance="recalled",
    printed=r"\|\mathcal T_{Dense}(x)-\xi_\mu\|\le2m(M-1)\exp\{-\beta(\langle\xi_\mu,x\rangle-\max_{\nu\in[M]}\langle\xi_\mu,\xi_\nu\rangle)\}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("error", Le(err_dense, DENSE_ALL), trivial=2 * m),
        Part(
            "reading: only queries with |x| <= m",
            Le(err_dense, DENSE_ALL),
            trivial=2 * m,
            given=(Hypothesis(Le(norm_x, m)),),
            headline=False,
        ),
    ),
    controls=(scaled("1/10"), exponent_scaled(2)),
    related=("restated.dense-bound-query-separation", "hu2023.thm2.2-dense-bound-others"),
)

QUERY_SEPARATION = Inequality(
    id="restated.dense-bound-query-separation",
    title="Dense error from the separation of the query, or of the memory",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\|T_{Dense}(x)-\xi_\mu\|\le2m\frac{\epsilon}{1+\epsilon},\ \epsilon=(M-1)e^{-\beta\Delta(x)}\text{ or }(M-1)e^{-\beta(\Delta_\mu-2m|x-\xi_\mu|)}",
    arena=FREE,
    parts=(
        Part("separation of the query", Le(err_dense, 2 * m * EPS_QUERY / (1 + EPS_QUERY)), trivial=2 * m),
        Part("separation of the memory", Le(err_dense, 2 * m * EPS_TARGET / (1 + EPS_TARGET)), trivial=2 * m),
    ),
    controls=(
        scaled("9/10", part="separation of the query"),
        scaled("9/10", part="separation of the memory"),
    ),
    related=("hu2023.thm2.2-dense-bound-others", "restated.one-update-margin"),
)

SPARSE = Inequality(
    id="hu2023.thm2.2-sparse-bound",
    title="Sparsity-dependent bound of the sparse error",
    source=Source(PAPER, "Theorem 2.2, Eq. (2.8)"),
    provenance="secondary",
    printed=r"\|\mathcal T(x)-\xi_\mu\|\le m+d^{1/2}m\beta\Big[\kappa\big(\max_\nu\langle\xi_\nu,x\rangle-[\Xi^Tx]_{(\kappa)}\big)+\tfrac1\beta\Big]",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(Part("error", Le(err_sparse, SPARSE_BOUND), trivial=2 * m),),
    controls=(scaled("1/10"),),
    related=("restated.sparse-support-bound",),
    notices=("m + sqrt(d) m is at least 2 m, the largest error there is: the bound never says anything.",),
)

TIGHTER = Inequality(
    id="hu2023.abstract-tighter",
    title="The sparse bound is tighter than its dense analogue",
    source=Source(PAPER, "abstract"),
    provenance="secondary",
    printed=r"\text{right side of (2.8)}\le\text{right side of (2.7)}",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("against (2.7), maximum over the others", Le(SPARSE_BOUND, DENSE_OTHERS)),
        Part("against (2.7), maximum over all", Le(SPARSE_BOUND, DENSE_ALL)),
        Part(
            "against the bound by the query's separation",
            Le(SPARSE_BOUND, 2 * m * EPS_QUERY / (1 + EPS_QUERY)),
        ),
    ),
    controls=(flipped(),),
    related=(
        "hu2023.thm2.2-sparse-bound",
        "hu2023.thm2.2-dense-bound-others",
        "hu2023.thm2.2-dense-bound-all",
    ),
)

SUPPORT = Inequality(
    id="restated.sparse-support-bound",
    title="Sparse error from the support",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"1-p_\mu=\frac1\kappa\Big[\kappa-1-\beta\sum_{\nu\in S}(z_\mu-z_\nu)\Big],\ |T(x)-\xi_\mu|\le2m(1-p_\mu)\le2m\frac{\kappa-1}\kappa",
    arena=FREE,
    hypotheses=(Hypothesis(Gt(p_mu_sparse, 0), "the target is in the support"),),
    parts=(
        Part("mass", Eq(q_sparse, (kappa - 1 - beta * support_sum) / kappa), scale=1 + beta * m**2),
        Part("error by mass", Le(err_sparse, 2 * m * q_sparse), trivial=2 * m),
        Part(
            "mass by support", Le(2 * m * q_sparse, 2 * m * (kappa - 1) / kappa), given=(BEST,), trivial=2 * m
        ),
    ),
    controls=(
        Control("mass without 1/kappa", Eq(q_sparse, kappa - 1 - beta * support_sum), "mass"),
        scaled("9/10", part="error by mass"),
        scaled("9/10", part="mass by support"),
    ),
    related=("hu2023.thm2.2-sparse-bound",),
)

STATEMENTS = (OTHERS, ALL, QUERY_SEPARATION, SPARSE, TIGHTER, SUPPORT)
