"""SparseMAP over k-subsets (Niculae et al. 2018; Santos et al. 2024, arXiv 2402.13725).

The weights are the Euclidean projection of the scores on {0 <= p <= 1, sum_i p_i = k}, the convex hull of
the indicators of k-subsets: p_i = min(1, max(0, v_i - tau)). They sum to k, and T(x) is near a sum of k
memories; for k = 1 the map is sparsemax.
"""

import math

from array_api_compat import array_namespace, is_numpy_namespace, is_torch_namespace

from simulations.variants.base import (
    PROPERTIES,
    Array,
    Namespace,
    Variant,
    is_object,
    log_or_minus_inf,
    overlaps,
    per_row,
)
from simulations.variants.threshold import by_rows


def sparsemap(v: Array, k: int, xp: Namespace) -> Array:
    """Return the projection of v (..., M) on {0 <= p <= 1, sum p = k}.

    tau is found by fixing variables (Bitran and Hax 1981): with the threshold of the free scores, either
    those above 1 exceed it by more than those below 0 fall short, and stay at 1, or the converse. Like
    Michelot's method for sparsemax it compares scores with thresholds only. Exact for exact elements;
    floats are taken relative to the k-th largest, so that a margin of 1 behind it gives a vertex exactly.

    Raises:
        ValueError: k above M.
    """
    m = v.shape[-1]
    if k > m:
        raise ValueError(f"sparsemap: expected at least k = {k} memories, found {m}")
    if is_object(v):
        return _projected(v, k, xp)
    return by_rows(lambda rows: _projected(xp.clip(rows - _kth_largest(rows, k, xp), -1, 1), k, xp), v, xp)


def _kth_largest(v: Array, k: int, xp: Namespace) -> Array:
    """Return the k-th largest score (..., 1), without sorting where the library can."""
    place = v.shape[-1] - k
    if is_numpy_namespace(xp):
        return xp.partition(v, place, axis=-1)[..., place : place + 1]
    if is_torch_namespace(xp):
        return xp.topk(v, k, dim=-1).values[..., k - 1 : k]
    return xp.sort(v, axis=-1)[..., place : place + 1]


def _projected(y: Array, k: int, xp: Namespace) -> Array:
    """Return the projection; floats lie in [-1, 1] and tau in [-1, 0]."""
    one, zero = xp.ones_like(y), xp.zeros_like(y)
    free = xp.ones(y.shape, dtype=xp.bool) if is_object(y) else ~(y < -math.inf)
    full = ~free

    def total(mask: Array, values: Array) -> Array:
        return xp.sum(xp.where(mask, values, zero), axis=-1, keepdims=True)

    while True:
        size = total(free, one)
        size = xp.where(size == 0, xp.ones_like(size), size)
        x = y - (total(free, y) - (k - total(full, one))) / size
        high, low = free & (x >= 1), free & (x <= 0)
        if not bool(xp.any(high | low)):
            return xp.where(full, one, xp.where(free, x, zero))
        over, under = total(high, x - 1), total(low, -x)
        up, down = high & (over >= under), low & (under >= over)
        full, free = full | up, free & ~up & ~down


def _energy(memories: Array, query: Array, beta: Array, k: int) -> Array:
    """E(x) = |x|^2/2 - (1/beta) Psi*(beta z) (...), Psi(p) = (|p|^2 - k)/2: 0 at the vertices."""
    xp = array_namespace(memories, query)
    z = overlaps(memories, query, xp)
    p = sparsemap(per_row(beta) * z, k, xp)
    linear = xp.sum(p * z, axis=-1, keepdims=True)[..., 0]
    spread = xp.sum(p * (1 - p), axis=-1, keepdims=True)[..., 0] / 2
    return xp.sum(query * query, axis=-1, keepdims=True)[..., 0] / 2 - linear - spread / beta


def _response(v: Array, xp: Namespace, k: int) -> tuple[Array, Array]:
    """Only weights strictly between 0 and 1 move: w uniform on these, k their number (0 at a vertex)."""
    p = sparsemap(v, k, xp)
    one = v * 0 + 1 if is_object(v) else xp.ones_like(p)
    moving = xp.where((p > 0) & (p < 1), one, xp.zeros_like(p))
    count = xp.sum(moving, axis=-1, keepdims=True)
    return moving / xp.where(count > 0, count, xp.ones_like(count)), count


def sparsemap_variant(k: int) -> Variant:
    """Return the model over k-subsets.

    For k > 1 the weights are no distribution: T(x) lies in k times the convex hull of the memories, and no
    score margin makes it a single memory (a gap of 1 after the k-th score makes it a sum of k of them).

    Raises:
        ValueError: k below 1.
    """
    if k < 1:
        raise ValueError(f"k: expected at least 1, found {k}")
    single = k == 1
    return Variant(
        name=f"sparsemap:k={k}",
        min_memories=k,
        citation="Santos et al. 2024 (ICML), arXiv 2402.13725",
        weights=lambda v, xp: sparsemap(v, k, xp),
        log_weights=lambda v, xp: log_or_minus_inf(sparsemap(v, k, xp), xp),
        response=lambda v, xp: _response(v, xp, k),
        pair_bounds=None,
        energy=lambda memories, query, beta: _energy(memories, query, beta, k),
        supports=frozenset({"exact", "rational", "balls", "arrays"}),
        promises=frozenset(PROPERTIES) - (frozenset() if single else {"distribution", "hull", "margin"}),
        margin=1.0 if single else None,
        # A projection on a convex set.
        lipschitz=1.0,
        statements=("hfy2024.structured-*",),
        surplus=None if single else lambda v, xp: (xp.full_like(v[..., :1], math.log(k - 1)), 1.0),
    )
