"""Separation losses of features, with gradients: U-Hop, and U-Hop+ in the three forms of its name.

Features are (..., M, D), one feature per row; every loss returns (value (...,), gradient (..., M, D)) and
runs on any array-API namespace. ``normalised`` losses look at the directions y/|y| only; otherwise inner
products take the place of cosines. The parameters t and tau are numbers, or (..., 1, 1), one for each
problem. M is at least 2.
Object arrays of exact or ball numbers are taken, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace, device

from simulations.variants.base import is_object

Array = Any
Namespace = Any
Loss = Callable[..., tuple[Array, Array]]
"""(features (..., M, D), normalised=bool) -> (value (...,), gradient (..., M, D))."""


def uniformity(
    features: Array, t: Any = 2.0, *, normalised: bool = True, half: bool = False, diagonal: bool = False
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
        zero = 0 * gram
        square = xp.sum(xp.where(own, gram, zero), axis=-1)
        score = xp.where(own, zero, -rate * (square[..., :, None] + square[..., None, :] - 2 * gram))
        # Both orders of a pair count, and so does their number.
        used = own | ~own if diagonal else ~own
        value, weight = _log_mean_exp(score, used, (-2, -1), xp)
        weight = xp.where(own, zero, weight)
        pulled = xp.sum(weight, axis=-1, keepdims=True) + zero
        return value[..., 0, 0], 2 * rate * (weight - xp.where(own, pulled, zero))

    return _of_features(features, of_gram, normalised)


def pair_lse(features: Array, tau: Any, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return (1/M) log mean_{mu<nu} exp(s_mu_nu / tau), the pair form of U-Hop+ (Hu et al. 2024).

    Raises:
        ValueError: tau not positive, fewer than two features.
    """
    _check("tau", tau, features)

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        m = gram.shape[-1]
        value, weight = _log_mean_exp(gram / tau, ~own, (-2, -1), xp)
        return value[..., 0, 0] / m, weight / (m * tau)

    return _of_features(features, of_gram, normalised)


def cross_entropy(features: Array, tau: Any, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return mean_mu log sum_nu exp((s_mu_nu - 1)/tau), own term included: the other form of U-Hop+.

    The own term of normalised features is exactly 1: small values keep their relative accuracy.

    Raises:
        ValueError: tau not positive, fewer than two features.
    """
    _check("tau", tau, features)

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        m = gram.shape[-1]
        score = (gram - 1) / tau
        if normalised:
            score = xp.where(own, 0 * score, score)
        mine = xp.sum(xp.where(own, score, xp.zeros_like(score)), axis=-1, keepdims=True)
        if is_object(score):
            weight = xp.exp(score)
            rest = xp.sum(xp.where(own, 0 * weight, weight), axis=-1, keepdims=True)
            # Next to an own term of 1 the others may be far below the working precision.
            value = xp.log1p(rest) if normalised else xp.log(xp.exp(mine) + rest)
            return xp.mean(value[..., 0], axis=-1), weight / (xp.exp(mine) + rest) / (m * tau)
        others, weight = _log_mean_exp(score, ~own, (-1,), xp, mean=False)
        value = xp.logaddexp(mine, others)
        weight = xp.where(own, xp.exp(mine - value) + xp.zeros_like(weight), weight * xp.exp(others - value))
        return xp.mean(value[..., 0], axis=-1), weight / (m * tau)

    return _of_features(features, of_gram, normalised)


def log_cross_entropy(features: Array, tau: Any, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return the logarithm of ``cross_entropy`` for normalised features; it has the same minimisers.

    At low temperatures the form itself is about exp(-1/tau), too flat for a minimiser in floating point.

    Raises:
        ValueError: features that are not to be normalised, tau not positive, fewer than two features.
    """
    _check("tau", tau, features)
    if not normalised:
        raise ValueError("log cross entropy: expected normalised features, whose own term is 0")

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        v, weight = _log_mean_exp((gram - 1) / tau, ~own, (-1,), xp, mean=False)
        # log log(1 + e^v) is v to the last digit where e^v is below the rounding.
        tiny = v < -40
        terms = xp.where(tiny, v, xp.log(xp.log1p(xp.exp(xp.where(tiny, xp.zeros_like(v), v)))))
        value, share = _log_mean_exp(terms, (own | ~own)[:, :1], (-2,), xp)
        # d log log(1 + e^v) / dv = e^v / ((1 + e^v) log(1 + e^v)).
        steep = xp.exp(v - xp.logaddexp(xp.zeros_like(v), v) - terms)
        return value[..., 0, 0], share * steep * weight / tau

    return _of_features(features, of_gram, normalised)


def mean_lse(features: Array, tau: Any, *, normalised: bool = True) -> tuple[Array, Array]:
    """Return mean_mu tau log sum_{nu != mu} exp(s_mu_nu / tau), the mean of the soft maxima (third reading).

    Raises:
        ValueError: tau not positive, fewer than two features.
    """
    _check("tau", tau, features)

    def of_gram(gram: Array, own: Array, xp: Namespace) -> tuple[Array, Array]:
        value, weight = _log_mean_exp(gram / tau, ~own, (-1,), xp, mean=False)
        return xp.mean((tau * value)[..., 0], axis=-1), weight / gram.shape[-1]

    return _of_features(features, of_gram, normalised)


LOSSES: dict[str, Loss] = {"uhop": uniformity, "pair": pair_lse, "ce": cross_entropy, "mean": mean_lse}


def _check(name: str, value: Any, features: Array) -> None:
    positive = value > 0
    if not bool(positive.all() if getattr(value, "ndim", 0) else positive):
        raise ValueError(f"{name}: expected a positive number, found {value}")
    if features.ndim < 2 or features.shape[-2] < 2:
        raise ValueError(f"features: expected at least two of them, found shape {tuple(features.shape)}")


def _log_mean_exp(
    score: Array, used: Array, axis: tuple[int, ...], xp: Namespace, mean: bool = True
) -> tuple[Array, Array]:
    """Return log mean exp (or log sum exp) over the ``used`` entries along ``axis``, kept, and its slopes.

    ``used`` has the last two axes of ``score``; a mean is over all of its entries.

    Object arrays (exact and ball numbers) are not shifted by a maximum.
    """
    count = int(xp.sum(xp.astype(used, xp.int64))) if mean else 1
    zero = 0 * score
    if is_object(score):
        top, weight = 0, xp.where(used, xp.exp(score), zero)
    else:
        top = xp.max(xp.where(used, score, zero - xp.inf), axis=axis, keepdims=True)
        weight = xp.where(used, xp.exp(xp.where(used, score - top, zero)), zero)
    total = xp.sum(weight, axis=axis, keepdims=True)
    return top + xp.log(total / count), weight / total


def _of_features(
    features: Array, of_gram: Callable[[Array, Array, Namespace], tuple[Array, Array]], normalised: bool
) -> tuple[Array, Array]:
    """Apply a function of the Gram matrix, which returns its derivative by every ordered entry as well."""
    xp = array_namespace(features)
    y, length = features, 1
    if normalised:
        length = xp.sqrt(xp.sum(features * features, axis=-1, keepdims=True))
        if not is_object(length) and bool(xp.any(length == 0)):
            raise ValueError("features: expected nonzero features to normalise, found one of length 0")
        y = features / length
    gram = xp.matmul(y, xp.matrix_transpose(y))
    own = xp.eye(gram.shape[-1], dtype=xp.bool, device=device(gram))
    value, slope = of_gram(gram, own, xp)
    pull = xp.matmul(slope + xp.matrix_transpose(slope), y)
    if normalised:
        pull = (pull - xp.sum(pull * y, axis=-1, keepdims=True) * y) / length
    return value, pull
