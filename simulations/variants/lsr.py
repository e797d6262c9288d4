"""Log-sum-ReLU energy, the Epanechnikov kernel (Hoover et al. 2025, NeurIPS, arXiv 2506.10801).

E(x) = -(1/beta) log(eps + S(x)), S(x) = sum_mu relu(1 - (beta/2)|x - xi_mu|^2), of support radius
rho = sqrt(2/beta). B(x) are the memories with |x - xi_mu| < rho, and
grad E(x) = sum_{B(x)} (x - xi_mu) / (eps + S(x)): 0 outside the support. At |x - xi_mu| = rho exactly E has a
kink, and the one-sided gradient without mu is taken.

A centroid of several memories may be a minimum of its own, an emergent memory: :func:`emergent_minima`.
"""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from simulations.variants.base import (
    Array,
    Namespace,
    Rule,
    _in_blocks,
    combine,
    log_or_minus_inf,
    per_row,
)
from simulations.variants.similarities import squared

CITATION = "Hoover et al. 2025 (NeurIPS), arXiv 2506.10801"
MOST = 20
"""Most memories whose subsets :func:`emergent_minima` enumerates."""


def kernel(memories: Array, query: Array, beta: Array) -> Array:
    """Return relu(1 - (beta/2)|x - xi_mu|^2) (..., M); positive exactly on B(x)."""
    xp = array_namespace(memories, query)
    distance = _in_blocks(lambda m, x: squared(m - x[..., None, :], xp), memories, query, (), xp)
    value = 1 - per_row(beta) * distance / 2
    return xp.where(value > 0, value, xp.zeros_like(value))


def energy(memories: Array, query: Array, beta: Array, eps: float = 0.0) -> Array:
    """Return E(x) (...); for eps = 0 it is +inf outside the support."""
    xp = array_namespace(memories, query)
    return -log_or_minus_inf(eps + xp.sum(kernel(memories, query, beta), axis=-1), xp) / beta


def _pull(memories: Array, query: Array, beta: Array, xp: Namespace) -> tuple[Array, Array, Array]:
    """Return (sum_{B(x)} (xi_mu - x) (..., d), S(x) and |B(x)| (..., 1))."""
    value = kernel(memories, query, beta)
    active = xp.astype(value > 0, value.dtype)
    count = xp.sum(active, axis=-1, keepdims=True)
    return combine(memories, active, xp) - count * query, xp.sum(value, axis=-1, keepdims=True), count


def gradient(memories: Array, query: Array, beta: Array, eps: float = 0.0) -> Array:
    """Return grad E(x) (..., d), 0 outside the support."""
    xp = array_namespace(memories, query)
    pull, total, count = _pull(memories, query, beta, xp)
    return -pull / xp.where(count > 0, eps + total, xp.ones_like(total))


def mean_step(memories: Array, query: Array, beta: Array) -> Array:
    """Return the centroid of B(x) (..., d), x itself where B(x) is empty.

    It is the gradient step of size (eps + S(x))/|B(x)|, for every eps; with one active memory it returns it.
    """
    xp = array_namespace(memories, query)
    value = kernel(memories, query, beta)
    active = xp.astype(value > 0, value.dtype)
    count = xp.sum(active, axis=-1, keepdims=True)
    share = active / xp.where(count > 0, count, xp.ones_like(count))
    return xp.where(count > 0, combine(memories, share, xp), query)


def exact_step(memories: Array, query: Array, beta: Array, target: int, eps: float = 0.0) -> Array:
    """Return x - eta grad E(x) with eta = eps + relu(1 - (beta/2)|x - xi_target|^2).

    It is xi_target if no other memory is active (``restated.lsr-exact-retrieval``).
    """
    xp = array_namespace(memories, query)
    pull, total, count = _pull(memories, query, beta, xp)
    eta = eps + kernel(memories, query, beta)[..., target : target + 1]
    return query + eta / xp.where(count > 0, eps + total, xp.ones_like(total)) * pull


def log_sum_relu(eps: float = 1e-3, step: float = 0.0) -> Rule:
    """Return the mean step (``step`` 0) or gradient descent x - step grad E(x) of a fixed step.

    The mean step never lowers S: on B(x) the sum of 1 - (beta/2)|x - xi|^2 is largest at the centroid, and
    passing to the positive parts of all memories only adds. It takes finitely many values and S grows unless
    it stays, so it comes to rest. It does not fall by half the squared step (a logarithm lies between), and
    outside the support it stays where it is, which need not be in the convex hull; at distance exactly rho of
    a memory it may rest on a kink of E, so fixed points are stationary only elsewhere.

    Raises:
        ValueError: negative eps or step.
    """
    for name, value in (("eps", eps), ("step", step)):
        if not value >= 0:
            raise ValueError(f"{name}: expected a number not below 0, found {value}")

    def descend(memories: Array, query: Array, beta: Array) -> Array:
        return query - step * gradient(memories, query, beta, eps)

    rest = {"monotone", "limit"} if step == 0 else set()
    return Rule(
        name=f"lsr:eps={eps:g}" + (f",step={step:g}" if step else ""),
        citation=CITATION,
        step=descend if step else mean_step,
        energy=lambda memories, query, beta: energy(memories, query, beta, eps),
        supports=frozenset({"arrays"}),
        promises=frozenset({"rotation", "permutation", "scaling"} | rest),
        statements=("lsr2025.*", "restated.lsr-*", "arxiv2604.07401.*"),
    )


def basin_radius(memories: NDArray[Any], centre: NDArray[Any], beta: float) -> float:
    """Return min_mu | |c - xi_mu| - rho |: B(x) = B(c) on the open ball of this radius about c (d,).

    By the triangle inequality, with memories (M, d). Going straight to or from the memory whose sphere is
    nearest crosses it at this distance, so no larger ball has this property.
    """
    return float(np.min(np.abs(np.linalg.norm(memories - centre, axis=-1) - math.sqrt(2 / beta))))


def printed_basin_radius(memories: NDArray[Any], centre: NDArray[Any], beta: float) -> float:
    """Return r* in the form recorded from Theorem 2 (b): sqrt(D^2 + g) - D.

    D is the largest distance from ``centre`` (d,) to a memory (M, d) of B(centre), g the smallest difference
    of a squared distance to rho^2, inside or outside. It exceeds :func:`basin_radius` where the memory that
    decides g lies outside, because such a memory is farther away than D.

    Raises:
        ValueError: B(centre) is empty.
    """
    distance = np.sum((memories - centre) ** 2, axis=-1)
    inside = distance < 2 / beta
    if not np.any(inside):
        raise ValueError("centre: expected a point within rho of a memory, found none")
    largest, gap = float(np.max(distance[inside])), float(np.min(np.abs(distance - 2 / beta)))
    return gap / (math.sqrt(largest + gap) + math.sqrt(largest))


def emergent_minima(memories: NDArray[Any], beta: float) -> list[tuple[tuple[int, ...], NDArray[Any]]]:
    """Return every self-consistent set with its centroid c: the memories (M, d) in B(c) are the set itself.

    These are the strict local minima of E (``restated.lsr-self-consistent``), provided no memory lies at
    distance exactly rho of c. Sets of one memory are stored memories, larger ones emergent minima. All
    2^M - 1 subsets are tried.

    Raises:
        ValueError: more than ``MOST`` memories.
    """
    count = len(memories)
    if count > MOST:
        raise ValueError(f"memories: expected at most {MOST} to enumerate, found {count}")
    found = []
    for start in range(1, 2**count, 1 << 12):
        codes = np.arange(start, min(start + (1 << 12), 2**count))
        chosen = (codes[:, None] >> np.arange(count)) & 1
        centres = chosen @ memories / np.sum(chosen, axis=-1, keepdims=True)
        consistent = np.all((kernel(memories, centres, beta) > 0) == (chosen > 0), axis=-1)
        found += [
            (tuple(int(k) for k in np.flatnonzero(chosen[i])), centres[i]) for i in np.flatnonzero(consistent)
        ]
    return found
