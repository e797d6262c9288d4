"""Memories that are fixed points, and queries retrieved exactly in one step.

S. Santos et al., SSHN = arXiv 2402.13725, HFY = arXiv 2411.08590.  Prop. 3.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le

from bounds.exact import exact_array
from simulations.variants.sparse import sparsemax
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import (
    ENTMAX,
    MARGIN,
    at,
    family,
    map_error,
)
from verify.papers.hfy2024.margins import (
    AT_LEAST,
    BELOW,
    EDGE,
    NEAR,
    ONE,
    ORDER,
    PAPER,
    SIZES,
    SPARSE_ORDER,
    margin_of,
    share_of,
)
from verify.papers.hu2023.entmax_quantities import alpha
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    beta,
    centred,
    dist,
    err_dense,
    err_sparse,
    m,
    measure,
    norm_spread,
    others,
    quantity,
    smallest,
    target_memory,
)

# -- fixed points and one step ----------------------------------------------------------------------------------

self_error = family("self_error", "|T(xi_mu) - xi_mu|", lambda b, kind: map_error(at_target(b), kind))
step_error = family("step_error", "|T(x) - xi_mu|", map_error)


def at_target(b: Instances) -> Instances:
    """The batch at x = xi_mu."""
    if "at target" not in b.cache:
        b.cache["at target"] = at(b, target_memory(b))
    found: Instances = b.cache["at target"]
    return found


def halved(b: Instances) -> Instances:
    """The batch at half the inverse temperature."""
    cooler = at(b, b.query)
    cooler.beta = b.beta / 2
    return cooler


@quantity("step_error_half", "|T(x) - xi_mu| at half the inverse temperature, entmax")
def step_error_half(b: Instances) -> Array:
    return map_error(halved(b), ENTMAX)


@quantity("self_error_half", "|T(xi_mu) - xi_mu| at half the inverse temperature, entmax")
def self_error_half(b: Instances) -> Array:
    return map_error(halved(at_target(b)), ENTMAX)


STEPS = 40


def _direction(b: Instances) -> Array:
    """xi_mu minus (nearly) the nearest point of the hull of the other memories, in floats (B, d).

    Projected gradients with the step 1/trace; any direction is good enough to certify a separation.
    """
    rows = [[[float(v) for v in row] for row in s] for s in centred(b)] if b.exact else centred(b)
    away = np.asarray(rows, dtype=float)
    keep = np.arange(away.shape[1]) != b.target[:, None]
    points = away[keep].reshape(b.size, away.shape[1] - 1, away.shape[2])
    gram = np.matmul(points, np.swapaxes(points, -1, -2))
    size = np.trace(gram, axis1=-2, axis2=-1)[:, None]
    size = np.where(size > 0, size, 1.0)
    w = np.full(points.shape[:2], 1 / points.shape[1])
    previous, t = w, 1.0
    for _ in range(STEPS):
        faster = (1 + math.sqrt(1 + 4 * t * t)) / 2
        z = w + (t - 1) / faster * (w - previous)
        previous, t = w, faster
        w = sparsemax(z - np.matmul(gram, z[..., None])[..., 0] / size, np)
    return -np.sum(w[..., None] * points, axis=-2)


@quantity(
    "hull_gap",
    "min over nu of <u, xi_mu - xi_nu> for a direction u: above 0, xi_mu is outside the hull of the others",
    real=True,
)
def hull_gap(b: Instances) -> Array:
    u = _direction(b)
    if b.exact:
        u = exact_array(u)
    return smallest(others(b, -np.sum(u[:, None, :] * centred(b), axis=-1)))


OUTSIDE = Hypothesis(
    Gt(hull_gap, sp.Rational(1, 10**9) * m**2), "xi_mu lies outside the hull of the other memories"
)
FIXED = Patterns(query="pattern", min_memories=2, params=(ORDER, EDGE), sizes=SIZES, search=False)


def enough(kind: str, quantity: Any, extra: Any = 0) -> Any:
    """beta quantity >= margin + extra, free of division."""
    factor = alpha - 1 if kind == ENTMAX else ONE
    return Ge(factor * (beta * quantity - extra), 1)


def short(kind: str, quantity: Any) -> Any:
    """beta quantity <= (1 - 10^-6) margin."""
    factor = alpha - 1 if kind == ENTMAX else ONE
    return Le(factor * beta * quantity, 1 - NEAR)


def order_of(kind: str) -> tuple[Hypothesis, ...]:
    """What the map needs to have a margin."""
    return (SPARSE_ORDER,) if kind == ENTMAX else ()


EVERY = tuple(MARGIN)


@quantity("self_error_sparse", "|T(xi_mu) - xi_mu| of the sparse map")
def self_error_sparse(b: Instances) -> Array:
    return measure(at_target(b), err_sparse)


@quantity("self_error_dense", "|T(xi_mu) - xi_mu| of the dense map")
def self_error_dense(b: Instances) -> Array:
    return measure(at_target(b), err_dense)


def _placed_error(b: Instances, kind: str) -> Array:
    """|T(xi_mu) - xi_mu| at the temperature with beta Delta_mu = share * margin (beta itself for Delta_mu <= 0)."""
    separation = measure(b, Delta_mu)
    positive = separation > 0
    scale = np.where(positive, separation, b.beta * 0 + 1)
    placed = at(b, target_memory(b))
    placed.beta = np.where(positive, share_of(b) * margin_of(b, kind) / scale, b.beta)
    return map_error(placed, kind)


placed_error = family(
    "placed_error", "|T(xi_mu) - xi_mu| where beta Delta_mu = share * margin", _placed_error
)

STATIONARY = Identity(
    id="hfy2024.prop3-stationary",
    title="A memory is stationary exactly if its separation reaches the margin",
    source=Source(PAPER, "SSHN Prop. 3 (a)"),
    provenance="secondary (margin, one step, Delta >= m/beta), recalled (hypotheses)",
    printed=r"x_i\text{ is a stationary point of the energy}\iff\Delta_i\ge m/\beta",
    arena=FIXED,
    parts=(
        *(
            Part(
                f"{kind}: the separation suffices",
                Le(placed_error[kind], 0),
                scale=m,
                given=(*order_of(kind), Hypothesis(Gt(Delta_mu, 0)), *AT_LEAST),
            )
            for kind in EVERY
        ),
        *(
            Part(
                f"{kind}: it is necessary outside the hull",
                Gt(placed_error[kind], 0),
                scale=m,
                given=(*order_of(kind), OUTSIDE, Hypothesis(Gt(Delta_mu, 0)), *BELOW),
            )
            for kind in EVERY
        ),
        *(
            Part(
                f"{kind}: outside the hull, no positive separation",
                Gt(self_error[kind], 0),
                scale=m,
                given=(*order_of(kind), OUTSIDE, Hypothesis(Le(Delta_mu, 0))),
            )
            for kind in EVERY
        ),
        Part(
            "reading without the hull: necessary (sparsemax)",
            Ge(beta * Delta_mu, 1 - NEAR),
            given=(Hypothesis(Eq(self_error_sparse, 0)),),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "entmax: a separation below the margin",
            Le(placed_error[ENTMAX], 0),
            f"{ENTMAX}: it is necessary outside the hull",
        ),
        Control("softmax has it too", Le(self_error_dense, 0), f"{ENTMAX}: the separation suffices"),
    ),
    related=("restated.exact-recovery", "hfy2024.prop3-one-step"),
    notices=(
        "Outside the hull means: certified by a separating direction (from a projection onto the hull).",
        "The temperature is placed at share/Delta_mu margins, share = 1 + edge^7, where the separation is positive.",
        "A memory inside the hull of the others can be stationary by balance of other weights.",
    ),
)


ONE_STEP = Inequality(
    id="hfy2024.prop3-one-step",
    title="A query with the margin is retrieved exactly in one step",
    source=Source(PAPER, "SSHN Prop. 3 (b)"),
    provenance="secondary, recalled",
    printed=r"\langle q_0,x_i-x_j\rangle\ge m/\beta\ \forall j\ne i\ \Rightarrow\ q_1=x_i",
    arena=Patterns(query="free", min_memories=2, params=(ORDER,), sizes=SIZES),
    parts=tuple(
        Part(
            kind, Le(step_error[kind], 0), scale=m, given=(*order_of(kind), Hypothesis(enough(kind, Delta_x)))
        )
        for kind in EVERY
    ),
    controls=(
        Control("half the inverse temperature does", Le(step_error_half, 0), ENTMAX),
        Control("the dense map too", Le(err_dense, 0), ENTMAX),
    ),
    related=("hfy2024.prop3-ball", "hfy2024.margins-tsallis"),
)

eps = sp.Symbol("eps", positive=True)
BALL = Inequality(
    id="hfy2024.prop3-ball",
    title="A ball of queries is retrieved exactly in one step",
    source=Source(PAPER, "SSHN Prop. 3 (c)"),
    provenance="secondary, recalled",
    printed=r"\Delta_i\ge m/\beta+2M\epsilon,\ \|q_0-x_i\|\le\epsilon\ \Rightarrow\ q_1=x_i",
    arena=Patterns(
        query="ball",
        radius=eps,
        norms="equal",
        min_memories=2,
        params=(ORDER, Param(eps, 1e-3, 3.0, log=True)),
        sizes=SIZES,
    ),
    hypotheses=(
        Hypothesis(Eq(norm_spread, 0), "equal norms"),
        Hypothesis(Le(dist, eps), "the query lies in the ball"),
    ),
    parts=tuple(
        Part(
            kind,
            Le(step_error[kind], 0),
            scale=m,
            given=(*order_of(kind), Hypothesis(enough(kind, Delta_mu - 2 * m * eps))),
        )
        for kind in EVERY
    ),
    controls=(Control("the dense map too", Le(err_dense, 0), ENTMAX),),
    related=("restated.exact-ball-radius", "hfy2024.prop3-one-step"),
)


STATEMENTS: tuple[Statement, ...] = (
    STATIONARY,
    ONE_STEP,
    BALL,
)
