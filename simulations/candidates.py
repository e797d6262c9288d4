"""Separations with few positive weights, streamed: keep the scores that may belong to the support.

While the scores arrive block by block, every row keeps the largest score of each of some slots.  These
are scores of distinct memories, and the threshold of a subset bounds the threshold of the whole set from
below:

* alpha-entmax, p_j = [(alpha - 1)(v_j - tau)]_+^{1/(alpha - 1)} (Peters, Niculae, Martins 2019): every
  further score adds to the sum that must be 1, so tau grows.  If the k largest have mean a, Jensen's
  inequality for the convex power 1/(alpha - 1) >= 1 gives tau >= a - k^{1 - alpha} / (alpha - 1); for
  alpha > 2 this holds with the smallest of the k.  k = 1 is the window 1/(alpha - 1) below the maximum.
* top-K: the K-th largest of a subset is at most the K-th largest of all.

Scores below the bound are dropped for good.  The separation's own ``weights`` then solves the small
problem that is left, so ties and exact zeros are those of the plain computation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array

Array = Any

# Most scores of the rows that are solved together: their temporaries stay in the cache, and small enough
# for the allocator to reuse them (fresh pages cost more than the arithmetic).
_TOGETHER = 1 << 18
# Above this share of positive weights a matrix product beats the sparse one.
_DENSE = 1 / 8


@dataclass(frozen=True)
class Selection:
    """Which scores may have a positive weight.

    Attributes:
        slots: how many slots a row keeps.
        bound: slot maxima (n, slots), -inf where a slot is empty -> (n, 1); smaller scores have weight 0.
        raised: (a bound (n, 1), candidates) -> a bound at least as large, or None.
        over_all: whether the weights of the candidates are still to be multiplied by their share
            sum_candidates exp(v) / sum_all exp(v).
    """

    slots: int
    bound: Callable[[Array], Array]
    raised: Callable[[Array, Candidates], Array] | None = None
    over_all: bool = False


@cache
def selection(stream: tuple[Any, ...]) -> Selection | None:
    """Return the rule for candidates that ``stream`` names, or None for softmax.

    Raises:
        ValueError: ``stream`` names no kernel.
    """
    match stream:
        case ("softmax", _) | ("entmax", 1):
            return None
        case ("entmax", alpha) if alpha > 1:
            raised = (lambda tau, found: _entmax_raised(tau, found, alpha)) if alpha <= 2 else None
            return Selection(256, lambda tops: entmax_bound(tops, alpha), raised)
        case ("topk", k, "A" | "B" as reading) if k >= 1:
            return Selection(max(64, 4 * k), lambda tops: _kth_largest(tops, k), over_all=reading == "A")
    raise ValueError(f"stream: expected softmax, entmax or topk with their parameters, found {stream!r}")


def entmax_bound(tops: Array, alpha: float) -> Array:
    """Return a lower bound (n, 1) of the alpha-entmax threshold of scores that include tops (n, k)."""
    level = -np.sort(-tops, axis=1)  # largest first
    slack = np.abs(level[:, :1])
    count = np.arange(1, tops.shape[1] + 1, dtype=tops.dtype)
    window = tops.dtype.type(1 / (alpha - 1))
    if alpha <= 2:
        np.cumsum(level, axis=1, out=level)
        level /= count
    level -= window * count ** tops.dtype.type(1 - alpha)
    # The threshold computed from all scores is rounded too.
    return level.max(axis=1, keepdims=True) - 64 * np.finfo(tops.dtype).eps * (slack + window)


def _entmax_raised(tau: Array, found: Candidates, alpha: float) -> Array:
    """Return tau (n, 1) after two of Newton's steps, which stay below the root: the sum is convex in tau."""
    p, starts, counts = 1 / (alpha - 1), found.starts, found.counts
    slack = 64 * np.finfo(tau.dtype).eps * (np.abs(tau) + p)
    # Where a float of the size of tau does not resolve the window, powers overflow: no step beyond it.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for _ in range(2):
            u = found.v - np.repeat(tau, counts)
            np.maximum(u, 0, out=u)
            u *= alpha - 1
            excess = np.add.reduceat(u**p, starts) - 1
            newton = excess / np.add.reduceat(u ** (p - 1), starts)
            tau = tau + np.clip(newton, 0, p)[:, None]
    return tau - slack


def _kth_largest(tops: Array, k: int) -> Array:
    place = tops.shape[1] - k
    return np.partition(tops, place, axis=1)[:, place : place + 1]


@dataclass(frozen=True)
class Candidates:
    """Scores ``v`` of memories ``index``, row after row and in the order of the memories; counts (n,)."""

    v: Array
    index: Array
    counts: Array

    @property
    def starts(self) -> Array:
        """Where the rows begin (n,)."""
        return np.cumsum(self.counts) - self.counts

    def rows(self, first: int, last: int) -> Candidates:
        """Return a view of some rows."""
        start = int(np.sum(self.counts[:first]))
        counts = self.counts[first:last]
        cut = slice(start, start + int(np.sum(counts)))
        return Candidates(self.v[cut], self.index[cut], counts)

    def above(self, bound: Array) -> Candidates:
        """Drop what is below the bound (n, 1); nothing is below a bound that is nan."""
        inside = ~(self.v < np.repeat(bound, self.counts))
        left = np.flatnonzero(inside)
        counts = np.diff(np.searchsorted(left, np.append(self.starts, len(inside))))
        return Candidates(np.take(self.v, left), np.take(self.index, left), counts)

    def padded(self) -> tuple[Array, Array]:
        """Return scores (n, most candidates of a row), -inf where there is none, and where there is one."""
        inside = np.arange(int(np.max(self.counts))) < self.counts[:, None]
        scores = np.full(inside.shape, -np.inf, dtype=self.v.dtype)
        scores[inside] = self.v
        return scores, inside


def find(
    chosen: Selection, blocks: Iterator[tuple[int, Array]], count: int, seen: Any, budget: int
) -> tuple[list[Candidates], Array] | None:
    """Return the candidates of ``count`` rows in parts, and a lower bound (count, 1) of the threshold.

    None if several rows together have more candidates than ``budget`` bytes hold.
    """
    tops: Array = None
    bound: Array = None
    due = True
    parts: list[Candidates] = []
    for number, (start, v) in enumerate(blocks, 1):
        if tops is None:
            tops = np.full((count, chosen.slots), -np.inf, dtype=v.dtype)
        for first in range(0, v.shape[1], chosen.slots):
            part = v[:, first : first + chosen.slots]
            np.maximum(tops[:, : part.shape[1]], part, out=tops[:, : part.shape[1]])
        due = number & (number - 1) == 0  # the bound rises ever more slowly
        if due:
            bound = chosen.bound(tops)
        parts.append(_not_below(v, bound, start))
        if count > 1 and sum(part.v.nbytes + part.index.nbytes for part in parts) > budget:
            return None
        if seen is not None:
            seen.add(v)
    return parts, bound if due else chosen.bound(tops)


def combine(
    chosen: Selection,
    weights: Callable[[Array, Any], Array],
    memories: Array,
    parts: list[Candidates],
    bound: Array,
    seen: Any,
) -> Array:
    """Return sum_j p_j xi_j (n, d), some rows at a time."""
    out = []
    for first, last in _groups(np.sum([part.counts for part in parts], axis=0)):
        tau = bound[first:last]
        found = _joined([part.rows(first, last).above(tau) for part in parts])
        if chosen.raised is not None:
            found = found.above(chosen.raised(tau, found))
        scores, inside = found.padded()
        p = weights(scores, np)
        if seen is not None:
            share = np.sum(np.exp(scores - seen.top[first:last]), axis=1, keepdims=True)
            p = p * (share / seen.total[first:last])
        out.append(_product(p[inside], found, memories))
    return np.concatenate(out)


def _product(p: Array, found: Candidates, memories: Array) -> Array:
    pointers = np.append(found.starts, len(p))
    matrix = csr_array((p, found.index, pointers), shape=(len(found.counts), len(memories)))
    if np.count_nonzero(p) > _DENSE * matrix.shape[0] * matrix.shape[1]:
        return matrix.toarray() @ memories
    return matrix @ memories


def _groups(counts: Array) -> Iterator[tuple[int, int]]:
    """Cut rows into runs that have at most _TOGETHER scores each when padded, or one row."""
    first, width = 0, 0
    for row, count in enumerate(counts):
        width = max(width, int(count))
        if row > first and (row + 1 - first) * width > _TOGETHER:
            yield first, row
            first, width = row, int(count)
    yield first, len(counts)


def _not_below(v: Array, bound: Array, start: int) -> Candidates:
    """Return the scores that are not below the bound (n, 1)."""
    inside = v < bound
    np.logical_not(inside, out=inside)
    place, counts = np.flatnonzero(inside), np.count_nonzero(inside, axis=1)
    first = np.arange(len(v)) * v.shape[1] - start
    index = np.subtract(place, np.repeat(first, counts), dtype=np.int32, casting="unsafe")
    return Candidates(np.take(v, place), index, counts)


def _joined(parts: list[Candidates]) -> Candidates:
    """Bring the rows of the parts together."""
    counts = np.sum([part.counts for part in parts], axis=0)
    free = np.cumsum(counts) - counts
    v = np.empty(np.sum(counts), dtype=parts[0].v.dtype)
    index = np.empty(len(v), dtype=parts[0].index.dtype)
    for part in parts:
        place = np.arange(len(part.v)) + np.repeat(free - part.starts, part.counts)
        v[place], index[place] = part.v, part.index
        free = free + part.counts
    return Candidates(v, index, counts)
