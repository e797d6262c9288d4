"""alpha-entmax separation for alpha >= 1 (Peters, Niculae, Martins 2019; Wu et al. 2024, arXiv 2312.17346).

p_i = [(alpha - 1)(v_i - tau)]_+^{1/(alpha - 1)} with sum 1; alpha = 1 is softmax, alpha = 2 sparsemax.
"""

import functools
import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

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
from simulations.variants.dense import log_softmax, softmax
from simulations.variants.entmax_exact import certified_entmax
from simulations.variants.sparse import sparsemax
from simulations.variants.threshold import by_rows, gather, log_shares, norm_threshold


def entmax(v: Array, alpha: Array, xp: Namespace) -> Array:
    """Return the alpha-entmax weights of the scores v (..., M) over the last axis.

    alpha is a number or an array (...). A float weight is positive exactly where the threshold lies below
    its score (unless it underflows), and the vector is e_mu from a margin of 1/(alpha - 1) on.
    Object arrays of exact or ball numbers (:class:`bounds.exact.Real`) give rigorous enclosures.

    Raises:
        ValueError: alpha below 1.
    """
    return _entmax(v, alpha, xp, logs=False)


def log_entmax(v: Array, alpha: Array, xp: Namespace) -> Array:
    """Return the logarithms of the alpha-entmax weights of floats, without underflow; -inf for 0."""
    return _entmax(v, alpha, xp, logs=True)


def _entmax(v: Array, alpha: Array, xp: Namespace, logs: bool) -> Array:
    if is_object(v):
        weights = certified_entmax(v, alpha)
        return np.frompyfunc(lambda p: -math.inf if p == 0 else p.log(), 1, 1)(weights) if logs else weights
    if not getattr(alpha, "ndim", 0):
        return _one_alpha(v, checked(float(alpha)), xp, logs)
    alpha = xp.astype(alpha, v.dtype)
    checked(float(xp.min(alpha)))
    checked(float(xp.max(alpha)))
    return by_rows(functools.partial(_many_alphas, xp=xp, logs=logs), v, xp, alpha)


def checked(alpha: Any) -> Any:
    """Return alpha. Raises ValueError unless it is at least 1 and finite."""
    if not 1 <= alpha < math.inf:
        raise ValueError(f"alpha: expected a finite number of at least 1, found {alpha}")
    return alpha


def _one_alpha(v: Array, alpha: float, xp: Namespace, logs: bool) -> Array:
    if alpha == 1:
        return log_softmax(v, xp) if logs else softmax(v, xp)
    if alpha == 2:
        p = sparsemax(v, xp)
        return log_or_minus_inf(p, xp) if logs else p
    rows = _convex_rows if alpha < 2 else _steep_rows
    return by_rows(lambda block: rows(block, alpha - 1, xp, logs), v, xp)


def _many_alphas(rows: Array, alpha: Array, xp: Namespace, logs: bool) -> Array:
    """Weights of rows (R, M), each with its own alpha (R, 1), put together from three kinds of alpha."""
    dense, convex = alpha[:, 0] == 1, alpha[:, 0] <= 2
    order, parts = [], []
    for rows_of, mask in ((_dense_rows, dense), (_convex_rows, convex & ~dense), (_steep_rows, ~convex)):
        index = xp.nonzero(mask)[0]
        if index.shape[0]:
            order.append(index)
            s = xp.take(alpha, index, axis=0) - 1
            parts.append(rows_of(xp.take(rows, index, axis=0), s, xp, logs))
    return xp.take(xp.concat(parts, axis=0), xp.argsort(xp.concat(order)), axis=0)


def _dense_rows(v: Array, s: Array, xp: Namespace, logs: bool) -> Array:
    """Weights for s = alpha - 1 = 0."""
    return log_softmax(v, xp) if logs else softmax(v, xp)


def _convex_rows(v: Array, s: Array, xp: Namespace, logs: bool) -> Array:
    """Weights for 0 < s = alpha - 1 <= 1: proportional to (1 - s gap/u)_+^{1/s}, u by Newton's method.

    Relative to the top weight u^{1/s} the rounding of u is not amplified by 1/s, however small s is.
    """
    a = s * (xp.max(v, axis=-1, keepdims=True) - v)
    u = norm_threshold(a, 1 / s, xp)
    if isinstance(s, float) and s == 0.5 and not logs:
        x = xp.clip(u - a, min=0)
        p = x * x
        return p / xp.sum(p, axis=-1, keepdims=True)
    log = log_shares(a, u, xp) / s
    p = xp.exp(log)
    total = xp.sum(p, axis=-1, keepdims=True)
    return log - xp.log(total) if logs else p / total


def _steep_rows(v: Array, s: Array, xp: Namespace, logs: bool) -> Array:
    """Weights for s = alpha - 1 >= 1, from the smallest positive weight w: p_j = (w^s + s(v_j - v_k))^{1/s}.

    A small weight is the 1/s-th power of a small difference, so solving for the threshold would lose all
    but 1/s of the digits. The sum of the p_j is convex in w, with slope at least 1.
    """
    top = xp.max(v, axis=-1, keepdims=True)
    last, w = _smallest_weight(v, top, s, xp)
    above = v > last
    inside = ~(v < last)
    b = xp.where(above, s * (xp.where(above, v, last) - last), xp.ones_like(v))
    log = xp.where(above, xp.log(w**s + b) / s, xp.log(w))
    log = xp.where(inside, log, -math.inf)
    p = xp.exp(log)
    total = xp.sum(p, axis=-1, keepdims=True)
    return log - xp.log(total) if logs else p / total


def _smallest_weight(v: Array, top: Array, s: Array, xp: Namespace) -> tuple[Array, Array]:
    """Return (v_k, w), the smallest score of the support and its weight, each (R, 1), for s >= 1."""
    near = s * (top - v) < 1
    y, count = gather(xp.where(near, v, -math.inf), near, -math.inf, xp)
    y = -xp.sort(-y, axis=-1)
    rank = xp.reshape(xp.arange(y.shape[-1], device=device(y)), (1, -1))
    y = xp.where(rank < count, y, top)
    one, zero = xp.ones_like(y), xp.zeros_like(y)

    def differences(k: Array) -> tuple[Array, Array]:
        last = xp.sum(xp.where(rank == k, y, zero), axis=-1, keepdims=True)
        return last, xp.where(rank < k, s * (y - last), zero)

    def shortfall(b: Array) -> Array:
        """1 minus the weights that others have where the weight of the last vanishes."""
        roots = xp.where(b > 0, xp.where(b > 0, b, one) ** (1 / s), zero)
        others = xp.sum(xp.where(rank > 0, roots, zero), axis=-1, keepdims=True)
        first = b[:, :1]
        logs = xp.log(xp.where(first > 0, first, one[:, :1])) / s
        return -xp.where(first > 0, xp.expm1(logs), -one[:, :1]) - others

    # The shortfall decreases along the sorted scores: bisect for the last one at which it is positive.
    low, high = xp.zeros_like(count), xp.where(count > 0, count, xp.ones_like(count))
    while bool(xp.any(high - low > 1)):
        middle = (low + high) // 2
        short = shortfall(differences(middle)[1]) > 0
        go_on = short & (high - low > 1)
        low, high = xp.where(go_on, middle, low), xp.where(short, high, middle)
    last, b = differences(low)
    short = shortfall(b)
    size = xp.astype(low + 1, y.dtype)
    w = xp.minimum(short, 1 / size)
    member = rank <= low
    while True:
        total, slope = _mass(w, b, member, s, rank, xp)
        new = xp.maximum(w - total / slope, short / size)
        if not bool(xp.any(new < w)):
            return last, w + (top - top)  # a nan must stay visible
        w = xp.minimum(new, w)


def _mass(w: Array, b: Array, member: Array, s: Array, rank: Array, xp: Namespace) -> tuple[Array, Array]:
    """Return (sum_j p_j - 1, its derivative in w), p_j = (w^s + b_j)^{1/s}; exact near p = (1, 0, ..)."""
    logs = xp.where(b > 0, xp.log(xp.where(b > 0, w**s + b, xp.ones_like(b))) / s, xp.log(w))
    p = xp.where(member & (rank > 0), xp.exp(logs), xp.zeros_like(b))
    ratio = xp.where(member, xp.exp((s - 1) * (xp.log(w) - logs)), xp.zeros_like(b))
    total = xp.sum(p, axis=-1, keepdims=True) + xp.expm1(logs[:, :1])
    return total, xp.sum(ratio, axis=-1, keepdims=True)


def _energy(memories: Array, query: Array, beta: Array, alpha: float) -> Array:
    """E(x) = |x|^2/2 - (1/beta) Psi*(beta z) (...), Psi(p) = (sum p^alpha - 1)/(alpha (alpha - 1)).

    Psi*(v) = <p, v> + sum_i p_i (1 - p_i^{alpha-1})/(alpha (alpha - 1)): nothing cancels near a vertex.
    """
    xp = array_namespace(memories, query)
    z = overlaps(memories, query, xp)
    v = per_row(beta) * z
    p = entmax(v, alpha, xp)
    s = alpha - 1
    if is_object(v):
        spread = p * _entropies(p, s)
    else:
        log = log_entmax(v, alpha, xp)
        inside = p > 0
        log = xp.where(inside, log, xp.zeros_like(log))
        spread = p * (-xp.expm1(s * log) / s if s else -log)
    linear = xp.sum(p * z, axis=-1, keepdims=True)[..., 0]
    square = xp.sum(query * query, axis=-1, keepdims=True)[..., 0]
    return square / 2 - linear - xp.sum(spread, axis=-1, keepdims=True)[..., 0] / (alpha * beta)


def _entropies(p: Array, s: float) -> Array:
    """(1 - p^s)/s or -log p of exact or ball numbers, 0 where p is 0."""
    one = np.frompyfunc(lambda q: q if q == 0 else (1 - q**s) / s if s else -q.log(), 1, 1)
    return one(p)


def _response(v: Array, xp: Namespace, alpha: float) -> tuple[Array, Array]:
    """w proportional to p^{2 - alpha} on the support, k the sum of these."""
    if is_object(v):
        p = entmax(v, alpha, xp)
        power = np.frompyfunc(lambda q: q * 0 if q == 0 else q ** (2 - alpha), 1, 1)(p)
        k = xp.sum(power, axis=-1, keepdims=True)
        return power / k, k
    log = log_entmax(v, alpha, xp)
    inside = ~(log == -math.inf)
    log = (2 - alpha) * xp.where(inside, log, xp.zeros_like(log))
    top = xp.max(xp.where(inside, log, -math.inf), axis=-1, keepdims=True)
    w = xp.where(inside, xp.exp(xp.where(inside, log - top, xp.zeros_like(log))), xp.zeros_like(log))
    total = xp.sum(w, axis=-1, keepdims=True)
    ceiling = math.log(float(xp.finfo(v.dtype).max)) - math.log(max(v.shape[-1], 2)) - 1
    return w / total, xp.exp(xp.clip(top, max=ceiling)) * total


def _pair_bounds(margin: Array, xp: Namespace, alpha: float) -> tuple[Array, Array]:
    """Where p_nu > 0, p_mu^s - p_nu^s >= s margin with p_mu + p_nu <= 1: the worst case has two memories.

    The Jacobian is beta times a covariance with masses p^{2 - alpha}, at most the moment about xi_mu.
    """
    pair = xp.stack([margin, xp.zeros_like(margin)], axis=-1)
    log = log_entmax(pair, alpha, xp)[..., 1]
    inside = ~(log == -math.inf)
    finite = xp.where(inside, log, xp.zeros_like(log))
    zero = xp.zeros_like(margin)
    return xp.where(inside, xp.exp(finite), zero), xp.where(inside, xp.exp((2 - alpha) * finite), zero)


def entmax_variant(alpha: float) -> Variant:
    """Return the generalized sparse model of order alpha.

    Raises:
        ValueError: alpha below 1.
    """
    checked(alpha)
    sparse, regular = alpha > 1, alpha <= 2
    supports = {"balls", "arrays"}
    supports |= {"smooth"} if alpha < 2 else set()
    supports |= {"exact"} if sparse else set()
    supports |= {"rational"} if alpha == 2 else set()
    absent = {"margin": not sparse, "contraction": not regular}

    def weights(v: Array, xp: Namespace) -> Array:
        return entmax(v, alpha, xp)

    return Variant(
        name=f"entmax:alpha={alpha!r}",
        citation="Wu et al. 2024 (ICLR), arXiv 2312.17346; Santos et al. 2024 (ICML), arXiv 2402.13725",
        weights=weights,
        stream=("entmax", alpha, weights),
        log_weights=lambda v, xp: log_entmax(v, alpha, xp),
        response=lambda v, xp: _response(v, xp, alpha),
        pair_bounds=(lambda margin, xp: _pair_bounds(margin, xp, alpha)) if regular else None,
        energy=lambda memories, query, beta: _energy(memories, query, beta, alpha),
        supports=frozenset(supports),
        promises=frozenset(key for key in PROPERTIES if not absent.get(key)),
        margin=1 / (alpha - 1) if sparse else None,
        # Psi is strongly convex with modulus min p^{alpha-2} >= 1 up to alpha = 2; no constant beyond.
        lipschitz=0.5 if not sparse else 1.0 if regular else None,
        statements=("stanhop2024.*", "hfy2024.*"),
    )
