"""Kernel, energy, retrieval and their convergence in the U-Hop model.

D. Wu, J. Y.-C. Hu, T.-Y. Hsiao, H. Liu, ICML 2024, arXiv 2404.03827, and statements of this project beside it.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le

from bounds.exact import exact_array
from simulations.feature_maps.numbered import (
    KINDS,
    exact_gram,
    exact_rows,
    feature_map,
    rank_of,
    square_factor,
)
from verify.arena import Param, Patterns, Points
from verify.instances import Array, Instances
from verify.papers.hu2023.entmax_quantities import alpha
from verify.papers.khm2024.energies import feature_norm
from verify.papers.khm2024.features import MAP, apply, in_features
from verify.papers.khm2024.kernel import (
    ORDER,
    SIZES,
    apply_gram,
    entmax_weights,
    feature_length,
    kernel_definition,
    kernel_update,
    reach,
    tsallis,
)
from verify.papers.khm2024.ranks import case, dimension, rank_W, rows
from verify.statement import Control, Definition, Hypothesis, Part, Source, Statement
from verify.vocabulary import (
    M,
    beta,
    largest,
    m,
    measure,
    norm,
    overlaps,
    quantity,
    target_memory,
)

PAPER = "wu2024"
OWN = "a related statement of this project"

KERNEL = kernel_definition(
    "wu2024.kernel",
    Source(PAPER, "Eq. (2.1)"),
    ("hu2024.kernel", "wu2024.assumption2.1"),
)

# -- full rank -------------------------------------------------------------------------------------------------


@quantity("dyn_positive", "1 if all leading minors of A = W^T W are positive, 0 otherwise")
def positive(b: Instances) -> Array:
    _, pivots = square_factor(exact_gram(exact_rows(feature_map(*case(b)))))
    return exact_array([int(min(pivots) > 0)])


@quantity("dyn_full", "1 if W has the largest rank that its shape allows, 0 otherwise")
def full(b: Instances) -> Array:
    n, size = case(b)
    return exact_array([int(rank_of(n, size) == min(feature_map(n, size).shape))])


FULL_RANK = Definition(
    id="wu2024.assumption2.1",
    title="Full rank of the feature map",
    source=Source(PAPER, "Assumption 2.1"),
    provenance="secondary",
    printed=r"W\in\mathbb R^{D_\Phi\times d},\ D_\Phi\gg d,\ W\text{ of full rank};\quad D_\Phi\ge d:\ \iff A=W^\top W\succ0",
    arena=Points(tuple({"dyn_map": n, "dyn_d": k} for k in (2, 3, 5) for n in range(3 * len(KINDS)))),
    parts=(
        Part(
            "full rank if and only if A is positive definite",
            Eq(full, positive),
            given=(Hypothesis(Ge(rows, dimension)),),
        ),
        Part(
            "the rank is d if and only if A is positive definite",
            Eq(rank_W, dimension),
            given=(Hypothesis(Eq(positive, 1)),),
        ),
        Part("reading: without D >= d", Eq(full, positive), headline=False),
    ),
    controls=(
        Control("every A is positive definite", Eq(positive, 1)),
        Control(
            "rank d - 1", Eq(rank_W, dimension - 1), "the rank is d if and only if A is positive definite"
        ),
    ),
    related=("wu2024.kernel", "wu2024.thm2.1", "restated.b4.kernel", "restated.a1.rank"),
    notices=(
        "Positive definiteness by exact pivots. Maps with condition 1e8 are of full rank; D >> d plays no part in it.",
    ),
)

# -- energy ----------------------------------------------------------------------------------------------------


def conjugate(b: Instances, z: Array, p: Array) -> Array:
    """Psi*(beta, z) = <p, z> + H_alpha(p)/beta at the weights p of z, shape (B,)."""
    return np.sum(p * z, axis=-1) + tsallis(p, b.scalars["alpha"]) / b.beta


def at_query(b: Instances, query: Array, key: str) -> Instances:
    """The batch at another query, made once."""
    if key not in b.cache:
        b.cache[key] = b.with_query(query)
    found: Instances = b.cache[key]
    return found


def values(b: Instances) -> Array:
    """K(Xi, x), shape (B, M)."""
    return overlaps(in_features(b))


def next_query(b: Instances) -> Array:
    """T(x) with the weights of order alpha, shape (B, d)."""
    return np.sum(entmax_weights(b)[..., None] * b.memories, axis=-2)


def moved(b: Instances) -> Instances:
    """The batch at T(x)."""
    return at_query(b, next_query(b), "dyn moved")


def beside(b: Instances) -> Instances:
    """The batch at x + s (xi_mu - x), s the scalar ``dyn_far``."""
    shift = b.scalars["dyn_far"][:, None] * (target_memory(b) - b.query)
    return at_query(b, b.query + shift, "dyn beside")


@quantity("dyn_E", "E(x) = K(x, x)/2 - Psi*(beta, K(Xi, x))", real=True)
def energy(b: Instances) -> Array:
    y = in_features(b).query
    return np.sum(y * y, axis=-1) / 2 - conjugate(b, values(b), entmax_weights(b))


@quantity("dyn_E_next", "E(T(x))", real=True)
def energy_next(b: Instances) -> Array:
    return measure(moved(b), energy)


@quantity("dyn_step_A", "|x - T(x)|_A")
def step_A(b: Instances) -> Array:
    return norm(apply(b, b.query - next_query(b)))


@quantity("dyn_Psi", "Psi*(beta, K(Xi, x))", real=True)
def Psi(b: Instances) -> Array:
    return conjugate(b, values(b), entmax_weights(b))


@quantity("dyn_Psi_beside", "Psi* at the neighbouring point", real=True)
def Psi_beside(b: Instances) -> Array:
    return measure(beside(b), Psi)


@quantity("dyn_Psi_tangent", "Psi* at x plus <p, z' - z>, p the entmax weights at x", real=True)
def Psi_tangent(b: Instances) -> Array:
    return measure(b, Psi) + np.sum(entmax_weights(b) * (values(beside(b)) - values(b)), axis=-1)


@quantity("dyn_Psi_softmax", "log-sum-exp of beta K(Xi, x), divided by beta", real=True)
def Psi_softmax(b: Instances) -> Array:
    z = b.beta[:, None] * values(b)
    if b.exact:
        return np.log(np.sum(np.exp(z), axis=-1)) / b.beta
    top = np.max(z, axis=-1, keepdims=True)
    return (top[:, 0] + np.log(np.sum(np.exp(z - top), axis=-1))) / b.beta


def gradient_of(b: Instances) -> Array:
    """A (x - T(x)), shape (B, d)."""
    return apply_gram(b, b.query - next_query(b))


@quantity("dyn_rise", "E(x + v) - E(x) - <A (x - T(x)), v>, v a step towards the target", real=True)
def rise(b: Instances) -> Array:
    v = beside(b).query - b.query
    return measure(beside(b), energy) - measure(b, energy) - np.sum(gradient_of(b) * v, axis=-1)


@quantity("dyn_rise_reversed", "E(x + v) - E(x) + <A (x - T(x)), v>", real=True)
def rise_reversed(b: Instances) -> Array:
    v = beside(b).query - b.query
    return measure(beside(b), energy) - measure(b, energy) + np.sum(gradient_of(b) * v, axis=-1)


@quantity("dyn_v_A", "|v|_A^2/2, the most that E can lie above its tangent")
def above(b: Instances) -> Array:
    w = in_features(beside(b)).query - in_features(b).query
    return np.sum(w * w, axis=-1) / 2


@quantity("dyn_v_z", "beta |K(Xi, v)|^2/2: entmax is 1-Lipschitz for 1 <= alpha <= 2")
def below(b: Instances) -> Array:
    w = values(beside(b)) - values(b)
    return b.beta * np.sum(w * w, axis=-1) / 2


FAR = Param(sp.Symbol("dyn_far", positive=True), 1e-4, 1.0, log=True)
SCALE = feature_length**2 + feature_norm**2 + (1 + sp.log(M)) / beta
ANY_ORDER = Patterns(query="free", params=(MAP, ORDER, FAR), sizes=SIZES, search=False)
GRADIENT_PARTS = (
    Part("gradient A (x - T(x)), from above", Le(rise, above), scale=SCALE),
    Part("gradient A (x - T(x)), from below", Ge(rise, above - below), scale=SCALE),
)
GRADIENT_CONTROLS = (
    Control("the gradient turned round, from above", Le(rise_reversed, above)),
    Control(
        "the gradient turned round, from below",
        Ge(rise_reversed, above - below),
        "gradient A (x - T(x)), from below",
    ),
)
GRADIENT_NOTICE = (
    "The gradient is checked by two inequalities in E(x + v) - E(x) - <g, v> for steps v down to 10^-4: convexity of Psi* "
    "and its curvature of at most beta bound it by squares of v from both sides, and no other g satisfies both."
)

ENERGY = Definition(
    id="wu2024.energy",
    title="Kernelised energy",
    source=Source(PAPER, "Eq. (2.2)"),
    provenance="secondary",
    printed=r"E_{\mathcal K}(x)=\tfrac12\mathcal K(x,x)-\Psi^\star_\alpha(\beta,\mathcal K(\Xi,x)),\quad "
    r"\nabla_z\Psi^\star_\alpha(\beta,z)=\alpha\text{-entmax}(\beta z)",
    arena=ANY_ORDER,
    parts=(
        *GRADIENT_PARTS,
        Part("Psi* is convex with the weights as a gradient", Ge(Psi_beside, Psi_tangent), scale=SCALE),
        Part(
            "log-sum-exp for alpha = 1", Eq(Psi, Psi_softmax), scale=SCALE, given=(Hypothesis(Eq(alpha, 1)),)
        ),
    ),
    controls=(
        *GRADIENT_CONTROLS,
        Control("concave", Le(Psi_beside, Psi_tangent), "Psi* is convex with the weights as a gradient"),
        Control("log-sum-exp without 1/beta", Eq(Psi, beta * Psi_softmax), "log-sum-exp for alpha = 1"),
    ),
    related=("wu2024.thm2.1", "restated.b4.kernel", "hu2024.energy.scaled"),
    notices=(GRADIENT_NOTICE,),
)

# -- retrieval -------------------------------------------------------------------------------------------------


@quantity("dyn_retrieval_gap", "|T(x) - Xi Sep(beta, K(Xi, x))|, T the shipped model with sparsemax weights")
def retrieval_gap(b: Instances) -> Array:
    return norm(kernel_update(b) - next_query(b))


def _top(b: Instances) -> Array:
    """The memory of the largest kernel value (of floats that agree with exact comparisons where it matters)."""
    z = values(b)
    best = np.argmax(z.astype(float), axis=-1)
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    return memories[np.arange(b.size), best]


@quantity("dyn_top_gap", "(alpha - 1) beta times the gap of the two largest kernel values", real=True)
def top_gap(b: Instances) -> Array:
    z = values(b)
    best = np.argmax(z.astype(float), axis=-1)
    own = z[np.arange(b.size), best]
    if z.shape[-1] == 1:
        return b.beta * 0
    rest = z[np.arange(z.shape[-1]) != best[:, None]].reshape(b.size, -1)
    return (b.scalars["alpha"] - 1) * b.beta * (own - largest(rest))


@quantity("dyn_top_error", "|T(x) - xi|, xi the memory of the largest kernel value")
def top_error(b: Instances) -> Array:
    away = b.memories - _top(b)[:, None, :]
    return norm(np.sum(entmax_weights(b)[..., None] * away, axis=-2))


@quantity("dyn_sep_beyond", "<T(x), x> minus the largest <xi_nu, x>", real=True)
def sep_beyond(b: Instances) -> Array:
    return np.sum(next_query(b) * b.query, axis=-1) - largest(overlaps(b))


RETRIEVAL = Definition(
    id="wu2024.retrieval",
    title="Retrieval with a separation function",
    source=Source(PAPER, "Eq. (2.4)"),
    provenance="secondary",
    printed=r"\mathcal T_{\mathcal K}(x)=\Xi\,\mathrm{Sep}_\alpha(\beta,\mathcal K(\Xi,x)),\quad "
    r"\mathrm{Sep}_\alpha(\beta,z)=\alpha\text{-entmax}(\beta z)",
    arena=Patterns(model="sparse", query="free", params=(MAP, ORDER), sizes=SIZES, search=False),
    parts=(
        Part("in the hull of the memories, along x", Le(sep_beyond, 0), scale=reach),
        Part(
            "large beta: the memory of the largest kernel value",
            Le(top_error, 0),
            scale=m,
            given=(Hypothesis(Ge(top_gap, 1)),),
        ),
        Part(
            "alpha = 2: the kernelised sparse model",
            Le(retrieval_gap, m / 10**8),
            given=(Hypothesis(Eq(alpha, 2)), Hypothesis(Gt(m, 0))),
        ),
    ),
    controls=(
        Control("beyond the hull", Ge(sep_beyond, 0)),
        Control(
            "the target at any beta", Le(step_A, 0), "large beta: the memory of the largest kernel value"
        ),
        Control("the query itself", Le(step_A, m / 10**8), "alpha = 2: the kernelised sparse model"),
    ),
    related=("hu2024.retrieval", "hu2024.retrieval.entmax", "wu2024.thm2.2.if"),
    notices=(
        "The gap that decides for one memory is 1/((alpha - 1) beta); for alpha = 1 no finite beta does.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (KERNEL, FULL_RANK, ENERGY, RETRIEVAL)
