"""Smooth stand-ins for the largest cosine of a code, with gradients, batched over starts.

Points are (B, N, n), any nonzero length; a loss looks at the directions x/|x| only. Every function
returns (value (B,), gradient (B, N, n)) and runs on any array-API namespace.
"""

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace, device

Array = Any
Loss = Callable[[Array, float], tuple[Array, Array]]


def unit(points: Array) -> Array:
    """Return the directions x/|x| of (..., N, n) points."""
    xp = array_namespace(points)
    return points / xp.sqrt(xp.sum(points * points, axis=-1, keepdims=True))


def cosines(directions: Array) -> Array:
    """Return the cosines (..., N, N) of unit vectors (..., N, n), with -inf on the diagonal."""
    xp = array_namespace(directions)
    gram = xp.matmul(directions, xp.matrix_transpose(directions))
    own = xp.eye(gram.shape[-1], dtype=xp.bool, device=device(gram))
    return xp.where(own, xp.asarray(-xp.inf, dtype=gram.dtype, device=device(gram)), gram)


def max_cosines(points: Array) -> Array:
    """Return the largest cosine (...,) of two different points of each code (..., N, n)."""
    xp = array_namespace(points)
    return xp.max(cosines(unit(points)), axis=(-2, -1))


def soft_max_cosine(points: Array, sharpness: float) -> tuple[Array, Array]:
    """Return tau log sum_{i<j} exp(<x_i, x_j>/tau) with tau = 1/sharpness, and its gradient.

    The pair form of the average separation loss of U-Hop+ (Hu, Wu and Liu 2024), times tau N and up to
    a constant. It exceeds the largest cosine by at most tau log(N(N-1)/2).
    """
    xp = array_namespace(points)
    return _through_lengths(points, lambda c: _soft_max(c, sharpness, xp), xp)


def riesz_energy(points: Array, exponent: float) -> tuple[Array, Array]:
    """Return (1/k) log sum_{i<j} |x_i - x_j|^(-2k), k the exponent, and its gradient.

    The logarithm has the minimisers of the Riesz energy itself and stays finite for every k; it tends to
    -log of the smallest squared distance.
    """
    xp = array_namespace(points)

    def value(gram: Array) -> tuple[Array, Array]:
        gap = xp.maximum(1 - gram, xp.asarray(1e-300, dtype=gram.dtype, device=device(gram)))
        value, weight = _soft_max(-xp.log(2 * gap), exponent, xp)
        return value, weight / gap

    return _through_lengths(points, value, xp)


LOSSES: dict[str, Loss] = {"soft": soft_max_cosine, "riesz": riesz_energy}


def _soft_max(score: Array, sharpness: float, xp: Any) -> tuple[Array, Array]:
    """Return log sum_{i<j} exp(sharpness score)/sharpness and its derivatives by the ordered pairs."""
    top = xp.max(score, axis=(-2, -1), keepdims=True)
    # exp is slow where it underflows, and e^-60 is nothing beside the largest term.
    weight = xp.exp(xp.clip(sharpness * (score - top), min=-60.0))
    total = xp.sum(weight, axis=(-2, -1), keepdims=True)
    # Each unordered pair was counted twice.
    value = top + xp.log(total / 2) / sharpness
    return value[..., 0, 0], 2 * weight / total


def _through_lengths(
    points: Array, value_of: Callable[[Array], tuple[Array, Array]], xp: Any
) -> tuple[Array, Array]:
    """Apply a function of the cosines; its gradient is taken through x/|x|."""
    length = xp.sqrt(xp.sum(points * points, axis=-1, keepdims=True))
    directions = points / length
    value, weight = value_of(cosines(directions))
    pull = xp.matmul(weight, directions)
    radial = xp.sum(pull * directions, axis=-1, keepdims=True)
    return value, (pull - radial * directions) / length
