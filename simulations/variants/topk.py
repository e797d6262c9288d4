"""The top-K model: softmax over the K largest scores (Hu et al. 2024, arXiv 2404.03900).

Reading B, as the top-K model is stated: softmax over the K largest scores alone.
Reading A, the sparse-structured map of Theorem 3.2 with that support: softmax over all memories, of which
the K largest weights are kept; they sum to less than 1.

Ties. Memories whose scores are equal to the K-th largest share the places that are left evenly: with n
places left among t of them, each counts n/t times. The number of places is K always, T depends on no order
of the memories, and T is the mean of the maps of all admissible selections: an element of the
subdifferential of max_{|S|=K} (1/beta) lse(beta Xi_S^T x), so the descent of E_K holds at ties too.
Floats are tied if they are equal, so rounding may break a tie (after a rotation, say) or make one, where T
jumps. Object elements are compared rigorously; the comparison raises where their order cannot be told.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from simulations.variants.base import PROPERTIES, Array, Namespace, Variant, is_object, scores
from simulations.variants.masked import (
    check_reading,
    log_dropped,
    log_renormalised,
    log_truncated,
    renormalised,
    truncated,
)

_STATEMENTS = (
    "np2024.topk",
    "np2024.thm3.2-*",
    "np2024.thm4.1-*",
    "np2024.cor4.1.1-*",
    "np2024.cor-noise",
    "np2024.lemma4.1-*",
    "np2024.complexity-topk",
    "restated.topk-energy",
    "restated.truncated-error-bound",
)


def places(v: Array, k: int, xp: Namespace) -> Array:
    """Return how often each score counts (..., M): 1 above the K-th largest, 0 below, n/t at a tie.

    The values sum to min(K, M) over the last axis. A nan counts as largest.

    Raises:
        ArithmeticError: object elements whose order cannot be decided.
    """
    count = v.shape[-1]
    if is_object(v):
        out = np.empty(v.shape, dtype=object)
        for index in np.ndindex(v.shape[:-1]):
            out[index] = _places_of_objects(v[index], k)
        return out
    if k >= count:
        return xp.ones_like(v)
    level = _kth_largest(v, k, xp)
    kept = ~(v < level)  # not "v >= level": a nan must stay visible
    share = xp.astype(kept, v.dtype)
    size = xp.sum(share, axis=-1, keepdims=True)
    if bool(xp.all(size == k)):
        return share
    above = v > level
    tied = kept & ~above
    sure = xp.sum(xp.astype(above, v.dtype), axis=-1, keepdims=True)
    # Never 0/0: where all that is kept is above, there is nothing to share.
    return xp.where(tied, (k - sure) / xp.where(size > sure, size - sure, xp.ones_like(size)), share)


def _kth_largest(v: Array, k: int, xp: Namespace) -> Array:
    """Return the k-th largest entry (..., 1), k < M, by selection where the namespace has one."""
    if hasattr(xp, "partition"):
        place = v.shape[-1] - k
        return xp.partition(v, place, axis=-1)[..., place : place + 1]
    if hasattr(xp, "topk"):
        return xp.topk(v, k, dim=-1).values[..., k - 1 : k]
    place = v.shape[-1] - k
    return xp.sort(v, axis=-1)[..., place : place + 1]


def _places_of_objects(row: Array, k: int) -> Array:
    """Certify the K largest by comparing every element with one pivot between them and the others.

    Comparing the elements with each other instead would fail on balls whose order does not matter.
    """
    out = np.empty(len(row), dtype=object)
    out[:] = 1
    if k >= len(row):
        return out
    middles = np.array([float(x) for x in row])
    order = np.argsort(-middles, kind="stable")
    pivot = (middles[order[k - 1]] + middles[order[k]]) / 2
    inner, outer = order[:k], order[k:]
    apart = middles[order[k - 1]] > pivot > middles[order[k]]
    if apart and all(row[i] > pivot for i in inner) and all(row[i] < pivot for i in outer):
        out[outer] = 0
        return out
    # Closer than floats can tell.
    ranked = sorted(range(len(row)), key=lambda i: row[i], reverse=True)
    level = row[ranked[k - 1]]
    if level > row[ranked[k]]:
        out[ranked[k:]] = 0
        return out
    above, tied = [bool(x > level) for x in row], [bool(x == level) for x in row]
    share = Fraction(k - sum(above), sum(tied))
    out[:] = [1 if a else share if t else 0 for a, t in zip(above, tied, strict=True)]
    return out


def energy(memories: Array, query: Array, beta: Array, k: int) -> Array:
    """Return E_K(x) = |x|^2/2 - (1/beta) log sum_{top K} exp(beta z) + (1/beta) log K + m^2/2 (...).

    With K = M this is the energy of the dense model, constants included. E_K is the smallest of the
    energies of the sub-memories of K elements; it has kinks where two of them are equal.
    """
    xp = array_namespace(memories, query)
    v = scores(memories, query, beta)
    share, size = places(v, k, xp), min(k, v.shape[-1])
    if is_object(v):
        mean = xp.log(xp.sum(share * xp.exp(v), axis=-1, keepdims=True) / size)
    else:
        top = xp.max(v, axis=-1, keepdims=True)
        mean = top + xp.log1p(xp.sum(share * xp.expm1(v - top), axis=-1, keepdims=True) / size)
    query_part = xp.sum(query * query, axis=-1, keepdims=True)[..., 0]
    squares = xp.sum(memories * memories, axis=-1, keepdims=True)
    largest = xp.max(squares, axis=-2, keepdims=True)[..., 0, 0]
    return query_part / 2 + largest / 2 - mean[..., 0] / beta


def topk(k: int = 2, reading: str = "B") -> Variant:
    """Return the top-K model of K = min(k, M) places in reading "A" or "B".

    Reading B promises the descent of E_K (``restated.topk-energy``), but not that the gradient of E_K is
    x - T(x) nor that fixed points are stationary: at ties E_K has a kink. "limit" means that the residual
    tends to 0; the limit is a fixed point of one of the selections. Its Jacobian is that of the sub-memory
    and exists away from ties only. Reading A has no known energy.

    Raises:
        ValueError: k below 1, or another reading.
    """
    if k < 1:
        raise ValueError(f"k: expected at least 1, found {k}")
    check_reading(reading)
    common: dict[str, Any] = {
        "name": f"topk:k={k},reading={reading}",
        "citation": "Hu et al. 2024 (ICML 2025), arXiv 2404.03900",
        "supports": frozenset({"exact", "balls", "arrays"}),
        "statements": _STATEMENTS,
        "pair_bounds": None,  # T jumps: no bound on its Jacobian is a bound on its Lipschitz constant
    }
    if reading == "A":

        def kept(v: Array, xp: Namespace) -> Array:
            return truncated(v, places(v, k, xp), xp)

        return Variant(
            weights=kept,
            stream=("topk", k, "A", kept),
            log_weights=lambda v, xp: log_truncated(v, places(v, k, xp), xp),
            response=None,
            energy=None,
            promises=frozenset({"rotation", "permutation", "scaling"}),
            surplus=lambda v, xp: log_dropped(v, places(v, k, xp), xp),
            **common,
        )

    def response(v: Array, xp: Namespace) -> tuple[Array, Array]:
        p = renormalised(v, places(v, k, xp), xp)
        return p, xp.ones_like(p[..., :1])

    def among(v: Array, xp: Namespace) -> Array:
        return renormalised(v, places(v, k, xp), xp)

    return Variant(
        weights=among,
        stream=("topk", k, "B", among),
        log_weights=lambda v, xp: log_renormalised(v, places(v, k, xp), xp),
        response=response,
        energy=lambda memories, query, beta: energy(memories, query, beta, k),
        promises=frozenset(PROPERTIES) - {"gradient", "stationary", "contraction", "margin"},
        **common,
    )
