"""Forward errors of a computed retrieval map: what a difference must exceed to be more than rounding.

A computed T(x) is taken for the exact value at inputs changed by a few units in the last place (backward
stability).  How far T moves under such changes is therefore how far the computed value may be off: little
where T is smooth, as far as two memories lie apart where a selection is tied.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulations.streams import stream
from verify.dynamics.problem import Dynamics, Floats, Problem

NUDGES = 24
SAFETY = 4.0


def undecided(eps: float) -> float:
    """The share of the scale from which on a tolerance decides nothing: 1/1000, for float32 a tenth."""
    return float(max(1e-3, 20 * eps ** (1 / 3)))


def floor(dynamics: Dynamics, p: Problem) -> float:
    """Rounding of a sum of weighted memories, and of weights that were not shifted by the largest score."""
    return 16 * dynamics.eps * (sum(p.memories.shape) + p.beta * p.m * p.scale) * p.m


def nudged(p: Problem, eps: float) -> list[Problem]:
    """Neighbours of a problem at the distance at which rounding can tell it from another.

    Memories and query change by absolute amounts: a query at 0 is next to a tie of all scores.
    """
    count, d = p.memories.shape
    size = 4 * (d + 2) * eps
    rng = stream(0, "nudge", count, d)
    near = []
    for k in range(NUDGES):
        reach = size * (1.0, 0.25, 4.0)[k % 3]
        memories = p.memories + reach * p.m * rng.uniform(-1, 1, (count, d))
        query = p.query + reach * p.scale * rng.uniform(-1, 1, d)
        near.append(Problem(memories, query, p.beta * (1 + reach * rng.uniform(-1, 1))))
    return near


def spread(dynamics: Dynamics, function: Callable[[Problem], Floats | float | None], p: Problem) -> float:
    """How far a value moves under rounding of its inputs, with room; inf where it is not finite."""
    base = function(p)
    if base is None:
        return np.inf
    largest = 0.0
    # Signs are exact, and so are their sums.
    for near in () if dynamics.spins else nudged(p, dynamics.eps):
        value = function(near)
        if value is None:
            return np.inf
        largest = max(largest, float(np.linalg.norm(np.atleast_1d(value - base))))
    return SAFETY * largest if np.isfinite(largest) else np.inf


def step_error(dynamics: Dynamics, p: Problem) -> float:
    """Forward error of T(x)."""
    return floor(dynamics, p) + spread(dynamics, dynamics.step, p)


def energy_floor(dynamics: Dynamics, p: Problem, value: float) -> float:
    """Rounding of an energy of terms m^2, |x|^2 and log(M)/beta, and of its own size."""
    count, d = p.memories.shape
    terms = p.scale**2 + (1 + np.log(count)) / p.beta + abs(value)
    return float(16 * dynamics.energy_eps * (count + d) * terms)


def energy_error(dynamics: Dynamics, p: Problem, value: float) -> float:
    """Forward error of E(x)."""
    energy = dynamics.energy
    assert energy is not None
    moved = spread(dynamics, lambda q: energy(q.memories, q.query, q.beta), p)
    return energy_floor(dynamics, p, value) + moved
