"""SparseMAP over structures: margins, exact retrieval of associations, metastable states.

Structures are k-subsets (one-hot vectors for k = 1), and all of {0,1}^n where structures of unequal norm are meant.
SSHN = Santos et al. 2024, arXiv 2402.13725; HFY = arXiv 2411.08590; SparseMAP: Niculae et al. 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Rational

from simulations.variants.sparsemap import sparsemap
from simulations.variants.sparsemap_sequential import best_structure, pairs_of, sequential
from verify.arena import Param, Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.maps import scores
from verify.papers.hfy2024.margins import EDGE, NEAR, ONE, OWN, PAPER, share_of
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    M,
    beta,
    largest,
    limit_from,
    m,
    norm,
    quantity,
    smallest,
    target_memory,
    update,
    weights,
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

# -- associations ----------------------------------------------------------------------------------------------


def _structure(b: Instances) -> tuple[Ints, Ints]:
    """The structure at the batch: the k memories of largest overlap with the target, itself among them; k."""
    key = "structure"
    if key not in b.cache:
        sizes = sizes_of(b)
        own = np.arange(b.memories.shape[-2]) == b.target[:, None]
        gram = np.sum(b.memories * target_memory(b)[:, None, :], axis=-1)
        floats = gram.astype(float)
        ranked = np.where(own, np.max(np.abs(floats)) * 2 + 1, floats)
        b.cache[key] = top_indicator(ranked, sizes), sizes
    found: tuple[Ints, Ints] = b.cache[key]
    return found


def _association(b: Instances) -> Array:
    """X^T y_i, shape (B, d)."""
    y, _ = _structure(b)
    return np.sum(np.where(y[..., None], b.memories, b.memories * 0), axis=-2)


def _overlap_with(b: Instances, x: Array) -> Array:
    return np.sum(b.memories * x[:, None, :], axis=-1)


def _retrieved_error(b: Instances, x: Array, cooling: int = 1) -> Array:
    """|X^T (SparseMAP(beta X x / cooling) - y_i)|."""
    y, sizes = _structure(b)
    v = b.beta[:, None] * _overlap_with(b, x) / cooling
    change = projected(v, sizes) - number_of(y, v)
    return norm(np.sum(change[..., None] * b.memories, axis=-2))


def _least_gap(b: Instances, s: Array) -> Array:
    """min over i in y, j not in y of s_i - s_j: an exchange of one memory is the best other k-subset."""
    y, _ = _structure(b)
    far = np.max(np.abs(s.astype(float))) + 1
    inside = smallest(np.where(y, s, s * 0 + 2 * far))
    return inside - largest(np.where(y, s * 0 - 2 * far, s))


def _self_scores(b: Instances) -> Array:
    return _overlap_with(b, _association(b))


@quantity(
    "Delta_structure", "<y_i, X X^T y_i> - max over the other structures of <y_j, X X^T y_i>", real=True
)
def Delta_structure(b: Instances) -> Array:
    return _least_gap(b, _self_scores(b))


@quantity("Delta_query", "<q, X^T(y_i - y_j)> of the worst other structure", real=True)
def Delta_query(b: Instances) -> Array:
    return _least_gap(b, _overlap_with(b, b.query))


@quantity("D_squared", "largest |y_i - y_j|^2 over the structures")
def D_squared(b: Instances) -> Array:
    _, sizes = _structure(b)
    count = b.memories.shape[-2]
    return b.beta * 0 + 2 * np.minimum(sizes, count - sizes)


@quantity("association_error", "|T(X^T y_i) - X^T y_i|")
def association_error(b: Instances) -> Array:
    return _retrieved_error(b, _association(b))


@quantity("query_error", "|T(q) - X^T y_i|")
def query_error(b: Instances) -> Array:
    return _retrieved_error(b, b.query)


@quantity("association_error_half", "|T(X^T y_i) - X^T y_i| at half the inverse temperature")
def association_error_half(b: Instances) -> Array:
    return _retrieved_error(b, _association(b), 2)


@quantity("query_error_half", "|T(q) - X^T y_i| at half the inverse temperature")
def query_error_half(b: Instances) -> Array:
    return _retrieved_error(b, b.query, 2)


@quantity("association_slack", "min over j of <y_i-y_j, X X^T y_i> - |y_i-y_j|^2/(2 beta)", real=True)
def association_slack(b: Instances) -> Array:
    y, sizes = _structure(b)
    s = _self_scores(b)
    own = number_of(y, s) / b.beta[:, None]
    best = top_sum(s - own, sizes) + np.sum(own, axis=-1)
    return np.sum(np.where(y, s, s * 0), axis=-1) - best


ASSOCIATIONS = Patterns(
    query="free",
    min_memories=2,
    params=(K_RANGE,),
    sizes=((1, 2), (2, 3), (2, 4), (3, 4), (4, 6), (8, 6), (10, 10), (20, 20), (32, 10)),
    beta_m2=(0.1, 0.25, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 16.0, 50.0, 200.0, 1e3),
    search=False,
)
RETRIEVAL = Inequality(
    id="hfy2024.structured-retrieval",
    title="Exact retrieval of associations",
    source=Source(PAPER, "HFY/SSHN, exact structured retrieval"),
    provenance="recalled",
    printed=r"\Delta_i\ge D_i^2/(2\beta)\Rightarrow X^Ty_i\text{ is stationary};\ "
    r"\langle q,X^T(y_i-y_j)\rangle\ge D_i^2/(2\beta)\ \forall j\Rightarrow\text{one step from }q\text{ is exact}",
    arena=ASSOCIATIONS,
    parts=(
        Part(
            "stationary",
            Le(association_error, 0),
            scale=m,
            given=(Hypothesis(Ge(2 * beta * Delta_structure, D_squared)),),
        ),
        Part(
            "one step",
            Le(query_error, 0),
            scale=m,
            given=(Hypothesis(Ge(2 * beta * Delta_query, D_squared)),),
        ),
        Part(
            "reading: the condition is necessary, outside the hull",
            Gt(association_error, 0),
            scale=m,
            given=(
                Hypothesis(Le(2 * beta * Delta_structure, D_squared - NEAR)),
                Hypothesis(Gt(Delta_structure, 0)),
            ),
            headline=False,
        ),
    ),
    controls=(
        Control("half the inverse temperature does", Le(association_error_half, 0), "stationary"),
        Control("half the inverse temperature does", Le(query_error_half, 0), "one step"),
    ),
    related=("restated.structured-retrieval-iff", "hfy2024.structured-margin"),
    notices=(
        "k-subsets, 1 <= k <= M/2.  y_i: the target and the k - 1 memories of largest overlap with it.",
    ),
)

RETRIEVAL_IFF = Identity(
    id="restated.structured-retrieval-iff",
    title="When an association is a fixed point",
    source=OWN,
    provenance="derived",
    printed=r"T(X^Ty_i)=X^Ty_i\iff\langle y_i-y_j,XX^Ty_i\rangle\ge\tfrac{\|y_i-y_j\|^2}{2\beta}\ \forall j",
    arena=ASSOCIATIONS,
    parts=(
        Part("if", Le(association_error, 0), scale=m, given=(Hypothesis(Ge(association_slack, 0)),)),
        Part(
            "only if, outside the hull of the other associations",
            Gt(association_error, 0),
            scale=m,
            given=(
                Hypothesis(Le(beta * association_slack, -NEAR)),
                Hypothesis(Gt(Delta_structure, m**2 / 10**6), "X^T y_i itself separates it from the others"),
            ),
        ),
        Part(
            "reading: only if, without the hull",
            Ge(beta * association_slack, -NEAR),
            scale=ONE,
            given=(Hypothesis(Eq(association_error, 0)),),
            headline=False,
        ),
    ),
    controls=(
        Control(
            "fixed without the condition",
            Le(association_error, 0),
            "only if, outside the hull of the other associations",
        ),
        Control("half the inverse temperature does", Le(association_error_half, 0), "if"),
    ),
    related=("hfy2024.structured-retrieval", "restated.structured-margin-iff"),
    notices=("Outside the hull is certified by the direction X^T y_i: a positive Delta_i.",),
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


STATEMENTS: tuple[Statement, ...] = (MARGIN, MARGIN_IFF, RETRIEVAL, RETRIEVAL_IFF, METASTABLE, FACE)
