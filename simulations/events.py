"""Random events: draw sets of memories and say of every draw whether the event came about.

An event is ``event(stream, trials, **arguments)`` and returns one int8 per trial: 1 the statement failed in
this draw, 0 it held, -1 nobody knows. Failures and successes are certain (up to floating point, with room
for rounding); whatever has no certificate on either side is -1. Memories are independent and uniform on the
sphere of radius m in R^d. ``scaled_min_angle`` returns values instead, for statements on means.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.basins import certified_basin
from simulations.ensembles import sphere
from simulations.storage import distinct_limits, stored
from simulations.variants import variant as find_variant
from simulations.variants.base import Variant, jacobian

Floats = NDArray[np.float64]
Outcome = NDArray[np.int8]

# Elements of the largest temporary of one block of draws.
BLOCK = 1 << 20
# Relative room in which a comparison of two computed numbers counts as a tie.
TIE = 1e-9
# Starts per memory where storage with a given radius has to be sampled.
STARTS = 4


def min_angle_below(stream: np.random.Generator, trials: int, *, d: int, M: int, theta: float) -> Outcome:
    """Failure: the smallest angle between two of M uniform directions in R^d is below theta (radians)."""
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    # 1 - cos = 2 sin^2(theta/2) keeps its digits for small angles.
    border = 2 * math.sin(min(theta, math.pi) / 2) ** 2
    gap = np.concatenate([1 - _largest_cosine(x) for x in _draws(stream, trials, d, M, 1.0)])
    tie = np.abs(gap - border) <= 1e-14
    below = (gap < border) | (theta > math.pi)
    return np.where(tie, np.int8(-1), below.astype(np.int8))


def scaled_min_angle(stream: np.random.Generator, trials: int, *, d: int, M: int) -> Floats:
    """M^(2/(d-1)) times the smallest angle of M uniform directions in R^d, one value per trial.

    Values lie in [0, pi M^(2/(d-1))].

    Raises:
        ValueError: M < 2 or d < 2.
    """
    if M < 2 or d < 2:
        raise ValueError(f"a smallest angle needs two points and two dimensions, not M = {M}, d = {d}")
    gap = np.concatenate([1 - _largest_cosine(x) for x in _draws(stream, trials, d, M, 1.0)])
    angle = 2 * np.arcsin(np.sqrt(np.clip(gap / 2, 0.0, 1.0)))
    return np.asarray(M ** (2 / (d - 1)) * angle)


def not_all_stored(
    stream: np.random.Generator,
    trials: int,
    *,
    model: str,
    d: int,
    M: int,
    m: float,
    beta: float,
    radius: float | None = None,
) -> Outcome:
    """Failure: not all M memories are stored (Ramsauer et al. 2021, Def. 1).

    Without ``radius`` the spheres are free: failure means that no choice of spheres about the memories
    works, success that some choice does. With it all spheres have that radius.
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    variant = find_variant(model)
    if model == "dense" and beta * m * m < 1 - TIE:
        # |Jacobian| <= beta m^2 < 1 everywhere: one global fixed point, and two memories need two.
        return np.ones(trials, dtype=np.int8)
    blocks = [
        _judge(variant, x, beta, m, radius, stream, sure=np.zeros(len(x), dtype=bool))
        for x in _draws(stream, trials, d, M, m)
    ]
    return np.concatenate(blocks)


def separated_not_stored(
    stream: np.random.Generator,
    trials: int,
    *,
    model: str,
    d: int,
    M: int,
    m: float,
    beta: float,
    theta: float,
) -> Outcome:
    """Failure: all angles are at least theta, and yet not all memories are stored (spheres free)."""
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    variant = find_variant(model)
    contracts = model == "dense" and beta * m * m < 1 - TIE
    border = math.cos(min(theta, math.pi))
    out = []
    for x in _draws(stream, trials, d, M, m):
        close = _largest_cosine(x) / m**2 > border
        if contracts:
            out.append((~close).astype(np.int8))
        else:
            out.append(_judge(variant, x, beta, m, None, stream, sure=close))
    return np.concatenate(out)


def not_all_exact_fixed(
    stream: np.random.Generator, trials: int, *, d: int, M: int, m: float, beta: float
) -> Outcome:
    """Failure: T(xi_mu) != xi_mu for some memory of the sparse model.

    On a sphere T(xi_mu) = xi_mu exactly if sparsemax(beta z) is the unit vector of mu, that is, if
    beta Delta_mu >= 1 (sparsemax puts all weight on the first score exactly if it leads by 1 or more).
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    margin = np.concatenate([beta * (m**2 - _largest_cosine(x)) for x in _draws(stream, trials, d, M, m)])
    tie = np.abs(margin - 1) <= 1e-12 * (1 + beta * m**2)
    return np.where(tie, np.int8(-1), (margin < 1).astype(np.int8))


def _draws(stream: np.random.Generator, trials: int, d: int, M: int, m: float) -> Iterator[Floats]:
    """Yield blocks (n, M, d) of draws, ``trials`` sets in all."""
    size = max(1, BLOCK // (M * max(M, d)))
    for first in range(0, trials, size):
        yield sphere(stream, min(size, trials - first), M, d, m=m)


def _largest_cosine(memories: Floats) -> Floats:
    """Return the largest inner product of two different memories of each set, (n,)."""
    gram = np.matmul(memories, np.swapaxes(memories, -1, -2))
    rows = np.arange(memories.shape[1])
    gram[:, rows, rows] = -np.inf
    return np.asarray(gram.max(axis=(-1, -2)))


def _judge(
    variant: Variant,
    memories: Floats,
    beta: float,
    m: float,
    radius: float | None,
    stream: np.random.Generator,
    sure: NDArray[np.bool_],
) -> Outcome:
    """Judge sets (n, M, d) on a sphere; ``sure`` marks sets that count as successes whatever they store."""
    count = memories.shape[1]
    verdict = np.where(sure, np.int8(0), np.int8(-1))
    if _margin_decides(variant, beta, m, radius):
        margin = beta * (m**2 - _largest_cosine(memories))
        verdict[margin >= _needed_margin(variant, beta * m * m, count) + TIE * (1 + beta * m * m)] = 0
    left = np.flatnonzero(verdict < 0)
    # The certificates work on all pairs at once, in blocks of their own.
    step = max(1, BLOCK // (count * count))
    for first in range(0, len(left), step):
        index = left[first : first + step]
        if radius is None:
            verdict[index] = _with_free_spheres(variant, memories[index], beta, m)
        else:
            each = stored(variant, memories[index], beta, radius, STARTS, stream)
            verdict[index] = np.where(
                np.any(each == 0, axis=1), 1, np.where(np.all(each == 1, axis=1), 0, -1)
            )
    return verdict


def _margin_decides(variant: Variant, beta: float, m: float, radius: float | None) -> bool:
    """Tell whether the smallest separation alone can prove storage with this radius."""
    if radius is None:
        return True
    return variant.name == "dense" and abs(radius * 2 * beta * m - 1) <= 1e-12


def _needed_margin(variant: Variant, beta_m2: float, count: int) -> float:
    """Return the least beta Delta_mu that proves storage for all memories of one norm.

    Dense: 1 + log(4 beta m^2 (M-1)) makes T a contraction of B(xi_mu, 1/(2 beta m)) and these balls
    disjoint. Sparse: beyond 1 every memory is an isolated fixed point that attracts a whole ball at once.
    """
    if variant.name == "sparse":
        return 1.0
    return 1 + math.log(4 * beta_m2 * (count - 1)) if 4 * beta_m2 * (count - 1) > 1 else math.inf


def _with_free_spheres(variant: Variant, memories: Floats, beta: float, m: float) -> Outcome:
    """Judge sets (n, M, d) with the radii of the spheres free."""
    half = np.asarray(geometry.half_min_distance(memories))[:, None]
    certified = np.zeros(memories.shape[:2], dtype=bool)
    # Radii up to half the smallest distance give disjoint balls, one memory's independent of the other's.
    for share in (1.0, 0.5, 0.25, 0.1):
        outer = np.minimum(share * half * (1 - TIE), 1e9 * m)
        certified |= certified_basin(variant, memories, beta, np.broadcast_to(outer, certified.shape))[0]
    verdict = np.where(np.all(certified, axis=1), np.int8(0), np.int8(-1))
    left = np.flatnonzero(verdict < 0)
    if len(left):
        verdict[left] = np.where(_spheres_impossible(variant, memories[left], beta, m), 1, -1)
    return verdict


def _spheres_impossible(variant: Variant, memories: Floats, beta: float, m: float) -> NDArray[np.bool_]:
    """Tell which sets cannot all be stored: the limits of two memories need spheres that meet.

    The sphere of a stored memory holds the limit of the iteration from it. So two memories with one limit are
    not both stored, nor are two whose displacements add up to more than their distance.
    """
    found = distinct_limits(variant, memories, beta)
    slope = np.stack(
        [
            np.linalg.norm(jacobian(variant, x, state, beta), 2, axis=(-2, -1))
            for x, state in zip(memories, found.state, strict=True)
        ]
    )
    # Only an attracting fixed point proves where an orbit that is already close to it ends.
    settled = found.converged & (slope < 1 - 1e-6)
    moved = np.where(settled, np.linalg.norm(found.state - memories, axis=-1), 0.0)
    meet = []
    for x, label, ok, away in zip(memories, found.label, settled, moved, strict=True):
        i, j = np.triu_indices(len(x), 1)
        shared = (label[i] == label[j]) & ok[i] & ok[j]
        crowded = away[i] + away[j] > np.linalg.norm(x[i] - x[j], axis=-1) + 1e-6 * m
        meet.append(bool(np.any(shared | crowded)))
    return np.array(meet)
