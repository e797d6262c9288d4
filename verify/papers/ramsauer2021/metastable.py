"""Metastable states: fixed points near the mean of a cluster of patterns.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Definition 4, Lemmas A8 to A12, and a statement of this project beside them.

The first l patterns form the cluster; m_x is their mean, m_max the largest distance of a member from it, gamma
the softmax mass outside the cluster.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Ge, Gt, Le, Lt, Max, exp, log

from bounds.exact import Real
from verify.arena import Param, Patterns
from verify.controls import exponent_scaled, replaced, scaled
from verify.instances import Array, Instances
from verify.statement import Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    J_norm,
    M,
    beta,
    largest,
    limit_from,
    m,
    norm,
    number,
    overlaps,
    quantity,
    weights,
)

l = sp.Symbol("l", integer=True, positive=True)  # noqa: E741 - the paper's letter
radius = sp.Symbol("r", positive=True)


# -- what a cluster has ---------------------------------------------------------------------------------


def _member(b: Instances) -> Array:
    """Which memories belong to the cluster, shape (B, M) bool; at least one does."""
    sizes = np.array([int(float(v)) for v in b.scalars["l"]])
    return np.arange(b.memories.shape[-2])[None, :] < sizes[:, None]


def _inside(b: Instances) -> Array:
    """The same as numbers in the batch's own arithmetic, for sums."""
    numbers = _member(b).astype(int)
    return numbers.astype(object) * Real(1) if b.exact else numbers.astype(float)


def centre(b: Instances) -> Array:
    """m_x, shape (B, d)."""
    inside = _inside(b)
    return np.sum(inside[..., None] * b.memories, axis=-2) / np.sum(inside, axis=-1)[:, None]


def _extreme(values: Array, chosen: Array, b: Instances) -> Array:
    """Largest of the chosen values (B, M) of each row; 0 where none is chosen."""
    rows = [row[pick] for row, pick in zip(values, chosen, strict=True)]
    found = [largest(row) if row.size else None for row in rows]
    zero: Any = Real(0) if b.exact else 0.0
    return np.array([zero if v is None else v for v in found], dtype=object if b.exact else float)


def _margin(b: Instances, state: Array) -> Array:
    """<state, m_x> - max over the patterns outside of <state, xi_j>."""
    z = np.sum(b.memories * state[:, None, :], axis=-1)
    return np.sum(state * centre(b), axis=-1) - _extreme(z, ~_member(b), b)


@quantity("m_max_l", "largest distance of a cluster member from the cluster mean")
def m_max_l(b: Instances) -> Array:
    return _extreme(norm(b.memories - centre(b)[:, None, :]), _member(b), b)


def _log_gamma(b: Instances) -> Array:
    log_p = b.variant.log_weights(b.beta[:, None] * overlaps(b), np)
    outside = np.where(_member(b), -np.inf, log_p)
    top = np.max(outside, axis=-1)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return shift + np.log(np.sum(np.exp(outside - shift[:, None]), axis=-1))


@quantity("gamma_out", "weight of the patterns outside the cluster", log=_log_gamma)
def gamma_out(b: Instances) -> Array:
    return np.sum((1 - _inside(b)) * weights(b), axis=-1)


@quantity("c_x", "separation of the query from the patterns outside the cluster", real=True)
def c_x(b: Instances) -> Array:
    return _margin(b, b.query)


@quantity("Delta_m", "separation of the cluster mean from the patterns outside", real=True)
def Delta_m(b: Instances) -> Array:
    return _margin(b, centre(b))


@quantity("dist_m", "|x - m_x|")
def dist_m(b: Instances) -> Array:
    return norm(b.query - centre(b))


def _log_err_m(b: Instances) -> Array:
    away = b.memories - centre(b)[:, None, :]
    with np.errstate(divide="ignore"):
        log_p = b.variant.log_weights(b.beta[:, None] * overlaps(b), np)
        terms = log_p + np.log(norm(away))
        top = np.max(terms, axis=-1)
        shift = np.where(np.isfinite(top), top, 0.0)
        scaled_p = np.exp(np.where(np.isfinite(terms), log_p - shift[:, None], -np.inf))
        return shift + np.log(norm(np.sum(scaled_p[..., None] * away, axis=-2)))


@quantity("err_m", "|T(x) - m_x|, as a sum over p_j (xi_j - m_x)", log=_log_err_m)
def err_m(b: Instances) -> Array:
    return norm(np.sum(weights(b)[..., None] * (b.memories - centre(b)[:, None, :]), axis=-2))


@quantity("limit_m", "distance from m_x of the limit of the iteration from m_x")
def limit_m(b: Instances) -> Array:
    if b.memories.shape[-2] == 1:
        return number(b, 0)
    return norm(limit_from(b, np.broadcast_to(centre(b), b.query.shape)) - centre(b))


# -- statements -----------------------------------------------------------------------------------------

SIZES = ((1, 2), (1, 3), (2, 2), (2, 3), (2, 4), (3, 5), (4, 6), (8, 16), (16, 12), (20, 40))
CLUSTER = Param(l, 1, 8, integer=True)
BETA_M2 = (1e-2, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 16.0, 32.0, 50.0, 100.0, 200.0, 1e3)
WITHIN = Hypothesis(Le(l, M), "a cluster among the patterns")
BACKGROUND = Hypothesis(Le(l, M - 1), "patterns outside the cluster exist")
RELATED = "a related statement of this project"

LEMMA_A8 = Inequality(
    id="ramsauer2021.lemma-a8",
    title="Jacobian near a cluster",
    source=Source("ramsauer2021", "Lemma A8"),
    provenance="primary",
    printed=r"|J|_2\le\beta\big((1-\gamma)m_{max}^2+2\gamma(2-\gamma)M^2\big)",
    arena=Patterns(clustered=True, params=(CLUSTER,), sizes=SIZES, beta_m2=BETA_M2),
    hypotheses=(WITHIN,),
    parts=(
        Part(
            "Jacobian",
            Le(J_norm, beta * ((1 - gamma_out) * m_max_l**2 + 2 * gamma_out * (2 - gamma_out) * m**2)),
            trivial=beta * m**2,
        ),
    ),
    controls=(scaled("3/4"), replaced(m, m / 2, "half the largest norm")),
    related=("ramsauer2021.lemma-a9",),
)

LEMMA_A9 = Inequality(
    id="ramsauer2021.lemma-a9",
    title="Error against the mean of a cluster",
    source=Source("ramsauer2021", "Lemma A9"),
    provenance="primary",
    printed=r"|m_x-f(\xi)|\le m_{max}+2\gamma M,\qquad \gamma\le(N-l)e^{-\beta c}",
    arena=Patterns(clustered=True, params=(CLUSTER,), sizes=SIZES, beta_m2=BETA_M2),
    hypotheses=(BACKGROUND,),
    parts=(
        Part(
            "error",
            Le(err_m, m_max_l + 2 * gamma_out * m),
            trivial=2 * m,
            needs=("weights", "distribution", "inner product"),
        ),
        Part("weight outside", Le(gamma_out, (M - l) * exp(-beta * c_x)), trivial=sp.Integer(1)),
    ),
    controls=(
        scaled("9/10", part="error"),
        scaled("9/10", part="weight outside"),
        exponent_scaled("2", part="weight outside"),
    ),
    related=("ramsauer2021.lemma-a8",),
    notices=("Without patterns outside the cluster c is a maximum over nothing; such sets are left out.",),
)

BALL = 1 / (beta * m_max_l)
INSIDE = Hypothesis(Le(dist_m, BALL), "x in S_m")
SPREAD = Hypothesis(Le(beta * m_max_l**2, 1), "a tight cluster")
SEPARATED = Hypothesis(
    Ge(
        Delta_m,
        2 * m / (beta * m_max_l)
        - log((1 - beta * m_max_l**2) / (2 * beta * (M - l) * m * Max(m_max_l, 2 * m))) / beta,
    ),
    "separation of the cluster",
)

LEMMA_A10_A12 = Inequality(
    id="ramsauer2021.lemma-a10-a12",
    title="A metastable state near the mean of a cluster",
    source=Source("ramsauer2021", "Def. 4 and Lemmas A10, A11, A12"),
    provenance="primary",
    printed=(
        r"S_m=B(m_x,1/(\beta m_{max})):\quad f(S_m)\subseteq S_m,\ f\text{ contracts on }S_m,\ S_m\text{ contains "
        r"a fixed point}"
    ),
    arena=Patterns(
        clustered=True,
        params=(Param(l, 2, 6, integer=True),),
        sizes=((1, 4), (2, 4), (2, 6), (3, 8), (4, 10), (8, 16), (16, 12), (20, 40)),
        beta_m2=(4.0, 8.0, 10.0, 12.0, 20.0, 32.0, 50.0, 64.0, 80.0, 100.0, 140.0, 200.0, 1e3, 2e3),
        query="ball",
        radius=BALL + m_max_l,
    ),
    hypotheses=(BACKGROUND, SPREAD, SEPARATED, INSIDE),
    parts=(
        Part("maps into itself", Le(err_m, BALL)),
        Part("contracts", Lt(J_norm, 1, evaluate=False)),
        Part("contains a fixed point", Le(limit_m, BALL)),
    ),
    controls=(
        scaled("1/4", part="maps into itself"),
        scaled("1/3", part="contracts"),
        scaled("1/4", part="contains a fixed point"),
    ),
    related=("restated.metastable-ball",),
    notices=(
        "With m_max = 0 (copies) the radius and the hypothesis have no value, with beta m_max^2 = 1 the logarithm "
        "has none: such clusters are outside the statement.",
    ),
)

crosstalk = (M - l) * exp(-beta * (Delta_m - 2 * m * radius))
SLOPE = beta * (m_max_l**2 + 4 * m**2 * crosstalk)
CONTRACTS = Hypothesis(Lt(SLOPE, 1), "for the contraction")

METASTABLE_BALL = Inequality(
    id="restated.metastable-ball",
    title="A metastable state in a ball of free radius",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"r>m_{max},\ \beta\Delta_m\ge2\beta Mr+\ln\tfrac{2(N-l)M}{r-m_{max}}\ \Rightarrow\ "
        r"f(B(m_x,r))\subseteq B(m_x,r);\quad |J|_2\le\beta(m_{max}^2+4M^2\epsilon)<1"
    ),
    arena=Patterns(
        clustered=True,
        params=(CLUSTER, Param(radius, 1e-3, 3.0, log=True)),
        sizes=SIZES,
        beta_m2=BETA_M2,
        query="ball",
        more=4,
        radius=radius + m_max_l,
    ),
    hypotheses=(
        BACKGROUND,
        Hypothesis(Gt(radius, m_max_l), "a ball larger than the cluster"),
        Hypothesis(
            Ge(beta * Delta_m, 2 * beta * m * radius + log(2 * (M - l) * m / (radius - m_max_l))),
            "separation of the cluster",
        ),
        Hypothesis(Le(dist_m, radius), "x in the ball"),
    ),
    parts=(
        Part("maps into itself", Le(err_m, radius), trivial=2 * m),
        Part("bound on the Jacobian", Le(J_norm, SLOPE)),
        Part("contracts", Lt(J_norm, 1, evaluate=False), given=(CONTRACTS,)),
    ),
    controls=(
        scaled("1/4", part="maps into itself"),
        scaled("1/2", part="bound on the Jacobian"),
        scaled("1/10", part="contracts"),
    ),
    related=("ramsauer2021.lemma-a10-a12",),
)

STATEMENTS: tuple[Statement, ...] = (LEMMA_A8, LEMMA_A9, LEMMA_A10_A12, METASTABLE_BALL)
