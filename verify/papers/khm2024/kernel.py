"""Kernel, retrieval dynamics and energies of the kernelised model, and which feature maps commute with the update.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, and statements of this project beside it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Le, Rational

from bounds.exact import Real
from simulations.feature_maps.numbered import feature_map
from simulations.variants.entmax import entmax
from simulations.variants.kernelized import kernelized
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hu2023.entmax_quantities import alpha
from verify.papers.khm2024.features import MAP, apply, in_features, map_numbers, size
from verify.statement import Control, Definition, Hypothesis, Part, Source, Statement
from verify.vocabulary import (
    M,
    column,
    largest,
    m,
    measure,
    norm,
    overlaps,
    quantity,
    smallest,
    target_memory,
    update,
    weights,
)

PAPER = "khm2024"
OWN = "a related statement of this project"
SIZES = ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (2, 5), (3, 4), (3, 8), (5, 10), (8, 16))
FREE = Patterns(query="free", params=(MAP,), sizes=SIZES, search=False)
ONE = sp.Integer(1)

# -- the kernel ------------------------------------------------------------------------------------------------


@cache
def gram_matrix(n: int, d: int) -> Array:
    """A = W^T W in floats."""
    w = feature_map(n, d)
    return w.T @ w


@cache
def exact_gram_matrix(n: int, d: int) -> Array:
    """A = W^T W in exact numbers."""
    w = np.array([[Real(x) for x in row] for row in feature_map(n, d)], dtype=object)
    return np.matmul(w.T, w)


def apply_gram(b: Instances, a: Array) -> Array:
    """A v for vectors v (B, ..., d)."""
    return apply(b, a, exact_gram_matrix if b.exact else gram_matrix)


@quantity("dyn_K", "K(xi_mu, x) as the inner product of features", real=True)
def K(b: Instances) -> Array:
    return column(b, overlaps(in_features(b)))


@quantity("dyn_K_swapped", "K(x, xi_mu) = x^T A xi_mu with A = W^T W formed first", real=True)
def K_swapped(b: Instances) -> Array:
    return np.sum(b.query * apply_gram(b, target_memory(b)), axis=-1)


@quantity("dyn_K_quadratic", "xi_mu^T A x with A = W^T W formed first", real=True)
def K_quadratic(b: Instances) -> Array:
    return np.sum(target_memory(b) * apply_gram(b, b.query), axis=-1)


@quantity("dyn_K_form", "c^T K c for the kernel matrix K of the memories and c = Xi^T x", real=True)
def K_form(b: Instances) -> Array:
    c = overlaps(b)
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    matrix = np.matmul(memories, np.swapaxes(apply_gram(b, memories), -1, -2))
    return np.sum(c * np.sum(matrix * c[:, None, :], axis=-1), axis=-1)


@quantity("dyn_plain_overlap", "<xi_mu, x> without a feature map", real=True)
def plain_overlap(b: Instances) -> Array:
    return column(b, overlaps(b))


KERNEL_PARTS = (
    Part("inner product of features = quadratic form", Eq(K, K_quadratic), scale=size),
    Part("symmetric", Eq(K_quadratic, K_swapped), scale=size),
    Part("positive semidefinite on the memories", Ge(K_form, 0), scale=size * M**2 * m**2 * size),
)
KERNEL_CONTROLS = (
    Control("without the feature map", Eq(K, plain_overlap)),
    Control("negative on the other side", Eq(K_quadratic, -K_swapped), "symmetric"),
    Control("negative semidefinite", Le(K_form, 0), "positive semidefinite on the memories"),
)


def kernel_definition(identifier: str, source: Source, related: tuple[str, ...]) -> Definition:
    """The kernel of either paper."""
    return Definition(
        id=identifier,
        title="Kernel of the linear feature map",
        source=source,
        provenance="secondary",
        printed=r"\mathcal K(u,v)=\langle\Phi(u),\Phi(v)\rangle=u^\top W^\top W\,v,\quad \Phi(x)=Wx",
        arena=FREE,
        parts=KERNEL_PARTS,
        controls=KERNEL_CONTROLS,
        related=related,
        notices=(
            "W is the identity, random with D from 1 to 4 d, orthogonal, of rank one, rank deficient or of "
            "condition 1e8.",
        ),
    )


KERNEL = kernel_definition(
    "hu2024.kernel",
    Source(PAPER, "definition of the kernelised Hopfield model"),
    ("wu2024.kernel", "restated.a1.affine", "restated.a1.rank"),
)

# -- the update ------------------------------------------------------------------------------------------------


def _one_by_one(b: Instances, model: str) -> Array:
    """T(x) of the shipped kernelised model, map by map, shape (B, d)."""
    numbers, d = np.array(map_numbers(b)), b.memories.shape[-1]
    out = np.zeros((b.size, d), dtype=object if b.exact else float)
    for n in np.unique(numbers):
        rows = np.flatnonzero(numbers == n)
        some = b.take(rows)
        kernel = kernelized(feature_map(int(n), d), b.named(model))
        out[rows] = kernel.update(some.memories, some.query, some.beta)
    return out


def kernel_update(b: Instances) -> Array:
    """T_Phi(x), shape (B, d)."""
    if "kernel update" not in b.cache:
        b.cache["kernel update"] = _one_by_one(b, b.model)
    return b.cache["kernel update"]


@quantity("dyn_commute_gap", "|Phi(T(x)) - Y softmax(beta Y^T Phi(x))|")
def commute_gap(b: Instances) -> Array:
    return norm(apply(b, kernel_update(b)) - update(in_features(b, b.model)))


@quantity(
    "dyn_commute_gap_plain", "|Phi(T(x)) - Y softmax(beta Xi^T x)|, the weights without the feature map"
)
def commute_gap_plain(b: Instances) -> Array:
    inside = in_features(b, b.model)
    return norm(apply(b, kernel_update(b)) - np.sum(weights(b)[..., None] * inside.memories, axis=-2))


@quantity("dyn_beyond_hull", "<T(x), x> minus the largest <xi_nu, x>", real=True)
def beyond_hull(b: Instances) -> Array:
    return np.sum(kernel_update(b) * b.query, axis=-1) - largest(overlaps(b))


@quantity("dyn_below_hull", "the smallest <xi_nu, x> minus <T(x), x>", real=True)
def below_hull(b: Instances) -> Array:
    return smallest(overlaps(b)) - np.sum(kernel_update(b) * b.query, axis=-1)


@quantity("dyn_feature_length", "largest length of a feature")
def feature_length(b: Instances) -> Array:
    return measure(in_features(b, b.model), m)


@quantity("dyn_reach", "m (m + |x|)")
def reach(b: Instances) -> Array:
    top = measure(b, m)
    return top * (top + norm(b.query))


UPDATE = Definition(
    id="hu2024.retrieval",
    title="Retrieval dynamics of the kernelised model",
    source=Source(PAPER, "retrieval dynamics"),
    provenance="secondary",
    printed=r"\mathcal T_\Phi(x)=\Xi\,\mathrm{softmax}(\beta\,\mathcal K(\Xi,x)),\quad "
    r"\Phi(\mathcal T_\Phi(x))=Y\,\mathrm{softmax}(\beta Y^\top\Phi(x))",
    arena=FREE,
    parts=(
        Part("the same update in feature space", Eq(commute_gap, 0), scale=feature_length),
        Part("in the hull: not beyond the memories along x", Le(beyond_hull, 0), scale=reach),
        Part("in the hull: not below the memories along x", Le(below_hull, 0), scale=reach),
    ),
    controls=(
        Control("weights without the feature map", Eq(commute_gap_plain, 0)),
        Control("beyond the hull", Ge(beyond_hull, 0), "in the hull: not beyond the memories along x"),
        Control("below the hull", Ge(below_hull, 0), "in the hull: not below the memories along x"),
    ),
    related=("hu2024.kernel", "restated.a1.affine", "wu2024.retrieval"),
    notices=("That T(x) is in the hull of the memories is looked at along the direction x.",),
)

# -- sparse maps -----------------------------------------------------------------------------------------------

ORDER = Param(alpha, 1.0, 2.0)


def scores(b: Instances) -> Array:
    """beta K(Xi, x), shape (B, M)."""
    return b.beta[:, None] * overlaps(in_features(b))


def entmax_weights(b: Instances) -> Array:
    """alpha-entmax of the scores, shape (B, M)."""
    if "dyn entmax" not in b.cache:
        b.cache["dyn entmax"] = entmax(scores(b), b.scalars["alpha"], np)
    return b.cache["dyn entmax"]


def tsallis(p: Array, order: Array) -> Array:
    """sum_i (p_i - p_i^alpha)/(alpha (alpha - 1)) of weights p (B, M); Shannon's entropy at alpha = 1."""
    if p.dtype == object:
        found = [_exact_tsallis(row, a) for row, a in zip(p, order, strict=True)]
        return np.array(found, dtype=object)
    a = np.asarray(order, dtype=float)[:, None]
    log = np.log(np.where(p > 0, p, 1.0))
    s = np.where(a > 1, a - 1, 1.0)
    terms = np.where(a > 1, -p * np.expm1(s * log) / (a * s), -p * log)
    return np.sum(np.where(p > 0, terms, 0.0), axis=-1)


def _exact_tsallis(row: Array, order: Any) -> Any:
    # Exact weights may be plain integers.
    numbers = [Real(p) for p in row]
    inside = [p for p in numbers if not (p.is_exact and p == 0)]
    if order == 1:
        return sum((-p * p.log() for p in inside), Real(0))
    return sum((p - p**order for p in inside), Real(0)) / (order * (order - 1))


@quantity("dyn_mass", "sum of the entmax weights", real=True)
def mass(b: Instances) -> Array:
    return np.sum(entmax_weights(b), axis=-1)


@quantity("dyn_least_weight", "smallest entmax weight", real=True)
def least_weight(b: Instances) -> Array:
    return smallest(entmax_weights(b))


@quantity("dyn_kkt", "residual of p_i = [(alpha-1) z_i - tau]_+^(1/(alpha-1)), tau from the largest score")
def kkt(b: Instances) -> Array:
    p, s = entmax_weights(b), (b.scalars["alpha"] - 1)[:, None]
    z = scores(b)
    top = largest(p)[:, None]
    # (alpha - 1) z_i - tau = p_top^(alpha-1) - (alpha - 1)(z_top - z_i), with p_top the weight of the largest score.
    inside = top**s - s * (largest(z)[:, None] - z)
    return largest(np.abs(_power(p, s) - (inside + np.abs(inside)) / 2))


def _power(p: Array, s: Array) -> Array:
    if p.dtype != object:
        return np.where(p > 0, p, 0.0) ** s
    rows = [[Real(0) if _is_zero(x) else Real(x) ** e for x in row] for row, (e,) in zip(p, s, strict=True)]
    return np.array(rows, dtype=object)


def _is_zero(x: Any) -> bool:
    return Real(x).is_exact and bool(x == 0)


def _objective(b: Instances, p: Array) -> Array:
    z = scores(b)
    # Relative to the largest score: the weights sum to 1, and large scores would cancel.
    return np.sum(p * (z - largest(z)[:, None]), axis=-1) + tsallis(p, b.scalars["alpha"])


@quantity("dyn_objective", "<p, z> + H_alpha(p) at the entmax weights, minus max z", real=True)
def objective(b: Instances) -> Array:
    return _objective(b, entmax_weights(b))


@quantity(
    "dyn_objective_other", "<q, z> + H_alpha(q) at the drawn point q of the simplex, minus max z", real=True
)
def objective_other(b: Instances) -> Array:
    return _objective(b, b.hull / np.sum(b.hull, axis=-1, keepdims=True))


@quantity("dyn_named_gap", "largest difference to softmax (alpha = 1) or sparsemax (alpha = 2) weights")
def named_gap(b: Instances) -> Array:
    z, order = scores(b), b.scalars["alpha"]
    dense, sparse = b.named("dense").weights(z, np), b.named("sparse").weights(z, np)
    known = np.where((order == 1)[:, None], dense, sparse)
    return largest(np.abs(entmax_weights(b) - known))


ENTMAX = Definition(
    id="hu2024.retrieval.entmax",
    title="Sparse variants of the update",
    source=Source(PAPER, "tables: softmax, 1.5-entmax and sparsemax"),
    provenance="secondary",
    printed=r"\mathcal T_\alpha(x)=\Xi\,\alpha\text{-entmax}(\beta\mathcal K(\Xi,x)),\quad "
    r"p_i=[(\alpha-1)z_i-\tau]_+^{1/(\alpha-1)}",
    arena=Patterns(query="hull", params=(MAP, ORDER), sizes=SIZES, search=False),
    parts=(
        Part("the weights sum to 1", Eq(mass, 1)),
        Part("no weight is negative", Ge(least_weight, 0), scale=ONE),
        Part(
            "closed form with the threshold",
            Le(kkt, Rational(1, 10**9)),
            given=(Hypothesis(sp.Gt(alpha, 1)),),
        ),
        Part("they maximise <p, z> + H(p)", Ge(objective, objective_other), scale=1 + sp.log(M)),
        Part(
            "softmax at 1, sparsemax at 2",
            Le(named_gap, Rational(1, 10**9)),
            given=(Hypothesis(Eq((alpha - 1) * (2 - alpha), 0)),),
        ),
    ),
    controls=(
        Control("sum 1/2", Eq(mass, Rational(1, 2))),
        Control("every weight at least 1/4", Ge(least_weight, Rational(1, 4)), "no weight is negative"),
        Control("a minimum", Le(objective, objective_other), "they maximise <p, z> + H(p)"),
    ),
    related=("wu2024.retrieval", "hfy2024.margins-tsallis"),
    notices=(
        "The other point of the simplex is the convex combination that the query is made from. Weights of orders "
        "other than 1, 3/2 and 2 come from a threshold that is found to rounding: the closed form is held to 10^-9.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (KERNEL, UPDATE, ENTMAX)
