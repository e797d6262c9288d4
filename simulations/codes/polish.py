"""From a nearly optimal code to a stationary point of the largest cosine, to the last digits.

Minimise t subject to <x_i, x_j> <= t on the sphere: sequential linear programmes find the active pairs
and their multipliers, Newton's method on the Karush-Kuhn-Tucker system of these pairs finishes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq, null_space
from scipy.optimize import linprog, nnls
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsqr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Largest Karush-Kuhn-Tucker system that is solved densely.
DENSE = 3000
# The Newton iterate may exceed the code it replaces by this much.
_ROUNDING = 4e-16
# Linear programmes without a try of Newton's method.
_STALL = 6
# Saddle points that are left for something better, and how far from them the search goes on.
_SADDLES = 3
_KICK = 0.03


def polish(points: Floats, radius: float = 3e-3, steps: int = 30) -> Floats:
    """Return a code (N, n) of unit vectors whose largest cosine is, up to rounding, no larger.

    Args:
        points: (N, n), N >= 2, unit vectors near a local optimum.
        radius: first trust radius of the linear programmes, in each tangent coordinate.
        steps: most linear programmes between two saddle points.

    A code of more than ``DENSE`` contacts and tangent coordinates only has its contacts evened out.
    """
    best = _normalised(points)
    if is_large(best):
        return _evened(best)
    best = _settle(best, radius, steps)
    s = largest_cosine(best)
    for _ in range(_SADDLES):
        trials = [_settle(kicked, radius, steps) for kicked in _off_saddle(best, s)]
        better = min(trials, key=largest_cosine, default=best)
        if not largest_cosine(better) < s - 1e-13:
            break
        best, s = better, largest_cosine(better)
    return best


def is_large(points: Floats) -> bool:
    """Tell whether the contacts (N, n), roughly, and the tangent coordinates exceed ``DENSE``."""
    close = near_pairs(points, 1e-2 * (1 - largest_cosine(points)))
    return bool(len(close) + points.shape[0] * (points.shape[1] - 1) > DENSE)


def _evened(best: Floats, steps: int = 6) -> Floats:
    """Make the cosines of the contacts equal by Gauss-Newton steps of smallest norm, while that helps."""
    pairs = _apparent_contacts(best, largest_cosine(best))[0]
    for _ in range(steps):
        bases = tangent_bases(best)
        jacobian, involved = _jacobian(best, bases, pairs)
        cos = np.einsum("an,an->a", best[pairs[:, 0]], best[pairs[:, 1]])
        change = lsqr(hstack([jacobian, -np.ones((len(pairs), 1))]), cos.mean() - cos, atol=1e-12, btol=1e-12)
        trial = _normalised(best + _spread(best, bases, involved, change[0][:-1]))
        if not largest_cosine(trial) < largest_cosine(best):
            break
        best = trial
    return best


def _off_saddle(points: Floats, s: float) -> list[Floats]:
    """Return copies moved either way along the strongest negative curvature, none if there is none.

    The curvature is that of the Lagrangian among the moves that keep all contacts at first order. With
    redundant contacts its weights are not unique, so this can suspect a saddle point at a minimum.
    """
    pairs = near_pairs(points, 1e-10)
    bases = tangent_bases(points)
    jacobian, involved = _jacobian(points, bases, pairs)
    if sum(jacobian.shape) > DENSE:
        return []
    j = jacobian.toarray()
    weight = _balance(j)
    if weight is None:
        return []
    kept = null_space(j, rcond=1e-6)
    hessian = _lagrangian(points, bases, pairs, weight, np.full(len(pairs), s), involved)
    curvature, ways = np.linalg.eigh(kept.T @ hessian @ kept)
    if not len(curvature) or curvature[0] > -1e-5:
        return []
    move = _spread(points, bases, involved, kept @ ways[:, 0])
    return [_normalised(points + sign * _KICK * move) for sign in (1, -1)]


def _settle(best: Floats, radius: float, steps: int) -> Floats:
    """Follow linear programmes until Newton's method takes over."""
    s = largest_cosine(best)
    guesses = [(pairs, np.full(len(pairs), 1 / len(pairs))) for pairs in _apparent_contacts(best, s)]
    patience, waited = 1e-3, 0
    for _ in range(steps):
        for pairs, weight in guesses:
            newton = _newton(best, pairs, weight)
            if newton is not None and largest_cosine(newton) < s + _ROUNDING:
                return newton
        step = _linear_step(best, s, radius)
        if step is None or step.gain < 1e-15 or radius < 1e-15:
            break
        trial = _normalised(best + step.move)
        gain = s - largest_cosine(trial)
        if gain > 0:
            best, s = trial, s - gain
        # The programme neglects the second order only, so its promise tells how far to trust it.
        radius = 2 * radius if gain > 0.75 * step.gain else radius if gain > 0.25 * step.gain else radius / 4
        # Newton's method costs more than a programme: after a failure wait until nearer, or at a stall.
        waited += 1
        guesses = []
        if step.gain < patience or waited == _STALL:
            patience, waited = step.gain / 30, 0
            guesses = [(step.pairs[kept], step.weight[kept]) for kept in (step.weight > 1e-7, step.tight)]
    return best


def _apparent_contacts(points: Floats, s: float) -> list[Ints]:
    """Return the sets of pairs that wide gaps between the cosines suggest as the active ones."""
    pairs = near_pairs(points, 0.1 * (1 - s))
    slack = s - np.einsum("an,an->a", points[pairs[:, 0]], points[pairs[:, 1]])
    order = np.argsort(slack)
    steps = np.maximum(slack[order], 1e-5 * (1 - s))
    ratio = steps[1:] / steps[:-1]
    # A rigid code of N points has about (n-1) N contacts, one with rattlers has fewer.
    cuts = [k for k in np.argsort(-ratio)[:3] if 2 * k >= len(points) and ratio[k] > 2]
    return [pairs[order[: k + 1]] for k in cuts] + [pairs]


@dataclass(frozen=True)
class _Step:
    move: Floats
    gain: float
    pairs: Ints
    weight: Floats
    tight: NDArray[np.bool_]


def largest_cosine(points: Floats) -> float:
    """Return the largest inner product of two different rows of (N, n)."""
    gram = points @ points.T
    np.fill_diagonal(gram, -np.inf)
    return float(gram.max())


def _normalised(points: Floats) -> Floats:
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def near_pairs(points: Floats, margin: float) -> Ints:
    """Return the pairs i < j, (A, 2), whose cosine is within ``margin`` of the largest."""
    gram = points @ points.T
    np.fill_diagonal(gram, -np.inf)
    i, j = np.nonzero(np.triu(gram >= gram.max() - margin, 1))
    return np.stack([i, j], axis=1)


def tangent_bases(points: Floats) -> Floats:
    """Return orthonormal bases (N, n-1, n) of the tangent spaces at unit vectors (N, n)."""
    # The reflection that takes x to -+e_1 takes e_2, ..., e_n to a basis of the complement of x.
    mirror = points.copy()
    mirror[:, 0] += np.where(points[:, 0] >= 0, 1.0, -1.0)
    mirror /= np.linalg.norm(mirror, axis=1, keepdims=True)
    n = points.shape[1]
    return np.asarray(np.eye(n)[None, 1:] - 2 * mirror[:, 1:, None] * mirror[:, None, :])


def _jacobian(points: Floats, bases: Floats, pairs: Ints) -> tuple[csr_array, Ints]:
    """Return the derivative of the cosines of the pairs by the tangent coordinates of the points in them."""
    involved, place = np.unique(pairs, return_inverse=True)
    place = place.reshape(pairs.shape)
    count, k = len(pairs), bases.shape[1]
    left = np.einsum("akn,an->ak", bases[pairs[:, 0]], points[pairs[:, 1]])
    right = np.einsum("akn,an->ak", bases[pairs[:, 1]], points[pairs[:, 0]])
    columns = (place[:, :, None] * k + np.arange(k)).reshape(count, 2 * k)
    rows = np.repeat(np.arange(count), 2 * k)
    values = np.concatenate([left, right], axis=1).ravel()
    return csr_array((values, (rows, columns.ravel())), shape=(count, len(involved) * k)), involved


def _spread(points: Floats, bases: Floats, involved: Ints, coordinates: Floats) -> Floats:
    """Turn tangent coordinates of the involved points into a move (N, n)."""
    move = np.zeros_like(points)
    move[involved] = np.einsum("ik,ikn->in", coordinates.reshape(len(involved), -1), bases[involved])
    return move


def _linear_step(points: Floats, s: float, radius: float) -> _Step | None:
    """Maximise the gain of the linearised problem within the trust radius."""
    pairs = near_pairs(points, 2 * radius * np.sqrt(points.shape[1] - 1) + 1e-14)
    bases = tangent_bases(points)
    jacobian, involved = _jacobian(points, bases, pairs)
    slack = s - np.einsum("an,an->a", points[pairs[:, 0]], points[pairs[:, 1]])
    # Coordinates in units of the radius keep the solver's absolute tolerances meaningful.
    size = jacobian.shape[1]
    lifted = hstack([jacobian, np.ones((len(pairs), 1))], format="csr")
    cost = np.zeros(size + 1)
    cost[-1] = -1.0
    answer = linprog(
        cost,
        A_ub=lifted,
        b_ub=slack / radius,
        bounds=[(-1.0, 1.0)] * size + [(0.0, None)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.x is None:
        return None
    move = _spread(points, bases, involved, radius * answer.x[:-1])
    tight = answer.slack < 1e-6
    return _Step(move, radius * float(answer.x[-1]), pairs, -answer.ineqlin.marginals, tight)


def _newton(points: Floats, pairs: Ints, weight: Floats, steps: int = 40) -> Floats | None:
    """Solve sum w_ij grad<x_i, x_j> = 0, sum w = 1, <x_i, x_j> = t for the pairs by Newton's method.

    None if the system is large or the iteration does not end at a solution with nonnegative weights.
    Least squares of smallest norm leave out what is undetermined: rotations, weights of redundant pairs.
    """
    if not len(pairs) or not weight.sum() > 0:
        return None
    # Redundant equations contradict each other at second order while x still moves: their singular
    # values, of the size of the move, are then noise. Without redundancy such a cut slows or stalls.
    for adaptive in (False, True):
        solution = _newton_iteration(points, pairs, weight, steps, adaptive)
        if solution is not None:
            return solution
    return None


def _newton_iteration(x: Floats, pairs: Ints, weight: Floats, steps: int, adaptive: bool) -> Floats | None:
    cut = 1e-3 if adaptive else 1e-11
    before = np.inf
    for k in range(steps):
        bases = tangent_bases(x)
        jacobian, involved = _jacobian(x, bases, pairs)
        count, size = jacobian.shape
        if count + size > DENSE:
            return None
        j = jacobian.toarray()
        cos = np.einsum("an,an->a", x[pairs[:, 0]], x[pairs[:, 1]])
        force = j.T @ weight
        uneven = float(np.ptp(cos))
        if np.abs(force).max() < 1e-13 and uneven < 1e-14:
            # Nor may any other pair be closer than these.
            stationary = largest_cosine(x) < cos.max() + _ROUNDING and (
                weight.min() > -1e-9 or _balance(j) is not None
            )
            return x if stationary else None
        t = float(weight @ cos / weight.sum())
        system = np.block(
            [
                [_lagrangian(x, bases, pairs, weight, cos, involved), j.T, np.zeros((size, 1))],
                [j, np.zeros((count, count)), -np.ones((count, 1))],
                [np.zeros((1, size)), np.ones((1, count)), np.zeros((1, 1))],
            ]
        )
        right = np.concatenate([-force, t - cos, [1 - weight.sum()]])
        change = lstsq(system, right, cond=cut, lapack_driver="gelsy", check_finite=False)[0]
        move = change[:size]
        moved = float(np.abs(move).max())
        if not moved < 0.05 or (k > 2 and moved > 0.9 * before):
            return None
        # Where the contacts hold the code at second order only, each step halves the error.
        before = moved
        cut = max(1e-11, min(cut, moved)) if adaptive else cut
        x = _normalised(x + _spread(x, bases, involved, move))
        weight = weight + change[size : size + count]
    return None


def _balance(jacobian: Floats) -> Floats | None:
    """Return nonnegative weights with sum 1 that balance the contacts, None if there are none."""
    count = len(jacobian)
    system = np.concatenate([jacobian.T, np.ones((1, count))])
    try:
        weight, residual = nnls(system, np.append(np.zeros(len(system) - 1), 1.0), maxiter=10 * count)
    except RuntimeError:  # no answer within maxiter
        return None
    return np.asarray(weight) if residual < 1e-8 else None


def _lagrangian(x: Floats, bases: Floats, pairs: Ints, weight: Floats, cos: Floats, involved: Ints) -> Floats:
    """Return the Hessian of sum w_ij <x_i, x_j> in the tangent coordinates of the involved points."""
    k = bases.shape[1]
    place = np.searchsorted(involved, pairs)
    hessian = np.zeros((len(involved), k, len(involved), k))
    cross = weight[:, None, None] * np.einsum("akn,aln->akl", bases[pairs[:, 0]], bases[pairs[:, 1]])
    hessian[place[:, 0], :, place[:, 1], :] += cross
    hessian[place[:, 1], :, place[:, 0], :] += np.swapaxes(cross, 1, 2)
    # The sphere bends away: the second derivative of <x/|x|, y> along the sphere is -<x, y>.
    load = np.zeros(len(involved))
    np.add.at(load, place[:, 0], weight * cos)
    np.add.at(load, place[:, 1], weight * cos)
    own = np.arange(len(involved))
    hessian[own, :, own, :] -= load[:, None, None] * np.eye(k)
    return hessian.reshape(len(involved) * k, -1)
