"""Separation losses of features, with gradients: U-Hop, and U-Hop+ in the three forms of its name.

Features are (..., M, D), one feature per row; every loss returns (value (...,), gradient (..., M, D)) and
runs on any array-API namespace. ``normalised`` losses look at the directions y/|y| only; otherwise inner
products take the place of cosines. The parameters t and tau are numbers. M is at least 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace, device

Array = Any
Namespace = Any
Loss = Callable[..., tuple[Array, Array]]
"""(features (..., M, D), normalised=bool) -> (value (...,), gradient (..., M, D))."""


def uniformity(
    features: Array, t: float = 2.0, *, normalised: bool = True, half: bool = False, diagonal: bool = False
) -> tuple[Array, Array]:
    """Return the U-Hop loss log mean exp(-t |y_mu - y_nu|^2) over pairs (Wu et al. 2024, Definition 2.2).

    Args:
        half: exp(-t |y_mu - y_nu|^2 / 2) instead.
        diagonal: the mean over all M^2 ordered pairs, mu = nu included, not over the pairs mu < nu.

    Raises:
        ValueError: t not positive, fewer than two features.
    """
    _check("t", t, features)
    rate = t / 2 if half else t

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        square = xp.sum(xp.where(own, gram, xp.zeros_like(gram)), axis=-1)
        score = -rate * (square[..., :, None] + square[..., None, :] - 2 * gram)
        score = xp.where(own, xp.asarray(0.0 if diagonal else -xp.inf, dtype=gram.dtype), score)
        value, weight = _log_sum_exp(score, (-2, -1), xp)
        m = gram.shape[-1]
        # Both orders of a pair count, and so does their number.
        value = value[..., 0, 0] - math.log(m * m if diagonal else m * (m - 1))
        weight = xp.where(own, xp.zeros_like(weight), weight)
        pulled = xp.sum(weight, axis=-1, keepdims=True) + xp.zeros_like(weight)
        return value, 2 * rate * (weight - xp.where(own, pulled, xp.zeros_like(weight)))

    return _of_features(features, of_gram, normalised)


def pair_lse(features: Array, tau: float, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return (1/M) log mean_{mu<nu} exp(s_mu_nu / tau), the pair form of U-Hop+ (Hu et al. 2024).

    Raises:
        ValueError: tau not positive, fewer than two features.
    """
    _check("tau", tau, features)

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        m = gram.shape[-1]
        value, weight = _log_sum_exp(_others(gram / tau, own, xp), (-2, -1), xp)
        return (value[..., 0, 0] - math.log(m * (m - 1))) / m, weight / (m * tau)

    return _of_features(features, of_gram, normalised)


def cross_entropy(features: Array, tau: float, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return mean_mu log sum_nu exp((s_mu_nu - 1)/tau), own term included: the other form of U-Hop+.

    The own term of normalised features is exactly 1: small values keep their relative accuracy.

    Raises:
        ValueError: tau not positive, fewer than two features.
    """
    _check("tau", tau, features)

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        m = gram.shape[-1]
        score = (gram - 1) / tau
        others, weight = _log_sum_exp(_others(score, own, xp), (-1,), xp)
        self_score = xp.sum(xp.where(own, score, xp.zeros_like(score)), axis=-1, keepdims=True)
        if normalised:
            self_score = xp.zeros_like(self_score)
        total = xp.logaddexp(self_score, others)
        weight = weight * xp.exp(others - total)
        weight = xp.where(own, xp.exp(self_score - total) + xp.zeros_like(weight), weight)
        return xp.mean(total[..., 0], axis=-1), weight / (m * tau)

    return _of_features(features, of_gram, normalised)


def mean_lse(features: Array, tau: float, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return mean_mu tau log sum_{nu != mu} exp(s_mu_nu / tau), the mean of the soft maxima (third reading).

    Raises:
        ValueError: tau not positive, fewer than two features.
    """
    _check("tau", tau, features)

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        value, weight = _log_sum_exp(_others(gram / tau, own, xp), (-1,), xp)
        return tau * xp.mean(value[..., 0], axis=-1), weight / gram.shape[-1]

    return _of_features(features, of_gram, normalised)


LOSSES: dict[str, Loss] = {"uhop": uniformity, "pair": pair_lse, "ce": cross_entropy, "mean": mean_lse}


def _check(name: str, value: float, features: Array) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}: expected a positive number, found {value}")
    if features.ndim < 2 or features.shape[-2] < 2:
        raise ValueError(f"features: expected at least two of them, found shape {tuple(features.shape)}")


def _others(score: Array, own: Array, xp: Namespace) -> Array:
    return xp.where(own, xp.asarray(-xp.inf, dtype=score.dtype, device=device(score)), score)


def _log_sum_exp(score: Array, axis: tuple[int, ...], xp: Namespace) -> tuple[Array, Array]:
    """Return log sum exp over ``axis``, kept, and its derivatives, the weights."""
    top = xp.max(score, axis=axis, keepdims=True)
    weight = xp.exp(score - top)
    total = xp.sum(weight, axis=axis, keepdims=True)
    return top + xp.log(total), weight / total


def _of_features(
    features: Array, of_gram: Callable[[Array, Array, Namespace], tuple[Array, Array]], normalised: bool
) -> tuple[Array, Array]:
    """Apply a function of the Gram matrix, which returns its derivative by every ordered entry as well."""
    xp = array_namespace(features)
    length = xp.ones_like(features[..., :1])
    if normalised:
        length = xp.sqrt(xp.sum(features * features, axis=-1, keepdims=True))
        if bool(xp.any(length == 0)):
            raise ValueError("features: expected nonzero features to normalise, found one of length 0")
    y = features / length
    gram = xp.matmul(y, xp.matrix_transpose(y))
    own = xp.eye(gram.shape[-1], dtype=xp.bool, device=device(gram))
    value, slope = of_gram(gram, own, xp)
    pull = xp.matmul(slope + xp.matrix_transpose(slope), y)
    if normalised:
        pull = (pull - xp.sum(pull * y, axis=-1, keepdims=True) * y) / length
    return value, pull
