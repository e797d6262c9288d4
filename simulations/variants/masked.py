"""Sparse-structured models: a support that does not depend on the scores (Hu et al. 2024, arXiv 2404.03900).

Reading A, Theorem 3.2 as printed: softmax over all memories, the sum truncated to the support S.
Reading B, masked attention: softmax over S alone, which is the dense model of the sub-memory S.

A support is a function from the number of memories to a boolean array (M,), true on S.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from simulations.streams import stream
from simulations.variants import dense
from simulations.variants.base import (
    PROPERTIES,
    Array,
    Energy,
    Namespace,
    Variant,
    is_object,
    log_or_minus_inf,
)
from simulations.variants.dense import log_softmax, softmax

Support = Callable[[int], Array]

CITATION = "Hu et al. 2024 (ICML 2025), arXiv 2404.03900"
_STATEMENTS = (
    "np2024.thm3.2-*",
    "np2024.thm4.1-*",
    "np2024.cor4.1.1-*",
    "np2024.cor-noise",
    "np2024.lemma4.1-*",
    "np2024.well-separation",
    "np2024.complexity-fixed",
    "restated.masked-*",
    "restated.truncated-error-bound",
)


def check_reading(reading: str) -> None:
    """Raise ValueError unless the reading is "A" or "B"."""
    if reading not in ("A", "B"):
        raise ValueError(f"reading: expected A or B, found {reading!r}")


# The two readings, for shares c (..., M) in [0, 1] that say how much of each memory is kept


def _terms(v: Array, share: Array, xp: Namespace) -> Array:
    """Return c_j exp(v_j), for floats relative to the largest kept term.

    The dropped scores leave the exponential too: they may exceed all kept ones by any amount.
    """
    kept = share > 0
    if is_object(v):
        return xp.where(kept, share * xp.exp(v), 0)
    low = xp.where(kept, v, -math.inf)
    return share * xp.exp(low - xp.max(low, axis=-1, keepdims=True))


def renormalised(v: Array, share: Array, xp: Namespace) -> Array:
    """Return c_j exp(v_j) / sum_i c_i exp(v_i): reading B."""
    terms = _terms(v, share, xp)
    return terms / xp.sum(terms, axis=-1, keepdims=True)


def log_renormalised(v: Array, share: Array, xp: Namespace) -> Array:
    """Return the logarithm of ``renormalised`` without underflow, -inf where c_j = 0."""
    kept = share > 0
    if is_object(v):
        return xp.where(kept, xp.log(xp.where(kept, renormalised(v, share, xp), v * 0 + 1)), -math.inf)
    low = xp.where(kept, v, -math.inf)
    total = xp.sum(_terms(v, share, xp), axis=-1, keepdims=True)
    return (low - xp.max(low, axis=-1, keepdims=True)) - xp.log(total) + log_or_minus_inf(share, xp)


def truncated(v: Array, share: Array, xp: Namespace) -> Array:
    """Return c_j exp(v_j) / sum_i exp(v_i): reading A; the sum is below 1 unless nothing is dropped."""
    return xp.where(share > 0, share * softmax(v, xp), 0 if is_object(v) else xp.zeros_like(v))


def log_truncated(v: Array, share: Array, xp: Namespace) -> Array:
    """Return the logarithm of ``truncated`` without underflow, -inf where c_j = 0."""
    if is_object(v):
        kept = share > 0
        return xp.where(kept, xp.log(xp.where(kept, share, 1) * softmax(v, xp)), -math.inf)
    return log_softmax(v, xp) + log_or_minus_inf(share, xp)


def log_dropped(v: Array, share: Array, xp: Namespace) -> tuple[Array, float]:
    """Return (log sum_j (1 - c_j) p_j (..., 1), -1.0), p = softmax(v): the ``surplus`` of reading A."""
    if is_object(v):
        raise ArithmeticError("exact elements need no logarithm of the missing mass")
    logs = log_softmax(v, xp) + log_or_minus_inf(1 - share, xp)
    top = xp.max(logs, axis=-1, keepdims=True)
    shift = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    total = xp.sum(xp.exp(logs - shift), axis=-1, keepdims=True)
    return shift + log_or_minus_inf(total, xp), -1.0


# Fixed supports


def _share(support: Support, v: Array, xp: Namespace) -> Array:
    mask = support(v.shape[-1])
    if is_object(v):
        return np.where(mask, 1, 0).astype(object)
    return xp.asarray(mask.astype(float), dtype=v.dtype, device=device(v))


def fixed_support(
    name: str, support: Support, reading: str = "B", statements: tuple[str, ...] = _STATEMENTS
) -> Variant:
    """Return the model whose support depends on the number of memories only.

    Reading B is the dense model of the sub-memory (``restated.masked-map-is-dense``) and promises what that
    model promises, except that the order of the memories matters. Reading A has no known energy; that it
    contracts follows from the Lipschitz constant 1/2 of softmax, some coordinates of which are dropped.

    Args:
        support: (M,) -> boolean array (M,), at least one entry true.

    Raises:
        ValueError: a reading other than "A" or "B".
    """
    check_reading(reading)
    common: dict[str, Any] = {
        "name": name,
        "citation": CITATION,
        "pair_bounds": None,  # the dense bounds hold for targets in the support only
        "lipschitz": 0.5,
        "supports": frozenset({"smooth", "exact", "balls", "arrays"}),
        "statements": statements,
    }
    if reading == "A":
        return Variant(
            weights=lambda v, xp: truncated(v, _share(support, v, xp), xp),
            log_weights=lambda v, xp: log_truncated(v, _share(support, v, xp), xp),
            response=None,
            energy=None,
            promises=frozenset({"rotation", "scaling", "contraction"}),
            surplus=lambda v, xp: log_dropped(v, _share(support, v, xp), xp),
            **common,
        )

    def weights(v: Array, xp: Namespace) -> Array:
        return renormalised(v, _share(support, v, xp), xp)

    return Variant(
        weights=weights,
        log_weights=lambda v, xp: log_renormalised(v, _share(support, v, xp), xp),
        response=lambda v, xp: (weights(v, xp), xp.ones_like(v[..., :1])),
        energy=_sub_memory_energy(support),
        promises=frozenset(PROPERTIES) - {"margin", "permutation"},
        **common,
    )


def _sub_memory_energy(support: Support) -> Energy:
    def energy(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        rows = xp.asarray(np.flatnonzero(support(memories.shape[-2])), device=device(memories))
        return dense.energy(xp.take(memories, rows, axis=-2), query, beta)

    return energy


def support_size(count: int, k: int, fraction: float) -> int:
    """Return the size of the support among ``count`` memories."""
    return min(count, k if k else max(1, round(fraction * count)))


def check_size(k: int, fraction: float) -> None:
    if k < 0:
        raise ValueError(f"k: expected at least 1, or 0 for a fraction of the memories, found {k}")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction: expected a number in (0, 1], found {fraction}")


def masked(fraction: float = 0.5, k: int = 0, seed: int = -1, reading: str = "B") -> Variant:
    """Return the model with a fixed support of k memories, or of a fraction of them where k is 0.

    The support is the first memories for the seed -1; another seed draws it once, uniformly among the
    subsets of that size, for all queries and steps.

    Raises:
        ValueError: k below 0, a fraction outside (0, 1], a seed below -1, another reading.
    """
    check_size(k, fraction)
    if seed < -1:
        raise ValueError(f"seed: expected at least 0, or -1 for the first memories, found {seed}")

    @cache
    def support(count: int) -> Array:
        size = support_size(count, k, fraction)
        mask = np.arange(count) < size
        return mask if seed == -1 else stream(seed, "masked", count, size).permutation(mask)

    name = f"masked:fraction={fraction},k={k},seed={seed},reading={reading}"
    return fixed_support(name, support, reading)


def window(
    width: int = 0, centre: int = 0, first: int = 0, extra: int = 0, seed: int = 0, reading: str = "B"
) -> Variant:
    """Return the window model: ``width`` consecutive memories around the index ``centre``.

    The width is the square root of M, rounded up, where it is 0. The window is moved inwards at the ends, so
    that it always has min(width, M) members. The support of BigBird type adds the ``first`` memories
    outside the window and ``extra`` further ones drawn once, uniformly: w + g + r members in all, or M.

    Raises:
        ValueError: a negative number, another reading.
    """
    for key, value in (("width", width), ("centre", centre), ("first", first), ("extra", extra)):
        if value < 0:
            raise ValueError(f"{key}: expected at least 0, found {value}")

    @cache
    def support(count: int) -> Array:
        size = min(count, width if width else math.isqrt(count - 1) + 1)
        start = min(max(0, centre - size // 2), count - size)
        mask = (np.arange(count) >= start) & (np.arange(count) < start + size)
        mask[np.flatnonzero(~mask)[:first]] = True
        others = np.flatnonzero(~mask)
        mask[stream(seed, "window", count, size, first, extra).permutation(others)[:extra]] = True
        return mask

    name = f"window:width={width},centre={centre},first={first},extra={extra},seed={seed},reading={reading}"
    return fixed_support(name, support, reading, (*_STATEMENTS, "np2024.window-multihead"))
