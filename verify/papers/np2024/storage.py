"""Stored memories, contraction of balls and well-separation of sparse-structured maps.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: definitions of storage and retrieval, the well-separation
condition, and statements of this project beside them.
"""

from __future__ import annotations

import numpy as np
from sympy import Ge, Gt, Le, Lt, Rational, Symbol

from verify.arena import BETA_M2, Param, Patterns
from verify.controls import flipped, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.capacity import Delta_min
from verify.papers.np2024.supports import (
    SUPPORT,
    as_share,
    err_A,
    err_B,
    error_quantity,
    k_S,
    members,
)
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
    others,
    quantity,
    smallest,
    target_memory,
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
    source=Source(
        PAPER, "definitions of storage, retrieval, generalised fixed point (common to this family of papers)"
    ),
    provenance="recalled",
    printed=r"\xi_\mu\text{ stored: a generalised fixed point }x_\mu^*\in S_\mu\text{ to which all limit points "
    r"starting in }S_\mu\text{ converge, }S_\mu\cap S_\nu=\emptyset;\ \epsilon\text{-retrieved: }\|T(x)-\xi_\mu\|\le\epsilon",
    arena=Patterns(
        query="ball", radius=r_stored, params=(Param(r_share, 0.05, 1.0),), min_memories=2, search=False
    ),
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


@quantity(
    "pair_gain", "T_Dense(y)/y - 1 at y = sqrt((g - 1)/g^3) a, g = beta a^2, for the pair a, -a", real=True
)
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
    arena=Patterns(
        query="ball", radius=r_stored, params=(Param(r_share, 0.05, 1.0),), min_memories=2, search=False
    ),
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

# -- contraction and well-separation -------------------------------------------------------------------------------

r = Symbol("r", positive=True)


def _loss(b: Instances) -> Array:
    return b.beta * (measure(b, Delta_mu) - 2 * measure(b, m) * b.scalars["r"])


@quantity(
    "decay",
    "(M - 1) exp(-beta (Delta_mu - 2 m r))",
    log=lambda b: np.log(measure(b, M) - 1) - _loss(b),
)
def decay(b: Instances) -> Array:
    return (measure(b, M) - 1) * np.exp(-_loss(b))


Q = beta * diam**2 * decay
IN_RADIUS = Hypothesis(Le(dist, r), "x in the ball")

# The search covers the sizes of at most 32 coordinates: the pairs, where these statements are tight.
SIZES = ((1, 2), (2, 2), (17, 2), (12, 3), (20, 2), (9, 4), (7, 5), (5, 10), (4, 16), (8, 16))

CONTRACTION = Inequality(
    id="restated.ball-contraction",
    title="A ball that the dense map contracts into itself",
    source=OWN,
    provenance="derived",
    printed=r"q=\beta\,\mathrm{diam}^2(M-1)e^{-\beta(\Delta_\mu-2mr)}<1,\ \mathrm{diam}(M-1)e^{-\beta(\Delta_\mu-2mr)}\le r"
    r"\Rightarrow T\text{ is a }q\text{-contraction of }B(\xi_\mu,r)\text{ into itself}",
    arena=Patterns(
        query="ball", radius=r, params=(Param(r, 1e-4, 3.0, log=True),), min_memories=2, sizes=SIZES
    ),
    hypotheses=(
        IN_RADIUS,
        Hypothesis(Lt(Q, 1)),
        Hypothesis(Le(diam * decay, r)),
    ),
    parts=(
        Part("maps the ball into itself", Le(err, r), trivial=diam),
        Part("slope", Le(J_norm, Q), trivial=1),
        Part("contraction", Le(map_gap, Q * dist)),
    ),
    controls=(
        scaled("1/10", "maps the ball into itself"),
        Control("exponent doubled", Le(J_norm, Q * decay / (M - 1)), "slope"),
        Control("exponent doubled", Le(map_gap, Q * decay / (M - 1) * dist), "contraction"),
    ),
    related=("np2024.lemma4.1-fixed-point", "restated.masked-map-is-dense"),
    notices=(
        "Reading B is the dense map of the memories in S: the statement for it is this one with M = k.",
    ),
)


def _needed(b: Instances, factor: Array) -> Array:
    """log(factor m/R)/beta + 2 m R; nan, or an error in balls, where R = 0."""
    largest_norm, half = measure(b, m), measure(b, R)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(factor * largest_norm / half) / b.beta + 2 * largest_norm * half


@quantity("separated", "log((M + k - 2) m/R)/beta + 2 m R", real=True)
def separated(b: Instances) -> Array:
    return _needed(b, measure(b, M) + measure(b, k_S) - 2)


@quantity("separated_dense", "log(2 (M - 1) m/R)/beta + 2 m R", real=True)
def separated_dense(b: Instances) -> Array:
    return _needed(b, 2 * (measure(b, M) - 1))


SEPARATED = Hypothesis(Ge(Delta_min, separated), "for all mu")


def _outside(b: Instances) -> Array:
    """S shifted by one place in the list: for k < M it may leave the target out."""
    return as_share(b, np.roll(members(b), 1, axis=-1))


err_shifted = error_quantity(
    "err_shifted", "error of reading A with the support moved by one place", _outside, "A"
)

WELL_SEPARATED = Inequality(
    id="np2024.well-separation",
    title="Well-separation keeps the sparse-structured map inside S_mu",
    source=Source(PAPER, "well-separation condition"),
    provenance="recalled (dense form), recalled low (sparse-structured form)",
    printed=r"\Delta_\mu\ge\tfrac1\beta\ln\frac{(M+k-2)m}R+2mR\ \Rightarrow\ \mathcal T_{Sparse}(S_\mu)\subseteq S_\mu",
    arena=Patterns(query="ball", min_memories=2, params=SUPPORT, beta_m2=(*BETA_M2, 1e4, 1e6), sizes=SIZES),
    hypotheses=(DISTINCT, Hypothesis(Le(dist, R), "x in S_mu")),
    parts=(
        Part(
            "image in S_mu, reading A",
            Le(err_A, R),
            given=(SEPARATED,),
            trivial=2 * m,
        ),
        Part(
            "image in S_mu, reading B",
            Le(err_B, R),
            given=(SEPARATED,),
            headline=False,
        ),
        Part(
            "the hypothesis with room to spare (factor 1 + 1e-6)",
            Le(err_A, R),
            given=(
                Hypothesis(
                    Ge(Delta_min, (1 + Rational(1, 10**6)) * separated), "for all mu, beyond the boundary"
                ),
            ),
            headline=False,
        ),
        Part(
            "dense form of the condition",
            Le(err_dense, R),
            given=(Hypothesis(Ge(Delta_min, separated_dense), "for all mu"),),
            headline=False,
        ),
        Part(
            "the target need not be in S, reading A",
            Le(err_shifted, R),
            given=(SEPARATED,),
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

STATEMENTS = (STORED, R_STORAGE, CONTRACTION, WELL_SEPARATED)
