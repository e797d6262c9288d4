"""Quantities of alpha-entmax maps, in floats and (at rational alpha) in balls."""

from __future__ import annotations

import numpy as np
import sympy as sp

from bounds.exact import enclose_max
from simulations.variants.entmax import entmax
from verify.instances import Array, Instances
from verify.vocabulary import norm, others, overlaps, quantity, target_memory, target_overlaps

alpha = sp.Symbol("alpha", positive=True)
alpha_high = sp.Symbol("alpha_high", positive=True)


def entmax_weights(b: Instances, z: Array, order: Array) -> Array:
    """Entmax weights of beta z at the orders (B,), each at least 1; shape (B, M)."""
    return entmax(b.beta[:, None] * z, order, np)


def largest_weight(b: Instances, order: Array) -> Array:
    """Largest entmax weight of the scores, shape (B,)."""
    w = entmax_weights(b, overlaps(b), order)
    return enclose_max(w) if b.exact else np.max(w, axis=-1)


@quantity("top_low", "largest entmax weight at alpha")
def top_low(b: Instances) -> Array:
    return largest_weight(b, b.scalars["alpha"])


@quantity("top_high", "largest entmax weight at alpha_high")
def top_high(b: Instances) -> Array:
    return largest_weight(b, b.scalars["alpha_high"])


@quantity("rest_alpha", "entmax weight of all memories but the target")
def rest_alpha(b: Instances) -> Array:
    return np.sum(others(b, entmax_weights(b, overlaps(b), b.scalars["alpha"])), axis=-1)


@quantity("self_error_alpha", "|T_alpha(xi_mu) - xi_mu|")
def self_error_alpha(b: Instances) -> Array:
    w = entmax_weights(b, target_overlaps(b), b.scalars["alpha"])
    away = b.memories - target_memory(b)[:, None, :]
    return norm(np.sum(w[..., None] * away, axis=-2))
