"""Supports of sparse-structured maps, and retrieval errors of both readings, in floats and in balls.

A support S is given by two scalars of the instance: ``part``, the share k/M (k is rounded up), and ``order``,
which memories beside the target come first: 0 those that follow it in the list, 1 those with the largest
overlaps with the query, 2 those with the smallest.  The target is in S always.  Statements on fixed
supports hold for every S, so one that is chosen with the query in view is fair.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sympy as sp

from bounds.exact import Real
from simulations.variants.dense import log_softmax, softmax
from simulations.variants.masked import log_renormalised, renormalised
from simulations.variants.topk import places
from verify.arena import Param
from verify.instances import Array, Instances
from verify.vocabulary import column, number, overlaps, quantity, target_memory

part = sp.Symbol("part", positive=True)
order = sp.Symbol("order", nonnegative=True)
SUPPORT = (Param(part, 0.02, 1.0), Param(order, 0, 2, integer=True))

Share = Callable[[Instances], Array]
"""How much of each memory is kept, (B, M), in [0, 1]."""


def scores(b: Instances) -> Array:
    """beta z, shape (B, M)."""
    return b.beta[:, None] * overlaps(b)


def sizes(b: Instances) -> Array:
    """k = |S|, integers (B,)."""
    count = b.memories.shape[-2]
    share = np.array([float(v) for v in b.scalars["part"]])
    return np.clip(np.ceil(share * count - 1e-12), 1, count).astype(int)


def ranks(b: Instances) -> Array:
    """The place of every memory in the order in which S takes them, integers (B, M); 0 for the target."""
    if "ranks" in b.cache:
        return b.cache["ranks"]
    count = b.memories.shape[-2]
    z = np.array([[float(v) for v in row] for row in overlaps(b)]) if b.exact else overlaps(b)
    kind = np.array([round(float(v)) for v in b.scalars["order"]])
    follow = (np.arange(count) - b.target[:, None]) % count
    merit = np.where((kind == 1)[:, None], -z, np.where((kind == 2)[:, None], z, follow))
    merit = np.where(follow == 0, -np.inf, merit)
    b.cache["ranks"] = np.argsort(np.argsort(merit, axis=-1, kind="stable"), axis=-1)
    return b.cache["ranks"]


def members(b: Instances) -> Array:
    """Whether each memory is in S, (B, M)."""
    return ranks(b) < sizes(b)[:, None]


def as_share(b: Instances, inside: Array) -> Array:
    """Booleans as shares in the arithmetic of the batch."""
    return inside.astype(int).astype(object) if b.exact else inside.astype(float)


def chosen(b: Instances) -> Array:
    """The share of the support given by ``part`` and ``order``."""
    return as_share(b, members(b))


def best(b: Instances) -> Array:
    """The share of the k best scores, k from ``part``; ties share the last places."""
    if "best" not in b.cache:
        v, k = scores(b), sizes(b)
        share = np.empty(v.shape, dtype=object if b.exact else float)
        for size in np.unique(k):
            rows = np.flatnonzero(k == size)
            share[rows] = places(v[rows], int(size), np)
        b.cache["best"] = share
    return b.cache["best"]


def fixed(name: str) -> Share:
    """The share of a model with a fixed support (reading B), read off its weights at equal scores."""

    def share(b: Instances) -> Array:
        inside = np.asarray(b.named(name).weights(np.zeros(b.memories.shape[-2]), np)) > 0
        return as_share(b, np.broadcast_to(inside, (b.size, len(inside))))

    return share


# -- retrieval errors -----------------------------------------------------------------------


def masses(b: Instances, share: Array, reading: str) -> tuple[Array, Array]:
    """Weights (B, M) and the missing mass (B,): 0 in reading B, that of the dropped memories in reading A."""
    v = scores(b)
    if reading == "B":
        return renormalised(v, share, np), number(b, 0)
    p = softmax(v, np)
    return share * p, np.sum((1 - share) * p, axis=-1)


def _log_masses(b: Instances, share: Array, reading: str) -> tuple[Array, Array]:
    v = scores(b)
    if reading == "B":
        return log_renormalised(v, share, np), np.full(b.size, -np.inf)
    with np.errstate(divide="ignore"):
        p, kept, dropped = log_softmax(v, np), np.log(share), np.log1p(-share)
        return p + kept, np.logaddexp.reduce(p + dropped, axis=-1)


def error_of(b: Instances, share: Array, reading: str) -> Array:
    """|T(x) - xi_mu| as |sum of p_nu (xi_nu - xi_mu) - (missing mass) xi_mu|, shape (B,)."""
    if not b.exact:
        return np.exp(log_error_of(b, share, reading))
    w, missing = masses(b, share, reading)
    own = target_memory(b)
    away = np.sum(w[..., None] * (b.memories - own[:, None, :]), axis=-2) - missing[:, None] * own
    return np.sqrt(np.sum(away * away, axis=-1))


def log_error_of(b: Instances, share: Array, reading: str) -> Array:
    """The logarithm of :func:`error_of` for floats, relative to the largest term: nothing underflows."""
    w, missing = _log_masses(b, share, reading)
    own = target_memory(b)
    terms = np.concatenate([b.memories - own[:, None, :], -own[:, None, :]], axis=1)
    lengths = np.sqrt(np.sum(terms * terms, axis=-1))
    with np.errstate(divide="ignore"):
        logs = np.concatenate([w, missing[:, None]], axis=1) + np.log(lengths)
    top = np.max(logs, axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    unit = terms / np.where(lengths > 0, lengths, 1.0)[..., None]
    total = np.sum(np.exp(logs - top)[..., None] * unit, axis=-2)
    with np.errstate(divide="ignore"):
        return top[:, 0] + np.log(np.sqrt(np.sum(total * total, axis=-1)))


def error_quantity(name: str, meaning: str, share: Share, reading: str) -> sp.Symbol:
    """Register the retrieval error of a support under one reading."""
    return quantity(name, meaning, log=lambda b: log_error_of(b, share(b), reading))(
        lambda b: error_of(b, share(b), reading)
    )


err_A = error_quantity("err_A", "error of the softmax over all memories truncated to S", chosen, "A")
err_B = error_quantity("err_B", "error of the softmax over S", chosen, "B")
err_top_A = error_quantity("err_top_A", "error of the softmax truncated to the k best scores", best, "A")
err_top_B = error_quantity("err_top_B", "error of the softmax over the k best scores", best, "B")


@quantity("k_S", "number k of memories in the support", integer=True, positive=True)
def k_S(b: Instances) -> Array:
    if b.exact:
        return np.array([Real(int(k)) for k in sizes(b)], dtype=object)
    return sizes(b).astype(float)


@quantity("top_share", "share of the target among the k best scores (1 in, 0 out, between at a tie)")
def top_share(b: Instances) -> Array:
    return column(b, best(b)) + number(b, 0)


def gaps(b: Instances, z: Array) -> Array:
    """z_mu - z_nu, shape (B, M)."""
    return column(b, z)[:, None] - z


def over_support(b: Instances, values: Array, choose: Callable[..., Array], neutral: Array) -> Array:
    """Largest or smallest of values (B, M) over S without the target; ``neutral`` (B,) stands elsewhere."""
    inside = members(b) & (ranks(b) > 0)
    return choose(np.where(inside, values, neutral[:, None]), axis=-1)


def log_mass_of_others(b: Instances, inside: Array) -> Array:
    """log of the softmax weight, over the memories ``inside``, of all but the target; floats."""
    v = np.where(inside, scores(b), -np.inf)
    rest = np.where(np.arange(v.shape[-1]) == b.target[:, None], -np.inf, v)
    log_rest = np.logaddexp.reduce(rest, axis=-1)
    return np.where(log_rest > -math.inf, log_rest - np.logaddexp(log_rest, column(b, v)), -math.inf)
