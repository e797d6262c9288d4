"""Metastable states: the support at the limit, and the affine map on a face of the simplex.

S. Santos et al., SSHN = arXiv 2402.13725, HFY = arXiv 2411.08590.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Ge, Le

from verify.arena import Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import scores
from verify.papers.hfy2024.margins import NEAR, OWN, PAPER
from verify.statement import Control, Definition, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import (
    M,
    beta,
    largest,
    limit_from,
    m,
    norm,
    quantity,
    update,
    weights,
)

# -- metastable states -------------------------------------------------------------------------------------------


def _at_limit(b: Instances) -> Instances:
    if "at limit" not in b.cache:
        b.cache["at limit"] = b.with_query(limit_from(b, b.query))
    found: Instances = b.cache["at limit"]
    return found


@quantity(
    "state_size", "number of non-zero sparsemax weights at the limit of the iteration from x", integer=True
)
def state_size(b: Instances) -> Array:
    return b.beta * 0 + np.sum(weights(_at_limit(b), "sparse") > 0, axis=-1)


@quantity("state_heaviest", "largest sparsemax weight at the limit")
def state_heaviest(b: Instances) -> Array:
    return largest(weights(_at_limit(b), "sparse"))


@quantity(
    "state_softmax_size",
    "number of softmax weights above 0 at the limit of the sparse iteration",
    integer=True,
)
def state_softmax_size(b: Instances) -> Array:
    w = weights(_at_limit(b), "dense")
    return b.beta * 0 + np.sum(w > 0, axis=-1)


METASTABLE = Definition(
    id="hfy2024.metastable",
    title="Size of a metastable state",
    source=Source(PAPER, "HFY/SSHN, metastable states (support size of the converged weights)"),
    provenance="recalled",
    printed=r"\text{size of the metastable state}=|\mathrm{supp}\,\hat y(\beta X x^*)|",
    arena=Patterns(model="sparse", query="free", sizes=((1, 1), (1, 2), (2, 3), (5, 10)), search=False),
    parts=(
        Part("at least one memory", Le(1, state_size)),
        Part("at most all memories", Le(state_size, M)),
        Part("the heaviest weight is at least 1/size", Le(1, state_size * state_heaviest * (1 + NEAR))),
        Part(
            "size 1 is a single memory of weight 1",
            Le(1, state_heaviest),
            given=(Hypothesis(Eq(state_size, 1)),),
        ),
        Part("reading: every state is a single memory", Le(state_size, 1), headline=False),
        Part("reading: softmax never drops a memory", Ge(state_softmax_size, M), headline=False),
    ),
    controls=(Control("at most half the memories", Le(2 * state_size, M + 1), "at most all memories"),),
    related=("restated.face-fixed-points",),
    notices=(
        "For softmax the size depends on the tolerance: every weight is positive, in double precision as long as "
        "it does not underflow.",
    ),
)


def _face_image(b: Instances) -> Array:
    """Xi_S (beta C Xi_S^T x + 1/|S|), S the support of the sparse weights at x, shape (B, d)."""
    inside = weights(b, "sparse") > 0
    one = scores(b) * 0 + 1
    mask = np.where(inside, one, one * 0)
    size = np.sum(mask, axis=-1, keepdims=True)
    v = scores(b)
    mean = np.sum(mask * v, axis=-1, keepdims=True) / size
    w = mask * (v - mean + 1 / size)
    return np.sum(w[..., None] * b.memories, axis=-2)


@quantity("face_residual", "|T(x) - Xi_S (beta C Xi_S^T x + 1/|S|)|, S the support at x")
def face_residual(b: Instances) -> Array:
    return norm(update(b, "sparse") - _face_image(b))


@quantity(
    "face_limit_residual", "|x* - Xi_S (beta C Xi_S^T x* + 1/|S|)| at the limit x* of the iteration from x"
)
def face_limit_residual(b: Instances) -> Array:
    end = _at_limit(b)
    return norm(end.query - _face_image(end))


@quantity("face_no_centre", "the same without the centring C")
def face_no_centre(b: Instances) -> Array:
    inside = weights(b, "sparse") > 0
    one = scores(b) * 0 + 1
    mask = np.where(inside, one, one * 0)
    w = mask * (scores(b) + 1 / np.sum(mask, axis=-1, keepdims=True))
    return norm(update(b, "sparse") - np.sum(w[..., None] * b.memories, axis=-2))


@quantity("limit_step", "|T(x*) - x*| at the limit of the iteration from x, sparse map")
def limit_step(b: Instances) -> Array:
    end = _at_limit(b)
    return norm(update(end, "sparse") - end.query)


FACE = Identity(
    id="restated.face-fixed-points",
    title="On a face of the simplex the sparse map is affine",
    source=OWN,
    provenance="derived",
    printed=r"x=\Xi_S\big(\beta C\Xi_S^Tx+\tfrac1{|S|}\mathbf1\big),\ C=I-\tfrac1{|S|}\mathbf1\mathbf1^T",
    arena=Patterns(
        model="sparse",
        query="free",
        sizes=((1, 1), (1, 2), (2, 3), (2, 5), (3, 4), (5, 10), (8, 10)),
        search=False,
    ),
    parts=(
        Part(
            "the map at any x", Le(face_residual, m * (1 + beta * m**2) / 10**11), scale=m * (1 + beta * m**2)
        ),
        Part(
            "the limit of the iteration solves the linear system",
            Le(face_limit_residual, m / 10**8),
            scale=m,
            given=(Hypothesis(Le(limit_step, m / 10**9), "the iteration has ended"),),
        ),
    ),
    controls=(Control("without the centring", Le(face_no_centre, m * (1 + beta * m**2) / 10**11)),),
    related=("hfy2024.metastable",),
    notices=(
        "The first part is the claim that the map is affine on the region; the second its consequence.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (
    METASTABLE,
    FACE,
)
