"""One retrieval step for many queries of the same memories, without a temporary of size M x queries.

A task is a block of queries of one memory set, a thread takes task after task, and within a task the
memories are read block by block so that the scores stay in the processor's cache.  Softmax keeps a running
maximum and sum; separations with few positive weights keep candidates (:mod:`simulations.candidates`).

The size of a task depends on the shapes alone and BLAS is single-threaded within it, so the result does
not depend on the number of threads.  NumPy arrays only.
"""

from __future__ import annotations

import contextvars
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg.blas import dger, sger
from threadpoolctl import ThreadpoolController

from simulations import candidates
from simulations.candidates import Selection, selection

Array = Any

QUERIES = 256
"""Most queries of a task."""

MEMORIES = 1280
"""Most memories of a block."""

BUDGET = 128 << 20
"""Bytes of candidates that a thread holds at a time: fewer queries per task where there would be more.

Beside them a thread holds QUERIES x MEMORIES scores and temporaries of ``simulations.candidates``; a single
query whose every memory is a candidate needs about 100 bytes a memory.
"""

# Saving and restoring the thread count of BLAS is global: one step at a time.
_ONE_STEP = threading.Lock()


def can_stream(stream: tuple[Any, ...], *arrays: Array) -> bool:
    """Tell whether there is a kernel for a separation and for the data types of memories, query and beta."""
    if len({np.result_type(*arrays), *(a.dtype for a in arrays[:2])}) != 1:
        return False
    chosen = selection(stream)
    return arrays[0].dtype in (np.float32, np.float64) and (chosen is None or chosen.slots <= MEMORIES)


def step(
    stream: tuple[Any, ...],
    weights: Callable[[Array, Any], Array],
    memories: Array,
    query: Array,
    beta: Array,
    budget: int = BUDGET,
) -> Array:
    """Return T(x) = sum_j p_j xi_j with p = weights(beta z), z_j = <xi_j, x>, for queries (s, n, d).

    Args:
        stream: how the separation is streamed, see :class:`simulations.variants.base.Variant`.
        weights: the separation itself, used on candidates where ``stream`` names a rule for them.
        memories: (s, M, d), s memory sets with n queries each; float32 or float64, like ``query``.
        beta: a number or (s, n).
        budget: bytes of candidates that a thread may hold at a time.
    """
    memories = np.ascontiguousarray(memories)
    out = np.empty_like(query, order="C")
    chosen = selection(stream)
    extra = stream[1] if stream[0] == "softmax" else 0
    size = _task_size(query.shape[0], query.shape[1])
    wide = not _widest(memories, query, beta) < -_floor(memories.dtype)  # nan is wide

    def task(group: int, start: int) -> None:
        cut = slice(start, start + size)
        row_beta = beta[group, cut, None] if np.ndim(beta) else beta
        rows = np.ascontiguousarray(query[group, cut])
        if chosen is None:
            out[group, cut] = _softmax(memories[group], rows, row_beta, wide, extra)
        else:
            out[group, cut] = _selected(chosen, weights, memories[group], rows, row_beta, wide, budget)

    _run(task, [(g, start) for g in range(query.shape[0]) for start in range(0, query.shape[1], size)])
    return out


def score_blocks(memories: Array, query: Array, beta: Array) -> Iterator[tuple[int, Array]]:
    """Yield (first memory, scores beta z (n, block)); the next block overwrites the scores."""
    size = even(len(memories), MEMORIES)
    buffer = np.empty(len(query) * size, dtype=query.dtype)
    for start in range(0, len(memories), size):
        block = memories[start : start + size]
        v = buffer[: len(query) * len(block)].reshape(len(query), len(block))
        np.matmul(query, block.T, out=v)
        np.multiply(v, beta, out=v)
        yield start, v


def even(count: int, most: int) -> int:
    """Return the size of the fewest parts of about equal size, at most ``most``, that make up ``count``."""
    return max(1, -(-count // max(1, -(-count // most))))


class RunningSum:
    """top and total with sum_j exp(v_j) = total exp(top) over the scores seen, one row per query."""

    def __init__(self, count: int, dtype: Any, wide: bool, extra: float = 0) -> None:
        """``extra`` scores of 0 are counted from the start; ``wide``: exp(v - top) may underflow."""
        self.wide = wide
        self.top = np.full((count, 1), 0.0 if extra else -math.inf, dtype=dtype)
        self.total = np.full((count, 1), extra, dtype=dtype)

    def add(self, v: Array) -> Array:
        """Count v (n, block), replace it by exp(v - top), and return what older terms were multiplied by."""
        top = np.maximum(self.top, v.max(axis=1, keepdims=True))
        kept = np.exp(self.top - top)
        self.top = top
        # A rank-one update subtracts the maximum several times faster than NumPy's broadcasting does,
        # and rounds alike: the products by one are exact.
        subtract, ones = (dger if v.dtype == np.float64 else sger), np.ones(v.shape[1], dtype=v.dtype)
        subtract(-1.0, ones, top[:, 0], a=v.T, overwrite_a=1)
        if self.wide:
            _exp_flushed(v)
        else:
            np.exp(v, out=v)
        self.total = self.total * kept + (v @ ones)[:, None]
        return kept


def _exp_flushed(v: Array) -> None:
    """Replace v <= 0 by exp(v), with 0 for results near the smallest normal number and below.

    NumPy's vector code leaves those to a scalar function that takes up to ninety times as long.
    """
    floor = _floor(v.dtype)
    np.maximum(v, floor, out=v)
    np.exp(v, out=v)
    v -= np.exp(np.full(64, floor, dtype=v.dtype))[0]  # below half an ulp of what is not tiny itself


def _floor(dtype: Any) -> int:
    return math.ceil(math.log(np.finfo(dtype).tiny)) + 1


def _widest(memories: Array, query: Array, beta: Array) -> float:
    """Return an upper bound of the distance of two scores of the same query."""
    largest = [float(np.max(np.einsum("sij,sij->si", a, a))) for a in (memories, query)]
    return 2 * float(np.max(np.abs(beta))) * math.sqrt(largest[0]) * math.sqrt(largest[1])


def _softmax(memories: Array, query: Array, beta: Array, wide: bool, extra: float) -> Array:
    """Return sum_j exp(v_j) xi_j / (extra + sum_j exp(v_j)) (n, d)."""
    seen = RunningSum(len(query), query.dtype, wide, extra)
    mean, part = np.zeros_like(query), np.empty_like(query)
    for start, v in score_blocks(memories, query, beta):
        mean *= seen.add(v)
        mean += np.matmul(v, memories[start : start + v.shape[1]], out=part)
    mean /= seen.total
    return mean


def _selected(
    chosen: Selection,
    weights: Callable[[Array, Any], Array],
    memories: Array,
    query: Array,
    beta: Array,
    wide: bool,
    budget: int,
) -> Array:
    """Return T(x) (n, d) from candidates, in halves where the candidates of all rows exceed the budget."""
    seen = RunningSum(len(query), query.dtype, wide) if chosen.over_all else None
    found = candidates.find(chosen, score_blocks(memories, query, beta), len(query), seen, budget)
    if found is not None:
        return candidates.combine(chosen, weights, memories, *found, seen)
    half = len(query) // 2
    parts = []
    for cut in (slice(0, half), slice(half, len(query))):
        row_beta = beta[cut] if np.ndim(beta) else beta
        parts.append(_selected(chosen, weights, memories, query[cut], row_beta, wide, budget))
    return np.concatenate(parts)


def _task_size(sets: int, count: int) -> int:
    """Return the queries of a task; a single set gives at least two tasks."""
    return even(count, QUERIES if sets > 1 else min(QUERIES, -(-count // 2)))


@cache
def _blas() -> Any:
    return ThreadpoolController().select(user_api="blas")


def _run(task: Callable[..., None], tasks: list[tuple[int, int]]) -> None:
    """Run the tasks on as many threads as BLAS may use now, BLAS itself single-threaded meanwhile."""
    with _ONE_STEP:
        # The largest: a process may hold a second BLAS (a solver's) that never has more than one thread.
        threads = max((library.num_threads for library in _blas().lib_controllers), default=1)
        if threads == 1:
            for arguments in tasks:
                task(*arguments)
            return
        with _blas().limit(limits=1), ThreadPoolExecutor(threads) as pool:
            # The context carries the caller's np.errstate.
            jobs = [pool.submit(contextvars.copy_context().run, task, *arguments) for arguments in tasks]
            for job in jobs:
                job.result()
