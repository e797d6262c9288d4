"""Hypothesis strategies for memory sets, queries and temperatures that aim at the hard places.

Small readable numbers come first everywhere, so that a failing example shrinks to small integers and
simple fractions.  All arrays are float64; memories have shape (M, d), queries (d,).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from verify.dynamics.problem import Floats, Problem

KINDS = ("free", "antipodal", "clustered", "duplicates", "unequal", "collinear", "zero")
CRITICAL = (1.0, 1 - 1e-3, 1 + 1e-3, 0.9, 1.1)


def coordinates(bound: int = 3) -> st.SearchStrategy[float]:
    """Numbers in [-bound, bound]: integers, then fractions with small denominators, then six decimals."""
    return st.one_of(
        st.integers(-bound, bound).map(float),
        st.fractions(-bound, bound, max_denominator=8).map(float),
        st.floats(-bound, bound).map(lambda v: round(v, 6)),
    )


def vectors(d: int, bound: int = 3) -> st.SearchStrategy[Floats]:
    """Vectors (d,)."""
    return st.lists(coordinates(bound), min_size=d, max_size=d).map(lambda v: np.array(v, dtype=np.float64))


@st.composite
def memory_sets(draw: Any, max_memories: int = 6, max_dimension: int = 4, kinds: Any = KINDS) -> Floats:
    """Memory sets (M, d), small ones first.

    Kinds: free; antipodal pairs; a cluster of a given spread; duplicates; norms that differ up to a factor
    of 400; collinear; one memory at the origin.
    """
    kind = draw(st.sampled_from(kinds))
    d = draw(st.integers(1, max_dimension))
    # Rows are drawn in full length: a smaller d then leaves all other choices where they were.
    full = draw(st.lists(vectors(max_dimension), min_size=1, max_size=max_memories))
    rows = np.stack(full)[:, :d].copy()
    count = len(rows)
    if kind == "antipodal":
        rows[1::2] = -rows[: 2 * (count // 2) : 2]
    elif kind == "clustered":
        spread = draw(st.sampled_from((1 / 8, 1e-3, 1e-6)))
        rows[1:] = rows[0] + spread * rows[1:]
    elif kind == "duplicates":
        rows[1::2] = rows[: 2 * (count // 2) : 2]
    elif kind == "unequal":
        factor = draw(st.lists(st.sampled_from((1.0, 4.0, 1 / 4, 100.0)), min_size=count, max_size=count))
        rows = rows * np.array(factor)[:, None]
    elif kind == "collinear":
        rows = rows[:, :1] * draw(vectors(max_dimension))[:d]
    elif kind == "zero":
        rows[draw(st.integers(0, count - 1))] = 0.0
    return np.asarray(rows, dtype=np.float64) + 0.0  # no minus zero: it reads badly in a witness


@st.composite
def queries(draw: Any, memories: Floats) -> Floats:
    """Queries (d,): at a memory, towards the nearest other one, midpoints, mean, 0, anywhere, far away."""
    count, d = memories.shape
    own = memories[draw(st.integers(0, count - 1))]
    kind = draw(st.sampled_from(("pattern", "free", "towards", "pair", "origin", "mean", "far")))
    if kind == "free":
        return np.asarray(draw(vectors(d)) + 0.0)
    if kind == "origin":
        return np.zeros(d)
    if kind == "mean":
        return np.asarray(np.mean(memories, axis=0))
    if kind == "far":
        return np.asarray(10 * draw(vectors(d)) + 0.0)
    share = draw(st.sampled_from((1 / 2, 1 / 4, 3 / 4, 0.49, 0.51, 0.9)))
    if kind == "towards":
        away = np.linalg.norm(memories - own, axis=-1)
        other = memories[int(np.argmin(np.where(away > 0, away, np.inf)))]
        return np.asarray(own + share * (other - own) + 0.0)
    if kind == "pair":
        other = memories[draw(st.integers(0, count - 1))]
        return np.asarray(own + share * (other - own) + 0.0)
    return np.asarray(own + 0.0)


@st.composite
def inverse_temperatures(draw: Any, memories: Floats) -> float:
    """Inverse temperatures: simple ones, beta r^2 at and next to 1, tiny, huge, anything between.

    r is the largest norm m or half the distance of two memories: where dynamics have their bifurcations.
    """
    squares = [float(v) for v in np.sum(memories * memories, axis=-1)]
    gaps = [float(np.sum((a - b) ** 2)) / 4 for a in memories for b in memories]
    lengths = [max(squares), *sorted(set(gaps))]
    unit = draw(st.sampled_from([v for v in lengths if v > 1e-12] or [1.0]))
    kind = draw(st.sampled_from(("simple", "critical", "between", "tiny", "huge")))
    if kind == "simple":
        return float(draw(st.sampled_from((1.0, 2.0, 1 / 2, 3.0, 4.0, 8.0, 1 / 4))))
    if kind == "critical":
        return float(draw(st.sampled_from(CRITICAL)) / unit)
    if kind == "between":
        return float(10.0 ** draw(st.floats(-3, 3)) / unit)
    return float((1e-6 if kind == "tiny" else draw(st.sampled_from((100.0, 1e4)))) / unit)


@st.composite
def problems(draw: Any, max_memories: int = 6, max_dimension: int = 4) -> Problem:
    """Memories, query and inverse temperature together."""
    memories = draw(memory_sets(max_memories, max_dimension))
    return Problem(memories, draw(queries(memories)), draw(inverse_temperatures(memories)))
