"""Exact retrieval of associations X^T y by SparseMAP over k-subsets.

S. Santos et al., SSHN = arXiv 2402.13725, HFY = arXiv 2411.08590.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Ge, Gt, Le

from verify.arena import Patterns
from verify.instances import Array, Instances
from verify.papers.hfy2024.margins import NEAR, ONE, OWN, PAPER
from verify.papers.hfy2024.structured import (
    K_RANGE,
    Ints,
    number_of,
    projected,
    sizes_of,
    top_indicator,
    top_sum,
)
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    beta,
    largest,
    m,
    norm,
    quantity,
    smallest,
    target_memory,
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


STATEMENTS: tuple[Statement, ...] = (
    RETRIEVAL,
    RETRIEVAL_IFF,
)
