"""Regularised argmax maps: weights, conjugates and updates of alpha-entmax and gamma-normmax.

Omega is a generalised negentropy on the simplex (Omega(e_i) = 0), Omega* its conjugate and
``yhat(v) = argmax <y, v> - Omega(y)``.  Three maps stand for the two families: entmax at the order alpha of the
instance, and normmax of orders 2 and 5.  Everything runs on floats and on exact or ball numbers alike.

S. Santos, V. Niculae, D. McNamee, A. Martins, "Sparse and Structured Hopfield Networks", ICML 2024, arXiv 2402.13725,
and "Hopfield-Fenchel-Young Networks", arXiv 2411.08590.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from simulations.variants.entmax import entmax, log_entmax
from simulations.variants.entmax_exact import HALVINGS
from simulations.variants.normmax import normmax
from verify.instances import Array, Instances
from verify.papers.hu2023.entmax_quantities import alpha
from verify.vocabulary import centred, largest, norm, overlaps, quantity

Kind = str
ENTMAX: Kind = "entmax"
ORDERS: dict[Kind, int] = {"norm2": 2, "norm5": 5}
KINDS: tuple[Kind, ...] = (ENTMAX, *ORDERS)
MARGIN: dict[Kind, Any] = {ENTMAX: 1 / (alpha - 1), "norm2": 1, "norm5": 1}
"""Margins as printed: 1/(alpha - 1) for Tsallis, 1 for norms."""


def certified_normmax(v: Array, gamma: float) -> Array:
    """Enclosures of the gamma-normmax weights of an object array v (..., M), gamma above 1 (read exactly).

    p_i is proportional to (v_i - tau)_+^(1/(gamma-1)), sum_i (v_i - tau)_+^(gamma/(gamma-1)) = 1; the threshold is
    enclosed by certified signs at rational points.

    Raises:
        ArithmeticError: the balls are too wide to decide which weights are positive.
    """
    out = np.empty(v.shape, dtype=object)
    for index in np.ndindex(*v.shape[:-1]):
        out[index] = _certified_row(v[index], gamma)
    return out


def _certified_row(v: Array, order: float) -> Array:
    zero, gamma = v[0] * 0, Fraction(order)
    top = largest(v[None, :])[0]
    near = [i for i, x in enumerate(v) if top - x < 1]
    out = np.full(len(v), zero, dtype=object)
    if len(near) == 1:
        out[near[0]] = zero + 1
        return out
    gaps = [top - v[i] for i in near]
    u = _threshold(gaps, zero + Fraction(gamma, gamma - 1))
    power = zero + Fraction(1, gamma - 1)
    shares = [(u - a) ** power if u > a else zero for a in gaps]
    total = sum(shares, zero)
    out[near] = [s / total for s in shares]
    return out


def _threshold(gaps: list[Any], power: Any) -> Any:
    """The u with sum (u - a)_+^power = 1, for gaps in [0, 1) with smallest 0."""
    zero = gaps[0] * 0
    low, high = zero, zero + 1
    for _ in range(HALVINGS):
        # A root that is itself a dyadic number leaves the middle undecided: try beside it.
        for part in (8, 7, 9):
            u = low + (high - low) * part / 16
            try:
                above = sum(((u - a) ** power for a in gaps if u > a), zero) > 1
            except ArithmeticError:
                continue
            low, high = (low, u) if above else (u, high)
            break
        else:
            break
    return type(zero).between(low, high)


def scores(b: Instances) -> Array:
    """beta Xi^T x, shape (B, M)."""
    return b.beta[:, None] * overlaps(b)


def weights_of(b: Instances, kind: Kind, v: Array) -> Array:
    """yhat(v) for score vectors v (B, M)."""
    if kind == ENTMAX:
        return entmax(v, b.scalars["alpha"], np)
    gamma = ORDERS[kind]
    return certified_normmax(v, gamma) if b.exact else normmax(v, float(gamma), np)


def map_weights(b: Instances, kind: Kind) -> Array:
    """yhat(beta Xi^T x), shape (B, M)."""
    key = ("map weights", kind)
    if key not in b.cache:
        b.cache[key] = np.broadcast_to(weights_of(b, kind, scores(b)), (b.size, b.memories.shape[-2]))
    return b.cache[key]


def map_update(b: Instances, kind: Kind) -> Array:
    """Xi yhat(beta Xi^T x), shape (B, d)."""
    key = ("map update", kind)
    if key not in b.cache:
        b.cache[key] = np.sum(map_weights(b, kind)[..., None] * b.memories, axis=-2)
    return b.cache[key]


def map_error(b: Instances, kind: Kind) -> Array:
    """|T(x) - xi_mu| as a sum over p_j (xi_j - xi_mu), shape (B,)."""
    return norm(np.sum(map_weights(b, kind)[..., None] * centred(b), axis=-2))


def negentropy(b: Instances, kind: Kind, y: Array) -> Array:
    """Omega(y) of weight vectors y (B, M), shape (B,)."""
    if kind != ENTMAX:
        gamma = ORDERS[kind]
        return np.sum(y**gamma, axis=-1) ** _inverse(b, gamma) - 1
    order = b.scalars["alpha"][:, None]
    return -np.sum(y * _tsallis(b, y, order - 1), axis=-1) / b.scalars["alpha"]


def _inverse(b: Instances, gamma: int) -> Any:
    return (b.beta[0] * 0 + 1) / gamma if b.exact else 1 / gamma


def _tsallis(b: Instances, y: Array, s: Array, logs: Array = None) -> Array:
    """(1 - y^s)/s, or -log y for s = 0; 0 where y is 0."""
    if b.exact:
        one = np.frompyfunc(lambda p, t: p * 0 if p == 0 else (1 - p**t) / t if t else -p.log(), 2, 1)
        return one(y, s)
    with np.errstate(divide="ignore"):
        log = np.log(y) if logs is None else logs
    log = np.where(y > 0, log, 0.0)
    return np.where(s > 0, -np.expm1(s * log) / np.where(s > 0, s, 1.0), -log)


def conjugate_gap(b: Instances, kind: Kind) -> Array:
    """Omega*(v) - max v at the scores v = beta Xi^T x, shape (B,): nothing cancels for large scores."""
    key = ("conjugate gap", kind)
    if key not in b.cache:
        v, p = scores(b), map_weights(b, kind)
        below = largest(v)[:, None] - v
        if kind == ENTMAX and not b.exact:
            # Weights near 1 lose their logarithms; these are computed without that.
            order = b.scalars["alpha"]
            logs = log_entmax(v, order, np)
            spread = np.sum(p * _tsallis(b, p, order[:, None] - 1, logs), axis=-1) / order
        else:
            spread = -negentropy(b, kind, p)
        b.cache[key] = spread - np.sum(p * below, axis=-1)
    return b.cache[key]


def conjugate_change(b: Instances, other: Instances, kind: Kind) -> Array:
    """Omega* at the scores of ``other`` minus Omega* at those of ``b``, shape (B,)."""
    tops = largest(scores(other)) - largest(scores(b))
    return tops + conjugate_gap(other, kind) - conjugate_gap(b, kind)


def uniform_negentropy(b: Instances, kind: Kind) -> Array:
    """Omega at the uniform weights, shape (B,)."""
    count = b.memories.shape[-2]
    one = b.beta * 0 + 1
    return negentropy(b, kind, np.repeat((one / count)[:, None], count, axis=1))


def family(
    name: str, meaning: str, function: Callable[[Instances, Kind], Array], *, real: bool = False
) -> dict[Kind, Any]:
    """One quantity per map: symbols by map."""

    def register(kind: Kind) -> Any:
        def measured(b: Instances) -> Array:
            return function(b, kind)

        full, text = f"{name}_{kind}", f"{meaning} ({kind})"
        return quantity(full, text, real=True)(measured) if real else quantity(full, text)(measured)

    return {kind: register(kind) for kind in KINDS}


def worst(function: Callable[[Instances, Kind], Array]) -> Callable[[Instances], Array]:
    """The largest of a measure over the three maps, as one measuring function."""
    return lambda b: largest(np.stack([function(b, kind) for kind in KINDS], axis=-1))


def at(b: Instances, query: Array) -> Instances:
    """The batch at other queries (B, d)."""
    return b.with_query(query)
