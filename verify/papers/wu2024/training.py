"""Stage I of U-Hop: separation and storage after training, the algorithm, metastable states (Wu et al. 2024)."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import Eq, Ge, Gt, Le, Rational, Symbol, true

from bounds.exact import Real, Undecided, enclose_max, exact_array
from simulations.events_training import mixed_limits_saved
from simulations.feature_maps.losses import uniformity
from simulations.feature_maps.training import train
from simulations.rational_sets import memory_set
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.linear_maps import integer, one
from verify.papers.khm2024.stage1 import (
    MINIMISERS,
    PLANAR,
    RADIUS_AFTER,
    RADIUS_BEFORE,
    SETS,
    after,
    given_cosines,
    memories_of,
    separation_after,
    separation_before,
)
from verify.papers.wu2024.loss import log_mean_exp
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Scaling, Source, Statement
from verify.vocabulary import quantity

TIMES = ("1/10", "2", "50")

SEPARATION = Inequality(
    id="wu2024.stage1.separation",
    title="Stage I never lowers the minimal separation",
    source=Source("wu2024", "reading of memories distinguished with larger separation"),
    provenance="secondary",
    printed=r"\Delta_{\min}^\Phi\ge\Delta_{\min},\quad R_\Phi\ge R",
    arena=Points(
        tuple({"case": k, "t": t} for k in range(len(SETS)) for t in TIMES if k not in PLANAR or t == "2")
    ),
    parts=(
        Part("separation after and before", Ge(separation_after, separation_before)),
        Part("half the smallest distance after and before", Ge(RADIUS_AFTER, RADIUS_BEFORE)),
    ),
    controls=(Control("larger than before by a half", Gt(separation_after, separation_before * 3 / 2)),),
    related=("hu2024.stage1.no-loss", "restated.b6.tlimit", "wu2024.capacity"),
    notices=MINIMISERS,
)

# -- storage -----------------------------------------------------------------------------------------


def stored(cosines: tuple[tuple[Real, ...], ...], beta: Real) -> int:
    """Number of memories with X_mu = sum_nu exp(-beta (1 - cos)) <= 1; Undecided where balls reach 1."""
    found = 0
    for i, row in enumerate(cosines):
        crosstalk = sum(((-beta * (1 - c)).exp() for j, c in enumerate(row) if j != i), Real(0))
        found += int(crosstalk <= 1)
    return found


def _beta(b: Instances) -> Real:
    return Real(b.beta[0])


@quantity("stage1_stored_before", "number of memories with X_mu <= 1")
def stored_before(b: Instances) -> Array:
    return one(stored(given_cosines(memories_of(b)), _beta(b)))


@quantity("stage1_stored_after", "number of features with X_mu <= 1 at a global minimiser of the loss")
def stored_after(b: Instances) -> Array:
    return one(stored(after(b), _beta(b)))


@quantity("stage1_memories", "number of memories")
def memories_count(b: Instances) -> Array:
    return one(len(memories_of(b)))


def keeps_weight(own: Fraction, other: Fraction, beta: Real) -> bool:
    """Whether the iteration from the first of three memories ends with a weight p_1 >= 1/2; certified.

    ``own`` is its cosine to both others, ``other`` theirs. These keep equal weights (1 - p)/2, so the iteration is
    p -> 1/(1 + 2 exp(-beta u)), u = p (1 - own) + (1 - p)(own - (1 + other)/2), from u = 1 - own on. The map
    rises with p and the first step falls, so p falls to a limit: above any q <= p whose image is >= q.

    Raises Undecided where neither is reached.
    """

    def step(p: Real) -> Real:
        u = p * (1 - own) + (1 - p) * (own - (1 + other) / 2)
        return 1 / (1 + 2 * (-beta * u).exp())

    p = step(Real(1))
    for _ in range(STEPS):
        if p < Fraction(1, 2):
            return False
        p = step(p)
    q = Real(Fraction(float(p)) - Fraction(1, 1000))
    if q >= Fraction(1, 2) and step(q) >= q:
        return True
    raise Undecided(f"weight of the limit at beta = {beta}")


@quantity(
    "stage1_weight_before", "1 if the first memory of the triangle keeps a weight >= 1/2 in the limit, else 0"
)
def weight_before(b: Instances) -> Array:
    cosines = given_cosines(memories_of(b))
    return one(int(keeps_weight(cosines[0][1].fraction, cosines[1][2].fraction, _beta(b))))


@quantity("stage1_weight_after", "number of vertices of a triangle that keep a weight >= 1/2 in the limit")
def weight_after(b: Instances) -> Array:
    return one(3 * int(keeps_weight(Fraction(-1, 2), Fraction(-1, 2), _beta(b))))


TRIANGLE = Hypothesis(Eq(Symbol("case", nonnegative=True), 1), "the triangle of the notice")
LIMIT = "weights of the limits: as many of the triangle stored as its first memory alone before"
STEPS = 300
ALL_BEFORE = Hypothesis(Ge(stored_before, memories_count), "all memories are stored before")

CAPACITY = Inequality(
    id="wu2024.capacity",
    title="Stage I never lowers the number of stored memories",
    source=Source("wu2024", "abstract and introduction: enhanced memory capacity"),
    provenance="secondary",
    printed=r"\#\{\mu:X_\mu^\Phi\le1\}\ge\#\{\mu:X_\mu\le1\}\ \text{for every }\beta>0",
    arena=Points(
        tuple(
            {"case": k, "t": "2", "beta": beta}
            for k in range(len(SETS))
            for beta in ("1/10", "3/10", "2/5", "1", "9/5", "5/2", "5", "20")
        )
    ),
    parts=(
        Part("as many stored as before", Ge(stored_after, stored_before)),
        Part("all stored before: all after", Ge(stored_after, stored_before), given=(ALL_BEFORE,)),
        Part(LIMIT, Ge(weight_after, weight_before), given=(TRIANGLE,), headline=False),
    ),
    controls=(Control("more stored than before", Gt(stored_after, stored_before)),),
    related=("wu2024.stage1.separation", "restated.b9.link"),
    notices=(
        "In the sense X_mu <= 1; smallest witness: (-1, 0), (15/17, 8/17), (15/17, -8/17) at beta = 2/5, where "
        "the first memory is stored; the simplex that every minimiser makes of them stores none.",
        "By the weights of the limits the first memory is stored at beta = 9/5, and no vertex of the simplex is.",
        "The smallest beta with all memories stored may rise: of six memories in the plane all are stored at "
        "beta = 5/2 before, four after Stage I at t = 2.",
        *MINIMISERS,
    ),
)

# -- the algorithm -----------------------------------------------------------------------------------


@cache
def trained(d: int, count: int, step: Fraction, t: int, iterations: int) -> tuple[Any, int]:
    """Every W of Stage I in floats, (N + 1, D, d), the last one with rows of length 1 behind them, and the loss calls."""
    memories = np.array([[float(x) for x in u] for u in memory_set("any", d, count, 3)])
    calls = [0]

    def loss(features: Array, *, normalised: bool) -> Any:
        calls[0] += 1
        return uniformity(features, float(t), normalised=normalised)

    path = [np.eye(d)]
    for _ in range(iterations):
        path.append(train(memories, path[-1], loss, iterations=1, step=float(step)).feature_map)
    calls[0] = 0
    whole = train(memories, np.eye(d), loss, iterations=iterations, step=float(step), normalise_rows=True)
    return [*path, whole.feature_map], calls[0]


def _run(b: Instances, factor: int = 1) -> tuple[Any, int]:
    step = Fraction(b.scalars["step"][0].fraction) * factor
    return trained(integer(b, "d"), integer(b, "M"), step, integer(b, "t"), integer(b, "N"))


def exact_loss(b: Instances, w: Any) -> Real:
    """U-Hop loss of normalised features of a W of floats, read as rationals, as a ball."""
    memories = exact_array(memory_set("any", integer(b, "d"), integer(b, "M"), 3))
    y = np.sum(memories[:, None] * exact_array(w)[None], axis=-1)
    y = y / np.sqrt(np.sum(y * y, axis=-1))[:, None]
    i, j = np.triu_indices(len(y), 1)
    score = -2 * b.scalars["t"][0] * (1 - np.sum(y[i] * y[j], axis=-1))
    return Real(log_mean_exp(score[None])[0])


def _rise(b: Instances, factor: int) -> Array:
    path = _run(b, factor)[0][:-1]
    values = [exact_loss(b, w) for w in path]
    return one(enclose_max(np.array([y - x for x, y in pairwise(values)], dtype=object)))


@quantity("stage1_rise", "largest rise of the loss in a step of Stage I", real=True)
def rise(b: Instances) -> Array:
    return _rise(b, 1)


@quantity("stage1_rise_long", "largest rise of the loss in a step of a length 400 times as large", real=True)
def rise_long(b: Instances) -> Array:
    return _rise(b, 400)


@quantity("stage1_row_defect", "largest | |row|^2 - 1 | of W after Stage I")
def row_defect(b: Instances) -> Array:
    w = exact_array(_run(b)[0][-1])
    return one(enclose_max(np.abs(np.sum(w * w, axis=-1) - 1)))


@quantity("stage1_feature_defect", "largest | |W xi|^2 - 1 | after Stage I")
def feature_defect(b: Instances) -> Array:
    w = exact_array(_run(b)[0][-1])
    memories = exact_array(memory_set("any", integer(b, "d"), integer(b, "M"), 3))
    y = np.sum(memories[:, None] * w[None], axis=-1)
    return one(enclose_max(np.abs(np.sum(y * y, axis=-1) - 1)))


@quantity("stage1_calls", "evaluations of the loss and its gradient by Stage I, the last one for the record")
def calls(b: Instances) -> Array:
    return one(_run(b)[1] - 1)


N = Symbol("N", positive=True)
DESCENT = "Stage I does not raise the loss in any step"
UNIT_FEATURES = "rows of length 1 make features of length 1"

ALG1 = Definition(
    id="wu2024.alg1",
    title="Two-stage retrieval (Algorithm 1)",
    source=Source("wu2024", "Algorithm 1"),
    provenance="secondary",
    printed=r"W\leftarrow W-\gamma\nabla_W\mathcal L_\Phi(\Xi;t)\ (N\text{ times}),\ \text{rows of }W\text{ normalised};\quad x\leftarrow\mathcal T_{\mathcal K}(x)\ (T\text{ times})",
    arena=Points(
        tuple(
            {"d": d, "M": count, "t": t, "N": n, "step": "1/20"}
            for d, count in ((2, 3), (2, 5), (3, 5), (5, 10))
            for t in (1, 2)
            for n in (1, 8)
        )
    ),
    parts=(
        Part(DESCENT, Le(rise, 0)),
        Part("rows have length 1 at the end", Le(row_defect, Rational(1, 2**48))),
        Part("N gradients in Stage I", Eq(calls, N)),
        Part(UNIT_FEATURES, Le(feature_defect, Rational(1, 1000)), headline=False),
    ),
    controls=(
        Control("steps 400 times as long", Le(rise_long, 0), DESCENT),
        Control("rows of half the length", Ge(row_defect, Rational(3, 4)), "rows have length 1 at the end"),
    ),
    related=("wu2024.def2.2", "wu2024.stage1.separation", "wu2024.metastable"),
    notices=(
        "simulations.feature_maps.training: train (Stage I) and two_stage (Stage II). Gradients are floats; the loss "
        "of every W is evaluated in ball arithmetic at these floats, step 1/20 from W = I, features normalised.",
        "The loss of normalised features does not change with the scale of W, and its gradient has no Lipschitz "
        "constant near W = 0: the hypothesis gamma <= 1/G is a statement on the path of the algorithm.",
        "Row normalisation of W is not normalisation of the features.",
    ),
)

METASTABLE = Scaling(
    id="wu2024.metastable",
    title="Fewer metastable states",
    source=Source("wu2024", "abstract: significant reduction of possible metastable states"),
    provenance="secondary",
    printed=r"\#\{\text{limits that average over two or more memories}\}\ \text{is smaller with Stage I}",
    event=mixed_limits_saved,
    points=(
        {"d": 5, "M": 10, "beta": 8, "start": 0},
        {"d": 5, "M": 10, "beta": 20, "start": 0},
        {"d": 5, "M": 10, "beta": 20, "start": 1},
        {"d": 5, "M": 10, "beta": 20, "start": 2},
        {"d": 16, "M": 10, "beta": 5, "start": 0},
        {"d": 16, "M": 10, "beta": 5, "start": 1},
        {"d": 16, "M": 10, "beta": 5, "start": 2},
        {"d": 16, "M": 64, "beta": 10, "start": 0, "profile": "full"},
    ),
    arguments={name: Symbol(name, positive=True) for name in ("d", "M", "beta")}
    | {"start": Symbol("start", nonnegative=True)},
    lower=Rational(1, 2),
    mean_range=1,
    informative=true,
    trials=120,
    controls=(Control("no mixed limit is left where all were mixed", Rational(1)),),
    related=("wu2024.alg1", "wu2024.capacity"),
    notices=(
        "Read as a statement on means over random memory sets: memories uniform on the sphere, Stage I by 150 gradient "
        "steps at t = 2 from W = I, retrieval in feature space from every memory (start 0), with Gaussian noise of norm about 1/2 (1), or with half of the coordinates set to 0 (2), with unit features, a memory "
        "belonging to a limit if it has a weight above 0.01. The value tested is (1 + (before - after)/M)/2 >= 1/2.",
        "It is no statement on every memory set and every beta: where beta is small all limits are mixed before and "
        "after, and for the three memories of wu2024.capacity at beta = 12/5 two limits are mixed before and three after.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ALG1, SEPARATION, CAPACITY, METASTABLE)
