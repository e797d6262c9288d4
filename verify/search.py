"""Maximise the violation of a relation over an arena: differential evolution, DIRECT and Nelder-Mead.

Every objective is evaluated on whole populations at once.  Random high-dimensional draws confirm false
statements; small sizes searched hard do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from simulations.streams import stream
from verify.arena import Box, Patterns
from verify.drawing import unpack, vector_size
from verify.instances import Array, Instances
from verify.margins import INFINITE, admissible, margins
from verify.statement import Hypothesis

SEARCH_SIZES = ((1, 2), (2, 2), (2, 3), (3, 4))


@dataclass(frozen=True, slots=True)
class Effort:
    """What a profile spends on one relation: generations and population of the evolution, restarts,
    evaluations of DIRECT and of the local polish."""

    generations: int
    population: int
    restarts: int
    direct: int
    polish: int


EFFORT = {
    "quick": Effort(18, 32, 1, 200, 60),
    "standard": Effort(60, 64, 2, 1500, 300),
    "full": Effort(120, 96, 3, 4000, 600),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The best instance of one search: its batch of one, its excess (-inf: none admissible), evaluations."""

    batch: Instances
    excess: float
    evaluations: int
    admissible: int


def search_sizes(arena: Patterns | Box) -> tuple[tuple[int, int], ...]:
    """Small (d, M) pairs that are searched hard, those the arena allows."""
    if isinstance(arena, Box):
        return ((0, 0),)
    allowed = [s for s in SEARCH_SIZES if s[1] >= arena.min_memories]
    if arena.sizes:
        allowed = [s for s in arena.sizes if s[0] * s[1] <= 32][:4]
    return tuple(allowed)


def maximise(
    arena: Patterns | Box,
    size: tuple[int, int],
    relation: Any,
    scale: Any,
    hypotheses: tuple[Hypothesis, ...],
    *,
    effort: Effort,
    seed: int,
    name: str,
    models: Mapping[str, Any],
) -> Found:
    """Search one size for the largest violation among admissible instances."""
    d, count = size
    n = vector_size(arena, d, count)
    counter = {"evaluations": 0, "admissible": 0}

    def penalised(vectors: Array) -> Array:
        batch = unpack(arena, vectors, d, count, models)
        ok, missed = admissible(hypotheses, batch)
        if batch.memories is not None:
            # Zero vectors meet most hypotheses and tell nothing; neither grid nor witness has such a set.
            ok = ok & np.any(batch.memories != 0, axis=(-2, -1))
        counter["evaluations"] += vectors.shape[0]
        counter["admissible"] += int(np.sum(ok))
        excess = margins(relation, batch, scale).excess
        return np.where(ok, -excess, 2 * INFINITE + np.clip(missed, 0, INFINITE))

    best_vector, best_value = None, np.inf
    for restart in range(effort.restarts):
        rng = stream(seed, name, "search", d, count, restart)
        for method in (_evolve, _direct, _polish):
            vector, value = method(penalised, n, effort, rng, best_vector)
            if value < best_value:
                best_vector, best_value = vector, value
    if best_vector is None or best_value > INFINITE:
        empty = unpack(arena, np.zeros((1, n)), d, count, models)
        return Found(empty, -np.inf, counter["evaluations"], counter["admissible"])
    found = unpack(arena, best_vector[None, :], d, count, models)
    return Found(found, float(-best_value), counter["evaluations"], counter["admissible"])


Objective = Callable[[Array], Array]
Step = tuple[Array, float]


def _evolve(f: Objective, n: int, effort: Effort, rng: np.random.Generator, start: Array | None) -> Step:
    initial = rng.uniform(-1, 1, (effort.population, n))
    if start is not None:
        initial[0] = start
    result = optimize.differential_evolution(
        lambda columns: f(columns.T),
        [(-1.0, 1.0)] * n,
        init=initial,
        maxiter=effort.generations,
        rng=rng,
        vectorized=True,
        updating="deferred",
        polish=False,
        tol=0.0,
    )
    return np.asarray(result.x), float(result.fun)


def _direct(f: Objective, n: int, effort: Effort, _rng: np.random.Generator, start: Array | None) -> Step:
    if n > 3:  # DIRECT cannot cover more dimensions with these budgets
        return np.zeros(n), np.inf
    result = optimize.direct(
        lambda v: float(f(v[None, :])[0]), [(-1.0, 1.0)] * n, maxfun=effort.direct, vol_tol=0.0, len_tol=0.0
    )
    return np.asarray(result.x), float(result.fun)


def _polish(f: Objective, n: int, effort: Effort, _rng: np.random.Generator, start: Array | None) -> Step:
    if start is None:
        return np.zeros(n), np.inf
    result = optimize.minimize(
        lambda v: float(f(v[None, :])[0]),
        start,
        method="Nelder-Mead",
        bounds=[(-1.0, 1.0)] * n,
        options={"maxfev": effort.polish, "xatol": 0.0, "fatol": 0.0},
    )
    return np.asarray(result.x), float(result.fun)
