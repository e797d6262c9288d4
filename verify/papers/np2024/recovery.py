"""Recovery of the dense model by the regression.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: the recovery of the dense model, and a statement of this project beside it.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Gt, Le, Symbol, exp

from verify.arena import Param, Patterns
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.capacity import Delta_min
from verify.papers.np2024.regression import eps, positive_part
from verify.papers.ramsauer2021.energy import T_along_v, along
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source
from verify.vocabulary import M, R, beta, err, err_dense, largest, m, number, quantity

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")

delta = Symbol("delta", real=True)


def perturbed(b: Instances) -> Array:
    """xi_mu + (delta/4) xi_(mu+1), the memories with a perturbation, shape (B, M, d)."""
    return b.memories + b.scalars["delta"][:, None, None] * np.roll(b.memories, -1, axis=-2) / 4


def _substituted(b: Instances) -> Array:
    """sum_mu a_mu K(y_mu, x)/h(x) with a_mu = xi_mu, from the kernel and not from a softmax."""
    exponents = b.beta[:, None] * np.sum(perturbed(b) * b.query[:, None, :], axis=-1)
    if not b.exact:
        exponents = exponents - np.max(exponents, axis=-1, keepdims=True)
    kernel = np.exp(exponents)
    h = np.sum(kernel, axis=-1)
    return np.sum(kernel[..., None] * b.memories, axis=-2) / h[:, None]


@quantity("svr_along_v", "<T_SVR(x), v> with a_mu = xi_mu and the kernel K/h", real=True)
def svr_along_v(b: Instances) -> Array:
    return along(b, _substituted(b))


@quantity("dense_delta_along_v", "<sum of softmax(beta Xi_delta^T x)_mu xi_mu, v>", real=True)
def dense_delta_along_v(b: Instances) -> Array:
    variant = b.named("dense")
    v = b.beta[:, None] * np.sum(perturbed(b) * b.query[:, None, :], axis=-1)
    return along(b, np.sum(variant.weights(v, np)[..., None] * b.memories, axis=-2))


SUBSTITUTION = Identity(
    id="np2024.dense-recovery-substitution",
    title="Multipliers set to the memories give the dense map",
    source=Source(PAPER, "recovery of the dense model, form of the map"),
    provenance="secondary (claim, abstract), recalled (mechanism)",
    printed=r"\mathcal T_{SVR}(x)=\sum_\mu\mathrm{softmax}_\mu(\beta\Xi_\delta^Tx)\,\xi_\mu=\mathcal T_{Dense}(x)",
    arena=Patterns(params=(Param(delta, -2, 2, integer=True),), max_size=400),
    parts=(
        Part("perturbed memories", Eq(svr_along_v, dense_delta_along_v), scale=m),
        Part(
            "the dense map", Eq(svr_along_v, T_along_v), scale=m, given=(Hypothesis(Eq(delta, 0), "dxi = 0"),)
        ),
        Part("reading: the dense map although dxi != 0", Eq(svr_along_v, T_along_v), scale=m, headline=False),
    ),
    controls=(scaled("1/2"), Control("dense map of the unperturbed memories", Eq(svr_along_v, T_along_v))),
    related=("np2024.dense-recovery-optimum",),
)


def _gram(b: Instances) -> Array:
    return b.beta[:, None, None] * np.matmul(b.memories, np.swapaxes(b.memories, -1, -2))


@quantity("kkt_memories", "largest violation of the optimality conditions by a_mu = xi_mu")
def kkt_memories(b: Instances) -> Array:
    a = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    with np.errstate(over="ignore", invalid="ignore"):
        r = a - np.matmul(np.exp(_gram(b) if b.exact else np.minimum(_gram(b), 300.0)), a)
    slack = b.scalars["eps"][:, None, None]
    size = np.abs(a)
    sign = np.where(a > 0, 1, np.where(a < 0, -1, 0))
    bound = (b.scalars["c_share"] * largest(largest(size)))[:, None, None]
    off = np.where(
        size == 0,
        positive_part(np.abs(r) - slack),
        np.where(size < bound, np.abs(sign * r - slack), positive_part(slack - sign * r)),
    )
    return largest(largest(off))


@quantity("kernel_skew", "largest |K~_(mu nu) - K~_(nu mu)| of the row-normalised kernel")
def kernel_skew(b: Instances) -> Array:
    k = b.named("dense").weights(_gram(b), np)
    gap = np.abs(k - np.swapaxes(k, -1, -2))
    return largest(largest(gap)) + number(b, 0)


c_share = Symbol("c_share", positive=True)

OPTIMUM = Identity(
    id="np2024.dense-recovery-optimum",
    title="The solution of the regression is the dense map",
    source=Source(PAPER, "recovery of the dense model, as the solution of the regression"),
    provenance="secondary (claim, abstract), recalled (mechanism)",
    printed=r"\alpha_\mu-\tilde\alpha_\mu=\xi_\mu\text{ for the optimal multipliers, so that the solution of the SVR is }"
    r"\mathcal T_{Dense}",
    arena=Patterns(
        query="pattern",
        params=(Param(eps, 0.0, 0.5), Param(c_share, 1.0, 100.0, log=True)),
        max_size=100,
    ),
    parts=(
        Part("a = xi meets the optimality conditions, kernel exp(beta <., .>)", Le(kkt_memories, 0), scale=m),
        Part("the normalised kernel K/h is symmetric", Le(kernel_skew, 0), scale=1),
        Part(
            "the optimum for eps = 0, C large interpolates: so does the dense map",
            Le(err_dense, 0),
            scale=m,
            given=(Hypothesis(Gt(R, 0), "distinct memories: K is positive definite"),),
        ),
    ),
    controls=(Control("both defects at once", Le(kkt_memories + m * kernel_skew, 0)),),
    related=("np2024.dense-recovery-substitution", "restated.svr-kkt", "restated.dense-kernel-residual"),
    notices=(
        "a = xi is optimal for K if it meets the conditions of restated.svr-kkt for some eps >= 0 and C: eps up to 1/2 and "
        "C from the largest entry of the memories on are tried.",
        "K/h is no kernel where it is not symmetric, and then there is no regression with it.",
    ),
)

RESIDUAL = Inequality(
    id="restated.dense-kernel-residual",
    title="How far the memories are from being reproduced by the dense map",
    source=OWN,
    provenance="derived",
    printed=r"\|\tilde K\,\Xi^T-\Xi^T\|_{2,\infty}\le2m(M-1)e^{-\beta\min_\mu\Delta_\mu}",
    arena=Patterns(query="pattern", min_memories=2, max_size=2000),
    parts=(Part("residual", Le(err, 2 * m * (M - 1) * exp(-beta * Delta_min)), trivial=2 * m),),
    controls=(scaled("1/3"), exponent_scaled(2)),
    related=("np2024.dense-recovery-optimum",),
    notices=("The rows of the matrix are the errors T_Dense(xi_mu) - xi_mu: mu runs over all memories.",),
)

STATEMENTS = (SUBSTITUTION, OPTIMUM, RESIDUAL)
