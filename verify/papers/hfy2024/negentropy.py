"""Generalised negentropies and Fenchel-Young losses.

S. Santos et al., SSHN = arXiv 2402.13725, HFY = arXiv 2411.08590.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import xlogy
from sympy import Le, Lt, Rational

from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.energies import ORDER, PAPER, ROUNDING, SLACK, THREE_MAPS
from verify.papers.hfy2024.maps import (
    at,
    conjugate_gap,
    map_weights,
    negentropy,
    scores,
    uniform_negentropy,
    worst,
)
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import M, largest, quantity, target_memory

# -- negentropies and losses -----------------------------------------------------------------------------


def _targets(b: Instances) -> Instances:
    """The batch at the query xi_mu: scores that have nothing to do with the weights y in ``b.hull``."""
    if "at target" not in b.cache:
        b.cache["at target"] = at(b, target_memory(b))
    found: Instances = b.cache["at target"]
    return found


def _loss(b: Instances, kind: str) -> Array:
    """L(v, y) = Omega(y) + Omega*(v) - <v, y> at v = beta Xi^T xi_mu and y the hull weights."""
    v = scores(_targets(b))
    below = largest(v)[:, None] - v
    return negentropy(b, kind, b.hull) + conjugate_gap(_targets(b), kind) + np.sum(b.hull * below, axis=-1)


@quantity("Omega_y", "largest Omega(y) over the maps", real=True)
def Omega_y(b: Instances) -> Array:
    return worst(lambda c, kind: negentropy(c, kind, c.hull))(b)


@quantity("Omega_below_uniform", "largest Omega(u) - Omega(y) over the maps", real=True)
def Omega_below_uniform(b: Instances) -> Array:
    return worst(lambda c, kind: uniform_negentropy(c, kind) - negentropy(c, kind, c.hull))(b)


@quantity("minus_loss", "minus the smallest Fenchel-Young loss over the maps", real=True)
def minus_loss(b: Instances) -> Array:
    return worst(lambda c, kind: -_loss(c, kind))(b)


@quantity(
    "minus_far_loss", "minus the smallest loss over the maps whose yhat(v) differs from y by 1/10", real=True
)
def minus_far_loss(b: Instances) -> Array:
    def one(c: Instances, kind: str) -> Array:
        away = np.sum(np.abs(map_weights(_targets(c), kind) - c.hull), axis=-1)
        return np.where(10 * away >= 1, -_loss(c, kind), away * 0 - 1)

    return worst(one)(b)


@quantity("minus_conjugate_gap", "minus the smallest Omega*(v) - max v over the maps", real=True)
def minus_conjugate_gap(b: Instances) -> Array:
    return worst(lambda c, kind: -conjugate_gap(_targets(c), kind))(b)


@quantity("conjugate_excess", "largest Omega*(v) - max v + Omega(u) over the maps", real=True)
def conjugate_excess(b: Instances) -> Array:
    return worst(lambda c, kind: conjugate_gap(_targets(c), kind) + uniform_negentropy(c, kind))(b)


def _power_sum(y: Array, order: Array) -> Array:
    """sum y_i^order over positive weights, shape (B,)."""
    one = np.frompyfunc(lambda p, t: p * 0 if p == 0 else p**t, 2, 1)
    powers = one(y, order[:, None]) if y.dtype == object else np.where(y > 0, y, 0.0) ** order[:, None]
    return np.sum(powers, axis=-1)


gamma = sp.Symbol("gamma", positive=True)


@quantity("norm_gamma", "|y|_gamma of the hull weights, gamma a scalar of the instance")
def norm_gamma(b: Instances) -> Array:
    return _power_sum(b.hull, b.scalars["gamma"]) ** (1 / b.scalars["gamma"])


@quantity("tsallis_gamma", "the Tsallis negentropy of the hull weights at alpha = gamma", real=True)
def tsallis_gamma(b: Instances) -> Array:
    order = b.scalars["gamma"]
    return (_power_sum(b.hull, order) - np.sum(b.hull, axis=-1)) / (order * (order - 1))


@quantity("y_max", "largest hull weight")
def y_max(b: Instances) -> Array:
    return largest(b.hull)


@quantity("y_squares", "sum of the squares of the hull weights")
def y_squares(b: Instances) -> Array:
    return np.sum(b.hull * b.hull, axis=-1)


@quantity("shannon", "sum y log y of the hull weights", real=True)
def shannon(b: Instances) -> Array:
    if not b.exact:
        return np.sum(xlogy(b.hull, b.hull), axis=-1)
    return np.sum(np.frompyfunc(lambda p: p if p == 0 else p * p.log(), 1, 1)(b.hull), axis=-1)


LOG_M = 1 + sp.log(M)
NEGENTROPY = Identity(
    id="hfy2024.def-negentropy",
    title="Generalised negentropies and Fenchel-Young losses",
    source=Source(PAPER, "SSHN/HFY, definition of generalised negentropy and Fenchel-Young loss"),
    provenance="recalled (standard)",
    printed=r"\Omega\le0,\ \min\text{ at }u;\ L_\Omega(\theta,y)=\Omega(y)+\Omega^*(\theta)-\langle\theta,y\rangle\ge0,"
    r"\ =0\iff y=\hat y_\Omega(\theta);\ 0\le\Omega^*(v)-\max v\le-\Omega(u)",
    arena=Patterns(
        query="hull", params=(ORDER, Param(gamma, 1.001, 1000.0, log=True)), max_size=200, search=False
    ),
    parts=(
        Part("Omega <= 0", Le(Omega_y, SLACK), scale=sp.Integer(1)),
        Part("the minimum is at the uniform weights", Le(Omega_below_uniform, SLACK), scale=sp.Integer(1)),
        Part("L >= 0", Le(minus_loss, SLACK), scale=sp.Integer(1)),
        Part("L > 0 away from yhat(v)", Lt(minus_far_loss, 0), scale=sp.Integer(1)),
        Part("0 <= Omega*(v) - max v", Le(minus_conjugate_gap, SLACK), scale=sp.Integer(1)),
        Part("Omega*(v) - max v <= -Omega(u)", Le(conjugate_excess, SLACK), scale=sp.Integer(1)),
        Part(
            "alpha to 1: Shannon, at the rate (alpha - 1)(1 + log M)^2",
            Le(sp.Abs(tsallis_gamma - shannon), (gamma - 1) * LOG_M**2 + SLACK),
            given=(Hypothesis(Le(gamma, Rational(11, 10))),),
        ),
        Part(
            "gamma to infinity: Berger-Parker, max y - 1",
            Le(norm_gamma, M ** (1 / gamma) * y_max * (1 + SLACK)),
        ),
        Part("the norm is at least the largest weight", Le(y_max, norm_gamma * (1 + SLACK))),
        Part(
            "gamma to 1 and alpha to infinity: -Omega(u) vanishes, yhat tends to argmax",
            Le(1 - norm_gamma, (1 - M ** (1 / gamma - 1)) + SLACK),
            scale=sp.Integer(1),
        ),
    ),
    controls=(
        Control("loss of at least 1/100", Le(minus_loss, -Rational(1, 100)), "L >= 0"),
        Control("half the gap", Le(conjugate_excess, -Rational(1, 10)), "Omega*(v) - max v <= -Omega(u)"),
        Control(
            "the minimum at a vertex",
            Le(Omega_below_uniform, -Rational(1, 100)),
            "the minimum is at the uniform weights",
        ),
    ),
    related=("hfy2024.margins-tsallis", "hfy2024.margins-norm"),
    notices=(
        THREE_MAPS,
        "L(v, yhat(v)) = 0 says that Omega* is attained at yhat; measured is Omega* at yhat(v), so L >= 0 for all y "
        "says that it is the supremum, and L > 0 elsewhere that yhat is its only maximiser.",
        ROUNDING,
    ),
)


STATEMENTS: tuple[Statement, ...] = (NEGENTROPY,)
