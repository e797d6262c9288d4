"""Well-separation and capacity of the sparse model.

J. Y.-C. Hu et al., "On Sparse Modern Hopfield Model", NeurIPS 2023, arXiv 2309.12673: Theorem 3.1 and its dense
analogue, Lemma 3.1, and statements of this project beside them.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, LambertW, Le, Lt, Rational, acos, exp, floor, log, sqrt

from bounds.functions import CapArea
from simulations.events import not_all_exact_fixed, not_all_stored
from verify.arena import BETA_M2, Param, Patterns
from verify.controls import flipped, scaled
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Probability, Source
from verify.vocabulary import (
    Delta_mu,
    Delta_x,
    M,
    R,
    beta,
    centred,
    dist,
    err_dense,
    err_sparse,
    m,
    measure,
    norm,
    norm_spread,
    others,
    q_dense,
    q_sparse,
    quantity,
    smallest,
    target_memory,
    target_overlaps,
    weights,
)

PAPER = "hu2023"
OWN = "a related statement of this project"
r = sp.Symbol("r", positive=True)
SINGLE = "A single memory has no separation and no R: the statement says nothing there."


@quantity("Delta_min", "smallest separation Delta_mu over all memories", real=True)
def Delta_min(b: Instances) -> Array:
    gram = np.matmul(b.memories, np.swapaxes(b.memories, -1, -2))
    count = gram.shape[-1]
    own = gram[:, np.arange(count), np.arange(count)]
    off = ~np.eye(count, dtype=bool)
    gaps = (own[:, :, None] - gram)[:, off]
    return np.broadcast_to(smallest(gaps), (b.size,))


@quantity("margin_ball", "min over nu of <xi_mu, xi_mu - xi_nu> - r |xi_mu - xi_nu|", real=True)
def margin_ball(b: Instances) -> Array:
    z = target_overlaps(b)
    own = z[np.arange(b.size), b.target]
    gaps = own[:, None] - others(b, z)
    return smallest(gaps - b.scalars["r"][:, None] * others(b, norm(centred(b))))


def worst_query(b: Instances) -> Instances:
    """The query at distance r from the target, towards the memory whose margin is smallest."""
    z = target_overlaps(b)
    own = z[np.arange(b.size), b.target]
    lengths = norm(centred(b))
    return towards(b, own[:, None] - z - b.scalars["r"][:, None] * lengths, b.scalars["r"])


def towards(b: Instances, merit: Array, distance: Array) -> Instances:
    """The batch with the query at ``distance`` (B,) from the target, towards the competitor of least ``merit``.

    Competitors that coincide with the target have no direction; in floats such rows become NaN, and in exact
    reading the division by zero says so.
    """
    away = centred(b)
    lengths = norm(away)
    queries = []
    for i in range(b.size):
        values = [float(v) for v in merit[i]]
        values[int(b.target[i])] = math.inf
        worst = int(np.argmin(values))
        with np.errstate(divide="ignore", invalid="ignore"):
            queries.append(target_memory(b)[i] + distance[i] * away[i, worst] / lengths[i, worst])
    return b.with_query(np.array(queries, dtype=object if b.exact else float))


@quantity("worst_error", "sparse retrieval error at the worst query at distance r")
def worst_error(b: Instances) -> Array:
    return measure(worst_query(b), err_sparse)


@quantity("half_error", "sparse retrieval error half way to the worst query")
def half_error(b: Instances) -> Array:
    half = (worst_query(b).query + target_memory(b)) / 2
    return measure(b.with_query(half), err_sparse)


@quantity("margin_least", "min over pairs of <xi_mu, xi_mu - xi_nu> - r |xi_mu - xi_nu|", real=True)
def margin_least(b: Instances) -> Array:
    gram = np.matmul(b.memories, np.swapaxes(b.memories, -1, -2))
    count = gram.shape[-1]
    own = gram[:, np.arange(count), np.arange(count)]
    off = ~np.eye(count, dtype=bool)
    squares = (own[:, :, None] + own[:, None, :] - 2 * gram)[:, off]
    distances = np.sqrt(np.maximum(squares, 0.0)) if not b.exact else np.sqrt(squares)
    return smallest((own[:, :, None] - gram)[:, off] - b.scalars["r"][:, None] * distances)


@quantity("kappa", "size of the support of the sparse weights", integer=True, positive=True)
def kappa(b: Instances) -> Array:
    support = np.sum(weights(b, "sparse") > 0, axis=-1)
    return b.beta * 0 + support


SEPARATION = Patterns(
    model="sparse", query="ball", min_memories=2, beta_m2=(*BETA_M2, 1e4, 1e6), max_size=2000
)
DELTA = err_dense - err_sparse

THM31 = Inequality(
    id="hu2023.thm3.1-well-separation",
    title="Well-separation keeps the sparse map inside S_mu",
    source=Source(PAPER, "Theorem 3.1"),
    provenance="recalled",
    printed=r"\Delta_\mu\ge\frac1\beta\ln\frac{2(M-1)m}{R+\delta}+2mR\ \Rightarrow\ \mathcal T(S_\mu)\subseteq S_\mu",
    arena=SEPARATION,
    hypotheses=(
        Hypothesis(Gt(R, 0), "distinct memories"),
        Hypothesis(Le(dist, R), "the query lies in S_mu"),
        Hypothesis(
            Ge(Delta_min, log(2 * (M - 1) * m / (R + DELTA)) / beta + 2 * m * R),
            "for all mu; delta is the difference of the dense and the sparse error at the query",
        ),
    ),
    parts=(Part("image in S_mu", Le(err_sparse, R), trivial=2 * m),),
    controls=(flipped(),),
    related=("hu2023.thm3.1-dense-analogue", "restated.sparse-ball-exact"),
    notices=(
        SINGLE,
        "For the closest pair min Delta <= 2 R^2 <= 2 m R, so the logarithm would have to be at most 0, "
        "that is R + delta >= 2 (M - 1) m.",
    ),
)

THM31_DENSE = Inequality(
    id="hu2023.thm3.1-dense-analogue",
    title="Well-separation keeps the dense map inside S_mu",
    source=Source(PAPER, "dense analogue of Theorem 3.1 (delta = 0)"),
    provenance="recalled",
    printed=r"\Delta_\mu\ge\frac1\beta\ln\frac{2(M-1)m}{R}+2mR\ \Rightarrow\ \mathcal T_{Dense}(S_\mu)\subseteq S_\mu",
    arena=SEPARATION,
    hypotheses=(
        Hypothesis(Gt(R, 0), "distinct memories"),
        Hypothesis(Le(dist, R), "the query lies in S_mu"),
        Hypothesis(Ge(Delta_min, log(2 * (M - 1) * m / R) / beta + 2 * m * R), "for all mu"),
    ),
    parts=(Part("image in S_mu", Le(err_dense, R), trivial=2 * m),),
    controls=(flipped(),),
    related=("hu2023.thm3.1-well-separation", "restated.well-separation-free-radius"),
    notices=(SINGLE, "R <= m for every set, and 2 (M - 1) m >= 2 m: the logarithm is positive."),
)

FREE_RADIUS = Inequality(
    id="restated.well-separation-free-radius",
    title="Well-separation with a free radius (dense map)",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"\Delta_\mu\ge2mr+\frac1\beta\ln\frac{2m(M-1)}{r}\ \Rightarrow\ T_{Dense}(B(\xi_\mu,r))\subseteq B(\xi_\mu,r)",
    arena=Patterns(
        query="ball", radius=r, params=(Param(r, 1e-4, 3.0, log=True),), min_memories=2, max_size=2000
    ),
    hypotheses=(
        Hypothesis(Le(dist, r), "the query lies in the ball"),
        Hypothesis(Ge(Delta_mu, 2 * m * r + log(2 * m * (M - 1) / r) / beta)),
    ),
    parts=(Part("image in the ball", Le(err_dense, r), trivial=2 * m),),
    controls=(scaled("1/3"),),
    related=("hu2023.thm3.1-dense-analogue", "np2024.well-separation", "restated.ball-storage"),
    notices=("A single memory has no separation: the statement says nothing there.",),
)

BALL = Patterns(
    model="sparse",
    query="ball",
    radius=r,
    params=(Param(r, 1e-3, 2.0, log=True),),
    min_memories=2,
    max_size=400,
)
HOLDS = Ge(margin_ball, 1 / beta)

BALL_EXACT = Identity(
    id="restated.sparse-ball-exact",
    title="When the sparse map sends a whole ball to its memory",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"T(B(\xi_\mu,R))=\{\xi_\mu\}\iff\langle\xi_\mu,\xi_\mu-\xi_\nu\rangle-R|\xi_\mu-\xi_\nu|"
    r"\ge\tfrac1\beta\ \forall\nu;\quad D\ge R+\sqrt{R^2+2/\beta}\text{ on a common sphere}",
    arena=BALL,
    hypotheses=(Hypothesis(Gt(R, 0), "distinct memories: a worst direction exists"),),
    parts=(
        Part(
            "the condition suffices",
            Le(err_sparse, 0),
            scale=m,
            given=(Hypothesis(Le(dist, r)), Hypothesis(Ge(beta * margin_ball, 1))),
        ),
        Part(
            "the condition is necessary",
            # One query may be sent to the memory by chance, with other weights that balance.
            Gt(worst_error + half_error, 0),
            scale=m,
            given=(Hypothesis(Lt(beta * margin_ball, 1 - Rational(1, 10**6))),),
        ),
        Part(
            "common sphere: the distance suffices",
            Le(1, beta * margin_ball),
            scale=sp.Integer(1),
            given=(
                Hypothesis(Eq(norm_spread, 0)),
                Hypothesis(Ge(2 * R, (1 + Rational(1, 10**6)) * (r + sqrt(r**2 + 2 / beta)))),
            ),
        ),
        Part(
            "common sphere: the distance is necessary",
            Lt(beta * margin_least, 1),
            scale=sp.Integer(1),
            given=(
                Hypothesis(Eq(norm_spread, 0)),
                Hypothesis(Le(2 * R, (1 - Rational(1, 10**6)) * (r + sqrt(r**2 + 2 / beta)))),
            ),
        ),
    ),
    controls=(
        Control(
            "the error half way is as large",
            Ge(half_error, worst_error),
            "the condition is necessary",
        ),
        Control(
            "distance necessary with twice the threshold",
            Lt(2 * beta * margin_least, 1),
            "common sphere: the distance is necessary",
        ),
    ),
    related=("hu2023.thm3.1-well-separation", "restated.sparse-tolerance-radius"),
    notices=(
        "With copies of the target among the memories the map can be constant although the condition fails; "
        "distinct memories are understood.",
    ),
)

p, K, d, b2, share = sp.symbols("p K d beta_m2 share", positive=True)
N, a, b, C, radius, theta, B = sp.symbols("N a b C radius theta beta", positive=True)
CLAIMED = sp.Symbol("claimed", positive=True)
SQRT_P = sqrt(p)

LEMMA31 = Probability(
    id="hu2023.lemma3.1-capacity",
    title="Memory capacity of the sparse model",
    source=Source(PAPER, "Lemma 3.1 (memory capacity)"),
    provenance="recalled (formula as handed to this project)",
    printed=r"M\ge\sqrt p\,C^{\frac{d-1}4},\ C=\frac b{W_0(\exp(a+\ln b))},\ "
    r"a=\frac4{d-1}\{\ln[\frac{2m(\sqrt p-1)}R]+1\},\ b=\frac{4m^2\beta}{5(d-1)}",
    event=not_all_stored,
    arguments={"model": "sparse", "d": d, "M": N, "m": sp.Integer(1), "beta": b2},
    points=tuple(
        {"p": prob, "d": dim, "beta_m2": beta_m2, "share": part}
        for prob in ("1/1000", "1/100", "1/10", "1/5", "1/2", "9/10", "99/100", "1")
        for dim in (5, 8, 10, 20, 40)
        for beta_m2 in ("1/10", "1", "10", "100")
        for part in ("1/10", "3/10", "1")
    ),
    derive={
        "a": 4 / (d - 1) * (log(2 * (SQRT_P - 1) / share) + 1),
        "b": 4 * b2 / (5 * (d - 1)),
        "C": b / LambertW(exp(a + log(b))),
        "N": floor(SQRT_P * C ** ((d - 1) / 4)),
    },
    bound=p,
    controls=(scaled("1/2"),),
    related=("restated.capacity-lambert-m", "restated.exact-sparse-capacity"),
    notices=("R is entered as share * m with m = 1; a possible R + delta in its place changes no sign.",),
)

CAPACITY_POINTS = tuple(
    {"beta": B_, "K": K_, "d": d_, "p": p_, "share": share_} | ({} if cheap else {"profile": "standard"})
    for B_, K_, d_, p_, share_, cheap in (
        (1, 3, 20, "1/1000", 1, False),
        (1, 1, 75, "1/1000", 1, False),
        (1, 2, 20, "1/100", 1, True),
        (1, 3, 12, "1/10", 1, True),
        (2, 3, 12, "1/10", 1, True),
        (4, 3, 8, "1/10", 1, True),
        (8, 3, 8, "1/2", 1, True),
        (1, 2, 20, "1/2", 1, True),
        (1, 3, 20, "1/10", 1, True),
        (1, 3, 12, "1/10", "1/2", True),
        (4, 3, 8, "1/2", "1/2", True),
    )
)
M2 = K**2 * (d - 1)
SEPARATED = Part(
    "the guaranteed separation suffices for the claimed number",
    Le(5 * C / (B * M2) * (log(2 * (CLAIMED - 1) * sqrt(M2) / radius) + 2 * B * sqrt(M2) * radius), 1),
    given=(Hypothesis(Gt(CLAIMED, 1)),),
)

CAPACITY_LAMBERT = Probability(
    id="restated.capacity-lambert-m",
    title="Capacity by the Lambert function, radius R fixed",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"a=\frac4{d-1}\{\ln\frac{2m\sqrt p}R+1\},\ b=\frac{4m^2\beta}{5(d-1)},\ C=b/W_0(\exp(a+\ln b))",
    event=not_all_stored,
    arguments={"model": "dense", "d": d, "M": N, "m": sqrt(M2), "beta": B, "radius": radius},
    points=CAPACITY_POINTS,
    hypotheses=(
        Hypothesis(Le(share, 1), "R = share/(2 beta m) with share <= 1: R fixed with 2 beta m R <= 1"),
        Hypothesis(Gt(4 * B * M2, 1)),
        Hypothesis(Ge(C, (2 / SQRT_P) ** (4 / (d - 1)))),
    ),
    derive={
        "radius": share / (2 * B * sqrt(M2)),
        "a": 4 / (d - 1) * (log(2 * sqrt(M2) * SQRT_P / radius) + 1),
        "b": 4 * M2 * B / (5 * (d - 1)),
        "C": b / LambertW(exp(a + log(b))),
        "claimed": SQRT_P * C ** ((d - 1) / 4),
        "N": floor(CLAIMED),
    },
    bound=p,
    informative=Ge(N, 2),
    simulate_if=Le(N, 400),
    parts=(SEPARATED,),
    trials=6000,
    controls=(scaled("3/4", part=SEPARATED.name),),
    related=("hu2023.lemma3.1-capacity", "restated.random-capacity-lambert"),
)

EXACT_CAPACITY = Probability(
    id="restated.exact-sparse-capacity",
    title="Exact one-step capacity of the sparse model",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"P\ge1-\frac{M(M-1)}2A_d(\theta_c),\ P\approx\exp\{-\tfrac{M(M-1)}2A_d(\theta_c)\},"
    r"\ \theta_c=\arccos(1-\tfrac1{\beta m^2})",
    event=not_all_exact_fixed,
    arguments={"d": d, "M": N, "m": sp.Integer(1), "beta": b2},
    points=tuple(
        {"d": dim, "beta_m2": beta_m2, "N": count}
        for dim, beta_m2, count in (
            (5, 3, 5),
            (5, 6, 8),
            (5, 12, 16),
            (8, 4, 12),
            (8, 8, 36),
            (10, 3, 10),
            (10, 6, 40),
            (20, 3, 52),
        )
    ),
    hypotheses=(Hypothesis(Ge(b2, Rational(1, 2))),),
    derive={"theta": acos(1 - 1 / b2)},
    # The union bound is never below 1 - exp: beside it only the lower half of the approximation says more.
    bound=N * (N - 1) / 2 * CapArea(d, theta),
    lower=1 - exp(-N * (N - 1) / 2 * CapArea(d, theta)) - Rational(1, 20),
    trials=12_000,
    controls=(
        scaled("1/2"),
        Control(
            "twice the exponent",
            1 - exp(-N * (N - 1) * CapArea(d, theta)) - Rational(1, 20),
            part="lower",
            description="P(failure) >= 1 - exp(-M(M-1) A_d(theta_c)) - 1/20",
        ),
    ),
    related=("hu2023.lemma3.1-capacity", "restated.minimal-angle-poisson"),
    notices=(
        "The event T(xi_mu) = xi_mu is decided by beta Delta_mu >= 1 (restated.exact-recovery).",
        "The exponential is an approximation without an error term: its lower half is tested with the declared "
        "tolerance 1/20 at each size.",
    ),
)

HELPS = Inequality(
    id="hu2023.when-sparsity-helps",
    title="When sparsity helps",
    source=Source(PAPER, "discussion of the conditions for the benefit of sparsity"),
    provenance="recalled",
    printed=r"\text{the gain of the sparse over the dense model depends on }\kappa\text{ and on the concentration of the similarities}",
    arena=Patterns(model="sparse", query="ball", min_memories=2, max_size=2000),
    hypotheses=(Hypothesis(Le(dist, R), "the query lies in S_mu"),),
    parts=(
        Part(
            "a support of one memory, the target, gains",
            Le(err_sparse, err_dense),
            given=(Hypothesis(Eq(kappa, 1)), Hypothesis(Ge(Delta_x, 0))),
        ),
        Part(
            "reading: the gain is there for every support",
            Le(err_sparse, err_dense),
            given=(Hypothesis(Ge(kappa, 2)), Hypothesis(Ge(Delta_x, 0))),
            headline=False,
        ),
        Part(
            "reading: less mass on the others whenever the target has the best score",
            Le(q_sparse, q_dense),
            given=(Hypothesis(Ge(Delta_x, 0)),),
            headline=False,
        ),
    ),
    controls=(flipped(),),
    related=("hu2023.thm2.2-sparse-vs-dense", "restated.sparse-mass-comparison"),
)

STATEMENTS = (
    THM31,
    THM31_DENSE,
    FREE_RADIUS,
    BALL_EXACT,
    LEMMA31,
    CAPACITY_LAMBERT,
    EXACT_CAPACITY,
    HELPS,
)
