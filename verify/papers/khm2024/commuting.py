"""Which feature maps commute with the update: affine ones, and componentwise non-linear ones.

Related to J. Y.-C. Hu, D. Wu, H. Liu, NeurIPS 2024, arXiv 2410.23126.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq

from simulations.feature_maps.numbered import feature_map
from simulations.streams import stream
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.khm2024.features import MAP, apply, in_features
from verify.papers.khm2024.kernel import ONE, OWN, PAPER, SIZES, feature_length
from verify.statement import Control, Identity, Part, Source, Statement
from verify.vocabulary import (
    m,
    measure,
    norm,
    quantity,
    update,
    weights,
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
    return norm(affine(b, _mixed(p, b.memories)) - _mixed(p, _affine_batch(b).memories))


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
    return norm(affine(b, _mixed(weights(inside), b.memories)) - update(inside))


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
    return norm(_componentwise(b, kind, _mixed(p, memories)) - _mixed(p, _componentwise(b, kind, memories)))


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


RELATED: tuple[Statement, ...] = (AFFINE, NONLINEAR)
