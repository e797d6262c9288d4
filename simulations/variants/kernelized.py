"""Kernelized models: overlaps taken after a linear feature map (U-Hop, Wu et al. 2024, arXiv 2404.03827;
U-Hop+, Hu et al. 2024, arXiv 2410.23126).

K(u, v) = <W u, W v> with W (D, d), and T(x) = Xi p with p the weights of beta K(Xi, x). Since the weights sum
to 1, W T(x) is the plain update of the features Y = W Xi at the feature W x. So there are two ways to
retrieve: iterating T in the space of the memories, and mapping the query once, iterating in feature space
and reading the memories out with the last weights. Both are here; how W is learned is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from array_api_compat import array_namespace, device

from simulations.streams import stream
from simulations.variants.base import Array, Energy, Namespace, Variant, combine, is_object, norm, overlaps

FeatureMap = Array | Callable[[int], Array]
"""W (D, d), a NumPy array of floats or exact numbers; or a function d -> W for memories of any dimension."""

# What survives a linear map. Not "descent" and "gradient": the energy drops by half the squared step of the
# features, and its gradient is W^T W (x - T(x)).
_KEPT = frozenset(
    {
        "monotone",
        "stationary",
        "limit",
        "distribution",
        "hull",
        "permutation",
        "scaling",
        "margin",
        "contraction",
    }
)


def feature_matrix(feature_map: FeatureMap, d: int) -> Array:
    """Return W (D, d).

    Raises:
        ValueError: W is not a matrix with d columns.
    """
    w = np.asarray(feature_map(d) if callable(feature_map) else feature_map)
    if w.ndim != 2 or w.shape[1] != d:
        raise ValueError(f"feature map: expected a matrix with {d} columns, found shape {w.shape}")
    return w


def features(feature_map: FeatureMap, a: Array, xp: Namespace) -> Array:
    """Return W a (..., D) of vectors a (..., d), exactly for exact elements."""
    w = feature_matrix(feature_map, a.shape[-1])
    if is_object(a):
        if not is_object(w):
            w = np.frompyfunc(lambda x: Fraction(float(x)), 1, 1)(w)
    else:
        w = xp.asarray(w.astype(float), dtype=a.dtype, device=device(a))
    return xp.matmul(a, xp.matrix_transpose(w))


def kernelized(feature_map: FeatureMap, separation: Variant, name: str = "kernelized") -> Variant:
    """Return the model with kernel <W u, W v> and the weights of another one.

    Energy: that of the separation in feature space, for softmax
    E(x) = |W x|^2/2 - (1/beta) lse(beta K(Xi, x)) + constants (reading with the factor 1/beta).
    It does not increase along T for any W, with or without full rank.

    The Lipschitz constant, known for a given matrix only, is that of the separation times max(1, |W|_2^2), so
    that "contraction" holds as it is worded.

    Raises:
        ValueError: a separation that is not a function of overlaps alone.
    """
    if type(separation) is not Variant:
        raise ValueError(f"separation: expected a model with weights of scores, found {separation.name!r}")
    lipschitz = None
    if separation.lipschitz is not None and not callable(feature_map):
        w = feature_matrix(feature_map, np.shape(feature_map)[-1])
        lipschitz = separation.lipschitz * max(1.0, float(np.linalg.norm(w.astype(float), 2)) ** 2)
    inner = separation.similarity or overlaps

    def similarity(memories: Array, query: Array, xp: Namespace) -> Array:
        return inner(features(feature_map, memories, xp), features(feature_map, query, xp), xp)

    return dataclasses.replace(
        separation,
        name=name,
        citation="Wu et al. 2024 (ICML), arXiv 2404.03827; Hu et al. 2024 (NeurIPS), arXiv 2410.23126",
        response=None,
        pair_bounds=None,
        energy=_feature_energy(feature_map, separation.energy),
        promises=(separation.promises & _KEPT) - (set() if lipschitz else {"contraction"}),
        lipschitz=lipschitz,
        similarity=similarity,
        statements=("hu2024.*", "wu2024.*", "restated.a1.*"),
    )


def _feature_energy(feature_map: FeatureMap, energy: Energy | None) -> Energy | None:
    if energy is None:
        return None

    def of_features(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        return energy(features(feature_map, memories, xp), features(feature_map, query, xp), beta)

    return of_features


def retrieve_in_feature_space(
    feature_map: FeatureMap,
    separation: Variant,
    memories: Array,
    query: Array,
    beta: Array,
    steps: int = 1,
    normalise: bool = False,
) -> tuple[Array, Array]:
    """Iterate y <- Y p(beta Y^T y) from y = W x and read the memories out with the last weights.

    Args:
        steps: number of updates, at least 1.
        normalise: bring the features of the memories and of the query to unit length first. The feature
            map is then no longer linear, and the result differs from that of ``kernelized``.

    Returns:
        (state (..., d), feature (..., D)). Without ``normalise`` these are T^steps(x) of ``kernelized`` and
        W times it.

    Raises:
        ValueError: steps below 1; W does not fit the memories; a feature of length 0 to be normalised.
    """
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, found {steps}")
    xp = array_namespace(memories, query)
    rows, y = features(feature_map, memories, xp), features(feature_map, query, xp)
    if normalise:
        rows, y = _unit(rows, xp), _unit(y, xp)
    for _ in range(steps):
        p = separation.weights(separation.scores(rows, y, beta), xp)
        y = combine(rows, p, xp)
    return combine(memories, p, xp), y


def _unit(a: Array, xp: Namespace) -> Array:
    length = xp.sqrt(xp.sum(a * a, axis=-1)) if is_object(a) else norm(a, xp)
    if bool(xp.any(length == 0)):
        raise ValueError("normalise: expected features of positive length, found one of length 0")
    return a / length[..., None]


def member(feature_map: str, size: int, seed: int, separation: Variant, chosen: str) -> Variant:
    """Return the kernelized model with W the identity or a random (size, d) matrix of variance 1/size.

    Args:
        size: D; 0 stands for d. Used by the random map only.
        chosen: the name under which the separation was asked for.

    Raises:
        ValueError: another map, a negative size, a separation that is not a function of overlaps alone.
    """
    if feature_map not in ("identity", "random"):
        raise ValueError(f"map: expected identity or random, found {feature_map!r}")
    if size < 0:
        raise ValueError(f"size: expected at least 0, found {size}")

    def draw(d: int) -> Array:
        if feature_map == "identity":
            return np.eye(d)
        rows = size or d
        return stream(seed, "kernelized", d, rows).standard_normal((rows, d)) / np.sqrt(rows)

    name = f"kernelized:map={feature_map},size={size},seed={seed},separation={chosen}"
    return kernelized(draw, separation, name)
