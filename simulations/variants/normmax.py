"""gamma-normmax for gamma > 1 (Blondel, Martins, Niculae 2020; Santos et al. 2024, arXiv 2402.13725).

The weights maximise <p, v> - |p|_gamma over the simplex: p_i is proportional to (v_i - tau)_+^{1/(gamma-1)},
with sum_i (v_i - tau)_+^{gamma/(gamma-1)} = 1.
"""

import math
from dataclasses import replace

from array_api_compat import array_namespace, device

from simulations.variants.base import (
    PROPERTIES,
    Array,
    Namespace,
    Variant,
    combine,
    is_object,
    jacobian,
    overlaps,
    per_row,
    pick,
    scores,
)
from simulations.variants.threshold import by_rows, log_shares, norm_threshold


def normmax(v: Array, gamma: float, xp: Namespace) -> Array:
    """Return the gamma-normmax weights of float scores v (..., M) over the last axis.

    With r = gamma/(gamma-1) the threshold is where |(v - tau)_+|_r = 1. A margin of 1 gives e_mu: then no
    other score lies above tau = max v - 1, whatever gamma is. For gamma > 2 a small weight is a root of
    order gamma - 1 of its distance from tau: it is as uncertain as the scores make it.

    Raises:
        ValueError: gamma not above 1; object arrays.
    """
    return xp.exp(log_normmax(v, gamma, xp))


def log_normmax(v: Array, gamma: float, xp: Namespace) -> Array:
    """Return the logarithms of the gamma-normmax weights, without underflow; -inf for 0."""

    def rows(v: Array) -> Array:
        a, u = _gaps(v, gamma, xp)
        log = log_shares(a, u, xp) / (gamma - 1)
        return log - xp.log(xp.sum(xp.exp(log), axis=-1, keepdims=True))

    return by_rows(rows, v, xp)


def _gaps(v: Array, gamma: float, xp: Namespace) -> tuple[Array, Array]:
    """Return the gaps a = max v - v and u = max v - tau, (..., 1)."""
    if is_object(v):
        raise ValueError("normmax: expected an array of floats, found one of objects")
    a = xp.max(v, axis=-1, keepdims=True) - v
    return a, norm_threshold(a, gamma / (gamma - 1), xp)


def checked(gamma: float) -> float:
    """Return gamma. Raises ValueError unless it is above 1 and finite."""
    if not 1 < gamma < math.inf:
        raise ValueError(f"gamma: expected a finite number above 1, found {gamma}")
    return gamma


def _energy(memories: Array, query: Array, beta: Array, gamma: float) -> Array:
    """E(x) = |x|^2/2 - (1/beta) Psi*(beta z) (...), Psi(p) = |p|_gamma - 1 and Psi*(v) = tau + 1."""
    xp = array_namespace(memories, query)
    z = overlaps(memories, query, xp)
    beta_rows = per_row(beta)
    u = by_rows(lambda v: _gaps(v, gamma, xp)[1] + xp.zeros_like(v), beta_rows * z, xp)[..., 0]
    square = xp.sum(query * query, axis=-1, keepdims=True)[..., 0]
    return square / 2 - xp.max(z, axis=-1) - (1 - u) / beta


def _spread(v: Array, gamma: float, xp: Namespace) -> tuple[Array, Array]:
    """Return (w, k): k w_i = q x_i^{q-1} / sum_j x_j^q on the support, x = (v - tau)_+, q = 1/(gamma-1)."""
    q = 1 / (gamma - 1)

    def logs(v: Array) -> Array:
        a, u = _gaps(v, gamma, xp)
        log = log_shares(a, u, xp)
        inside = ~(log == -math.inf)
        log = xp.where(inside, log, xp.zeros_like(log))
        total = xp.sum(xp.where(inside, xp.exp(q * log), xp.zeros_like(log)), axis=-1, keepdims=True)
        # Relative to u: x = u exp(log), so that k carries a factor 1/u.
        value = (q - 1) * log - xp.log(total) - xp.log(u) + math.log(q)
        return xp.where(inside, value, -math.inf)

    log = by_rows(logs, v, xp)
    top = xp.max(log, axis=-1, keepdims=True)
    share = xp.exp(log - top)
    total = xp.sum(share, axis=-1, keepdims=True)
    ceiling = math.log(float(xp.finfo(v.dtype).max)) - math.log(max(v.shape[-1], 2)) - 1
    return share / total, xp.exp(xp.clip(top, max=ceiling)) * total


def _jacobian(variant: Variant, memories: Array, query: Array, beta: Array, gamma: float) -> Array:
    """beta sum_i c_i (xi_i - T)(xi_i - T)^T with c = k w: a covariance and the drift of means."""
    xp = array_namespace(memories, query)
    v = scores(memories, query, beta)
    w, k = _spread(v, gamma, xp)
    heavy = xp.argmax(w, axis=-1)
    # The coefficients sum to 0; that of the heaviest memory is left to the others, which are accurate.
    index = xp.arange(v.shape[-1], device=device(v))
    change = xp.where(index == heavy[..., None], xp.zeros_like(w), w - normmax(v, gamma, xp))
    drift = combine(memories, change, xp) - xp.sum(change, axis=-1, keepdims=True) * pick(memories, heavy, xp)
    outer = drift[..., :, None] * drift[..., None, :]
    return jacobian(variant, memories, query, beta) + per_row(per_row(beta)) * k[..., None] * outer


def normmax_variant(gamma: float) -> Variant:
    """Return the model of order gamma.

    Its weights have no Lipschitz constant that holds for every number of memories (|J| is M where a second
    memory of M - 1 equal ones enters, gamma = 2), and none at all for gamma > 2.

    Raises:
        ValueError: gamma not above 1.
    """
    checked(gamma)
    covariance = Variant(
        name=f"normmax:gamma={gamma!r}",
        citation="Santos et al. 2024 (ICML), arXiv 2402.13725",
        weights=lambda v, xp: normmax(v, gamma, xp),
        log_weights=lambda v, xp: log_normmax(v, gamma, xp),
        response=lambda v, xp: _spread(v, gamma, xp),
        pair_bounds=None,
        energy=lambda memories, query, beta: _energy(memories, query, beta, gamma),
        supports=frozenset({"exact", "arrays"} | ({"smooth"} if gamma < 2 else set())),
        promises=frozenset(PROPERTIES) - {"contraction"},
        margin=1.0,
        statements=("hfy2024.*",),
    )
    return replace(
        covariance,
        response=None,
        jacobian=lambda memories, query, beta: _jacobian(covariance, memories, query, beta, gamma),
    )
