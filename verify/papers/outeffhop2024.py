"""Hu, Chang et al. 2024: the outlier-efficient model (Softmax_1), arXiv 2404.03828; related statements beside.

T_1(x) = Xi Softmax_1(beta Xi^T x), p_0 = 1/(1 + sum_mu exp(beta <xi_mu, x>)).  The one-line contents of the theorems come from the
authors' project page; exact formulas of Theorems 3.2 to 3.4 are not known here.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Lt, Min, Rational, exp, log

from simulations.events_generalisation import generalisation_gap_above
from simulations.variants.softmax1 import with_zero
from verify.arena import Param, Patterns
from verify.controls import flipped, scaled
from verify.instances import Array, Instances
from verify.orbits import STEPS, shortest_step
from verify.papers.hu2023.dynamics import residual_limit
from verify.papers.hu2023.retrieval import BEST, IN_BALL
from verify.papers.ramsauer2021.balls import limit_gap
from verify.statement import (
    Control,
    Hypothesis,
    Identity,
    Inequality,
    Part,
    ScalingLaw,
    Source,
    Statement,
)
from verify.vocabulary import (
    Delta_mu,
    E_Tx,
    E_x,
    J_norm,
    M,
    R,
    beta,
    dist,
    dist_star,
    err,
    err_dense,
    fixed_point,
    gap_star,
    largest,
    m,
    measure,
    norm,
    norm_spread,
    norm_x,
    overlaps,
    p_mu,
    q_dense,
    q_mu,
    quantity,
    step,
    target_memory,
    update,
    weights,
)

PAPER = {
    "key": "outeffhop2024",
    "title": "Outlier-Efficient Hopfield Layers for Large Transformer-Based Models",
    "authors": "J. Y.-C. Hu, P.-H. Chang, R. Luo, H.-Y. Chen, W. Li, W.-P. Wang, H. Liu",
    "year": 2024,
    "arxiv": "2404.03828",
    "venue": "ICML 2024",
}
KEY = "outeffhop2024"
MODEL = "softmax1"
OWN = Source(KEY, "a related statement of this project")
QUADRATIC = m**2 + norm_x**2
C = sp.Symbol("C", real=True)
SIZES = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (5, 10), (10, 20))
BALL = Patterns(model=MODEL, query="ball", min_memories=2, max_size=400)

# -- the no-op class -------------------------------------------------------------------------------------------


def _with(b: Instances, memories: Array, query: Array) -> Instances:
    """The batch with other memories and queries, the dense model."""
    return Instances(
        b.size,
        memories=memories,
        query=query,
        beta=b.beta,
        target=b.target,
        scalars=b.scalars,
        model="dense",
        models=b.models,
        exact=b.exact,
    )


def lifted(b: Instances) -> Instances:
    """Memories (xi_mu, 0) and (0, C), the query (x, 0)."""
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    zero = memories[..., :1] * 0
    raised = np.concatenate([memories, zero], axis=-1)
    last = np.concatenate([memories[:, :1] * 0, (zero[:, :1] + b.scalars["C"][:, None, None])], axis=-1)
    query = np.concatenate([b.query, b.query[:, :1] * 0], axis=-1)
    return _with(b, np.concatenate([raised, last], axis=-2), query)


@quantity("p_lifted", "softmax weight of the target among the lifted memories and the no-op vector")
def p_lifted(b: Instances) -> Array:
    return weights(lifted(b), "dense")[np.arange(b.size), b.target]


@quantity("noop_overlap", "inner product of the no-op vector with the lifted query", real=True)
def noop_overlap(b: Instances) -> Array:
    return overlaps(lifted(b))[:, -1]


@quantity("p_dense_mu", "softmax weight of the target")
def p_dense_mu(b: Instances) -> Array:
    return weights(b, "dense")[np.arange(b.size), b.target]


_s, _rest, _c = sp.symbols("s rest C", real=True)
NO_OP = Identity(
    id="outeffhop2024.no-op-class",
    title="Softmax_1 is softmax with a no-op class",
    source=Source(KEY, "no-op class vector"),
    provenance="secondary",
    printed=r"\mathrm{softmax}([\beta\Xi^Tx,0])_{1..M}=\mathrm{Softmax}_1(\beta\Xi^Tx),\ \Omega=(0,\dots,0,C)",
    arena=Patterns(model=MODEL, query="free", params=(Param(C, -5.0, 5.0),), sizes=SIZES, search=False),
    parts=(
        Part("the no-op vector has overlap 0", Eq(noop_overlap, 0), scale=sp.Integer(1)),
        Part("the weights agree", Eq(p_lifted, p_mu), scale=sp.Integer(1)),
    ),
    symbolic=lambda: {
        "overlap": _c * 0,
        "weight": sp.exp(_s) / (sp.exp(_s) + _rest + sp.exp(_c * 0)) - sp.exp(_s) / (1 + sp.exp(_s) + _rest),
    },
    symbolic_range="every M: the other memories enter by the sum of their exponentials only",
    controls=(Control("plain softmax", Eq(p_dense_mu, p_mu), "the weights agree"),),
    related=("restated.softmax1-extra-pattern",),
)

# -- energy and dynamics ---------------------------------------------------------------------------------------

LEMMA21 = Inequality(
    id="outeffhop2024.lemma2.1",
    title="The Softmax_1 update decreases the energy",
    source=Source(KEY, "energy, Lemma 2.1"),
    provenance="secondary",
    printed=r"H(x)=-\beta^{-1}\ln\Big(\sum_\mu e^{\beta\langle\xi_\mu,x\rangle}+1\Big)+\tfrac12\langle x,x\rangle:\ H(T_1(x))\le H(x)",
    arena=Patterns(model=MODEL, query="free", max_size=400),
    parts=(
        Part("decrease", Le(E_Tx, E_x), scale=QUADRATIC),
        Part(
            "reading: by at least |step|^2/2",
            Ge(E_x - E_Tx, step**2 / 2),
            scale=QUADRATIC,
            headline=False,
        ),
    ),
    controls=(
        flipped(),
        Control("twice |step|^2/2", Ge(E_x - E_Tx, step**2), "reading: by at least |step|^2/2"),
    ),
    related=("restated.softmax1-extra-pattern", "outeffhop2024.thm3.1"),
)

THM31 = Inequality(
    id="outeffhop2024.thm3.1",
    title="Limit points of the Softmax_1 iteration are stationary points of the energy",
    source=Source(KEY, "Theorem 3.1"),
    provenance="secondary",
    printed=r"\text{limit points satisfy }x=T_1(x)",
    arena=Patterns(model=MODEL, query="free", sizes=((1, 1), (1, 2), (2, 3), (3, 4), (5, 10)), search=False),
    parts=(
        Part("steps become short", Le(shortest_step, m / 10)),
        Part("the iteration ends in a fixed point", Le(residual_limit, m / 10**9), scale=m, headline=False),
    ),
    controls=(Control("at rest to twelve digits", Le(shortest_step, m / 10**12), "steps become short"),),
    related=("outeffhop2024.lemma2.1",),
    notices=(
        f"A limit cannot be refuted after finitely many steps. Decided is what the descent implies: among {STEPS} "
        "steps there are short ones. The gradient of H is x - T_1(x): the residual is its norm.",
    ),
)

# -- the pattern 0 ----------------------------------------------------------------------------------------------


def extended(b: Instances) -> Instances:
    """The dense model on the memories and 0."""
    if "extended" not in b.cache:
        memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
        b.cache["extended"] = _with(b, with_zero(memories, np), b.query)
    found: Instances = b.cache["extended"]
    return found


@quantity("extended_gap", "|T_1(x) - T_Dense(x)| with the dense map on the memories and 0")
def extended_gap(b: Instances) -> Array:
    return norm(update(b, MODEL) - update(extended(b), "dense"))


@quantity("shrunk_gap", "|T_1(x) - (1 - p_0) T_Dense(x)|")
def shrunk_gap(b: Instances) -> Array:
    kept = 1 - weights(extended(b), "dense")[:, -1]
    return norm(update(b, MODEL) - kept[:, None] * update(b, "dense"))


@quantity("unshrunk_gap", "|T_1(x) - T_Dense(x)| on the same memories")
def unshrunk_gap(b: Instances) -> Array:
    return norm(update(b, MODEL) - update(b, "dense"))


@quantity("extended_energy", "the dense energy of the memories and 0, without its constants", real=True)
def extended_energy(b: Instances) -> Array:
    c = extended(b)
    count = c.memories.shape[-2]
    constant = np.log(b.beta * 0 + count) / b.beta + measure(c, m) ** 2 / 2
    return measure(c, E_x) - constant


@quantity("Delta_extended", "separation of xi_mu among the memories and 0", real=True)
def Delta_extended(b: Instances) -> Array:
    return measure(extended(b), Delta_mu)


@quantity("target_square", "|xi_mu|^2")
def target_square(b: Instances) -> Array:
    own = target_memory(b)
    return np.sum(own * own, axis=-1)


TINY = m / 10**9
UNIT = QUADRATIC + 1 / beta
EXTRA = Identity(
    id="restated.softmax1-extra-pattern",
    title="Softmax_1 is the dense model with a further memory 0",
    source=OWN,
    provenance="derived",
    printed=r"T_1(x)=T_{Dense}(x;\{0,\xi_1..\xi_M\})=(1-p_0)T_{Dense}(x;\{\xi_1..\xi_M\}),\ \Delta_\mu\to\min(\Delta_\mu,|\xi_\mu|^2)",
    arena=Patterns(model=MODEL, query="free", min_memories=2, sizes=SIZES[1:], search=False),
    parts=(
        Part("the map", Le(extended_gap, TINY), scale=m),
        Part("shrunk by 1 - p_0", Le(shrunk_gap, TINY), scale=m),
        Part("the energy", Le(sp.Abs(extended_energy - E_x), UNIT / 10**9), scale=UNIT),
        Part("the separation", Eq(Delta_extended, Min(Delta_mu, target_square)), scale=m**2),
    ),
    controls=(
        Control("not shrunk", Le(unshrunk_gap, TINY), "shrunk by 1 - p_0"),
        Control("the same separation", Eq(Delta_extended, Delta_mu), "the separation"),
    ),
    related=("outeffhop2024.lemma2.1", "outeffhop2024.thm3.1", "restated.softmax1-capacity-transfer"),
    notices=(
        "Dense statements transfer by these identities, with M + 1 memories; one of them is "
        "restated.softmax1-capacity-transfer.",
        "Differences count as zero up to 10^-9: scores of far queries are rounded in their 13th digit.",
    ),
)

# -- errors ------------------------------------------------------------------------------------------------------

OP = Hypothesis(Ge(p_dense_mu, Rational(1, 2)), "the target has at least half the dense weight")
NO_OPS = Hypothesis(Le(p_dense_mu, Rational(1, 2)))
THM32 = Inequality(
    id="outeffhop2024.thm3.2-errors",
    title="The error of Softmax_1 is at most the dense error",
    source=Source(KEY, "Theorem 3.2 (retrieval error), read as a statement on the errors"),
    provenance="secondary (one line), recalled (this reading)",
    printed=r"\|T_1(x)-\xi_\mu\|\le\|T_{Dense}(x)-\xi_\mu\|",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("error after one step", Le(err, err_dense)),
        Part("reading: target with the largest score", Le(err, err_dense), given=(BEST,), headline=False),
        Part(
            "reading: dense weight of the target at least 1/2",
            Le(err, err_dense),
            given=(OP,),
            headline=False,
        ),
        Part(
            "reading: dense weight of the target at most 1/2",
            Le(err, err_dense),
            given=(NO_OPS,),
            headline=False,
        ),
    ),
    controls=(flipped(),),
    related=("outeffhop2024.thm3.2-bounds", "restated.softmax1-no-match"),
    notices=("T_1(x) = (1 - p_0) T_Dense(x): what the dense map gets right is shrunk towards 0.",),
)


@quantity("p_0", "missing mass of Softmax_1")
def p_0(b: Instances) -> Array:
    return weights(extended(b), "dense")[:, -1]


MASS_BOUND = m * (2 * q_mu + p_0)
"""m (2 (1 - p_mu^1) - p_0), with 1 - p_mu^1 = q_mu + p_0 summed without cancellation."""

THM32_BOUNDS = Inequality(
    id="outeffhop2024.thm3.2-bounds",
    title="The error bound of Softmax_1 is lower than the dense one",
    source=Source(KEY, "Theorem 3.2, read as 'a lower upper bound than the original model'"),
    provenance="secondary (one line); exact formula not known",
    printed=r"m\big(2(1-p^1_\mu)-p_0\big)\le2m(1-p_\mu)",
    arena=BALL,
    hypotheses=(IN_BALL,),
    parts=(
        Part("the bounds", Le(MASS_BOUND, 2 * m * q_dense)),
        Part("reading: where p_mu <= 1/2", Le(MASS_BOUND, 2 * m * q_dense), given=(NO_OPS,), headline=False),
        Part("reading: the bound of Softmax_1 holds", Le(err, MASS_BOUND), trivial=2 * m, headline=False),
        Part("reading: the dense bound holds", Le(err_dense, 2 * m * q_dense), trivial=2 * m, headline=False),
    ),
    controls=(scaled("1/2"),),
    related=("outeffhop2024.thm3.2-errors",),
    notices=("The two mass bounds differ by m p_0 (2 p_mu - 1).",),
)


@quantity("z_top", "largest overlap of the query with a memory", real=True)
def z_top(b: Instances) -> Array:
    return largest(overlaps(b))


@quantity("image_length", "|T_1(x)|")
def image_length(b: Instances) -> Array:
    return norm(update(b, MODEL))


NO_MATCH = Inequality(
    id="restated.softmax1-no-match",
    title="A query that matches nothing is sent to almost 0",
    source=OWN,
    provenance="derived",
    printed=r"z_\mu\le-c\ \forall\mu\ \Rightarrow\ |T_1(x)|\le mMe^{-\beta c}",
    arena=Patterns(model=MODEL, query="free", max_size=400),
    hypotheses=(Hypothesis(Lt(z_top, 0), "c = -max z > 0"),),
    parts=(Part("length of the image", Le(image_length, m * M * exp(beta * z_top)), trivial=m),),
    controls=(scaled("1/2"),),
    related=("outeffhop2024.thm3.2-errors",),
)

# -- capacity --------------------------------------------------------------------------------------------------------

FINE = tuple(n / 20 for n in range(10, 61))
RADIUS = 1 / (2 * beta * m)
DENSE_STORES = Gt(beta * R**2, 1)
DENSE_BALL = (
    Hypothesis(Gt(4 * beta * m**2 * (M - 1), 1)),
    Hypothesis(Ge(beta * Delta_mu, 1 + log(4 * beta * m**2 * (M - 1))), "restated.ball-storage"),
)


@quantity("overlap_star", "<x*_mu, xi_mu>, x*_mu the limit of the iteration from the memory", real=True)
def overlap_star(b: Instances) -> Array:
    return np.sum(fixed_point(b) * target_memory(b), axis=-1)


@quantity("overlap_star_dense", "the same for the dense map", real=True)
def overlap_star_dense(b: Instances) -> Array:
    return measure(_with(b, b.memories, b.query), overlap_star)


THM33 = Inequality(
    id="outeffhop2024.thm3.3",
    title="The capacity of Softmax_1 is at least the dense one",
    source=Source(KEY, "Theorem 3.3 (capacity)"),
    provenance="secondary (claim); exact formula not known",
    printed=r"\#\mathrm{stored}(T_1)\ge\#\mathrm{stored}(T_{Dense})\text{ for each pattern set}",
    arena=Patterns(
        model=MODEL,
        query="pattern",
        norms="equal",
        min_memories=2,
        sizes=((2, 2), (3, 2), (1, 2), (2, 3), (5, 2), (10, 5)),
        beta_m2=FINE,
    ),
    hypotheses=(Hypothesis(Eq(norm_spread, 0), "equal norms"), Hypothesis(Gt(R, 0), "distinct memories")),
    parts=(
        Part(
            "two memories that the dense map stores",
            Le(dist_star, R),
            given=(Hypothesis(Eq(M, 2)), Hypothesis(DENSE_STORES, "the dense map stores both with radius R")),
        ),
        Part(
            "reading: radius 1/(2 beta m)",
            Le(dist_star, RADIUS),
            given=DENSE_BALL,
            headline=False,
        ),
        Part(
            "reading: overlap of the limit with its memory",
            Ge(overlap_star, overlap_star_dense),
            scale=m**2,
            headline=False,
        ),
    ),
    controls=(Control("half the radius", Le(2 * dist_star, R), "two memories that the dense map stores"),),
    related=("restated.softmax1-capacity-transfer",),
    notices=(
        "Two memories of one norm are both stored by the dense map (open balls of radius R) exactly if beta |xi_1-xi_2|^2/4 > 1. "
        "If T_1 stores both with any spheres, the limits from the memories lie within R of them, by symmetry.",
        "For random sets the comparison of the probabilities is not made here.",
    ),
)

CONDITION = 1 + log(4 * beta * m**2 * M)
TRANSFER = Inequality(
    id="restated.softmax1-capacity-transfer",
    title="Storage by Softmax_1 in the ball of radius 1/(2 beta m)",
    source=OWN,
    provenance="derived",
    printed=r"\beta\min(\Delta_\mu,|\xi_\mu|^2)\ge1+\ln(4\beta m^2M)\Rightarrow\xi_\mu\text{ is stored by }T_1\text{ in }B(\xi_\mu,\tfrac1{2\beta m})",
    arena=Patterns(
        model=MODEL,
        query="ball",
        radius=RADIUS,
        sizes=((1, 1), (2, 1), (1, 2), (2, 2), (3, 3), (5, 4), (5, 10), (10, 20), (16, 50)),
        beta_m2=(3.7, 3.75, 3.8, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0, 10.0, 16.0, 20.0, 50.0, 200.0),
        search=False,
    ),
    hypotheses=(
        Hypothesis(Gt(4 * beta * m**2 * M, 1)),
        Hypothesis(Ge(beta * Delta_extended, CONDITION), "Delta_extended = min(Delta_mu, |xi_mu|^2)"),
        Hypothesis(Le(dist, RADIUS), "x lies in the ball"),
    ),
    parts=(
        Part("T_1 maps the ball into its interior", Lt(err, RADIUS), trivial=2 * m),
        Part("T_1 contracts on the ball", Lt(J_norm, 1)),
        Part("the limit lies inside", Lt(dist_star, RADIUS), trivial=2 * m),
        Part("all points of the ball converge to it", Le(limit_gap, m / 10**6)),
    ),
    controls=(
        scaled("1/4", "T_1 maps the ball into its interior"),
        scaled("1/8", "T_1 contracts on the ball"),
        Control(
            "every point is its own limit", Le(gap_star, m / 10**6), "all points of the ball converge to it"
        ),
    ),
    related=("outeffhop2024.thm3.3", "restated.ball-storage"),
)

# -- generalisation ---------------------------------------------------------------------------------------------------

size, load = sp.symbols("size load", positive=True)
THM34 = ScalingLaw(
    id="outeffhop2024.thm3.4",
    title="The generalisation gap falls like the inverse root of the sample size",
    source=Source(KEY, "Theorem 3.4 (generalisation bound)"),
    provenance="secondary (low)",
    printed=r"\text{gap}=\tilde O(N^{-1/2})",
    event=generalisation_gap_above,
    sizes=(100, 400, 1600, 6400),
    nominal=50 * sp.sqrt(size),
    factors=("1/2", "2/3", "4/5", "1", "5/4", "3/2", "2"),
    arguments={"samples": size, "load": load, "memories": sp.Integer(8), "dimension": sp.Integer(4)},
    slope=(Rational(2, 5), Rational(3, 5)),
    controls=(Control("proportional to 1/N", (Rational(4, 5), Rational(6, 5))),),
    notices=(
        "The constants, the loss and the class are not known: the absolute size of the bound cannot be tested. "
        "Measured is the largest deviation of the empirical from the true risk over 16 layers with bounded weights, on a "
        "small regression task; the load is 100 over the gap.",
        "Risks are exact: the examples come from a finite population. Logarithms, the dependence on d, M and the sequence length are not tested.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    NO_OP,
    LEMMA21,
    THM31,
    EXTRA,
    THM32,
    THM32_BOUNDS,
    NO_MATCH,
    THM33,
    TRANSFER,
    THM34,
)
