"""The linear model, a counterpart of linear attention (Hu et al. 2024, arXiv 2404.03900; Katharopoulos et
al. 2020, arXiv 2006.16236).

T(x) = sum_mu <phi(xi_mu), phi(x)> xi_mu / sum_nu <phi(xi_nu), phi(x)>, phi(y) = elu(y) + 1 componentwise, or
phi(y) = y. The inverse temperature does not occur in it.
"""

import math

from simulations.variants.base import Array, Namespace, Variant, is_object, log_or_minus_inf, overlaps

FEATURES = ("elu", "identity")


def features(y: Array, xp: Namespace) -> Array:
    """Return elu(y) + 1 = y + 1 for y > 0, exp(y) otherwise, of the shape of y."""
    positive = y > 0
    return xp.where(positive, y + 1, xp.exp(xp.where(positive, xp.zeros_like(y), y)))


def _log_features(y: Array, xp: Namespace) -> Array:
    positive = y > 0
    return xp.where(positive, xp.log1p(xp.where(positive, y, xp.zeros_like(y))), y)


def feature_overlaps(memories: Array, query: Array, xp: Namespace) -> Array:
    """Return <phi(xi_mu), phi(x)> (..., M), phi = elu + 1.

    For floats both factors are taken relative to the largest feature, of the set and of the query: the
    factor is common to all memories and cancels in the weights, and far negative coordinates do not
    underflow together.
    """
    if is_object(memories):
        return overlaps(_features_of_objects(memories, xp), _features_of_objects(query, xp), xp)
    rows, x = _log_features(memories, xp), _log_features(query, xp)
    rows = rows - xp.max(xp.max(rows, axis=-1, keepdims=True), axis=-2, keepdims=True)
    x = x - xp.max(x, axis=-1, keepdims=True)
    return overlaps(xp.exp(rows), xp.exp(x), xp)


def _features_of_objects(y: Array, xp: Namespace) -> Array:
    positive = y > 0
    return xp.where(positive, y + 1, xp.exp(xp.where(positive, y * 0, y)))


def normalised(v: Array, xp: Namespace) -> Array:
    """Return v_j / sum_i v_i (..., M); nan where floats sum to 0, since T has no value there.

    Raises:
        ArithmeticError: object elements whose sum is 0 or cannot be told from 0.
    """
    total = xp.sum(v, axis=-1, keepdims=True)
    if is_object(v):
        return v / total
    some = total != 0
    return xp.where(some, v / xp.where(some, total, xp.ones_like(total)), math.nan)


def _log_normalised(v: Array, xp: Namespace) -> Array:
    w = normalised(v, xp)
    if is_object(w):
        return xp.log(w)
    return xp.where(w >= 0, log_or_minus_inf(w, xp), math.nan)


def linear(features: str = "elu") -> Variant:
    """Return the linear model with the feature map "elu" (elu + 1) or "identity".

    No energy is known. The weights of elu + 1 are positive; those of the identity sum to 1 but may be
    negative, and have no value where the query is orthogonal to the sum of the memories.

    Raises:
        ValueError: another feature map.
    """
    if features not in FEATURES:
        raise ValueError(f"features: expected one of {', '.join(FEATURES)}, found {features!r}")
    elu = features == "elu"
    return Variant(
        name=f"linear:features={features}",
        citation="Hu et al. 2024 (ICML 2025), arXiv 2404.03900; Katharopoulos et al. 2020 (ICML)",
        weights=normalised,
        log_weights=_log_normalised,
        response=None,
        pair_bounds=None,
        energy=None,
        supports=frozenset({"balls", "arrays", "smooth" if elu else "rational"}),
        promises=frozenset({"permutation", *(("distribution", "hull") if elu else ("rotation", "scaling"))}),
        similarity=feature_overlaps if elu else overlaps,
        statements=("np2024.linear", "np2024.complexity-fixed", "restated.linear-target-weight"),
    )
