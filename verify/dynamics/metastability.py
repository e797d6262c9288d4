"""Metastable states: how many limits a set of memories has, how large they are, what they attract.

A metastable state is a fixed point near the mean of several memories (Ramsauer et al. 2021, section 3 and
Figure 2).  Its size is the least number of memories whose weights add up to a given mass, 90 % as there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.ensembles import ENSEMBLES, fits
from simulations.retrieval import retrieve
from simulations.storage import SAME_LIMIT
from simulations.streams import stream
from simulations.variants import VariantError, variant
from verify.dynamics.callables import DynamicsError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Metastability:
    """Limits of the iteration from q starts in each of n memory sets.

    Attributes:
        state: (n, q, d) the limits.
        label: (n, q) equal numbers for equal limits of a set, 0, 1, ... in order of first appearance.
        count: (n,) number of distinct limits.
        size: (n, q) least number of memories that carry ``mass`` of the weight at the limit; 0 where the
            model has no weights.
        support: (n, q) number of memories of positive weight there; 0 without weights.
        steps: (n, q) applications of T until the residual met the tolerance.
        converged: (n, q) whether it did; where not, the limit is a guess.
        mass: the share of the weight that ``size`` speaks of.
    """

    state: Floats
    label: Ints
    count: Ints
    size: Ints
    support: Ints
    steps: Ints
    converged: NDArray[np.bool_]
    mass: float

    def basins(self) -> list[Floats]:
        """For each set the share of the starts that end in each distinct limit (count_i,), summing to 1."""
        starts = self.label.shape[1]
        return [np.bincount(row, minlength=c) / starts for row, c in zip(self.label, self.count, strict=True)]

    def of_states(self, values: NDArray[Any]) -> NDArray[Any]:
        """One entry of (n, q) for each distinct limit, all sets together: the first start that ends there."""
        first = [np.unique(row, return_index=True)[1] for row in self.label]
        return np.concatenate([row[index] for row, index in zip(values, first, strict=True)])

    def histogram(self, name: str) -> dict[int, int]:
        """How often each value occurs.

        ``count``: over sets; ``steps``: over starts; ``size`` and ``support``: over distinct limits;
        ``size_of_starts``: the size of the limit over starts, as the papers plot it.

        Raises:
            KeyError: another name.
        """
        values = {
            "count": self.count,
            "steps": self.steps.ravel(),
            "size": self.of_states(self.size),
            "support": self.of_states(self.support),
            "size_of_starts": self.size.ravel(),
        }[name]
        found, often = np.unique(values, return_counts=True)
        return {int(v): int(k) for v, k in zip(found, often, strict=True)}

    def as_json(self) -> Mapping[str, Any]:
        """The distributions as plain numbers."""
        names = ("count", "size", "support", "size_of_starts", "steps")
        shares, often = np.unique(np.round(np.concatenate(self.basins()), 12), return_counts=True)
        return {
            **{name: {str(k): v for k, v in self.histogram(name).items()} for name in names},
            "basin": {repr(float(s)): int(k) for s, k in zip(shares, often, strict=True)},
            "converged": int(self.converged.sum()),
            "starts": int(self.converged.size),
            "mass": self.mass,
        }


def metastability(
    model: Any,
    memories: Floats,
    beta: float,
    *,
    starts: Floats | None = None,
    mass: float = 0.9,
    max_steps: int = 10_000,
) -> Metastability:
    """Iterate from every start and describe the limits.

    Args:
        model: a variant or its name.
        memories: (M, d) or (n, M, d).
        beta: inverse temperature, greater than 0.
        starts: (n, q, d); by default the memories themselves.
        mass: in (0, 1].

    Limits closer than 1e-7 m are taken for the same. Near a bifurcation the iteration is slow: see
    ``converged``.

    Raises:
        DynamicsError: an unknown variant, a beta or a mass out of range, or arrays of other shapes.
    """
    chosen = _model(model)
    memories = memories[None] if memories.ndim == 2 else memories
    x = memories if starts is None else starts
    if memories.ndim != 3 or x.ndim != 3 or x.shape[0] != len(memories) or x.shape[2] != memories.shape[2]:
        raise DynamicsError(
            "memories and starts: expected shapes (n, M, d) and (n, q, d), "
            f"found {memories.shape} and {x.shape}"
        )
    if not (beta > 0 and math.isfinite(beta)):
        raise DynamicsError(f"beta: expected a finite number greater than 0, found {beta}")
    if not 0 < mass <= 1:
        raise DynamicsError(f"mass: expected a number in (0, 1], found {mass}")
    found = retrieve(chosen, memories[:, None], x, beta, max_steps=max_steps)
    close = SAME_LIMIT * np.atleast_1d(geometry.max_norm(memories))
    label = np.stack([_grouped(s, c) for s, c in zip(found.state, close, strict=True)])
    size, support = _sizes(chosen, memories, found.state, beta, mass)
    return Metastability(
        state=np.asarray(found.state),
        label=label,
        count=label.max(axis=1) + 1,
        size=size,
        support=support,
        steps=np.asarray(found.steps),
        converged=np.asarray(found.converged),
        mass=mass,
    )


def memory_ensemble(name: str, sets: int, count: int, d: int, seed: int = 0) -> Floats:
    """Draw (sets, count, d) memories of an ensemble, the same for the same arguments.

    Raises:
        DynamicsError: an unknown ensemble, or sizes for which it does not exist.
    """
    if name not in ENSEMBLES:
        raise DynamicsError(f"ensemble: expected one of {', '.join(ENSEMBLES)}, found {name!r}")
    if sets < 1 or count < 1 or d < 1:
        raise DynamicsError(f"sizes: expected at least 1 each, found {sets} sets, M = {count}, d = {d}")
    if not fits(name, count, d):
        raise DynamicsError(
            f"ensemble {name!r}: expected sizes for which it exists, found M = {count}, d = {d}"
        )
    return ENSEMBLES[name](stream(seed, "metastability", name, count, d), sets, count, d)


def _model(model: Any) -> Any:
    if not isinstance(model, str):
        return model
    try:
        return variant(model)
    except VariantError as error:
        raise DynamicsError(str(error)) from None


def _sizes(model: Any, memories: Floats, state: Floats, beta: float, mass: float) -> tuple[Ints, Ints]:
    if getattr(model, "weights", None) is None:
        nothing = np.zeros(state.shape[:-1], dtype=np.int64)
        return nothing, nothing
    weights = np.asarray(model.weights(model.scores(memories[:, None], state, beta), np))
    heaviest = -np.sort(-weights, axis=-1)
    carried = np.cumsum(heaviest, axis=-1)
    # A sum of weights is exact to a few units in the last place: equal weights must count as equal.
    wanted = mass * carried[..., -1:] * (1 - 1e-12)
    return 1 + np.sum(carried < wanted, axis=-1), np.sum(weights > 0, axis=-1)


def _grouped(points: Floats, close: float) -> Ints:
    """Label points (q, d): each group lies within ``close`` of its first member."""
    label = np.full(len(points), -1, dtype=np.int64)
    groups = 0
    while np.any(left := label < 0):
        first = points[int(np.argmax(left))]
        label[left & (np.linalg.norm(points - first, axis=-1) <= close)] = groups
        groups += 1
    return label
