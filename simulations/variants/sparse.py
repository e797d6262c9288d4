"""The sparse model: sparsemax separation (Hu et al. 2023, arXiv 2309.12673; Martins and Astudillo 2016)."""

import math

from array_api_compat import array_namespace

from simulations.variants.base import (
    PROPERTIES,
    Array,
    Namespace,
    Variant,
    is_object,
    log_or_minus_inf,
    overlaps,
    per_row,
    scores,
)
from simulations.variants.threshold import by_rows, norm_threshold

# Scores from which on Newton's method on gathered candidates is faster than passes over whole rows.
MANY = 1 << 14


def sparsemax(v: Array, xp: Namespace) -> Array:
    """Return the Euclidean projection of v on the simplex: p_i = max(v_i - tau, 0), summing to 1.

    tau is found by dropping, until nothing changes, all scores at or below the threshold of those that
    are left (Michelot 1986). Unlike sorting this compares scores only with a threshold, so rigorous
    elements with equal scores can be decided. Many float scores are given to Newton's method instead.

    Exact for exact elements. For floats the scores are taken relative to the largest one, so that the
    weight is exactly a unit vector whenever the float scores have a margin of at least 1.
    """
    if is_object(v):
        inside = xp.ones(v.shape, dtype=xp.bool)
    elif math.prod(v.shape) > MANY:
        return by_rows(lambda rows: _of_floats(rows, xp), v, xp)
    else:
        v = v - xp.max(v, axis=-1, keepdims=True)
        inside = ~(v <= -1)  # not "v > -1": a nan must stay visible
    zero, one = xp.zeros_like(v), xp.ones_like(v)
    while True:
        size = xp.sum(xp.where(inside, one, zero), axis=-1, keepdims=True)
        tau = (xp.sum(xp.where(inside, v, zero), axis=-1, keepdims=True) - 1) / size
        left = inside & ~(v <= tau)
        if bool(xp.all(left == inside)):
            return xp.where(inside, v - tau, zero)
        inside = left


def _of_floats(v: Array, xp: Namespace) -> Array:
    """The weights of rows (R, M)."""
    gaps = xp.max(v, axis=-1, keepdims=True) - v
    return xp.clip(norm_threshold(gaps, 1.0, xp) - gaps, min=0)


def _log_sparsemax(v: Array, xp: Namespace) -> Array:
    return log_or_minus_inf(sparsemax(v, xp), xp)


def _conjugate(v: Array, inner: Array, xp: Namespace) -> tuple[Array, Array]:
    """Split Psi*(v) = <p, v> + (1 - |p|^2)/2: return (<p, inner>, (1 - |p|^2)/2), p = sparsemax(v).

    1 - |p|^2 is summed as p_i (1 - p_i): no cancellation when one weight is nearly 1.
    """
    p = sparsemax(v, xp)
    return (
        xp.sum(p * inner, axis=-1, keepdims=True)[..., 0],
        xp.sum(p * (1 - p), axis=-1, keepdims=True)[..., 0] / 2,
    )


def energy(memories: Array, query: Array, beta: Array) -> Array:
    """Return H_b(x) = -(1/beta) Psi*(beta z) + |x|^2/2 (...), Psi(p) = (|p|^2 - 1)/2.

    With 1/beta before the conjugate its gradient is x - T(x), and T never increases it.
    """
    xp = array_namespace(memories, query)
    z = overlaps(memories, query, xp)
    linear, spread = _conjugate(per_row(beta) * z, z, xp)
    return xp.sum(query * query, axis=-1, keepdims=True)[..., 0] / 2 - linear - spread / beta


def printed_energy(memories: Array, query: Array, beta: Array) -> Array:
    """Return H(x) = -Psi*(beta z) + |x|^2/2 (...), as the energy is printed in Hu et al. 2023.

    It equals ``energy`` for beta = 1; for other beta its gradient is x - beta T(x).
    """
    xp = array_namespace(memories, query)
    v = scores(memories, query, beta)
    linear, spread = _conjugate(v, v, xp)
    return xp.sum(query * query, axis=-1, keepdims=True)[..., 0] / 2 - linear - spread


def _response(v: Array, xp: Namespace) -> tuple[Array, Array]:
    p = sparsemax(v, xp)
    # Exact elements need a one of their own kind: Python's 1/3 is a float.
    one = v * 0 + 1 if is_object(v) else xp.ones_like(p)
    inside = xp.where(p > 0, one, xp.zeros_like(p))
    kappa = xp.sum(inside, axis=-1, keepdims=True)
    return inside / kappa, kappa


def _pair_bounds(margin: Array, xp: Namespace) -> tuple[Array, Array]:
    """A margin of 1 excludes nu; otherwise p_mu - p_nu >= margin with p_mu + p_nu <= 1 bounds p_nu.

    The Jacobian is beta times a sum over the support of squares about the mean, hence at most about xi_mu.
    """
    half = (1 - margin) / 2
    zero, one = xp.zeros_like(margin), xp.ones_like(margin)
    share = xp.where(half > 0, xp.where(half < 1, half, one), zero)
    return share, xp.where(half > 0, one, zero)


SPARSE = Variant(
    name="sparse",
    citation="Hu et al. 2023 (NeurIPS), arXiv 2309.12673",
    weights=sparsemax,
    log_weights=_log_sparsemax,
    response=_response,
    pair_bounds=_pair_bounds,
    energy=energy,
    supports=frozenset({"exact", "rational", "balls", "arrays"}),
    promises=frozenset(PROPERTIES),
    margin=1.0,
    lipschitz=1.0,
    stream=("entmax", 2, sparsemax),
    statements=("hu2023.*",),
)
