"""Margins of Fenchel-Young losses, exact fixed points, one-step retrieval and its balls.

SSHN = Santos et al. 2024, arXiv 2402.13725 (Prop. 3); HFY = Santos et al. 2024, arXiv 2411.08590.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Rational

from simulations.variants.normmax import normmax
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import (
    ENTMAX,
    certified_normmax,
    scores,
    weights_of,
)
from verify.papers.hu2023.entmax_quantities import alpha
from verify.statement import Control, Definition, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import (
    Delta_mu,
    R,
    centred,
    largest,
    m,
    norm,
    others,
    quantity,
    smallest,
    target_memory,
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


STATEMENTS: tuple[Statement, ...] = (
    TSALLIS,
    NORMS,
    SEPARATION,
)
