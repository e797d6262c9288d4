"""Quantities of alpha-entmax maps, in floats and (at rational alpha) in balls."""

from __future__ import annotations

import numpy as np
import sympy as sp

from bounds.exact import Real, Undecided
from simulations.variants.entmax import entmax
from verify.instances import Array, Instances
from verify.vocabulary import norm, others, overlaps, quantity, target_memory, target_overlaps

alpha = sp.Symbol("alpha", positive=True)
alpha_high = sp.Symbol("alpha_high", positive=True)
HALVINGS = 120


def top_weight(gaps: list[Real], order: Real) -> Real:
    """Largest entmax weight for gaps a_j >= 0 to the largest score (its own gap 0 included), enclosed.

    t solves sum_j (t^s - s a_j)_+^{1/s} = 1 with s = alpha - 1; the sum increases in t, so certified signs at
    rational t bracket the root.  alpha = 1 is softmax.
    """
    s = order - 1
    if s == 0:
        return Real(1) / sum(((-a).exp() for a in gaps), Real(0))

    def total(t: Real) -> Real:
        power = t**s
        return sum((_positive_power(power - s * a, 1 / s) for a in gaps), Real(0))

    # All gaps but one are at least 1/s: exactly one weight is positive.
    if sum(bool(s * a < 1) for a in gaps) == 1:
        return Real(1)
    low, high = Real(0), Real(1)
    for _ in range(HALVINGS):
        # A root that is itself a dyadic number leaves the middle undecided: try beside it.
        for part in (8, 7, 9):
            t = low + (high - low) * part / 16
            try:
                above = total(t) > 1
            except Undecided:
                continue
            low, high = (low, t) if above else (t, high)
            break
        else:
            break
    return Real.between(low.fraction, high.fraction)


def _positive_power(base: Real, exponent: Real) -> Real:
    return base**exponent if base > 0 else Real(0)


def largest_weight(b: Instances, order: Array) -> Array:
    """Largest entmax weight of the scores, shape (B,)."""
    scores = b.beta[:, None] * overlaps(b)
    if not b.exact:
        return np.max(entmax(scores, order), axis=-1)
    top = max(scores[0])
    return np.array([top_weight([top - v for v in scores[0]], order[0])], dtype=object)


@quantity("top_low", "largest entmax weight at alpha")
def top_low(b: Instances) -> Array:
    return largest_weight(b, b.scalars["alpha"])


@quantity("top_high", "largest entmax weight at alpha_high")
def top_high(b: Instances) -> Array:
    return largest_weight(b, b.scalars["alpha_high"])


def entmax_weights(b: Instances, z: Array) -> Array:
    """Entmax weights of beta z at alpha (at least 1), shape (B, M)."""
    scores = b.beta[:, None] * z
    order = b.scalars["alpha"]
    if not b.exact:
        return entmax(scores, order)
    top, s = max(scores[0]), order[0] - 1
    gaps = [top - v for v in scores[0]]
    t = top_weight(gaps, order[0])
    if s == 0:
        return np.array([[t * (-a).exp() for a in gaps]], dtype=object)
    return np.array([[t if a == 0 else _positive_power(t**s - s * a, 1 / s) for a in gaps]], dtype=object)


@quantity("rest_alpha", "entmax weight of all memories but the target")
def rest_alpha(b: Instances) -> Array:
    return np.sum(others(b, entmax_weights(b, overlaps(b))), axis=-1)


@quantity("self_error_alpha", "|T_alpha(xi_mu) - xi_mu|")
def self_error_alpha(b: Instances) -> Array:
    w = entmax_weights(b, target_overlaps(b))
    away = b.memories - target_memory(b)[:, None, :]
    return norm(np.sum(w[..., None] * away, axis=-2))
