"""Margins of Fenchel-Young losses, exact fixed points, one-step retrieval and its balls.

SSHN = Santos et al. 2024, arXiv 2402.13725 (Prop. 3); HFY = Santos et al. 2024, arXiv 2411.08590.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Rational

from bounds.exact import exact_array
from simulations.variants.normmax import normmax
from simulations.variants.sparse import sparsemax
from verify.arena import Param, Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import (
    ENTMAX,
    MARGIN,
    at,
    certified_normmax,
    family,
    map_error,
    map_update,
    scores,
    weights_of,
)
from verify.papers.hu2023.capacity import towards
from verify.papers.hu2023.entmax_quantities import alpha
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    R,
    beta,
    centred,
    column,
    dist,
    err_dense,
    err_sparse,
    largest,
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

PAPER = "hfy2024"
OWN = Source(PAPER, "a related statement of this project")
ONE = sp.Integer(1)
NEAR = Rational(1, 10**6)
ORDER = Param(alpha, 1.0, 4.0)
SPARSE_ORDER = Hypothesis(Gt(alpha, 1), "alpha = 1 (softmax) has no margin")
SIZES = ((1, 2), (2, 2), (2, 3), (3, 4), (3, 8), (5, 10), (8, 16), (2, 20))

# -- margins ----------------------------------------------------------------------------------------------

edge = sp.Symbol("edge", real=True)
EDGE = Param(edge, -0.9, 1.0)
"""Places the gap of the best score at 1 + edge^7 margins: half of the draws lie within a hundredth of the margin."""


def share_of(b: Instances) -> Array:
    """1 + edge^7, shape (B,)."""
    return 1 + b.scalars["edge"] ** 7


@quantity("gap_share", "1 + edge^7, a gap or a distance in units of its threshold")
def share(b: Instances) -> Array:
    return share_of(b)


def margin_of(b: Instances, kind: str) -> Array:
    """The margin of a map, shape (B,): a number that is no expression."""
    one = b.beta * 0 + 1
    if kind != ENTMAX:
        return one
    order = b.scalars["alpha"]
    return 1 / (order - 1) if b.exact else 1 / np.where(order > 1, order - 1, np.inf)


def placed_scores(b: Instances, kind: str, gap: Array) -> Array:
    """beta Xi^T x with the target's score moved to ``gap`` above the best other one, shape (B, M)."""
    v = scores(b)
    best = largest(others(b, v))
    own = np.arange(v.shape[-1]) == b.target[:, None]
    # Relative to the best other score, so that the gap is not rounded away.
    return np.where(own, gap[:, None], v - best[:, None])


def _rest(b: Instances, kind: str) -> Array:
    """Weight of all memories but the target at a gap of ``share`` margins."""
    v = placed_scores(b, kind, share_of(b) * margin_of(b, kind))
    return np.sum(others(b, weights_of(b, kind, v)), axis=-1)


@quantity("rest_placed_entmax", "entmax weight off the target at a gap of share margins")
def rest_placed_entmax(b: Instances) -> Array:
    return _rest(b, ENTMAX)


@quantity(
    "rest_placed_norms",
    "smallest normmax weight off the target at a gap of share margins (gamma 3/2, 2, 5, 10)",
)
def rest_placed_norms(b: Instances) -> Array:
    return smallest(_rests(b))


@quantity("rest_placed_norms_most", "largest of these weights")
def rest_placed_norms_most(b: Instances) -> Array:
    return largest(_rests(b))


def _rests(b: Instances) -> Array:
    v = placed_scores(b, "norm2", share_of(b) + b.beta * 0)
    rows = []
    for gamma in (1.5, 2.0, 5.0, 10.0):
        rows.append(np.sum(others(b, _normmax(b, v, gamma)), axis=-1))
    return np.stack(rows, axis=-1)


def _normmax(b: Instances, v: Array, gamma: float) -> Array:
    return certified_normmax(v, gamma) if b.exact else normmax(v, gamma, np)


@quantity("rest_softmax", "softmax weight off the target at a gap of share")
def rest_softmax(b: Instances) -> Array:
    v = placed_scores(b, ENTMAX, share_of(b) + b.beta * 0)
    w = np.exp(v - largest(v)[:, None]) if not b.exact else np.exp(v)
    return np.sum(others(b, w), axis=-1) / np.sum(w, axis=-1)


low = sp.Symbol("alpha_low", positive=True)


@quantity(
    "low_loss",
    "a lower bound on the Tsallis loss of order alpha_low below 1 at e_mu, from one other vector",
    real=True,
)
def low_loss(b: Instances) -> Array:
    """With y = (1-t) e_mu + t e_nu: L >= -Omega(y) - t gap >= (t^a - t)/(a (1-a)) - t gap, t = (2 + 2 gap)^(-1/(1-a))."""
    a, gap = b.scalars["alpha_low"], share_of(b)
    t = (2 + 2 * gap) ** (-1 / (1 - a))
    return ((2 + 2 * gap) / (a * (1 - a)) - 1 / (a * (1 - a)) - gap) * t


MARGINS_ARENA = Patterns(
    query="free", min_memories=2, params=(ORDER, EDGE, Param(low, 0.25, 0.9)), sizes=(*SIZES, (2, 50))
)
AT_LEAST = (Hypothesis(Ge(share, 1), "a gap of at least the margin"),)
BELOW = (Hypothesis(Le(share, 1 - NEAR), "a gap below the margin"),)

TSALLIS = Identity(
    id="hfy2024.margins-tsallis",
    title="Margin 1/(alpha - 1) of the Tsallis losses",
    source=Source(PAPER, "SSHN/HFY, margins"),
    provenance="recalled",
    printed=r"L_\Omega(\theta,e_i)=0\iff\theta_i-\max_{j\ne i}\theta_j\ge m;\ \Omega^T_\alpha:\ m=\tfrac1{\alpha-1}"
    r"\ (\alpha>1),\text{ no margin for }\alpha\le1",
    arena=MARGINS_ARENA,
    parts=(
        Part("the margin suffices", Le(rest_placed_entmax, 0), scale=ONE, given=(SPARSE_ORDER, *AT_LEAST)),
        Part("the margin is necessary", Gt(rest_placed_entmax, 0), scale=ONE, given=(SPARSE_ORDER, *BELOW)),
        Part("alpha = 1 has no margin", Gt(rest_softmax, 0), scale=ONE),
        Part("alpha < 1 has no margin", Gt(low_loss, 0)),
    ),
    controls=(
        Control(
            "half the margin suffices",
            Le(rest_placed_entmax, sp.Max(0, 1 - share) * 0),
            "the margin is necessary",
        ),
        Control("softmax is exact", Le(rest_softmax, 0), "alpha = 1 has no margin"),
    ),
    related=("restated.exact-recovery", "hfy2024.margins-norm"),
    notices=(
        "L(theta, e_i) = 0 is read as yhat(theta) = e_i, to which it is equivalent (hfy2024.def-negentropy).",
        "The scores are beta Xi^T x with the target's moved to the given multiple of the margin.",
        "For alpha < 1 a lower bound on the loss is measured, from one vector y of the simplex.",
    ),
)

NORMS = Identity(
    id="hfy2024.margins-norm",
    title="Margin 1 of the norm losses",
    source=Source(PAPER, "SSHN/HFY, margins"),
    provenance="recalled",
    printed=r"\Omega^N_\gamma\text{ has margin }m=1\text{ for every }\gamma>1",
    arena=MARGINS_ARENA,
    parts=(
        Part("the margin suffices", Le(rest_placed_norms_most, 0), scale=ONE, given=AT_LEAST),
        Part("the margin is necessary", Gt(rest_placed_norms, 0), scale=ONE, given=BELOW),
    ),
    controls=(Control("exact without the margin", Le(rest_placed_norms, 0), "the margin is necessary"),),
    related=("hfy2024.margins-tsallis",),
    notices=("gamma 3/2, 2, 5 and 10.  The scores are placed as in hfy2024.margins-tsallis.",),
)

# -- separation ----------------------------------------------------------------------------------------------


@quantity("Delta_alt", "min over nu of <xi_mu, xi_mu - xi_nu>", real=True)
def Delta_alt(b: Instances) -> Array:
    own = target_memory(b)[:, None, :]
    return smallest(others(b, np.sum(own * (own - b.memories), axis=-1)))


@quantity("hull_point_gap", "|xi_mu - y| for y the query's convex combination without the target")
def hull_point_gap(b: Instances) -> Array:
    own = np.arange(b.hull.shape[-1]) == b.target[:, None]
    w = np.where(own, b.hull * 0, b.hull)
    total = np.sum(w, axis=-1, keepdims=True)
    empty = np.asarray(total == 0)
    count = b.hull.shape[-1] - 1
    uniform = np.where(own, b.hull * 0, (b.hull * 0 + 1) / count)
    w = np.where(empty, uniform, w / np.where(empty, total * 0 + 1, total))
    return norm(np.sum(w[..., None] * centred(b), axis=-2))


SEPARATION = Definition(
    id="hfy2024.def-separation",
    title="Separation of a memory",
    source=Source(PAPER, "SSHN/HFY, separation"),
    provenance="recalled",
    printed=r"\Delta_i=\langle x_i,x_i\rangle-\max_{j\ne i}\langle x_i,x_j\rangle",
    arena=Patterns(query="hull", min_memories=2, sizes=SIZES),
    parts=(
        Part("it is the smallest <xi_mu, xi_mu - xi_nu>", Eq(Delta_mu, Delta_alt), scale=m**2),
        Part(
            "positive: xi_mu is Delta_mu/m away from the hull of the others",
            Ge(hull_point_gap * m, Delta_mu),
            given=(Hypothesis(Gt(Delta_mu, 0)),),
        ),
    ),
    controls=(
        Control(
            "half the square of the nearest distance, for every set",
            Eq(Delta_mu, 2 * R**2),
            "it is the smallest <xi_mu, xi_mu - xi_nu>",
        ),
        Control(
            "twice that far",
            Ge(hull_point_gap * m, 2 * Delta_mu),
            "positive: xi_mu is Delta_mu/m away from the hull of the others",
        ),
    ),
    related=("hfy2024.prop3-stationary",),
    notices=("A single memory has no separation. With unequal norms it may be negative.",),
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
    TSALLIS,
    NORMS,
    SEPARATION,
    STATIONARY,
    ONE_STEP,
    BALL,
    RADIUS,
    NORMALISED,
)
