"""SparseMAP over k-subsets of a sequence (Niculae et al. 2018; Santos et al. 2024, arXiv 2402.13725).

A structure is a k-subset of memories that stand in a row, with a reward for every pair of neighbours it
holds. The weights p maximise <v, p> + reward n - |p|^2/2 over the convex hull of the structures (p their
mean indicator, n their mean number of neighbouring pairs), so memories that follow one another are
retrieved together. Without reward this is :mod:`simulations.variants.sparsemap`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_numpy_namespace
from numpy.typing import NDArray

from simulations.variants.base import (
    PROPERTIES,
    Array,
    Namespace,
    Variant,
    is_object,
    log_or_minus_inf,
    overlaps,
    per_row,
)

Floats = NDArray[Any]
Bools = NDArray[np.bool_]

# Scores are reduced to a range of order 1 before; this is a few hundred ulps of that.
ENOUGH = 1e-13
STEPS = 10_000


@dataclass(frozen=True)
class Mixture:
    """A point of the hull: structures (n, M), their neighbouring pairs (n,) and their shares (n,) > 0."""

    structures: Bools
    pairs: Floats
    shares: Floats

    @property
    def weights(self) -> Floats:
        """p (M,), exactly 0 or 1 where the structures agree."""
        mean = self.shares @ self.structures
        return np.where(self.structures.all(axis=0), 1.0, np.where(self.structures.any(axis=0), mean, 0.0))


def best_structure(v: Floats, k: int, reward: float) -> Bools:
    """Return the k-subset y (M,) with the largest <v, y> + reward pairs(y), by Viterbi's recursion.

    The states after each memory are the number chosen so far and whether the last one was chosen.
    """
    m = len(v)
    off, on = np.full(k + 1, -np.inf), np.full(k + 1, -np.inf)
    off[0] = 0.0
    was_on, follows = np.zeros((m, k + 1), dtype=bool), np.zeros((m, k + 1), dtype=bool)
    for i, x in enumerate(v):
        was_on[i] = on > off
        follows[i, 1:] = on[:-1] + reward > off[:-1]
        chosen = np.full(k + 1, -np.inf)
        chosen[1:] = x + np.maximum(off[:-1], on[:-1] + reward)
        off, on = np.maximum(off, on), chosen
    y, left, last = np.zeros(m, dtype=bool), k, on[k] > off[k]
    for i in range(m - 1, -1, -1):
        y[i] = last
        last, left = (follows[i, left], left - 1) if last else (was_on[i, left], left)
    return y


def pairs_of(y: Bools) -> int:
    """Return the number of neighbouring pairs of a structure."""
    return int(np.count_nonzero(y[1:] & y[:-1]))


def solve(v: Floats, k: int, reward: float) -> Mixture:
    """Return the maximiser for scores v (M,), by an active-set method (Nocedal and Wright 2006, 16.5).

    The mixture is optimal over its own structures; the best structure at its residual either shows that it
    is optimal over all, or joins.

    Raises:
        ArithmeticError: no solution within ``STEPS`` steps.
    """
    v = _reduced(v, k, reward)
    first = best_structure(v, k, reward)
    mixture = Mixture(first[None], np.array([float(pairs_of(first))]), np.ones(1))
    for _ in range(STEPS):
        mixture = _optimised(mixture, v, reward)
        rest = v - mixture.weights
        y = best_structure(rest, k, reward)
        value = mixture.structures @ rest + reward * mixture.pairs
        gain = rest @ y + reward * pairs_of(y) - mixture.shares @ value
        if gain <= ENOUGH * (1 + np.max(np.abs(v))) or np.any(np.all(mixture.structures == y, axis=1)):
            return mixture
        mixture = Mixture(
            np.vstack([mixture.structures, y]),
            np.append(mixture.pairs, float(pairs_of(y))),
            np.append(mixture.shares, 0.0),
        )
    raise ArithmeticError(f"sparsemap-sequential: no solution within {STEPS} steps")


def _reduced(v: Floats, k: int, reward: float) -> Floats:
    """Return scores within a range of order 1 that have the same solution.

    Exchanging one memory of a structure for another changes its pairs by at most two. So weights are 0
    below the k-th score less 1 + 2 |reward|, and 1 above the next one plus as much, wherever exactly.
    """
    reach = 2 + 2 * abs(reward)
    v = np.maximum(v - np.partition(v, len(v) - k)[len(v) - k], -reach)
    ceiling = 0.0 if k == len(v) else float(np.partition(v, len(v) - k - 1)[len(v) - k - 1]) + reach
    return np.asarray(np.minimum(v, ceiling))


def _optimised(mixture: Mixture, v: Floats, reward: float) -> Mixture:
    """Return the optimal mixture of the given structures or, where shares reach 0, of some of them."""
    structures, pairs, shares = mixture.structures, mixture.pairs, mixture.shares
    while True:
        a = structures.astype(float)
        n = len(a)
        system = np.block([[a @ a.T, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
        right = np.append(a @ v + reward * pairs, 1.0)
        solution = np.linalg.lstsq(system, right, rcond=1e-12)[0]
        # What is left lies in the null space: a change of shares that moves pairs but no weight.
        left = (right - system @ solution)[:n]
        bounded = np.max(np.abs(left)) <= 1e-9 * (1 + np.max(np.abs(right)))
        step = solution[:n] - shares if bounded else left
        falling = step < 0
        ratio = np.where(falling, shares / np.where(falling, -step, 1.0), np.inf)
        longest = float(np.min(ratio))
        if bounded and longest >= 1:
            return Mixture(structures, pairs, np.maximum(solution[:n], 0.0))
        shares = shares + longest * step
        keep = np.arange(n) != int(np.argmin(ratio))
        structures, pairs, shares = structures[keep], pairs[keep], np.maximum(shares[keep], 0.0)
        shares = shares / np.sum(shares)


def _rows(v: Array, k: int, reward: float, xp: Namespace) -> list[Mixture]:
    if is_object(v) or not is_numpy_namespace(xp):
        raise ValueError("sparsemap-sequential: expected a NumPy array of floats")
    m = v.shape[-1]
    if k > m:
        raise ValueError(f"sparsemap-sequential: expected at least k = {k} memories, found {m}")
    rows = v.reshape(-1, m).astype(np.float64)
    return [solve(row, k, reward) if np.all(np.isfinite(row)) else _unknown(m) for row in rows]


def _unknown(m: int) -> Mixture:
    return Mixture(np.array([[True] * m, [False] * m]), np.full(2, math.nan), np.full(2, math.nan))


def sequential(v: Array, k: int, reward: float, xp: Namespace) -> Array:
    """Return the weights of scores v (..., M), NumPy floats; row by row, in double precision.

    Raises:
        ValueError: k above M, or other arrays.
    """
    weights = [mixture.weights for mixture in _rows(v, k, reward, xp)]
    return np.array(weights, dtype=v.dtype).reshape(v.shape)


def _energy(memories: Array, query: Array, beta: Array, k: int, reward: float) -> Array:
    """E(x) = |x|^2/2 - (1/beta) Psi*(beta z) (...), Psi(p, n) = (|p|^2 - k)/2 - reward n."""
    xp = array_namespace(memories, query)
    z = overlaps(memories, query, xp)
    rows = _rows(per_row(beta) * z, k, reward, xp)
    p = np.array([mixture.weights for mixture in rows]).reshape(z.shape)
    pairs = np.array([mixture.shares @ mixture.pairs for mixture in rows]).reshape(z.shape[:-1])
    spread = np.sum(p * (1 - p), axis=-1) / 2 + reward * pairs
    return np.sum(query * query, axis=-1) / 2 - np.sum(p * z, axis=-1) - spread / beta


def _jacobian(memories: Array, query: Array, beta: Array, k: int, reward: float) -> Array:
    """beta Xi^T P Xi (..., d, d), P the projection on the differences of the structures in the mixture."""
    xp = array_namespace(memories, query)
    v = per_row(beta) * overlaps(memories, query, xp)
    m, d = memories.shape[-2:]
    sets = np.broadcast_to(memories, (*v.shape[:-1], m, d)).reshape(-1, m, d)
    out = []
    for xi, mixture in zip(sets, _rows(v, k, reward, xp), strict=True):
        a = mixture.structures.astype(float)
        _, sizes, axes = np.linalg.svd(a[1:] - a[0], full_matrices=False)
        image = axes[sizes > 1e-9] @ xi
        out.append(image.T @ image)
    return per_row(per_row(beta)) * np.array(out).reshape(*v.shape[:-1], d, d)


def sequential_variant(k: int, reward: float) -> Variant:
    """Return the model over k-subsets of the memories in their order; the reward is in units of scores.

    Raises:
        ValueError: k below 1, or a reward that is not finite.
    """
    if k < 1:
        raise ValueError(f"k: expected at least 1, found {k}")
    if not math.isfinite(reward):
        raise ValueError(f"reward: expected a finite number, found {reward}")
    single, ordered = k == 1, k > 1 and reward != 0
    absent = {"permutation"} if ordered else set()
    absent |= set() if single else {"distribution", "hull", "margin"}
    return Variant(
        name=f"sparsemap-sequential:k={k},reward={reward!r}",
        min_memories=k,
        citation="Santos et al. 2024 (ICML), arXiv 2402.13725",
        weights=lambda v, xp: sequential(v, k, reward, xp),
        log_weights=lambda v, xp: log_or_minus_inf(sequential(v, k, reward, xp), xp),
        response=None,
        pair_bounds=None,
        energy=lambda memories, query, beta: _energy(memories, query, beta, k, reward),
        supports=frozenset({"exact"}),
        promises=frozenset(PROPERTIES) - absent,
        margin=1.0 if single else None,
        # The proximal map of a convex function: minus the largest mean number of pairs at given weights.
        lipschitz=1.0,
        statements=("hfy2024.structured-*",),
        jacobian=lambda memories, query, beta: _jacobian(memories, query, beta, k, reward),
        surplus=None if single else lambda v, xp: (np.full_like(v[..., :1], math.log(k - 1)), 1.0),
    )
