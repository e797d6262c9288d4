"""Kernel, retrieval dynamics and energies of the kernelised model, and which feature maps commute with the update.

J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126, and statements of this project beside it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import logsumexp
from sympy import Eq, Ge, Le, Rational

from bounds.exact import Real
from simulations.feature_maps import feature_map
from simulations.streams import stream
from simulations.variants.entmax import entmax
from simulations.variants.kernelized import kernelized
from verify.arena import Param, Patterns
from verify.controls import flipped
from verify.instances import Array, Instances
from verify.orbits import length
from verify.papers.hu2023.entmax_quantities import alpha
from verify.papers.khm2024.features import MAP, apply, in_features, map_numbers, size
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    E_Tx,
    E_x,
    M,
    at_update,
    beta,
    column,
    largest,
    m,
    measure,
    norm,
    overlaps,
    quantity,
    smallest,
    step,
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
    return length(apply(b, kernel_update(b)) - update(in_features(b, b.model)))


@quantity(
    "dyn_commute_gap_plain", "|Phi(T(x)) - Y softmax(beta Xi^T x)|, the weights without the feature map"
)
def commute_gap_plain(b: Instances) -> Array:
    inside = in_features(b, b.model)
    return length(apply(b, kernel_update(b)) - np.sum(weights(b)[..., None] * inside.memories, axis=-2))


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

# -- energies --------------------------------------------------------------------------------------------------


def _log_sum(z: Array) -> Array:
    if z.dtype == object:
        return np.log(np.sum(np.exp(z), axis=-1))
    return np.asarray(logsumexp(z, axis=-1))


def unscaled_energy(b: Instances) -> Array:
    """E_2 = K(x, x)/2 - log sum exp(beta K), shape (B,), for a batch in feature space."""
    return np.sum(b.query * b.query, axis=-1) / 2 - _log_sum(b.beta[:, None] * overlaps(b))


@quantity("dyn_E1", "energy of reading 1 at x, up to the constants of the dense model", real=True)
def E1(b: Instances) -> Array:
    return measure(in_features(b), E_x)


@quantity("dyn_E1_next", "energy of reading 1 at T(x), up to the same constants", real=True)
def E1_next(b: Instances) -> Array:
    return measure(in_features(b), E_Tx)


@quantity("dyn_E2", "energy of reading 2 at x", real=True)
def E2(b: Instances) -> Array:
    return unscaled_energy(in_features(b))


@quantity("dyn_E2_next", "energy of reading 2 at T(x)", real=True)
def E2_next(b: Instances) -> Array:
    return unscaled_energy(at_update(in_features(b)))


@quantity("dyn_step", "|Phi(x) - Phi(T(x))| for softmax weights")
def feature_step(b: Instances) -> Array:
    return measure(in_features(b), step)


@quantity("dyn_norm", "|Phi(x)|")
def feature_norm(b: Instances) -> Array:
    return norm(in_features(b).query)


ENERGY_SCALE = feature_length**2 + feature_norm**2 + (1 + sp.log(M)) / beta
ENERGIES = Patterns(query="free", params=(MAP,), sizes=(*SIZES, (16, 50)))

SCALED = Inequality(
    id="hu2024.energy.scaled",
    title="Descent of the energy with the factor 1/beta",
    source=Source(PAPER, "energy of the model, reading 1"),
    provenance="recalled",
    printed=r"E_1(x)=\tfrac12\mathcal K(x,x)-\tfrac1\beta\log\sum_\mu e^{\beta\mathcal K(\xi_\mu,x)}:\ "
    r"E_1(\mathcal T_\Phi(x))\le E_1(x)",
    arena=ENERGIES,
    parts=(Part("descent", Le(E1_next, E1), scale=ENERGY_SCALE),),
    controls=(
        flipped(),
        Control("falls by the squared step", Le(E1_next + Rational(11, 10) * feature_step**2, E1)),
    ),
    related=("hu2024.energy.unscaled", "restated.b4.descent", "wu2024.thm2.1"),
    notices=("Constants of the energy do not matter to descent; those of the dense model are kept.",),
)

UNSCALED = Inequality(
    id="hu2024.energy.unscaled",
    title="Descent of the energy without the factor 1/beta",
    source=Source(PAPER, "energy of the model, reading 2 (the authors' published implementation)"),
    provenance="secondary",
    printed=r"E_2(x)=\tfrac12\mathcal K(x,x)-\log\sum_\mu e^{\beta\mathcal K(\xi_\mu,x)}:\ "
    r"E_2(\mathcal T_\Phi(x))\le E_2(x)",
    arena=ENERGIES,
    parts=(
        Part("descent", Le(E2_next, E2), scale=ENERGY_SCALE),
        Part(
            "reading: beta = 1",
            Le(E2_next, E2),
            scale=ENERGY_SCALE,
            given=(Hypothesis(Eq(beta, 1)),),
            headline=False,
        ),
    ),
    controls=(flipped(),),
    related=("hu2024.energy.scaled", "hu2023.lemma2.1-energy"),
    notices=(
        "The gradient of E_2 is A (x - beta T(x)): at other temperatures than 1 fixed points are not stationary.",
    ),
)

# -- maps that commute with the update -------------------------------------------------------------------------

OFFSET = Param(sp.Symbol("dyn_offset", nonnegative=True), 0.0, 100.0)


@cache
def affine_map(n: int, d: int) -> Array:
    """[W | c] (D, d + 1) with a drawn offset c of small fractions."""
    w = feature_map(n, d)
    c = np.round(4 * stream(0, "offset", d, n).standard_normal((w.shape[0], 1))) / 4
    return np.concatenate([w, c], axis=1)


def affine(b: Instances, v: Array) -> Array:
    """Phi(v) = W v + offset c of vectors v (B, ..., d)."""
    scale = np.broadcast_to(
        np.expand_dims(b.scalars["dyn_offset"], tuple(range(1, v.ndim))), (*v.shape[:-1], 1)
    )
    return apply(b, np.concatenate([v, scale], axis=-1), affine_map)


def _affine_batch(b: Instances) -> Instances:
    if "affine" not in b.cache:
        memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
        moved = in_features(b).take(np.arange(b.size))
        moved.memories, moved.query, moved.model = affine(b, memories), affine(b, b.query), b.model
        b.cache["affine"] = moved
    found: Instances = b.cache["affine"]
    return found


def _mixed(p: Array, rows: Array) -> Array:
    return np.sum(p[..., None] * rows, axis=-2)


def _affine_gap(b: Instances, p: Array) -> Array:
    return length(affine(b, _mixed(p, b.memories)) - _mixed(p, _affine_batch(b).memories))


@quantity("dyn_affine_gap", "|Phi(Xi p) - Phi(Xi) p| of an affine map, p the drawn weights")
def affine_gap(b: Instances) -> Array:
    total = np.sum(b.hull, axis=-1, keepdims=True)
    return _affine_gap(b, b.hull / total)


@quantity("dyn_affine_gap_half", "the same for weights that sum to 1/2")
def affine_gap_half(b: Instances) -> Array:
    return _affine_gap(b, b.hull / 2)


@quantity("dyn_affine_update_gap", "|Phi(T(x)) - Y softmax(beta Y^T Phi(x))| of an affine map")
def affine_update_gap(b: Instances) -> Array:
    inside = _affine_batch(b)
    return length(affine(b, _mixed(weights(inside), b.memories)) - update(inside))


@quantity("dyn_affine_length", "largest length of an affine feature, and of the offset")
def affine_length(b: Instances) -> Array:
    return measure(_affine_batch(b), m) + b.scalars["dyn_offset"]


def _affine_algebra() -> dict[str, Any]:
    w, c = sp.Matrix(2, 2, sp.symbols("w0:4")), sp.Matrix(sp.symbols("c0:2"))
    rows = [sp.Matrix(sp.symbols(f"x{i}_0:2")) for i in range(3)]
    p = [*sp.symbols("p0:2")]
    p.append(1 - sum(p))
    point = sum((q * x for q, x in zip(p, rows, strict=True)), sp.zeros(2, 1))
    images = sum((q * (w * x + c) for q, x in zip(p, rows, strict=True)), sp.zeros(2, 1))
    gap = w * point + c - images
    return {f"coordinate {i}": gap[i] for i in range(2)}


AFFINE = Identity(
    id="restated.a1.affine",
    title="Affine maps commute with the update",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\Phi(\Xi p)=\Phi(\Xi)\,p,\quad\Phi\circ\mathcal T=\widetilde{\mathcal T}\circ\Phi,\quad "
    r"\widetilde{\mathcal T}(y)=Y\mathrm{softmax}(\beta Y^\top y),\quad\Phi(x)=Wx+b",
    arena=Patterns(query="hull", params=(MAP, OFFSET), sizes=SIZES, search=False),
    parts=(
        Part("mixtures", Eq(affine_gap, 0), scale=affine_length),
        Part("updates", Eq(affine_update_gap, 0), scale=affine_length),
    ),
    symbolic=_affine_algebra,
    symbolic_range="W (2, 2) with an offset and three memories, any weights of sum 1, those of an update among "
    "them; coordinates and memories enter one by one, so other sizes are alike",
    controls=(Control("weights of sum 1/2", Eq(affine_gap_half, 0)),),
    related=("hu2024.retrieval", "restated.a1.nonlinear"),
)


def _componentwise(b: Instances, kind: str, v: Array) -> Array:
    h = apply(b, v)
    return np.tanh(h) if kind == "tanh" else (h + np.abs(h)) / 2


def _componentwise_gap(b: Instances, kind: str) -> Array:
    p = b.hull / np.sum(b.hull, axis=-1, keepdims=True)
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    return length(_componentwise(b, kind, _mixed(p, memories)) - _mixed(p, _componentwise(b, kind, memories)))


@quantity("dyn_tanh_gap", "|Phi(Xi p) - Phi(Xi) p| for Phi(x) = tanh(W x)")
def tanh_gap(b: Instances) -> Array:
    return _componentwise_gap(b, "tanh")


@quantity("dyn_relu_gap", "|Phi(Xi p) - Phi(Xi) p| for Phi(x) = max(W x, 0)")
def relu_gap(b: Instances) -> Array:
    return _componentwise_gap(b, "relu")


NONLINEAR = Identity(
    id="restated.a1.nonlinear",
    title="Componentwise non-linear maps commute with the update",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\Phi(\Xi p)=\Phi(\Xi)\,p,\quad\Phi(x)=\tanh(Wx)\text{ or }\mathrm{relu}(Wx)",
    arena=Patterns(query="hull", params=(MAP,), sizes=SIZES, search=False),
    parts=(
        Part("tanh", Eq(tanh_gap, 0), scale=ONE),
        Part("relu", Eq(relu_gap, 0), scale=1 + feature_length),
    ),
    controls=(Control("a gap of 1 everywhere", Eq(tanh_gap, 1)),),
    related=("restated.a1.affine",),
    notices=("The two maps are two readings of one entry; both decide.",),
)

STATEMENTS: tuple[Statement, ...] = (KERNEL, UPDATE, ENTMAX, SCALED, UNSCALED, AFFINE, NONLINEAR)
