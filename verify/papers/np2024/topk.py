"""Top-K and random masked models.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: members of the sparse-structured family, and statements of this project.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Ge, Gt, Le, Rational, Symbol, exp, gamma

from simulations.events_structured import random_mask_misses
from verify.arena import Patterns
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.hu2023.error_bounds import rival, z_mu
from verify.papers.np2024.supports import (
    SUPPORT,
    as_share,
    best,
    error_quantity,
    fixed,
    k_S,
    masses,
    scores,
    sizes,
)
from verify.papers.ramsauer2021.energy import along
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Probability, Source
from verify.vocabulary import M, R, beta, d, dist, m, norm_x, number, quantity, update

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")
TOP = Patterns(query="free", params=SUPPORT, max_size=400)


def top_image(b: Instances) -> Array:
    """T_K(x) by the models topk:k=K themselves, shape (B, d)."""
    k = sizes(b)
    out = np.empty(np.broadcast_shapes(b.query.shape, (b.size, 1)), dtype=object if b.exact else float)
    for size in np.unique(k):
        rows = np.flatnonzero(k == size)
        out[rows] = update(b.take(rows), f"topk:k={size}")
    return out


@quantity("top_along_v", "<T_K(x), v>", real=True)
def top_along_v(b: Instances) -> Array:
    return along(b, top_image(b))


@quantity("formula_along_v", "<sum over the K best of their softmax times xi, v>", real=True)
def formula_along_v(b: Instances) -> Array:
    """The formula of the definition: scores sorted, the K largest kept, ties by place in the list."""
    v, k = scores(b), sizes(b)[:, None]
    floats = np.array([[float(t) for t in row] for row in v]) if b.exact else v
    rank = np.argsort(np.argsort(-floats, axis=-1, kind="stable"), axis=-1)
    w = masses(b, as_share(b, rank < k), "B")[0]
    return along(b, np.sum(w[..., None] * b.memories, axis=-2))


@quantity("dense_along_v", "<T_Dense(x), v>", real=True)
def dense_along_v(b: Instances) -> Array:
    return along(b, update(b, "dense"))


@quantity("kept", "number of places among the memories that T_K keeps")
def kept(b: Instances) -> Array:
    return np.sum(best(b), axis=-1) + number(b, 0)


@quantity("edge", "score of the last memory kept minus that of the first one dropped (1 if none is dropped)")
def edge(b: Instances) -> Array:
    v, k = scores(b), sizes(b)
    out = []
    for row, size in zip(v, k, strict=True):
        ranked = sorted(row, reverse=True)
        out.append(ranked[size - 1] - ranked[size] if size < len(ranked) else row[0] * 0 + 1)
    return np.array(out, dtype=object if b.exact else float)


NO_TIE = Hypothesis(Gt(edge, 0), "no tie at the last place")

TOPK = Definition(
    id="np2024.topk",
    title="The top-K model",
    source=Source(PAPER, "top-K modern Hopfield model"),
    provenance="secondary",
    printed=r"\mathcal T_K(x)=\sum_{\mu\in top_K(x)}\mathrm{softmax}_{top_K}(\beta\Xi^Tx)_\mu\,\xi_\mu",
    arena=TOP,
    parts=(
        Part("softmax over the K largest scores", Eq(top_along_v, formula_along_v), scale=m, given=(NO_TIE,)),
        Part(
            "the dense map at K = M", Eq(top_along_v, dense_along_v), scale=m, given=(Hypothesis(Ge(k_S, M)),)
        ),
        Part("K places are kept", Eq(kept, k_S)),
        Part("reading: no ties occur", Gt(edge, 0), scale=1, headline=False),
    ),
    controls=(
        scaled("1/2", "softmax over the K largest scores"),
        scaled("1/2", "the dense map at K = M"),
        scaled("1/2", "K places are kept"),
    ),
    related=("restated.topk-energy", "np2024.thm4.1-bound-others"),
    notices=(
        "At a tie the memories of equal score share the places that are left, so that T_K depends on no order.",
    ),
)


def _energy(b: Instances, query: Array) -> Array:
    k = sizes(b)
    out = np.empty(b.size, dtype=object if b.exact else float)
    for size in np.unique(k):
        rows = np.flatnonzero(k == size)
        part = b.take(rows)
        out[rows] = b.named(f"topk:k={size}").energy(part.memories, query[rows], part.beta)
    return out


@quantity("top_drop", "E_K(x) - E_K(T_K(x))", real=True)
def top_drop(b: Instances) -> Array:
    return _energy(b, b.query) - _energy(b, top_image(b))


@quantity("top_step2", "|x - T_K(x)|^2")
def top_step2(b: Instances) -> Array:
    away = b.query - top_image(b)
    return np.sum(away * away, axis=-1)


ENERGY = Inequality(
    id="restated.topk-energy",
    title="An energy of the top-K model, and its descent",
    source=OWN,
    provenance="derived",
    printed=r"E_K(x)=\tfrac12\|x\|^2-\tfrac1\beta\log\sum_{\nu\in top_K(x)}e^{\beta\langle\xi_\nu,x\rangle}:\ "
    r"E_K(x)-E_K(T_K(x))\ge\tfrac12\|x-T_K(x)\|^2",
    arena=TOP,
    parts=(Part("quadratic descent", Ge(top_drop, top_step2 / 2), scale=m**2 + norm_x**2),),
    controls=(
        Control("four times the descent", Ge(top_drop, 2 * top_step2)),
        Control("no energy", Le(top_drop, 0)),
    ),
    related=("np2024.topk", "restated.quadratic-descent"),
    notices=(
        "The energy is used with the constants log(K)/beta and m^2/2, which cancel.  At ties T_K is the mean over all "
        "selections, as are the tied memories of the families of copies, simplices and antipodal pairs.",
    ),
)

# -- random masks -----------------------------------------------------------------------

MASK = "masked:fraction=0.5,seed=0"
err_mask_A = error_quantity("err_mask_A", "error with a support drawn at random, reading A", fixed(MASK), "A")
err_mask_B = error_quantity("err_mask_B", "error with a support drawn at random, reading B", fixed(MASK), "B")


@quantity("k_mask", "size of the random support", positive=True)
def k_mask(b: Instances) -> Array:
    return np.sum(fixed(MASK)(b), axis=-1) + number(b, 0)


@quantity("in_mask", "whether the target is in the random support")
def in_mask(b: Instances) -> Array:
    return fixed(MASK)(b)[np.arange(b.size), b.target] + number(b, 0)


@quantity("mask_mass_A", "sum of the weights with the random support, reading A")
def mask_mass_A(b: Instances) -> Array:
    return np.sum(masses(b, fixed(MASK)(b), "A")[0], axis=-1)


@quantity("mask_mass_B", "sum of the weights with the random support, reading B")
def mask_mass_B(b: Instances) -> Array:
    return np.sum(masses(b, fixed(MASK)(b), "B")[0], axis=-1)


MEMBER = Hypothesis(Ge(in_mask, 1), "the target is in S")
MASK_BOUND = m * (M + k_mask - 2) * exp(-beta * (z_mu - rival))

RANDOM_MASK = Definition(
    id="np2024.random-mask",
    title="The random masked model inherits the statements of the sparse-structured one",
    source=Source(PAPER, "random masked modern Hopfield model"),
    provenance="secondary",
    printed=r"\mathcal T_{mask}(x)=\sum_{\mu\in S}\mathrm{softmax}(\beta\Xi^Tx)_\mu\,\xi_\mu,\ S\text{ random, }|S|=k;\ "
    r"\text{inherits np2024.thm4.1-* and np2024.lemma4.1-fixed-point}",
    arena=Patterns(query="ball", min_memories=2, max_size=1000),
    hypotheses=(Hypothesis(Le(dist, R), "x in S_mu"),),
    parts=(
        Part("weights of reading A sum to at most 1", Le(mask_mass_A, 1, evaluate=False)),
        Part("weights of reading B sum to 1", Eq(mask_mass_B, 1, evaluate=False)),
        Part("inherits Theorem 4.1 where mu is in S, reading A", Le(err_mask_A, MASK_BOUND), given=(MEMBER,)),
        Part(
            "inherits Theorem 4.1 where mu is in S, reading B",
            Le(err_mask_B, MASK_BOUND),
            given=(MEMBER,),
            headline=False,
        ),
        Part("the same whether or not mu is in S, reading A", Le(err_mask_A, MASK_BOUND), headline=False),
    ),
    controls=(
        scaled("9/10", "weights of reading A sum to at most 1"),
        exponent_scaled(2, "inherits Theorem 4.1 where mu is in S, reading A"),
    ),
    related=("np2024.thm4.1-bound-others", "np2024.lemma4.1-fixed-point", "restated.random-mask-success"),
    notices=(
        "The map is well defined; what it inherits is judged as part of the entry.  Convergence with masks fixed and "
        "redrawn is a reading of np2024.lemma4.1-fixed-point.",
    ),
)

N, k, b2 = Symbol("N", positive=True), Symbol("k", positive=True), Symbol("beta_m2", positive=True)
RATE, ROOM = 1 - k / N, Rational(1, 25)
INCLUSION = gamma(N) * gamma(N - k + 1) / (gamma(N + 1) * gamma(N - k + 1)) * gamma(k + 1) / gamma(k)
"""binomial(N-1, k-1)/binomial(N, k)."""

SUCCESS = Probability(
    id="restated.random-mask-success",
    title="The success rate of a random mask is its share",
    source=OWN,
    provenance="derived",
    printed=r"P(\mu\in S)=k/M,\ P(\text{success})\to k/M;\ \text{Horvitz-Thompson weights: numerator and denominator "
    r"unbiased, not their ratio}",
    event=random_mask_misses,
    arguments={"d": d, "M": N, "k": k, "beta": b2},
    points=(
        {"d": 32, "N": 10, "k": 2, "beta_m2": 100},
        {"d": 32, "N": 10, "k": 5, "beta_m2": 100},
        {"d": 32, "N": 10, "k": 10, "beta_m2": 100},
        {"d": 32, "N": 50, "k": 3, "beta_m2": 100},
        {"d": 32, "N": 50, "k": 25, "beta_m2": 100},
        {"d": 32, "N": 200, "k": 40, "beta_m2": 200, "profile": "standard"},
        {"d": 32, "N": 2, "k": 1, "beta_m2": 100},
    ),
    bound=RATE + ROOM,
    lower=RATE - ROOM,
    trials=6000,
    parts=(
        Part("inclusion probability", Eq(INCLUSION, k / N)),
        Part("numerator and denominator: E[(M/k) 1(nu in S)] = 1", Eq(N / k * INCLUSION, 1)),
        Part(
            "the ratio is biased: two orthonormal memories, k = 1, x = xi_1",
            Gt(exp(b2) / (1 + exp(b2)), Rational(1, 2)),
            given=(Hypothesis(Eq(N, 2)),),
        ),
    ),
    controls=(
        Control("half the failures", RATE / 2 + ROOM, description="P(failure) <= (1 - k/M)/2 + 1/25"),
        scaled("1/2", "inclusion probability"),
    ),
    related=("np2024.random-mask",),
    notices=(
        "The limit of large beta is tested at beta m^2 = 100 and 200 with the declared tolerance 1/25; success is one "
        "update from the target that stays in S_mu.",
        "With k = 1 the ratio of the Horvitz-Thompson sums is the one memory drawn: its mean is (xi_1 + xi_2)/2.",
    ),
)

STATEMENTS = (TOPK, ENERGY, RANDOM_MASK, SUCCESS)
