"""Stored memories, contraction of balls, convergence and well-separation of sparse-structured maps.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: definitions of storage and retrieval, Lemma 4.1, the well-separation
condition, and statements of this project beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from scipy.special import expit
from sympy import Ge, Gt, Le, Lt, Rational, Symbol, exp, log

from bounds.exact import Real, directional_derivative, exact_array
from simulations.variants.dense import softmax
from simulations.variants.masked import renormalised
from simulations.variants.topk import places
from verify.arena import BETA_M2, Param, Patterns
from verify.controls import exponent_scaled, flipped, scaled
from verify.instances import Array, Instances
from verify.orbits import length
from verify.papers.hu2023.capacity import Delta_min
from verify.papers.np2024.supports import SUPPORT, as_share, chosen, err_A, err_B, error_quantity, k_S, members, ranks, sizes
from verify.papers.ramsauer2021.balls import ball_image, ball_slope, limit_gap, map_gap, r_stored
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Source
from verify.vocabulary import (
    Delta_mu,
    J_norm,
    M,
    R,
    beta,
    centred,
    diam,
    dist,
    dist_star,
    err,
    err_dense,
    m,
    measure,
    norm,
    number,
    others,
    quantity,
    smallest,
    target_memory,
    target_overlaps,
    update,
)

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")
SAME = m / 10**6
r_share = Symbol("r_share", positive=True)
DISTINCT = Hypothesis(Gt(R, 0), "distinct memories")


@quantity("pair_least", "smallest distance of the target to another memory")
def pair_least(b: Instances) -> Array:
    return smallest(others(b, norm(centred(b))))


@quantity("midpoint_gap", "distance of the target to the middle between it and its nearest memory")
def midpoint_gap(b: Instances) -> Array:
    return measure(b, pair_least) / 2


CERTIFIED = (
    Hypothesis(Le(ball_image, r_stored), "T certainly maps the ball into itself"),
    Hypothesis(Lt(ball_slope, 1), "and contracts it"),
)

STORED = Definition(
    id="np2024.def-stored",
    title="Stored and retrieved memories, generalised fixed points",
    source=Source(PAPER, "definitions of storage, retrieval, generalised fixed point (common to this family of papers)"),
    provenance="recalled",
    printed=r"\xi_\mu\text{ stored: a generalised fixed point }x_\mu^*\in S_\mu\text{ to which all limit points "
    r"starting in }S_\mu\text{ converge, }S_\mu\cap S_\nu=\emptyset;\ \epsilon\text{-retrieved: }\|T(x)-\xi_\mu\|\le\epsilon",
    arena=Patterns(query="ball", radius=r_stored, params=(Param(r_share, 0.05, 1.0),), min_memories=2, search=False),
    parts=(
        Part("open balls of radius R are disjoint", Le(2 * R, pair_least)),
        Part("the limit from the memory lies in the ball", Le(dist_star, r_stored), given=CERTIFIED),
        Part("starts in the ball have one limit", Le(limit_gap, SAME), given=CERTIFIED),
        Part("an update from the ball is retrieved with eps = r", Le(err, r_stored), given=CERTIFIED),
        Part(
            "reading: closed balls of radius R are disjoint",
            Lt(R, midpoint_gap),
            given=(DISTINCT,),
            headline=False,
        ),
        Part("reading: every memory is stored", Le(dist_star, r_stored), headline=False),
    ),
    controls=(
        scaled("9/10", "open balls of radius R are disjoint"),
        scaled("1/10", "the limit from the memory lies in the ball"),
        scaled("1/3", "an update from the ball is retrieved with eps = r"),
    ),
    related=("ramsauer2021.def1", "restated.r-storage"),
    notices=(
        "r runs over shares of R up to R itself; instances count as stored where bounds over the whole ball show it, the "
        "others are left open.",
        "Closed balls about the two closest memories touch at their middle.  The dense map is single-valued: a "
        "generalised fixed point is a fixed point.  A single memory has no R, and copies have R = 0.",
    ),
)

# -- r-storage -----------------------------------------------------------------------------------------------


def pair(b: Instances, query: Array) -> Instances:
    """The memories a, -a with a the target, and queries on the line through them."""
    a = target_memory(b)
    return Instances(
        b.size,
        memories=np.stack([a, -a], axis=1),
        query=query,
        beta=b.beta,
        target=np.zeros(b.size, dtype=int),
        models=b.models,
        exact=b.exact,
    )


@quantity("gain", "g = beta a^2 for the pair a, -a, a the target")
def gain(b: Instances) -> Array:
    a = target_memory(b)
    return b.beta * np.sum(a * a, axis=-1)


@quantity("pair_query", "|y| for y the projection of x on the line through a and -a, times |a|")
def pair_query(b: Instances) -> Array:
    return np.abs(np.sum(target_memory(b) * b.query, axis=-1))


@quantity("pair_move", "|T_Dense(y)| for the pair a, -a and that y, times |a|")
def pair_move(b: Instances) -> Array:
    a = target_memory(b)
    square = np.sum(a * a, axis=-1)
    square = np.where(square > 0, square, square + 1)
    y = (np.sum(a * b.query, axis=-1) / square)[:, None] * a
    return np.abs(np.sum(update(pair(b, y), "dense") * a, axis=-1))


@quantity("pair_gain", "T_Dense(y)/y - 1 at y = sqrt((g - 1)/g^3) a, g = beta a^2, for the pair a, -a", real=True)
def pair_gain(b: Instances) -> Array:
    a, g = target_memory(b), measure(b, gain)
    # tanh(u) > u - u^3/3 makes T(y) > y at this y, if g > 1; elsewhere the value is not asked for.
    over = np.where(g > 1, g - 1, g * 0 + 1)
    y = np.sqrt(over / np.where(g > 1, g * g * g, g * 0 + 1))[:, None] * a
    moved = update(pair(b, y), "dense")
    size = np.sum(y * a, axis=-1)
    return np.sum(moved * a, axis=-1) / np.where(size > 0, size, size + 1) - 1


R_STORAGE = Definition(
    id="restated.r-storage",
    title="Storage with a radius: a ball that T maps into itself and contracts",
    source=OWN,
    provenance="derived",
    printed=r"T(B(\xi_\mu,r))\subseteq B(\xi_\mu,r),\ \mathrm{Lip}(T|_B)<1\Rightarrow\text{one fixed point, linear rate};"
    r"\ \pm a,\ d=1:\ \text{storage on the half-lines}\iff\beta a^2>1",
    arena=Patterns(query="ball", radius=r_stored, params=(Param(r_share, 0.05, 1.0),), min_memories=2, search=False),
    parts=(
        Part("the fixed point lies in the ball", Le(dist_star, r_stored), given=CERTIFIED),
        Part("it is the only limit", Le(limit_gap, SAME), given=CERTIFIED),
        Part("linear rate", Le(map_gap, ball_slope * dist), given=CERTIFIED),
        Part(
            "pair, beta a^2 <= 1: every step is towards 0",
            Lt(pair_move, pair_query),
            given=(Hypothesis(Le(gain, 1)), Hypothesis(Gt(pair_query, 0), "y is not 0")),
        ),
        Part(
            "pair, beta a^2 > 1: T moves some y outwards",
            Gt(pair_gain, 0),
            scale=1,
            given=(Hypothesis(Gt(gain, 1)),),
        ),
    ),
    controls=(
        scaled("1/10", "the fixed point lies in the ball"),
        scaled("1/10", "linear rate"),
        flipped("pair, beta a^2 > 1: T moves some y outwards"),
    ),
    related=("np2024.def-stored", "restated.ball-contraction"),
    notices=(
        "Below beta a^2 = 1 all starts go to the one fixed point 0, which lies on neither open half-line; above it "
        "T(y) > y for some y in (0, a) and T(a) < a, so there is a fixed point between.  The pair is the target and its "
        "negative, on the line through them.",
    ),
)

# -- Lemma 4.1 --------------------------------------------------------------------------------------------------

CYCLE_STEPS = 96
Map = Callable[[Array, Array, Array, Array], Array]
"""(memories (B, M, d), state (B, d), beta (B,), target (B,)) -> T(state) (B, d)."""


def _combine(memories: Array, weights: Array) -> Array:
    return np.sum(weights[..., None] * memories, axis=-2)


def fixed_map(b: Instances, reading: str) -> Map:
    """T with the support of the instance, which does not move with the state."""
    share = chosen(b)

    def apply(memories: Array, state: Array, inverse: Array, target: Array) -> Array:
        v = inverse[:, None] * np.sum(memories * state[:, None, :], axis=-1)
        kept = share.astype(v.dtype)
        w = kept * softmax(v, np) if reading == "A" else renormalised(v, kept, np)
        return _combine(memories, w)

    return apply


def top_map(b: Instances, reading: str) -> Map:
    """T of the top-K model, k by the share of the instance."""
    k = sizes(b)

    def apply(memories: Array, state: Array, inverse: Array, target: Array) -> Array:
        v = inverse[:, None] * np.sum(memories * state[:, None, :], axis=-1)
        share = np.empty(v.shape, dtype=v.dtype)
        for size in np.unique(k):
            rows = np.flatnonzero(k == size)
            share[rows] = places(v[rows], int(size), np)
        w = share * softmax(v, np) if reading == "A" else renormalised(v, share, np)
        return _combine(memories, w)

    return apply


def _floats(a: Array) -> Array:
    return np.array([float(v) for v in a.ravel()]).reshape(a.shape)


def cycle_gap(b: Instances, apply: Map) -> Array:
    """How far from each other two states of a cycle of length 2 in S_mu are; 0 where none is found.

    In exact reading the cycle is certified: T(T(I)) lies inside a box I within S_mu, and T(I) keeps that distance
    from I, so that no start in I ever converges.
    """
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    floats = [_floats(a) if b.exact else np.asarray(a) for a in (memories, b.query, b.beta)]
    rows, state, inverse = floats
    for _ in range(CYCLE_STEPS):
        state = apply(rows, state, inverse, b.target)
    once = apply(rows, state, inverse, b.target)
    twice = apply(rows, once, inverse, b.target)
    gap = np.linalg.norm(once - state, axis=-1)
    returns = np.linalg.norm(twice - state, axis=-1) < 1e-9 * gap
    if not b.exact:
        inside = np.linalg.norm(state - target_memory(b), axis=-1) < measure(b, R)
        return np.where(returns & inside, gap, 0.0)
    if not returns[0]:
        return number(b, 0)
    return np.array([_certified_gap(b, apply, state[0], gap[0])], dtype=object)


def _certified_gap(b: Instances, apply: Map, state: Array, gap: float) -> Real:
    """A lower bound on the distance between a box about ``state`` and its image, 0 if nothing is certain."""
    half = Fraction(gap) / 10**4
    middle = exact_array(state)
    box = np.array([Real.between(c - half, c + half) for c in middle], dtype=object)

    def both(x: Array) -> Array:
        y = apply(b.memories, x[None, :], b.beta, b.target)
        return apply(b.memories, y, b.beta, b.target)[0]

    # Mean-value form: T(T(box)) lies in T(T(middle)) plus slopes over the box times its sides.
    image = both(middle)
    for i, width in enumerate(box - middle):
        direction = np.array([Real(int(i == j)) for j in range(len(box))], dtype=object)
        image = image + directional_derivative(both, box, direction)[1] * width
    trapped = all(old.contains(new) for old, new in zip(box, image, strict=True))
    away = box - target_memory(b)[0]
    inside = bool(np.sum(away * away) < measure(b, R)[0] * measure(b, R)[0])
    apart = np.sqrt(np.sum((apply(b.memories, box[None, :], b.beta, b.target)[0] - box) ** 2))
    return Real(apart.lower()) if trapped and inside and apart.lower() > 0 else Real(0)


cycle_A = quantity("cycle_A", "distance of two states of a 2-cycle in S_mu, reading A")(
    lambda b: cycle_gap(b, fixed_map(b, "A"))
)
cycle_B = quantity("cycle_B", "distance of two states of a 2-cycle in S_mu, reading B")(
    lambda b: cycle_gap(b, fixed_map(b, "B"))
)
cycle_top_A = quantity("cycle_top_A", "distance of two states of a 2-cycle in S_mu, top-K, reading A")(
    lambda b: cycle_gap(b, top_map(b, "A"))
)
cycle_top_B = quantity("cycle_top_B", "distance of two states of a 2-cycle in S_mu, top-K, reading B")(
    lambda b: cycle_gap(b, top_map(b, "B"))
)

REDRAWN = 24


@quantity("redrawn_step", f"|x_(t+1) - x_t| after {REDRAWN} updates with S and with its neighbour in turn, reading B")
def redrawn_step(b: Instances) -> Array:
    """The other support keeps the target and moves the rest of S by one place."""
    place, k = ranks(b), sizes(b)[:, None]
    # The first place is the target's; the others go round by one.
    turned = np.where(place == 0, 0, 1 + place % max(place.shape[-1] - 1, 1))
    inside, moved = place < k, turned < k
    state = b.query
    steps = []
    for t in range(REDRAWN + 1):
        v = b.beta[:, None] * np.sum(b.memories * state[:, None, :], axis=-1)
        after = _combine(b.memories, renormalised(v, as_share(b, inside if t % 2 else moved), np))
        steps.append(length(after - state))
        state = after
    return steps[-1]


def _bounds(b: Instances) -> tuple[Array, Array]:
    """Upper bounds on p_nu over the ball of radius R about the target, and |xi_nu - xi_mu|, both (B, M)."""
    away = centred(b)
    lengths = np.sqrt(np.sum(away * away, axis=-1))
    z = target_overlaps(b)
    own = z[np.arange(b.size), b.target]
    v = b.beta[:, None] * (own[:, None] - z - measure(b, R)[:, None] * lengths)
    return (1 / (1 + np.exp(v)) if b.exact else expit(-v)), lengths


@quantity("image_A", "a radius about xi_mu that reading A certainly does not leave from S_mu")
def image_A(b: Instances) -> Array:
    share, lengths = _bounds(b)
    inside = members(b)
    zero = share * 0
    kept = np.sum(np.where(inside, share * lengths, zero), axis=-1)
    dropped = np.sum(np.where(inside, zero, share), axis=-1)
    one = number(b, 1)
    size = np.sqrt(np.sum(target_memory(b) * target_memory(b), axis=-1))
    return kept + np.where(dropped < one, dropped, one) * size


@quantity("image_B", "a radius about xi_mu that reading B certainly does not leave from S_mu")
def image_B(b: Instances) -> Array:
    share, lengths = _bounds(b)
    return np.sum(np.where(members(b), share * lengths, share * 0), axis=-1)


@quantity("image_all", "a radius about xi_mu that neither reading leaves from S_mu, whatever the support")
def image_all(b: Instances) -> Array:
    share, lengths = _bounds(b)
    size = np.sqrt(np.sum(target_memory(b) * target_memory(b), axis=-1))[:, None] + 0 * lengths
    own = np.arange(share.shape[-1]) == b.target[:, None]
    longer = np.where(lengths > size, lengths, size)
    return np.sum(np.where(own, share * 0, share * longer), axis=-1)


MAPS_A = Hypothesis(Le(image_A, R), "T_A(S_mu) in S_mu, by a bound over the ball")
MAPS_B = Hypothesis(Le(image_B, R), "T_B(S_mu) in S_mu, by a bound over the ball")
MAPS_ALL = Hypothesis(Le(image_all, R), "T(S_mu) in S_mu for every support, by a bound over the ball")

LEMMA41 = Inequality(
    id="np2024.lemma4.1-fixed-point",
    title="Convergence to a fixed point without an energy",
    source=Source(PAPER, "Lemma 4.1 (fixed-point convergence without an energy)"),
    provenance="secondary (existence of the lemma), recalled (content)",
    printed=r"\mathcal T(S_\mu)\subseteq S_\mu\Rightarrow x_{t+1}=\mathcal T_{Sparse}(x_t)\text{ from }S_\mu"
    r"\text{ converges to a fixed point in }S_\mu",
    arena=Patterns(query="ball", min_memories=2, params=SUPPORT, max_size=50, search=False),
    hypotheses=(DISTINCT,),
    parts=(
        Part("reading A: no cycle", Le(cycle_A, 0), scale=m, given=(MAPS_A,)),
        Part("reading B: no cycle", Le(cycle_B, 0), scale=m, given=(MAPS_B,), headline=False),
        Part("top-K, reading A: no cycle", Le(cycle_top_A, 0), scale=m, given=(MAPS_ALL,), headline=False),
        Part("top-K, reading B: no cycle", Le(cycle_top_B, 0), scale=m, given=(MAPS_ALL,), headline=False),
        Part(
            "random mask redrawn at every step: steps die out",
            Le(redrawn_step, m / 1000),
            given=(MAPS_ALL,),
            headline=False,
        ),
    ),
    controls=(
        Control("steps of redrawn masks", Le(redrawn_step, m / 1000), "reading A: no cycle"),
    ),
    related=("restated.ball-contraction", "np2024.well-separation"),
    notices=(
        "That T maps S_mu into itself is asked for through a bound over the whole ball; sets that meet it some other way "
        "are not looked at.",
        "A 2-cycle found along the iteration is certified by a box that T composed with itself maps into itself and T "
        "maps away from itself: no start in that box converges.",
    ),
)

# -- contraction and well-separation -------------------------------------------------------------------------------

r = Symbol("r", positive=True)
DECAY = (M - 1) * exp(-beta * (Delta_mu - 2 * m * r))
Q = beta * diam**2 * DECAY
IN_RADIUS = Hypothesis(Le(dist, r), "x in the ball")

CONTRACTION = Inequality(
    id="restated.ball-contraction",
    title="A ball that the dense map contracts into itself",
    source=OWN,
    provenance="derived",
    printed=r"q=\beta\,\mathrm{diam}^2(M-1)e^{-\beta(\Delta_\mu-2mr)}<1,\ \mathrm{diam}(M-1)e^{-\beta(\Delta_\mu-2mr)}\le r"
    r"\Rightarrow T\text{ is a }q\text{-contraction of }B(\xi_\mu,r)\text{ into itself}",
    arena=Patterns(query="ball", radius=r, params=(Param(r, 1e-4, 3.0, log=True),), min_memories=2, max_size=200),
    hypotheses=(
        IN_RADIUS,
        Hypothesis(Lt(Q, 1)),
        Hypothesis(Le(diam * DECAY, r)),
    ),
    parts=(
        Part("maps the ball into itself", Le(err, r), trivial=diam),
        Part("slope", Le(J_norm, Q), trivial=1),
        Part("contraction", Le(map_gap, Q * dist)),
    ),
    controls=(
        scaled("1/10", "maps the ball into itself"),
        exponent_scaled(2, "slope"),
        exponent_scaled(2, "contraction"),
    ),
    related=("np2024.lemma4.1-fixed-point", "restated.masked-map-is-dense"),
    notices=("Reading B is the dense map of the memories in S: the statement for it is this one with M = k.",),
)

SEPARATED = log((M + k_S - 2) * m / R) / beta + 2 * m * R


def _outside(b: Instances) -> Array:
    """S shifted by one place in the list: for k < M it may leave the target out."""
    return as_share(b, np.roll(members(b), 1, axis=-1))


err_shifted = error_quantity("err_shifted", "error of reading A with the support moved by one place", _outside, "A")

WELL_SEPARATED = Inequality(
    id="np2024.well-separation",
    title="Well-separation keeps the sparse-structured map inside S_mu",
    source=Source(PAPER, "well-separation condition"),
    provenance="recalled (dense form), recalled low (sparse-structured form)",
    printed=r"\Delta_\mu\ge\tfrac1\beta\ln\frac{(M+k-2)m}R+2mR\ \Rightarrow\ \mathcal T_{Sparse}(S_\mu)\subseteq S_\mu",
    arena=Patterns(query="ball", min_memories=2, params=SUPPORT, beta_m2=(*BETA_M2, 1e4, 1e6), max_size=400),
    hypotheses=(DISTINCT, Hypothesis(Le(dist, R), "x in S_mu")),
    parts=(
        Part(
            "image in S_mu, reading A",
            Le(err_A, R),
            given=(Hypothesis(Ge(Delta_min, SEPARATED), "for all mu"),),
            trivial=2 * m,
        ),
        Part(
            "image in S_mu, reading B",
            Le(err_B, R),
            given=(Hypothesis(Ge(Delta_min, SEPARATED), "for all mu"),),
            headline=False,
        ),
        Part(
            "the hypothesis with room to spare (factor 1 + 1e-6)",
            Le(err_A, R),
            given=(
                Hypothesis(Ge(Delta_min, (1 + Rational(1, 10**6)) * SEPARATED), "for all mu, beyond the boundary"),
            ),
            headline=False,
        ),
        Part(
            "dense form of the condition",
            Le(err_dense, R),
            given=(Hypothesis(Ge(Delta_min, log(2 * (M - 1) * m / R) / beta + 2 * m * R), "for all mu"),),
            headline=False,
        ),
        Part(
            "the target need not be in S, reading A",
            Le(err_shifted, R),
            given=(Hypothesis(Ge(Delta_min, SEPARATED), "for all mu"),),
            headline=False,
        ),
    ),
    controls=(scaled("1/3"),),
    related=("hu2023.thm3.1-dense-analogue", "restated.well-separation-free-radius"),
    notices=(
        "For the closest pair min Delta <= 2 R^2 <= 2 m R, so the condition asks (M+k-2) m <= R: it holds for "
        "antipodal pairs with k = 1 (with equality), and for no other set.",
        "The target is taken to be in S, as in Theorem 4.1.",
    ),
)

STATEMENTS = (STORED, R_STORAGE, LEMMA41, CONTRACTION, WELL_SEPARATED)
