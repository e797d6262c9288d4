"""Geometry of a set of memories: separations, distances, angles. Memories are (M, d) or (n, M, d).

Large sets are worked on in blocks of rows, so no (M, M, d) array is ever made and (M, M) only in part.
Inner products come from matrix products; distances are taken from differences, because the difference
of squares loses the distance of near-copies.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = Any
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Elements of the largest temporary.
BLOCK = 1 << 22


def _blocks(sets: int, rows: int, cost: int) -> list[tuple[slice, slice]]:
    """Cut (sets, rows) into blocks of at most BLOCK elements when each row costs ``cost`` elements."""
    if rows * cost <= BLOCK:
        step = max(1, BLOCK // (rows * cost))
        return [(slice(i, i + step), slice(0, rows)) for i in range(0, sets, step)]
    step = max(1, BLOCK // cost)
    return [(slice(i, i + 1), slice(j, j + step)) for i in range(sets) for j in range(0, rows, step)]


def row_blocks(memories: Array) -> list[tuple[slice, slice]]:
    """Return (sets, rows) slices whose (sets, rows, M) arrays of pair quantities stay small."""
    n, m, _ = memories.shape
    return _blocks(n, m, m)


def _batched(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Let a function of (n, M, d) memories also take (M, d); one set seen n times is worked on once."""

    def wrapped(memories: Array) -> Array:
        if memories.ndim == 2:
            return function(memories[None])[0]
        n = memories.shape[0]
        if n > 1 and memories.strides[0] == 0:
            once = function(memories[:1])
            return np.broadcast_to(once, (n, *once.shape[1:]))
        return function(memories)

    wrapped.__doc__ = function.__doc__
    wrapped.__name__ = function.__name__
    return wrapped


def _competing(gram: Array, first: int) -> Array:
    """Replace each row's own entry by another entry of that row: the maximum over the others is left.

    (No -inf is needed, so this also serves exact elements.)
    """
    rows, m = gram.shape[-2:]
    own = np.arange(first, first + rows)[:, None] == np.arange(m)
    return np.where(own, np.roll(gram, -1, axis=-1), gram)


@_batched
def separations(memories: Array) -> Array:
    """Return Delta_mu = <xi_mu, xi_mu> - max_{nu != mu} <xi_mu, xi_nu>, (M,) or (n, M); inf for M = 1."""
    n, m, _ = memories.shape
    out = np.full((n, m), np.inf, dtype=memories.dtype)
    for sets, rows in row_blocks(memories) if m > 1 else []:
        block = memories[sets, rows]
        gram = np.matmul(block, np.swapaxes(memories[sets], -1, -2))
        own = np.sum(block * block, axis=-1)
        out[sets, rows] = own - np.max(_competing(gram, rows.start), axis=-1)
    return out


@_batched
def rival(memories: Array) -> Array:
    """Return the index of the other memory with the largest inner product, (M,) or (n, M); -1 for M = 1."""
    n, m, _ = memories.shape
    out = np.full((n, m), -1, dtype=np.int64)
    for sets, rows in row_blocks(memories) if m > 1 else []:
        gram = np.matmul(memories[sets, rows], np.swapaxes(memories[sets], -1, -2))
        index = np.argmax(_competing(gram, rows.start), axis=-1)
        # The stand-in for the own entry is the entry of the next memory.
        own = np.arange(rows.start, rows.start + index.shape[-1])
        out[sets, rows] = np.where(index == own, (own + 1) % m, index)
    return out


def squared_distances(block: Array, memories: Array) -> Array:
    """Return |a - b|^2 for block (c, k, d) against memories (c, M, d): (c, k, M), from differences."""
    if memories.dtype == object or memories.shape[-2] * block.shape[-2] * memories.shape[-1] <= 1 << 14:
        away = block[:, :, None, :] - memories[:, None, :, :]
        return np.sum(away * away, axis=-1)
    return np.stack([cdist(b, x, "sqeuclidean") for b, x in zip(block, memories, strict=True)])


def _distance_blocks(memories: Array) -> list[tuple[slice, slice]]:
    n, m, d = memories.shape
    small = m * m * d <= 1 << 14
    return _blocks(n, m, m * d if small or memories.dtype == object else m)


@_batched
def nearest(memories: Array) -> Array:
    """Return the index of the nearest other memory, (M,) or (n, M); -1 for M = 1."""
    n, m, _ = memories.shape
    out = np.full((n, m), -1, dtype=np.int64)
    for sets, rows in _distance_blocks(memories) if m > 1 else []:
        competing = _competing(-squared_distances(memories[sets, rows], memories[sets]), rows.start)
        index = np.argmax(competing, axis=-1)
        own = np.arange(rows.start, rows.start + index.shape[-1])
        out[sets, rows] = np.where(index == own, (own + 1) % m, index)
    return out


@_batched
def nearest_distance(memories: Array) -> Array:
    """Return the distance to the nearest other memory, (M,) or (n, M); inf for M = 1."""
    n, m, _ = memories.shape
    if m == 1:
        return np.full((n, 1), np.inf)
    other = np.take_along_axis(memories, nearest(memories)[..., None], axis=1)
    return np.linalg.norm(memories - other, axis=-1)


@_batched
def half_min_distance(memories: Array) -> Array:
    """Return R = (1/2) min |xi_mu - xi_nu|, scalar or (n,); inf for M = 1."""
    return np.min(nearest_distance(memories), axis=-1) / 2


@_batched
def diameter(memories: Array) -> Array:
    """Return max |xi_mu - xi_nu|, scalar or (n,); 0 for M = 1."""
    out = np.zeros(memories.shape[0])
    for sets, rows in _distance_blocks(memories):
        squares = squared_distances(memories[sets, rows], memories[sets])
        out[sets] = np.maximum(out[sets], np.sqrt(np.max(squares, axis=(-1, -2))))
    return out


@_batched
def max_norm(memories: Array) -> Array:
    """Return m = max |xi_mu|, scalar or (n,)."""
    return np.max(np.linalg.norm(memories, axis=-1), axis=-1)


@_batched
def min_angle(memories: Array) -> Array:
    """Return the smallest angle between two memories seen from the origin, in radians, scalar or (n,).

    inf for M = 1; nan where a memory is the zero vector, which has no direction.
    """
    n, m, _ = memories.shape
    if m == 1:
        return np.full(n, np.inf)
    length = np.linalg.norm(memories, axis=-1, keepdims=True)
    unit = memories / np.where(length > 0, length, 1.0)
    other = np.take_along_axis(unit, nearest(unit)[..., None], axis=1)
    # atan2 of chord and median is accurate for small angles and near pi alike, arccos for neither.
    chord = np.linalg.norm(unit - other, axis=-1)
    angle = 2 * np.arctan2(chord, np.linalg.norm(unit + other, axis=-1))
    return np.where(np.all(length > 0, axis=(1, 2)), np.min(angle, axis=-1), np.nan)
