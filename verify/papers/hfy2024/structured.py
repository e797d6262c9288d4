"""SparseMAP over structures: margins, exact retrieval of associations, metastable states.

Structures are k-subsets (one-hot vectors for k = 1), and all of {0,1}^n where structures of unequal norm are meant.
SSHN = Santos et al. 2024, arXiv 2402.13725; HFY = arXiv 2411.08590; SparseMAP: Niculae et al. 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Ge, Gt, Le, Rational

from simulations.variants.sparsemap import sparsemap
from simulations.variants.sparsemap_sequential import best_structure, pairs_of, sequential
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import scores
from verify.papers.hfy2024.margins import EDGE, NEAR, ONE, OWN, PAPER, share_of
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    largest,
    norm,
    quantity,
    smallest,
)

Ints = Any

k = sp.Symbol("k", integer=True, positive=True)
SIZES = ((1, 2), (2, 3), (2, 4), (3, 4), (3, 6), (5, 10), (10, 20), (16, 10), (2, 50))
REWARD = 0.5
"""Reward of a pair of neighbours in sequential k-subsets."""
K_RANGE = Param(k, 1, 25, integer=True)


def sizes_of(b: Instances) -> Ints:
    """k of every instance, at most half the number of memories (at least 1), shape (B,) int."""
    asked = np.array([int(float(v)) for v in b.scalars["k"]])
    return np.clip(asked, 1, max(1, b.memories.shape[-2] // 2))


def top_indicator(v: Array, k: Ints) -> Ints:
    """Indicators of the k largest of each row (B, M), the first ones among equals, as bool."""
    floats = v.astype(float) if v.dtype == object else v
    order = np.argsort(-floats, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    return rank < k[:, None]


def top_sum(v: Array, k: Ints) -> Array:
    """Sum of the k largest of each row, shape (B,): the largest <v, y> over k-subsets."""
    if v.dtype != object:
        ordered = -np.sort(-v, axis=-1)
        return np.sum(np.where(np.arange(v.shape[-1]) < k[:, None], ordered, 0.0), axis=-1)
    return np.array([sum(sorted(row, reverse=True)[:n], row[0] * 0) for row, n in zip(v, k, strict=True)])


def projected(v: Array, k: Ints) -> Array:
    """SparseMAP over k-subsets of rows (B, M), each with its own k."""
    out = np.empty(v.shape, dtype=v.dtype)
    for n in np.unique(k):
        rows = k == n
        out[rows] = sparsemap(v[rows], int(n), np)
    return out


def number_of(y: Ints, like: Array) -> Array:
    """An indicator in the arithmetic of ``like``."""
    return np.where(y, like * 0 + 1, like * 0)


# -- margins ---------------------------------------------------------------------------------------------


def _placed(b: Instances) -> tuple[Array, Ints, Ints]:
    """Scores with the best k raised or lowered so that the gap behind them is the share; these k; k."""
    if "placed" not in b.cache:
        v, sizes = scores(b), sizes_of(b)
        y = top_indicator(v, sizes)
        low = largest(np.where(y, -(np.abs(v) + np.max(np.abs(v.astype(float))) + 1), v))
        high = smallest(np.where(y, v, np.abs(v) + np.max(np.abs(v.astype(float))) + 1))
        # Relative to the best score outside y, so that the gap is not rounded away.
        away = np.where(y, (v - high[:, None]) + share_of(b)[:, None], v - low[:, None])
        b.cache["placed"] = away, y, sizes
    found: tuple[Array, Ints, Ints] = b.cache["placed"]
    return found


@quantity(
    "subset_slack",
    "<v,y> - max_y' (<v,y'> + |y-y'|^2/2) over k-subsets, y the best k of the placed scores",
    real=True,
)
def subset_slack(b: Instances) -> Array:
    v, y, sizes = _placed(b)
    own = number_of(y, v)
    # |y - y'|^2/2 = k - <y, y'> for structures of one norm.
    return np.sum(v * own, axis=-1) - (top_sum(v - own, sizes) + np.sum(own, axis=-1))


@quantity("subset_error", "|SparseMAP(v) - y| over k-subsets")
def subset_error(b: Instances) -> Array:
    v, y, sizes = _placed(b)
    return norm(projected(v, sizes) - number_of(y, v))


@quantity("subset_error_half", "|SparseMAP(v/2) - y| over k-subsets")
def subset_error_half(b: Instances) -> Array:
    v, y, sizes = _placed(b)
    return norm(projected(v / 2, sizes) - number_of(y, v))


SEQUENCE_ROWS = 48
SEQUENCE_MEMORIES = 10


def _sequences(b: Instances) -> tuple[Array, Array]:
    """Slack and error of :data:`sequence_slack` and :data:`sequence_error`, both (B,)."""
    if "sequences" in b.cache:
        found: tuple[Array, Array] = b.cache["sequences"]
        return found
    if b.exact:
        raise ArithmeticError("sequences of memories are projected in floating point only")
    slack, error = np.full(b.size, -1.0), np.ones(b.size)
    v, sizes, shares = scores(b), sizes_of(b), share_of(b)
    for i in range(min(b.size, SEQUENCE_ROWS) if v.shape[-1] <= SEQUENCE_MEMORIES else 0):
        k = int(sizes[i])
        y = best_structure(v[i], k, REWARD)
        raised = v[i] + shares[i] * y
        own = raised @ y + REWARD * pairs_of(y)
        other = best_structure(raised - y, k, REWARD)
        # |y - y'|^2/2 = k - <y, y'>.
        slack[i] = own - ((raised - y) @ other + REWARD * pairs_of(other) + k)
        error[i] = norm(sequential(raised, k, REWARD, np) - y)
    b.cache["sequences"] = slack, error
    return slack, error


@quantity(
    "sequence_slack",
    "score(y) - max_y' (score(y') + |y-y'|^2/2) over sequential k-subsets, y the best one; -1 where not measured",
    real=True,
)
def sequence_slack(b: Instances) -> Array:
    return _sequences(b)[0]


@quantity("sequence_error", "|SparseMAP(v) - y| over sequential k-subsets; 1 where not measured")
def sequence_error(b: Instances) -> Array:
    return _sequences(b)[1]


def _cube(b: Instances) -> tuple[Array, Array]:
    """Scores scaled so that the smallest positive one is ``share``, and y of {0,1}^M: the positive ones."""
    v = scores(b)
    positive = np.asarray(v > 0)
    least = smallest(np.where(positive, v, np.abs(v) * 0 + 1 + np.max(np.abs(v.astype(float)))))
    v = v * (share_of(b) / least)[:, None]
    return v, number_of(positive, v)


@quantity("cube_slack", "<v,y> - max_y' (<v,y'> + |y-y'|^2/2) over {0,1}^M", real=True)
def cube_slack(b: Instances) -> Array:
    v, y = _cube(b)
    gain = (1 - 2 * y) * v + (v * 0 + 1) / 2
    return -np.sum(np.where(gain > 0, gain, gain * 0), axis=-1)


@quantity("cube_flip", "min over flips of one coordinate of <v, y-y'> - <y, y-y'> over {0,1}^M", real=True)
def cube_flip(b: Instances) -> Array:
    v, y = _cube(b)
    return smallest((2 * y - 1) * v - y)


@quantity("cube_error", "|clip(v, 0, 1) - y|, the projection onto the cube")
def cube_error(b: Instances) -> Array:
    v, y = _cube(b)
    inside = np.where(v > 0, v, v * 0)
    return norm(np.where(inside < 1, inside, v * 0 + 1) - y)


MARGIN_ARENA = Patterns(query="free", min_memories=2, params=(K_RANGE, EDGE), sizes=SIZES, search=False)
MARGIN = Inequality(
    id="hfy2024.structured-margin",
    title="Margin of SparseMAP",
    source=Source(PAPER, "HFY/SSHN, SparseMAP margin"),
    provenance="recalled",
    printed=r"\langle\theta,y\rangle\ge\max_{y'\in Y}\big(\langle\theta,y'\rangle+\tfrac12\|y-y'\|^2\big)\Rightarrow L(\theta,y)=0",
    arena=MARGIN_ARENA,
    parts=(
        Part(
            "k-subsets",
            Le(subset_error, 0),
            scale=ONE,
            given=(Hypothesis(Ge(subset_slack, 0)),),
        ),
        Part(
            "reading: k-subsets, the condition is necessary",
            Gt(subset_error, 0),
            scale=ONE,
            given=(Hypothesis(Le(subset_slack, -NEAR)),),
            headline=False,
        ),
        Part(
            "reading: sequential k-subsets with a reward for neighbours, in floats",
            Le(sequence_error, Rational(1, 10**9)),
            scale=ONE,
            given=(Hypothesis(Ge(sequence_slack, -Rational(1, 10**12))),),
            headline=False,
        ),
        Part(
            "reading without constant norm: {0,1}^n",
            Le(cube_error, 0),
            scale=ONE,
            given=(Hypothesis(Ge(cube_slack, 0)),),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "necessary turned round", Le(subset_error, 0), "reading: k-subsets, the condition is necessary"
        ),
        Control("half the scores do", Le(subset_error_half, 0), "k-subsets"),
    ),
    related=("restated.structured-margin-iff",),
    notices=(
        "Sequential k-subsets: scores(y) = <v, y> + reward * (pairs of neighbours in y), reward 1/2; the projection runs in "
        "floating point only, on sets of at most 10 memories.",
        "The scores are beta Xi^T x with the gap behind the k-th moved to share, share = 1 + edge^7.",
    ),
)

MARGIN_IFF = Identity(
    id="restated.structured-margin-iff",
    title="When SparseMAP returns a structure",
    source=OWN,
    provenance="derived",
    printed=r"\mathrm{SparseMAP}(\theta)=y_i\iff\langle\theta,y_i-y_j\rangle\ge\langle y_i,y_i-y_j\rangle\ \forall j",
    arena=MARGIN_ARENA,
    parts=(
        Part("k-subsets: if", Le(subset_error, 0), scale=ONE, given=(Hypothesis(Ge(subset_slack, 0)),)),
        Part(
            "k-subsets: only if", Gt(subset_error, 0), scale=ONE, given=(Hypothesis(Le(subset_slack, -NEAR)),)
        ),
        Part("{0,1}^n: if", Le(cube_error, 0), scale=ONE, given=(Hypothesis(Ge(cube_flip, 0)),)),
        Part("{0,1}^n: only if", Gt(cube_error, 0), scale=ONE, given=(Hypothesis(Le(cube_flip, -NEAR)),)),
    ),
    controls=(
        Control("k-subsets always", Le(subset_error, 0), "k-subsets: only if"),
        Control("the cube always", Le(cube_error, 0), "{0,1}^n: only if"),
    ),
    related=("hfy2024.structured-margin", "restated.structured-retrieval-iff"),
    notices=(
        "For k-subsets |y_i-y_j|^2/2 = <y_i, y_i-y_j>, maximised by the k best entries of theta - y_i; for {0,1}^n the "
        "conditions on single flips imply the others.",
    ),
)


STATEMENTS: tuple[Statement, ...] = (
    MARGIN,
    MARGIN_IFF,
)
