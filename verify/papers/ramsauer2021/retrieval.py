"""One update: how far it lands from the fixed point and from the pattern.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Theorems 4 and 5 (A8 and A9), and statements of this project beside them.

Differences of two states that lie close together are formed from the weights: T(x) - xi_mu and
x* - xi_mu = T(x*) - xi_mu are both sums over p_j (xi_j - xi_mu), small terms that keep their digits.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import E, Le, Min, Rational, exp

from verify.arena import Patterns
from verify.controls import exponent_scaled, replaced, scaled
from verify.instances import Array, Instances
from verify.statement import Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    M,
    at_fixed_point,
    beta,
    centred,
    diam,
    dist,
    dist_star,
    err,
    err_star,
    fixed_point,
    m,
    norm,
    overlaps,
    quantity,
    target_memory,
    update,
    weights,
)

RELATED = "a related statement of this project"
LARGE_SHIFT = 30.0
"""Beyond this difference of scores exp(s) - 1 is formed by subtraction of weights instead."""


def _from_star(b: Instances) -> Array:
    """x - x*, shape (B, d), both counted from xi_mu."""
    star = at_fixed_point(b)
    return (b.query - target_memory(b)) - np.sum(weights(star)[..., None] * centred(b), axis=-2)


@quantity("gap", "|x - x*_mu|, x*_mu the limit of the iteration from the target memory")
def gap(b: Instances) -> Array:
    return norm(b.query - fixed_point(b)) if b.exact else norm(_from_star(b))


@quantity("gap_after", "|T(x) - x*_mu|")
def gap_after(b: Instances) -> Array:
    if b.exact:
        return norm(update(b) - fixed_point(b))
    p_star, p = weights(at_fixed_point(b)), weights(b)
    scores = b.beta[:, None] * np.sum(centred(b) * _from_star(b)[:, None, :], axis=-1)
    with np.errstate(all="ignore"):
        growth = np.expm1(scores)
        mean = np.sum(p_star * growth, axis=-1, keepdims=True)
        change = p_star * (growth - mean) / (1 + mean)
    small = np.max(np.abs(scores), axis=-1, keepdims=True) < LARGE_SHIFT
    return norm(np.sum(np.where(small, change, p - p_star)[..., None] * centred(b), axis=-2))


def _distances(b: Instances) -> Array:
    """|xi_nu - xi_mu| for all nu, shape (B, M)."""
    return norm(centred(b))


def _log_spread(b: Instances) -> Array:
    # Softmax is free to count scores from that of the target, which keeps digits; other maps need not be.
    z = np.sum(centred(b) * b.query[:, None, :], axis=-1) if b.model == "dense" else overlaps(b)
    log_p = b.variant.log_weights(b.beta[:, None] * z, np)
    with np.errstate(divide="ignore"):
        terms = log_p + np.log(_distances(b))
    top = np.max(terms, axis=-1)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return shift + np.log(np.sum(np.exp(terms - shift[:, None]), axis=-1))


@quantity("spread_p", "sum over nu != mu of p_nu |xi_nu - xi_mu|", log=_log_spread)
def spread_p(b: Instances) -> Array:
    return np.sum(weights(b) * _distances(b), axis=-1)


r = sp.Max(dist, dist_star)
"""max(|x - xi_mu|, |x*_mu - xi_mu|)."""
crosstalk = (M - 1) * exp(-beta * (Delta_mu - 2 * r * m))
at_query = (M - 1) * exp(-beta * (Delta_mu - 2 * m * dist))
SINGLE = "A single memory has no competitor and no separation: the statement says nothing there."
STAR = "x*_mu is the limit of the iteration from xi_mu; at a witness it is enclosed by Krawczyk's test."

THM4 = Inequality(
    id="ramsauer2021.thm4",
    title="Contraction towards the fixed point in one update",
    source=Source("ramsauer2021", "Thm 4 = A8"),
    provenance="primary",
    printed=(
        r"|f(\xi)-x_i^*|\le|J^m|_2\,|\xi-x_i^*|,\qquad |J^m|_2\le2\beta NM^2(N-1)\exp\{-\beta(\Delta_i-2rM)\}"
    ),
    arena=Patterns(min_memories=2, max_size=700),
    parts=(
        Part(
            "distance to the fixed point",
            Le(gap_after, 2 * beta * M * m**2 * crosstalk * gap),
            trivial=beta * diam**2 / 4 * gap,
        ),
    ),
    controls=(scaled("1/2"), exponent_scaled("2")),
    related=("restated.one-step-distance",),
    notices=(SINGLE, STAR, "Informative where the factor is below beta diam^2/4, which always bounds it."),
)

ONE_STEP = Inequality(
    id="restated.one-step-distance",
    title="Contraction towards the fixed point, by covariances",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"|f(\xi)-x_i^*|\le\min\{4\beta M^2\tfrac{\epsilon}{1+\epsilon},\ \tfrac{\beta}{4}\mathrm{diam}^2\}"
        r"\,|\xi-x_i^*|,\quad \epsilon=(N-1)e^{-\beta(\Delta_i-2rM)}"
    ),
    arena=Patterns(min_memories=2, max_size=700),
    parts=(
        Part(
            "distance to the fixed point",
            Le(gap_after, Min(4 * beta * m**2 * crosstalk / (1 + crosstalk), beta * diam**2 / 4) * gap),
            trivial=beta * diam**2 / 4 * gap,
        ),
    ),
    controls=(scaled("4/5"), exponent_scaled("2")),
    related=("ramsauer2021.thm4",),
    notices=(SINGLE, STAR),
)

THM5 = Inequality(
    id="ramsauer2021.thm5",
    title="Retrieval error after one update",
    source=Source("ramsauer2021", "Thm 5 = A9, first inequality"),
    provenance="primary",
    printed=r"|f(\xi)-x_i|\le2(N-1)M\exp\{-\beta(\Delta_i-2rM)\}",
    arena=Patterns(min_memories=2, max_size=2000),
    parts=(Part("error", Le(err, 2 * m * crosstalk), trivial=2 * m),),
    controls=(scaled("4/5"), replaced(M - 1, Rational(1, 2)), exponent_scaled("2")),
    related=("restated.dense-retrieval", "ramsauer2021.thm5-fixed-point"),
    notices=(SINGLE, STAR),
)

THM5_FIXED_POINT = Inequality(
    id="ramsauer2021.thm5-fixed-point",
    title="Distance of the fixed point from the pattern",
    source=Source("ramsauer2021", "Thm 5 = A9, second inequality"),
    provenance="primary",
    printed=r"|x_i-x_i^*|\le2e(N-1)M\exp(-\beta\Delta_i)",
    arena=Patterns(min_memories=2, max_size=2000, query="ball", radius=1 / (2 * beta * m)),
    hypotheses=(
        Hypothesis(Le(dist_star, 1 / (2 * beta * m)), "the fixed point near the pattern"),
        Hypothesis(Le(dist, 1 / (2 * beta * m)), "the state near the pattern"),
    ),
    parts=(Part("fixed point", Le(err_star, 2 * E * (M - 1) * m * exp(-beta * Delta_mu)), trivial=2 * m),),
    controls=(scaled("1/4"), exponent_scaled("2")),
    related=("ramsauer2021.thm5",),
    notices=(SINGLE, STAR, "The conclusion does not depend on the state x."),
)

RETRIEVAL = Inequality(
    id="restated.dense-retrieval",
    title="Retrieval error from the separation of the pattern",
    source=Source("ramsauer2021", RELATED),
    provenance="derived",
    printed=(
        r"|f(\xi)-x_i|\le\sum_{j\ne i}p_j|x_j-x_i|\le2M\,\epsilon/(1+\epsilon),\quad "
        r"\epsilon=(N-1)e^{-\beta(\Delta_i-2M|\xi-x_i|)}"
    ),
    arena=Patterns(min_memories=2),
    parts=(
        Part("triangle inequality", Le(err, spread_p), needs=("weights", "distribution", "inner product")),
        Part("separation", Le(spread_p, 2 * m * at_query / (1 + at_query)), trivial=2 * m),
    ),
    controls=(
        scaled("9/10", part="triangle inequality"),
        scaled("9/10", part="separation"),
        exponent_scaled("2", part="separation"),
    ),
    related=("ramsauer2021.thm5",),
    notices=(SINGLE,),
)

STATEMENTS: tuple[Statement, ...] = (THM4, ONE_STEP, THM5, THM5_FIXED_POINT, RETRIEVAL)
