"""Random events: draw sets of memories and say of every draw whether the event came about.

An event is ``event(stream, trials, **arguments)`` and returns one int8 per trial: 1 the statement failed in
this draw, 0 it held, -1 nobody knows. Failures and successes are certain (up to floating point, with room
for rounding); whatever has no certificate on either side is -1. Memories are independent and uniform on the
sphere of radius m in R^d. ``scaled_min_angle`` returns values instead, for statements on means.

``backend`` computes the inner products of all pairs and iterates; what is left over for certificates on pairs
runs on NumPy in float64. In float32 a draw whose inner products lie within their forward error of the border
is undecided. With ``device`` the memory sets are drawn by that stream, where the backend is.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.backends import NUMPY, Array, Backend
from simulations.basins import certified_basin
from simulations.ensembles import sphere
from simulations.storage import distinct_limits, stored
from simulations.streams import DeviceStream
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


def min_angle_below(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    theta: float,
    backend: Backend = NUMPY,
    device: DeviceStream | None = None,
) -> Outcome:
    """Failure: the smallest angle between two of M uniform directions in R^d is below theta (radians)."""
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    # 1 - cos = 2 sin^2(theta/2) keeps its digits for small angles.
    border = 2 * math.sin(min(theta, math.pi) / 2) ** 2
    gap = 1 - _largest_cosines(stream, trials, d, M, 1.0, backend, device)
    tie = np.abs(gap - border) <= max(1e-14, _rounding(backend, d))
    below = (gap < border) | (theta > math.pi)
    return np.where(tie, np.int8(-1), below.astype(np.int8))


def scaled_min_angle(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    backend: Backend = NUMPY,
    device: DeviceStream | None = None,
) -> Floats:
    """M^(2/(d-1)) times the smallest angle of M uniform directions in R^d, one value per trial.

    A value cannot be undecided, so it is computed in float64 on every backend.

    Values lie in [0, pi M^(2/(d-1))].

    Raises:
        ValueError: M < 2 or d < 2.
    """
    if M < 2 or d < 2:
        raise ValueError(f"a smallest angle needs two points and two dimensions, not M = {M}, d = {d}")
    gap = 1 - _largest_cosines(stream, trials, d, M, 1.0, backend.double, device)
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
    backend: Backend = NUMPY,
    device: DeviceStream | None = None,
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
        _judge(variant, x, beta, m, radius, stream, np.zeros(x.shape[0], dtype=bool), backend)
        for x in _draws(stream, trials, d, M, m, device)
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
    backend: Backend = NUMPY,
    device: DeviceStream | None = None,
) -> Outcome:
    """Failure: all angles are at least theta, and yet not all memories are stored (spheres free)."""
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    variant = find_variant(model)
    contracts = model == "dense" and beta * m * m < 1 - TIE
    border = math.cos(min(theta, math.pi))
    out = []
    for x in _draws(stream, trials, d, M, m, device):
        cosine = _largest_cosine(x, backend) / m**2
        close = cosine > border
        if contracts:
            verdict = (~close).astype(np.int8)
        else:
            verdict = _judge(variant, x, beta, m, None, stream, close, backend)
        out.append(np.where(np.abs(cosine - border) < _rounding(backend, d), np.int8(-1), verdict))
    return np.concatenate(out)


def not_all_exact_fixed(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    m: float,
    beta: float,
    backend: Backend = NUMPY,
    device: DeviceStream | None = None,
) -> Outcome:
    """Failure: T(xi_mu) != xi_mu for some memory of the sparse model.

    On a sphere T(xi_mu) = xi_mu exactly if sparsemax(beta z) is the unit vector of mu, that is, if
    beta Delta_mu >= 1 (sparsemax puts all weight on the first score exactly if it leads by 1 or more).
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    margin = beta * (m**2 - _largest_cosines(stream, trials, d, M, m, backend, device))
    tie = np.abs(margin - 1) <= max(1e-12, _rounding(backend, d)) * (1 + beta * m**2)
    return np.where(tie, np.int8(-1), (margin < 1).astype(np.int8))


def _draws(
    stream: np.random.Generator, trials: int, d: int, M: int, m: float, device: DeviceStream | None
) -> Iterator[Array]:
    """Yield blocks (n, M, d) of draws in float64, ``trials`` sets in all; on the device if it draws them."""
    size = max(1, BLOCK // (M * max(M, d)))
    for first in range(0, trials, size):
        n = min(size, trials - first)
        yield sphere(stream, n, M, d, m=m) if device is None else device.sphere(n, M, d, m)


def _largest_cosines(
    stream: np.random.Generator,
    trials: int,
    d: int,
    M: int,
    m: float,
    backend: Backend,
    device: DeviceStream | None,
) -> Floats:
    """Return the largest inner product of two different memories of each of ``trials`` sets."""
    return np.concatenate([_largest_cosine(x, backend) for x in _draws(stream, trials, d, M, m, device)])


def _largest_cosine(memories: Array, backend: Backend) -> Floats:
    """Return the largest inner product of two different memories of each set, (n,)."""
    xp = backend.xp
    if isinstance(memories, np.ndarray):
        x = backend.array(memories)
    else:
        x = xp.astype(memories, getattr(xp, backend.dtype))
    gram = xp.matmul(x, xp.matrix_transpose(x))
    count = gram.shape[-1]
    if isinstance(gram, np.ndarray):
        gram[:, np.arange(count), np.arange(count)] = -np.inf
    else:
        gram = xp.where(backend.array(np.eye(count, dtype=bool)), -math.inf, gram)
    return np.asarray(backend.host(xp.max(gram, axis=(-1, -2))))


def _rounding(backend: Backend, d: int) -> float:
    """Return the forward error of an inner product in R^d, as a share of the two norms; 0 for float64.

    d products and sums and the rounding of either input make d + 2 factors 1 + epsilon/2; the two norms are
    those of the rounded draws. Float64 has constants of its own beside each comparison.
    """
    return 0.0 if backend.dtype == "float64" else (d + 4) * backend.epsilon


def _host(memories: Array, backend: Backend) -> Floats:
    """Return draws as a NumPy array, for what runs on NumPy only."""
    return memories if isinstance(memories, np.ndarray) else backend.host(memories)


def _judge(
    variant: Variant,
    memories: Array,
    beta: float,
    m: float,
    radius: float | None,
    stream: np.random.Generator,
    sure: NDArray[np.bool_],
    backend: Backend,
) -> Outcome:
    """Judge sets (n, M, d) on a sphere; ``sure`` marks sets that count as successes whatever they store."""
    count = memories.shape[1]
    verdict = np.where(sure, np.int8(0), np.int8(-1))
    if _margin_decides(variant, beta, m, radius):
        margin = beta * (m**2 - _largest_cosine(memories, backend))
        room = max(TIE, _rounding(backend, memories.shape[-1]))
        verdict[margin >= _needed_margin(variant, beta * m * m, count) + room * (1 + beta * m * m)] = 0
    if not np.any(verdict < 0):
        return verdict
    memories = _host(memories, backend)
    left = np.flatnonzero(verdict < 0)
    # The certificates work on all pairs at once, in blocks of their own.
    step = max(1, BLOCK // (count * count))
    for first in range(0, len(left), step):
        index = left[first : first + step]
        if radius is None:
            verdict[index] = _with_free_spheres(variant, memories[index], beta, m, backend)
        else:
            each = stored(variant, memories[index], beta, radius, STARTS, stream, backend=backend)
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


def _with_free_spheres(
    variant: Variant, memories: Floats, beta: float, m: float, backend: Backend
) -> Outcome:
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
        verdict[left] = np.where(_spheres_impossible(variant, memories[left], beta, m, backend), 1, -1)
    return verdict


def _spheres_impossible(
    variant: Variant, memories: Floats, beta: float, m: float, backend: Backend
) -> NDArray[np.bool_]:
    """Tell which sets cannot all be stored: the limits of two memories need spheres that meet.

    The sphere of a stored memory holds the limit of the iteration from it. So two memories with one limit are
    not both stored, nor are two whose displacements add up to more than their distance.
    """
    found = distinct_limits(variant, memories, beta, backend=backend)
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
