"""Similarities of a query to every memory, for universal Hopfield networks (Millidge et al. 2022)."""

import math
from collections.abc import Callable
from typing import Any

from simulations.variants.base import Array, Namespace, Similarity, _in_blocks, norm, overlaps

Differences = Callable[[Array, Namespace], Array]


def _of_differences(measure: Differences) -> Similarity:
    """Make a similarity of ``measure(xi_j - x, xp)``; the (queries, M, d) differences are made in blocks.

    Explicit differences, not |xi|^2 - 2 <xi,x> + |x|^2: near a memory the latter has no correct digit.
    """

    def similarity(memories: Array, query: Array, xp: Namespace) -> Array:
        return _in_blocks(lambda m, x: measure(m - x[..., None, :], xp), memories, query, (), xp)

    return similarity


def smallest(dtype: Any, xp: Namespace) -> float:
    """Return the square root of the smallest normal number: 1/smallest is huge, and beta/smallest finite."""
    return math.sqrt(float(xp.finfo(dtype).smallest_normal))


def _reciprocal(distance: Array, xp: Namespace) -> Array:
    """Return 1/distance with distances below ``smallest`` raised to it, so that an exact hit stays finite."""
    floor = smallest(distance.dtype, xp)
    return 1 / xp.where(distance > floor, distance, xp.full_like(distance, floor))


def squared(gap: Array, xp: Namespace) -> Array:
    """Return the squared Euclidean norm over the last axis."""
    return xp.sum(gap * gap, axis=-1, keepdims=True)[..., 0]


def _absolute(gap: Array, xp: Namespace) -> Array:
    return xp.sum(xp.abs(gap), axis=-1, keepdims=True)[..., 0]


def unit(a: Array, xp: Namespace) -> Array:
    """Return a/|a| over the last axis, 0 for a = 0."""
    length = norm(a, xp)[..., None]
    return a / xp.where(length > 0, length, xp.ones_like(length))


def _cosine(memories: Array, query: Array, xp: Namespace) -> Array:
    """Return cos of the angle to each memory: every row has its own norm; 0 where a vector is zero."""
    return overlaps(unit(memories, xp), unit(query, xp), xp)


def _hamming(memories: Array, query: Array, xp: Namespace) -> Array:
    """Return minus the number of coordinates whose signs (-1, 0 or 1) differ."""

    def count(m: Array, x: Array) -> Array:
        differ = xp.sign(m) != xp.sign(x)[..., None, :]
        return -xp.sum(xp.astype(differ, m.dtype), axis=-1)

    return _in_blocks(count, memories, query, (), xp)


def _shares(a: Array, name: str, xp: Namespace) -> Array:
    total = xp.sum(a, axis=-1, keepdims=True)
    if not bool(xp.all(a >= 0)) or not bool(xp.all(total > 0)):
        raise ValueError(f"{name}: divergences expect nonnegative entries with a positive sum, found others")
    return a / total


def _relative_entropy(p: Array, q: Array, xp: Namespace) -> Array:
    """Return sum p log(p/q), 0 log 0 = 0; infinite where q misses mass of p, then cut to 1/smallest."""
    one, cap = xp.ones_like(p + q), 1 / smallest((p + q).dtype, xp)
    used, missed = (p > 0) & (q > 0), xp.any((p > 0) & ~(q > 0), axis=-1)
    # log p - log q, not log(p/q): the quotient of a normal and a subnormal number may overflow.
    terms = p * (xp.log(xp.where(used, p, one)) - xp.log(xp.where(used, q, one)))
    return xp.where(missed, cap, xp.sum(xp.where(used, terms, xp.zeros_like(one)), axis=-1))


def _divergence(of: Callable[[Array, Array, Namespace], Array]) -> Similarity:
    def similarity(memories: Array, query: Array, xp: Namespace) -> Array:
        memories, query = _shares(memories, "memories", xp), _shares(query, "query", xp)
        return _in_blocks(lambda m, x: -of(m, x[..., None, :], xp), memories, query, (), xp)

    return similarity


def _jensen_shannon(p: Array, q: Array, xp: Namespace) -> Array:
    middle = (p + q) / 2
    return (_relative_entropy(p, middle, xp) + _relative_entropy(q, middle, xp)) / 2


SIMILARITIES: dict[str, Similarity] = {
    "dot": overlaps,
    "cosine": _cosine,
    "euclidean": _of_differences(lambda gap, xp: -squared(gap, xp) / 2),
    "manhattan": _of_differences(lambda gap, xp: -_absolute(gap, xp)),
    "inverse_euclidean": _of_differences(lambda gap, xp: _reciprocal(squared(gap, xp), xp)),
    "inverse_manhattan": _of_differences(lambda gap, xp: _reciprocal(_absolute(gap, xp), xp)),
    "hamming": _hamming,
    "kl": _divergence(lambda m, x, xp: _relative_entropy(m, x, xp)),
    "reverse_kl": _divergence(lambda m, x, xp: _relative_entropy(x, m, xp)),
    "js": _divergence(_jensen_shannon),
}
"""sim(Xi, x) (..., M): <xi,x>; cosine; -|xi-x|^2/2; -|xi-x|_1; 1/|xi-x|^2 and 1/|xi-x|_1; minus the number
of differing signs; minus KL(xi|x), KL(x|xi) and the Jensen-Shannon divergence of the vectors divided by
their sums (ValueError unless the entries are nonnegative with a positive sum)."""
