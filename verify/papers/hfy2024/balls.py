"""The largest ball retrieved exactly in one step, and fixed points after normalisation.

S. Santos et al., SSHN = arXiv 2402.13725, HFY = arXiv 2411.08590.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le

from verify.arena import Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.hfy2024.fixed_points import (
    EVERY,
    OUTSIDE,
    at_target,
    enough,
    order_of,
    self_error_half,
    step_error,
    step_error_half,
)
from verify.papers.hfy2024.maps import (
    ENTMAX,
    MARGIN,
    family,
    map_error,
    map_update,
)
from verify.papers.hfy2024.margins import (
    EDGE,
    NEAR,
    ORDER,
    OWN,
    PAPER,
    SIZES,
    SPARSE_ORDER,
    margin_of,
    share,
    share_of,
)
from verify.papers.hu2023.capacity import towards
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    R,
    beta,
    centred,
    column,
    dist,
    m,
    measure,
    norm,
    norm_spread,
    others,
    quantity,
    smallest,
    target_memory,
    target_overlaps,
    update,
)

# -- the largest ball ------------------------------------------------------------------------------------------


def _floats(a: Array) -> Array:
    return np.array([[float(v) for v in row] for row in a]) if a.dtype == object else a


def _radii(b: Instances, kind: str) -> Array:
    """(Delta_{mu nu} - margin/beta)/|xi_mu - xi_nu| of the other memories, shape (B, M-1)."""
    z = target_overlaps(b)
    gaps = column(b, z)[:, None] - others(b, z) - (margin_of(b, kind) / b.beta)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return gaps / others(b, norm(centred(b)))


r_star = family(
    "r_star",
    "min over nu of (Delta_{mu nu} - margin/beta)/|xi_mu - xi_nu|",
    lambda b, kind: smallest(_radii(b, kind)),
    real=True,
)


def _edge_error(b: Instances, kind: str) -> Array:
    """Error at distance share * r_star towards the memory that sets r_star."""
    radii = np.full((b.size, b.memories.shape[-2]), math.inf)
    radii[np.arange(radii.shape[-1]) != b.target[:, None]] = _floats(_radii(b, kind)).ravel()
    moved = towards(b, np.nan_to_num(radii, nan=math.inf), measure(b, r_star[kind]) * share_of(b))
    if not b.exact:
        moved.query = np.nan_to_num(moved.query, posinf=0.0, neginf=0.0)
    return map_error(moved, kind)


edge_error = family("edge_error", "error at share * r_star in the worst direction", _edge_error)


def equal_norm_radius(kind: str) -> Any:
    """(Delta_mu - margin/beta)/sqrt(2 Delta_mu)."""
    return (Delta_mu - MARGIN[kind] / beta) / sp.sqrt(2 * Delta_mu)


RADIUS = Identity(
    id="restated.exact-ball-radius",
    title="The largest ball retrieved exactly in one step",
    source=OWN,
    provenance="derived",
    printed=r"\min_j\frac{\Delta_{ij}-m/\beta}{\|x_i-x_j\|};\text{ equal norms: }\frac{\Delta_i-m/\beta}{\sqrt{2\Delta_i}}",
    arena=Patterns(query="ball", min_memories=2, params=(ORDER, EDGE), sizes=SIZES, search=False),
    hypotheses=(OUTSIDE,),
    parts=(
        *(
            Part(
                f"{kind}: exact inside",
                Le(step_error[kind], 0),
                scale=m,
                given=(*order_of(kind), Hypothesis(Ge(r_star[kind], 0)), Hypothesis(Le(dist, r_star[kind]))),
            )
            for kind in EVERY[:2]
        ),
        *(
            Part(
                f"{kind}: exact up to r* in the worst direction",
                Le(edge_error[kind], 0),
                scale=m,
                given=(*order_of(kind), Hypothesis(Ge(r_star[kind], 0)), Hypothesis(Le(share, 1 - NEAR))),
            )
            for kind in EVERY[:2]
        ),
        *(
            Part(
                f"{kind}: not beyond",
                Gt(edge_error[kind], 0),
                scale=m,
                given=(
                    *order_of(kind),
                    Hypothesis(Gt(r_star[kind], m / 10**6)),
                    Hypothesis(Ge(share, 1 + NEAR)),
                ),
            )
            for kind in EVERY[:2]
        ),
        Part(
            "equal norms: the closed form",
            Le(sp.Abs(r_star[ENTMAX] - equal_norm_radius(ENTMAX)), m / 10**8),
            scale=m,
            given=(
                SPARSE_ORDER,
                Hypothesis(Eq(norm_spread, 0)),
                Hypothesis(Ge(r_star[ENTMAX], 0)),
            ),
        ),
    ),
    controls=(
        Control("exact beyond", Le(edge_error[ENTMAX], 0), f"{ENTMAX}: not beyond"),
        Control("half the inverse temperature does", Le(step_error_half, 0), f"{ENTMAX}: exact inside"),
    ),
    related=("hfy2024.prop3-ball", "restated.sparse-tolerance-radius"),
    notices=("The closed form is compared within m/10^8: the norms are equal up to rounding.",),
)

# -- with post-normalisation -------------------------------------------------------------------------------------


@quantity("inner_T", "<T(xi_mu), xi_mu> of the sparse map", real=True)
def inner_T(b: Instances) -> Array:
    return np.sum(update(at_target(b), "sparse") * target_memory(b), axis=-1)


@quantity("sine_T", "sin^2 of the angle between T(xi_mu) and xi_mu, sparse map; 1 where T(xi_mu) = 0")
def sine_T(b: Instances) -> Array:
    image, own = update(at_target(b), "sparse"), target_memory(b)
    product = np.sum(image * image, axis=-1) * np.sum(own * own, axis=-1)
    inner = np.sum(image * own, axis=-1)
    nothing = product == 0
    ratio = (product - inner * inner) / np.where(nothing, product * 0 + 1, product)
    return np.where(nothing, product * 0 + 1, ratio if b.exact else np.maximum(ratio, 0.0))


def _normalised_error(b: Instances, kind: str) -> Array:
    image, own = map_update(at_target(b), kind), target_memory(b)
    return norm(norm(own)[:, None] * image - norm(image)[:, None] * own) / target_norm(b)


def target_norm(b: Instances) -> Array:
    """|xi_mu|, shape (B,)."""
    return norm(target_memory(b))


normalised_error = family(
    "normalised_error", "| |xi_mu| T(xi_mu) - |T(xi_mu)| xi_mu | / |xi_mu|", _normalised_error
)

NORMALISED = Identity(
    id="hfy2024.prop3-normalised",
    title="With normalisation after the update a memory is fixed exactly if its separation reaches the margin",
    source=Source(
        PAPER, "HFY, exact retrieval with post-normalisation (whether 'iff' is claimed there is not known)"
    ),
    provenance="recalled",
    printed=r"r\,\frac{X^T\hat y(\beta Xx_i)}{\|X^T\hat y(\beta Xx_i)\|}=x_i\iff\Delta_i\ge m/\beta",
    arena=Patterns(query="pattern", norms="equal", min_memories=2, params=(ORDER,), sizes=SIZES),
    hypotheses=(Hypothesis(Eq(norm_spread, 0), "equal norms"),),
    parts=(
        *(
            Part(
                f"if ({kind})",
                Le(normalised_error[kind], 0),
                scale=m,
                given=(*order_of(kind), Hypothesis(enough(kind, Delta_mu))),
            )
            for kind in EVERY
        ),
        Part(
            "only if (sparsemax)",
            Ge(beta * Delta_mu, 1 - NEAR),
            given=(
                Hypothesis(Eq(sine_T, 0), "T(xi_mu) has the direction"),
                Hypothesis(Gt(inner_T, 0), "of xi_mu"),
                Hypothesis(Gt(R, 0), "copies of a memory are one pattern"),
            ),
        ),
    ),
    controls=(
        scaled("1/2", "only if (sparsemax)"),
        Control("half the inverse temperature does", Le(self_error_half, 0), f"if ({ENTMAX})"),
    ),
    related=("hfy2024.prop3-stationary",),
    notices=(
        "Both directions are reported; the statement is the equivalence.",
        "For an antipodal pair the image of a memory is a positive multiple of it at every temperature.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (
    RADIUS,
    NORMALISED,
)
