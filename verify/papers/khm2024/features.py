"""Memories in feature space: the features Y = W Xi of an instance, and unit features with a query near one of them.

W is named in the instance by a number (:mod:`simulations.feature_maps.numbered`).  Statements that speak of unit features Y
and queries y in feature space alone need no W: every set Y is reached by W = I with the memories Y, so they are
judged on normalised memories.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from sympy import Gt

from bounds.exact import Real
from simulations.feature_maps.numbered import NUMBER, feature_map, rank_of
from simulations.variants.kernelized import features
from verify.arena import Param
from verify.instances import Array, Instances
from verify.statement import Hypothesis
from verify.vocabulary import (
    Delta_mu,
    R,
    largest,
    measure,
    norm,
    quantity,
    target_memory,
)

MAP = Param(sp.Symbol("dyn_map", nonnegative=True), 0, NUMBER - 1, integer=True)
Matrix = Callable[[int, int], Array]

# -- any linear map --------------------------------------------------------------------------------------------


def map_numbers(b: Instances) -> list[int]:
    """The number of the feature map of every instance."""
    return [round(float(v)) for v in b.scalars["dyn_map"]]


def apply(b: Instances, a: Array, matrix: Matrix = feature_map) -> Array:
    """Each instance's matrix applied to its vectors a (B, ..., d), shape (B, ..., D).

    In floats, D is that of the largest matrix of the batch and shorter vectors are filled up with zeros, which
    changes no inner product.
    """
    numbers = np.array(map_numbers(b))
    d = a.shape[-1] if matrix is feature_map else b.memories.shape[-1]
    matrices = {int(n): matrix(int(n), d) for n in np.unique(numbers)}
    if len(matrices) == 1:
        return features(next(iter(matrices.values())), a, np)
    out = np.zeros((*a.shape[:-1], max(w.shape[0] for w in matrices.values())))
    for index, w in matrices.items():
        rows = numbers == index
        out[rows, ..., : w.shape[0]] = features(w, a[rows], np)
    return out


def in_features(b: Instances, model: str = "dense") -> Instances:
    """The batch with memories W xi and query W x."""
    key = ("in features", model)
    if key not in b.cache:
        memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
        b.cache[key] = Instances(
            b.size,
            memories=apply(b, memories),
            query=apply(b, b.query),
            beta=b.beta,
            target=b.target,
            scalars=b.scalars,
            model=model,
            models=b.models,
            exact=b.exact,
            backend=b.backend,
        )
    found: Instances = b.cache[key]
    return found


@quantity("dyn_rank", "rank of the feature map W")
def rank(b: Instances) -> Array:
    d = b.memories.shape[-1]
    found = [rank_of(n, d) for n in map_numbers(b)]
    return np.array([Real(r) for r in found], dtype=object) if b.exact else np.array(found, dtype=float)


def frobenius(n: int, d: int) -> float:
    """|W|_F of a feature map."""
    return float(np.linalg.norm(feature_map(n, d)))


@quantity("dyn_size", "|W|_F^2 (m + |x|)^2, the size of the kernel values")
def size(b: Instances) -> Array:
    d = b.memories.shape[-1]
    w2 = np.array([frobenius(n, d) ** 2 for n in map_numbers(b)])
    top = largest(norm(b.memories)) + norm(b.query)
    return w2 * top * top


# -- unit features ---------------------------------------------------------------------------------------------

TIGHT = Param(sp.Symbol("dyn_tight", positive=True), 1e-6, 1.0, log=True)
"""Draws one of the other memories up to another one, so that R_Phi is small and one separation is not."""
SHARE = Param(sp.Symbol("dyn_share", nonnegative=True), 0.0, 1.0)
"""Distance of the query from the target in units of the radius, the boundary included."""
RADIUS = Param(sp.Symbol("dyn_r", positive=True), 1e-6, 1.0, log=True)
"""A free radius."""


def normalised(v: Array) -> Array:
    length = np.sqrt(np.sum(v * v, axis=-1))[..., None]
    if v.dtype == object:
        return v / length
    return v / np.where(length > 0, length, 1.0)


def unit_memories(b: Instances) -> Array:
    """Features of length 1, shape (B, M, d): directions of the memories, one of them drawn up to another."""
    u = np.array(np.broadcast_to(normalised(b.memories), (b.size, *b.memories.shape[1:])))
    count = u.shape[1]
    if count > 2 and "dyn_tight" in b.scalars:
        rows = np.arange(b.size)
        fixed, moved = (b.target + 1) % count, (b.target + 2) % count
        step = b.scalars["dyn_tight"][:, None] * (u[rows, moved] - u[rows, fixed])
        u[rows, moved] = normalised(u[rows, fixed] + step)
    return u


def _batch(b: Instances, memories: Array, query: Array, beta: Array) -> Instances:
    return Instances(
        b.size,
        memories=memories,
        query=query,
        beta=beta,
        target=b.target,
        scalars=b.scalars,
        models=b.models,
        exact=b.exact,
        backend=b.backend,
    )


def unit_features(b: Instances) -> Instances:
    """Unit features with the drawn query and temperature."""
    if "unit features" not in b.cache:
        b.cache["unit features"] = _batch(b, unit_memories(b), b.query, b.beta)
    found: Instances = b.cache["unit features"]
    return found


def unit(b: Instances, radius: str = "R") -> Instances:
    """Unit features with the query at a share ``dyn_share`` of a radius from the target, in the drawn direction.

    ``radius``: "R" (half the smallest distance) or "r" (the scalar ``dyn_r``).
    """
    key = ("unit", radius)
    if key not in b.cache:
        drawn = unit_features(b)
        offset = b.query - target_memory(b)
        if not b.exact or np.sum(offset * offset) != 0:
            offset = normalised(offset)
        length = measure(b, R_unit) if radius == "R" else b.scalars["dyn_r"]
        query = target_memory(drawn) + (b.scalars["dyn_share"] * length)[:, None] * offset
        b.cache[key] = _batch(b, drawn.memories, query, measure(b, heat))
    found: Instances = b.cache[key]
    return found


@quantity("dyn_shortest", "length of the shortest memory")
def shortest(b: Instances) -> Array:
    return -largest(-norm(b.memories))


@quantity("dyn_R", "R_Phi, half the smallest distance of two unit features")
def R_unit(b: Instances) -> Array:
    return measure(unit_features(b), R)


@quantity("dyn_Delta", "separation of the target among unit features", real=True)
def Delta_unit(b: Instances) -> Array:
    return measure(unit_features(b), Delta_mu)


def gram(b: Instances) -> Array:
    """Inner products of the unit features, shape (B, M, M)."""
    u = unit_features(b).memories
    return np.matmul(u, np.swapaxes(u, -1, -2))


@quantity("dyn_Delta_min", "smallest separation of unit features", real=True)
def Delta_min(b: Instances) -> Array:
    i, j = np.triu_indices(b.memories.shape[-2], 1)
    return 1 - largest(gram(b)[:, i, j])


HEAT_A = Param(sp.Symbol("dyn_heat_a", positive=True), 1.0001, 100.0, log=True)
HEAT_B = Param(sp.Symbol("dyn_heat_b", positive=True), 1.0001, 100.0, log=True)
HEAT_R = Param(sp.Symbol("dyn_heat_r", positive=True), 1.0001, 100.0, log=True)
"""beta in units of the least one that meets variant a for the target, variant b, or variant a with the radius r."""


@quantity(
    "dyn_heat",
    "beta: drawn, or a multiple of the least that meets the condition, where one does",
    positive=True,
)
def heat(b: Instances) -> Array:
    count = b.memories.shape[-2]
    for name in ("dyn_heat_a", "dyn_heat_b", "dyn_heat_r"):
        if name in b.scalars:
            length = b.scalars["dyn_r"] if name == "dyn_heat_r" else measure(b, R_unit)
            room = measure(b, Delta_min) if name == "dyn_heat_b" else measure(b, Delta_unit) - 2 * length
            met = (room > 0) & (length > 0)
            some = np.where(met, room, b.beta), np.where(met, length, b.beta)
            return np.where(met, b.scalars[name] * np.log(2 * (count - 1) / some[1]) / some[0], b.beta)
    return b.beta


NONZERO = Hypothesis(Gt(shortest, 0), "every memory has a direction")
DISTINCT = Hypothesis(Gt(R_unit, 0), "pairwise distinct features")
