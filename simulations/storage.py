"""Which memories are stored: limits of the iteration, certificates and counterexamples.

A memory is stored with radius r (Ramsauer et al. 2021, Def. 1 = Def. 5; Hu et al. 2023) if the balls
B(xi_mu, r) are disjoint from each other and all points of its ball converge to one fixed point in it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.backends import NUMPY, Backend
from simulations.basins import ROOM, certified_basin, per_memory
from simulations.ensembles import directions
from simulations.geometry import (
    diameter,
    half_min_distance,
    max_norm,
    min_angle,
    nearest,
    nearest_distance,
    rival,
    separations,
)
from simulations.retrieval import Retrieval, settle
from simulations.variants.base import BLOCK, Variant, jacobian

__all__ = [
    "Limits",
    "certified_basin",
    "diameter",
    "distinct_limits",
    "half_min_distance",
    "max_norm",
    "min_angle",
    "nearest",
    "nearest_distance",
    "rival",
    "separations",
    "stored",
]

Floats = NDArray[np.float64]

# Two limits closer than this times m count as one: far above the accuracy of a converged limit, far
# below the distance at which two fixed points can be told apart by storage.
SAME_LIMIT = 1e-7


@dataclass(frozen=True)
class Limits:
    """Limits of the iteration from each memory.

    Attributes:
        state: (n, M, d) the limits.
        label: (n, M) equal numbers for equal limits, 0, 1, ... in order of first appearance.
        count: (n,) number of distinct limits.
        converged: (n, M).
        residual: (n, M).
    """

    state: Floats
    label: NDArray[np.int64]
    count: NDArray[np.int64]
    converged: NDArray[np.bool_]
    residual: Floats


def distinct_limits(
    variant: Variant, memories: Floats, beta: Any, max_steps: int = 10_000, backend: Backend = NUMPY
) -> Limits:
    """Iterate from every memory of (n, M, d) (or (M, d): n = 1) and group the limits.

    beta is a number or (n,). Limits closer than 1e-7 m are taken for the same; with limits that have
    not converged the count is a guess, see ``converged``.
    """
    memories = memories[None] if memories.ndim == 2 else memories
    found = _limits(variant, memories, memories, beta, max_steps, backend)
    close = SAME_LIMIT * np.atleast_1d(geometry.max_norm(memories))
    label = np.stack([_grouped(x, c) for x, c in zip(found.state, close, strict=True)])
    return Limits(found.state, label, label.max(axis=1) + 1, found.converged, found.residual)


def _limits(
    variant: Variant, memories: Floats, starts: Floats, beta: Any, max_steps: int, backend: Backend
) -> Retrieval:
    """Retrieve from starts (n, q, d) in memories (n, M, d)."""
    beta = np.asarray(beta)[:, None] if np.ndim(beta) else beta
    if len(memories) > 1 and memories.shape[1] * starts.shape[1] > BLOCK:
        betas = np.broadcast_to(beta, (len(memories), 1))
        ends = [
            settle(variant, x, s, b, max_steps, backend)
            for x, s, b in zip(memories, starts, betas, strict=True)
        ]
        state, steps, converged, residual = (
            np.stack([getattr(e, name) for e in ends]) for name in ("state", "steps", "converged", "residual")
        )
        return Retrieval(state, steps, converged, residual, None)
    return settle(variant, memories[:, None], starts, beta, max_steps, backend)


def _grouped(points: Floats, close: float) -> NDArray[np.int64]:
    """Label points (M, d) so that each group lies within ``close`` of its first member."""
    label = np.full(len(points), -1, dtype=np.int64)
    # Points of one group are also close in every coordinate: gaps in one of them separate candidates,
    # and only within a run of close values must distances be looked at.
    axis = int(np.argmax(np.ptp(points, axis=0)))
    order = np.argsort(points[:, axis], kind="stable")
    runs = np.split(order, np.flatnonzero(np.diff(points[order, axis]) > close) + 1)
    groups = 0
    for run in runs:
        left = np.sort(run)
        while len(left):
            same = np.linalg.norm(points[left] - points[left[0]], axis=-1) <= close
            label[left[same]] = groups
            groups, left = groups + 1, left[~same]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def stored(
    variant: Variant,
    memories: Floats,
    beta: Any,
    radius: Any,
    starts: int,
    stream: np.random.Generator,
    max_steps: int = 10_000,
    backend: Backend = NUMPY,
) -> NDArray[np.int8]:
    """Judge for each memory whether it is stored with the given radius: 1 yes, 0 no, -1 undecided.

    1: ``certified_basin`` holds for a ball containing B(xi_mu, radius), the fixed point lies within
       the radius, and the ball meets no other ball of the same radius.
    0: the ball meets another one, or the iteration from xi_mu or from a sampled point of the ball ends
       outside the ball, or two of these limits differ.
    -1: nothing of this: all samples agree, but there is no certificate; or an iteration did not settle.

    Both 1 and 0 are computed in floating point (float64; ``backend`` iterates, the rest runs on NumPy), with
    room for rounding. The radius matters: report it.
    Two memories with one limit are not both stored, but the one whose ball holds the limit may be.

    Args:
        memories: (n, M, d) or (M, d).
        beta: a number or (n,).
        radius: number, (n,) or (n, M), e.g. half_min_distance(memories) * (1 - 1e-9). Open balls.
        starts: sampled points per undecided memory, beside the memory itself: on the boundary, half of
            them towards the nearest other memory (mixed with noise).

    Returns:
        (n, M) or (M,) int8.
    """
    if memories.ndim == 2:
        alone = stored(variant, memories[None], beta, radius, starts, stream, max_steps, backend)
        return np.asarray(alone[0])
    n, m, _ = memories.shape
    norms = np.asarray(geometry.max_norm(memories))[:, None]
    # A single memory has R = inf; every radius beyond the memories means the same.
    r = np.minimum(per_memory(radius, n, m), 1e3 * np.where(norms > 0, norms, 1.0))
    found = _limits(variant, memories, memories, beta, max_steps, backend)
    displaced = np.linalg.norm(found.state - memories, axis=-1)

    verdict = np.full((n, m), -1, dtype=np.int8)
    open_rows = np.ones((n, m), dtype=bool)
    for outer in _outer_radii(r, norms, beta):
        # A set is worth the work only if it has an open row; rows that are decided stay decided.
        sets = np.flatnonzero(np.any(open_rows, axis=1))
        if not len(sets):
            break
        some = np.broadcast_to(np.asarray(beta, dtype=float), (n,))[sets]
        sure, inner, slope = certified_basin(variant, memories[sets], some, r[sets], outer[sets])
        away = np.minimum(inner, displaced[sets] + _error(found.residual[sets], slope) + ROOM * norms[sets])
        verdict[sets] = np.where(sure & (away < r[sets]), np.int8(1), verdict[sets])
        open_rows[sets] &= verdict[sets] < 0
    outside = (verdict < 0) & found.converged & (displaced > r)
    slope = _slopes(variant, memories, found.state, beta, outside)
    verdict[outside & (displaced > r + _doubt(found.residual, slope, norms))] = 0
    overlapping = 2 * r > np.asarray(geometry.nearest_distance(memories)) * (1 + 1e-12)
    verdict[overlapping | (r <= 0)] = 0
    if starts > 0:
        _sample(variant, memories, beta, r, starts, stream, max_steps, backend, found, verdict)
    return verdict


def _outer_radii(r: Floats, norms: Floats, beta: Any) -> list[Floats]:
    """Return balls worth certifying: the wanted one, and larger ones for a fixed point near its edge."""
    beta = np.asarray(beta, dtype=float)[:, None] if np.ndim(beta) else float(beta)
    natural = 1 / (2 * beta * np.where(norms > 0, norms, 1.0))
    return [r, *(np.maximum(r, natural * k) for k in (1.0, 0.25))]


def _error(residual: Floats, slope: Floats) -> Floats:
    """Return the distance of a state from the fixed point of a contraction: residual / (1 - slope)."""
    return np.where(slope < 1, residual / np.where(slope < 1, 1 - slope, 1.0), np.inf)


def _sample(
    variant: Variant,
    memories: Floats,
    beta: Any,
    r: Floats,
    starts: int,
    stream: np.random.Generator,
    max_steps: int,
    backend: Backend,
    own_limits: Retrieval,
    verdict: NDArray[np.int8],
) -> None:
    """Set the verdict to 0 where a sampled point of the ball of an undecided memory ends elsewhere."""
    sets = np.flatnonzero(np.any(verdict < 0, axis=1))
    if not len(sets):
        return
    d = memories.shape[-1]
    undecided = verdict[sets] < 0
    # As many rows of each set as its neediest set has undecided ones, the undecided first.
    rows = np.argsort(~undecided, axis=1, kind="stable")[:, : int(undecided.sum(axis=1).max())]
    own = np.take_along_axis(memories[sets], rows[..., None], axis=1)
    other = np.take_along_axis(np.asarray(geometry.nearest(memories[sets])), rows, axis=1)
    step = np.take_along_axis(memories[sets], other[..., None], axis=1) - own
    length = np.take_along_axis(r[sets], rows, axis=1)
    points = own[:, :, None, :] + (1 - 1e-9) * length[..., None, None] * _aims(stream, step, starts)
    betas = np.asarray(beta)[sets] if np.ndim(beta) else beta
    found = _limits(variant, memories[sets], points.reshape(len(sets), -1, d), betas, max_steps, backend)
    ends = found.state.reshape(points.shape)
    norms = np.asarray(geometry.max_norm(memories[sets]))[:, None, None]
    limit = np.take_along_axis(own_limits.state[sets], rows[..., None], axis=1)
    elsewhere = np.linalg.norm(ends - limit[:, :, None, :], axis=-1) > SAME_LIMIT * norms
    elsewhere &= found.converged.reshape(elsewhere.shape)
    # Another fixed point strictly inside the ball is a counterexample, whatever it attracts.
    distance = np.linalg.norm(ends - own[:, :, None, :], axis=-1)
    inside = distance < length[..., None] - SAME_LIMIT * norms
    asked = (elsewhere & ~inside).reshape(len(sets), -1)
    slope = _slopes(variant, memories[sets], found.state, betas, asked).reshape(distance.shape)
    leaves = np.any(elsewhere & (inside | (slope < 1)), axis=-1)
    # The start xi_mu must have settled too before another limit can be told apart from its own.
    sure = leaves & np.take_along_axis(own_limits.converged[sets], rows, axis=1)
    old = np.take_along_axis(verdict[sets], rows, axis=1)
    for s, index, new in zip(sets, rows, np.where((old < 0) & sure, 0, old), strict=True):
        verdict[s, index] = new


def _slopes(variant: Variant, memories: Floats, ends: Floats, beta: Any, asked: NDArray[np.bool_]) -> Floats:
    """Return the norm of the Jacobian at the asked states (n, q, d); inf elsewhere.

    Next to a saddle the iteration can be too slow to be told from one that has arrived. Only an
    attracting fixed point proves where an orbit ends.
    """
    out = np.full(asked.shape, np.inf)
    close = SAME_LIMIT * np.asarray(geometry.max_norm(memories))
    for s in np.flatnonzero(np.any(asked, axis=1)):
        where = np.flatnonzero(asked[s])
        label = _grouped(ends[s, where], float(close[s]))
        _, first = np.unique(label, return_index=True)
        one = float(np.asarray(beta)[s]) if np.ndim(beta) else beta
        slopes = np.linalg.norm(jacobian(variant, memories[s], ends[s, where[first]], one), 2, axis=(-2, -1))
        out[s, where] = slopes[label]
    return out


def _doubt(residual: Floats, slope: Floats, norms: Floats) -> Floats:
    """Return by how much a converged state may miss its fixed point, generously; inf at a saddle."""
    return 4 * _error(np.maximum(residual, 1e-14 * norms), slope)


def _aims(stream: np.random.Generator, step: Floats, starts: int) -> Floats:
    """Return unit vectors (n, k, starts, d): the first along step (n, k, d), then random or mixed."""
    n, k, d = step.shape
    number = np.arange(starts)[:, None]
    length = np.linalg.norm(step, axis=-1, keepdims=True)
    towards = (step / np.where(length > 0, length, 1.0))[:, :, None, :]
    mixed = number % 2 == 0
    share = np.where(number == 0, 0.0, np.where(mixed, 0.5, 1.0))
    aim = np.where(mixed, 1.0, 0.0) * towards + share * directions(stream, n, k, starts, d)
    size = np.linalg.norm(aim, axis=-1, keepdims=True)
    return np.asarray(aim / np.where(size > 0, size, 1.0))
