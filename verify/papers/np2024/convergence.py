"""Convergence of sparse-structured maps without an energy.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: Lemma 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from scipy.special import expit
from sympy import Gt, Le

from bounds.exact import Real, directional_derivative, exact_array
from simulations.variants.dense import softmax
from simulations.variants.masked import renormalised
from simulations.variants.topk import places
from verify.arena import PATTERN_FAMILIES, Patterns
from verify.instances import Array, Instances
from verify.papers.np2024.supports import (
    SUPPORT,
    as_share,
    chosen,
    members,
    ranks,
    sizes,
)
from verify.statement import Control, Hypothesis, Inequality, Part, Source
from verify.vocabulary import (
    R,
    centred,
    m,
    measure,
    norm,
    number,
    quantity,
    target_memory,
    target_overlaps,
)

PAPER = "np2024"
DISTINCT = Hypothesis(Gt(R, 0), "distinct memories")

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


@quantity(
    "redrawn_step",
    f"|x_(t+1) - x_t| after {REDRAWN} updates with S and with its neighbour in turn, reading B",
)
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
        steps.append(norm(after - state))
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
    # Unequal norms are where reading A can turn: they are drawn more often than the other families.
    arena=Patterns(
        query="ball",
        min_memories=2,
        params=SUPPORT,
        families=(*PATTERN_FAMILIES, *("unequal", "line", "gaussian") * 6),
        max_size=50,
        more=6,
        search=False,
    ),
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
    controls=(Control("steps of redrawn masks", Le(redrawn_step, m / 1000), "reading A: no cycle"),),
    related=("restated.ball-contraction", "np2024.well-separation"),
    notices=(
        "That T maps S_mu into itself is asked for through a bound over the whole ball; sets that meet it some other way "
        "are not looked at.",
        "A 2-cycle found along the iteration is certified by a box that T composed with itself maps into itself and T "
        "maps away from itself: no start in that box converges.",
    ),
)

STATEMENTS = (LEMMA41,)
