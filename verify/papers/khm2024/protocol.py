"""Sizes of metastable states, and whether U-Hop+ makes them smaller (synthetic protocol)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Ge, Gt, Integer, Le, Lt, Rational, Symbol, exp

from bounds.exact import Real
from simulations import events_feature_training
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.khm2024.losses import integer, one
from verify.statement import Control, Definition, Hypothesis, Part, Probability, Source, Statement
from verify.vocabulary import beta, quantity

TABLES = Source("khm2024", "tables on metastable states")
THRESHOLD = Rational(1, 100)

# -- size of a state -----------------------------------------------------------------------------------------------


def _weights(b: Instances, model: str) -> Array:
    """Weights at the scores (beta, 0, ..., 0) of an orthonormal set at a memory, or at equal scores (peak 0)."""
    scores = np.full(integer(b, "M"), Real(0), dtype=object)
    if integer(b, "peak"):
        scores[0] = b.beta[0]
    return np.asarray(b.named(model).weights(scores, np))


def _size(b: Instances, model: str, threshold: Any) -> Array:
    return one(sum(bool(p > threshold) for p in _weights(b, model)))


@quantity("train_size_dense", "memories with a softmax weight above 0.01", integer=True, nonnegative=True)
def size_dense(b: Instances) -> Array:
    return _size(b, "dense", Real("0.01"))


@quantity("train_size_tenth", "memories with a softmax weight above 0.1", integer=True, nonnegative=True)
def size_tenth(b: Instances) -> Array:
    return _size(b, "dense", Real("0.1"))


@quantity("train_size_fine", "memories with a softmax weight above 0.001", integer=True, nonnegative=True)
def size_fine(b: Instances) -> Array:
    return _size(b, "dense", Real("0.001"))


@quantity("train_size_sparse", "memories with a positive sparsemax weight", integer=True, nonnegative=True)
def size_sparse(b: Instances) -> Array:
    return _size(b, "sparse", 0)


@quantity("train_size_entmax", "memories with a positive 1.5-entmax weight", integer=True, nonnegative=True)
def size_entmax(b: Instances) -> Array:
    return _size(b, "entmax:alpha=1.5", 0)


M, peak, d = (Symbol(name, nonnegative=True) for name in ("M", "peak", "d"))
AT_MEMORY = Hypothesis(Eq(peak, 1), "at a memory of an orthonormal set")
LIGHT = Hypothesis(Ge(exp(beta) + M - 1, 100), "the other weights are at most 0.01")
HEAVY = Hypothesis(Lt(exp(beta) + M - 1, 100), "all weights are above 0.01")
OWN = Hypothesis(Gt(100 * exp(beta), exp(beta) + M - 1), "the own weight is above 0.01")

SIZE = Definition(
    id="hu2024.protocol.metastable",
    title="Size of a metastable state",
    source=TABLES,
    provenance="secondary",
    printed=r"\|p\|=\#\{\mu:p_\mu>0.01\}\text{ (softmax)},\quad\#\{\mu:p_\mu>0\}\ (\alpha>1)",
    arena=Points(
        tuple(
            {"M": m, "beta": t, "peak": k}
            for m in (2, 10, 99, 101, 120)
            for t in ("1/10", "1", "2", "6")
            for k in (0, 1)
        )
    ),
    parts=(
        Part("softmax: one, if the others are light", Eq(size_dense, 1), given=(AT_MEMORY, LIGHT, OWN)),
        Part("softmax: all, if none is light", Eq(size_dense, M), given=(AT_MEMORY, HEAVY)),
        Part("softmax: at most 99", Le(size_dense, 99)),
        Part(
            "sparsemax: one from beta = 1 on", Eq(size_sparse, 1), given=(AT_MEMORY, Hypothesis(Ge(beta, 1)))
        ),
        Part("sparsemax: all below", Eq(size_sparse, M), given=(AT_MEMORY, Hypothesis(Lt(beta, 1)))),
        Part(
            "1.5-entmax: one from beta = 2 on", Eq(size_entmax, 1), given=(AT_MEMORY, Hypothesis(Ge(beta, 2)))
        ),
        Part(
            "1.5-entmax: more than one below", Gt(size_entmax, 1), given=(AT_MEMORY, Hypothesis(Lt(beta, 2)))
        ),
        Part("a higher threshold does not count more", Le(size_tenth, size_fine)),
        Part("reading: softmax: at least one memory counts", Ge(size_dense, 1), headline=False),
        Part("reading: the threshold does not matter", Eq(size_tenth, size_fine), headline=False),
    ),
    controls=(
        Control("two", Eq(size_dense, 2), "softmax: one, if the others are light"),
        Control("at most 98", Le(size_dense, 98), "softmax: at most 99"),
        Control("all from beta = 1 on", Eq(size_sparse, M), "sparsemax: one from beta = 1 on"),
        Control("two from beta = 2 on", Eq(size_entmax, 2), "1.5-entmax: one from beta = 2 on"),
    ),
    related=("hu2024.protocol.synthetic", "wu2024.metastable"),
    notices=(
        "With more than a hundred memories equal softmax weights lie below the threshold: a state of all memories has the "
        "size 0, while sparse maps count it as M.",
    ),
)

# -- before and after training -------------------------------------------------------------------------------------

model, starts = Symbol("model", nonnegative=True), Symbol("starts", nonnegative=True)


def _points(profile: str | None, *rows: tuple[int, int, Any, int]) -> tuple[dict[str, Any], ...]:
    more = {} if profile is None else {"profile": profile}
    return tuple(
        {"d": dim, "M": count, "beta": at, "starts": begin, "model": k, **more}
        for dim, count, at, begin in rows
        for k in (0, 1, 2)
    )


SYNTHETIC = Probability(
    id="hu2024.protocol.synthetic",
    title="U-Hop+ reduces metastable states (synthetic protocol)",
    source=Source("khm2024", "synthetic table, defaults of the authors' implementation"),
    provenance="secondary",
    printed=r"\text{share of states of size 1 with U-Hop+}>\text{share without, for softmax, 1.5-entmax, sparsemax}",
    event=events_feature_training.single_gain,
    arguments={"d": d, "M": M, "beta": beta, "model": model, "starts": starts},
    points=(
        _points(None, (5, 10, 1, 0), (5, 10, 1, 1), (5, 10, "1/10", 0))
        + _points("standard", (5, 10, 4, 0), (16, 32, 1, 0), (16, 32, "1/10", 1))
    ),
    lower=1 + THRESHOLD,
    mean_range=Integer(2),
    informative=Ge(beta, 0),
    trials=256,
    parts=(
        Part(
            "reading: normalised features, softmax: some weight can be 0.01 or less",
            Le(1 / (1 + (M - 1) * exp(2 * beta)), THRESHOLD),
            given=(Hypothesis(Eq(model, 0)), Hypothesis(Eq(beta, 1))),
            headline=False,
        ),
        Part(
            "reading: normalised features, 1.5-entmax: a margin of 1/(alpha - 1) = 2 can be exceeded",
            Gt(2 * beta, 2),
            given=(Hypothesis(Eq(model, 1)), Hypothesis(Eq(beta, 1))),
            headline=False,
        ),
    ),
    controls=(
        Control("every limit becomes a single memory, and none was", Integer(2)),
        Control(
            "weights below 1/1000",
            Le(1 / (1 + (M - 1) * exp(2 * beta)), THRESHOLD / 10),
            "reading: normalised features, softmax: some weight can be 0.01 or less",
        ),
    ),
    related=("hu2024.protocol.metastable", "wu2024.metastable"),
    notices=(
        "The event returns 1 + the share of limits of size 1 after training - that before, one value per memory set; the "
        "claimed rise is read as one percent at least.  model: softmax, 1.5-entmax, sparsemax; starts: the memories (0) or random unit vectors (1).",
        "Retrieval with the kernel <Wx, Wy>, features as W gives them: Adam with rate 1 makes W so large that nearly every limit is a single memory.",
        "Retrieval with normalised features is another protocol, and there nothing changes at beta = 1, M = 10: features are in the unit ball, so every softmax "
        "weight is at least 1/(1 + 9 e^2) > 0.01 and every size is 10, before and after; a 1.5-entmax weight is 1 from a margin of 2 on only.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SIZE, SYNTHETIC)
