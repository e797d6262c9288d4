"""What a retrieval dynamics is tested on, and what a test of one property says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Update = Callable[[Floats, Floats, float], Floats]
Energy = Callable[[Floats, Floats, float], float]


def norm(v: Floats) -> float:
    """The Euclidean norm of a vector (d,); several times faster than the general one."""
    return math.sqrt(float(v @ v))


@dataclass(frozen=True, eq=False)
class Problem:
    """Memories (M, d), a query (d,) and an inverse temperature, all finite; beta > 0."""

    memories: Floats
    query: Floats
    beta: float

    @cached_property
    def m(self) -> float:
        """The largest norm of a memory, 1 if all are zero: the scale of the problem."""
        squares = (self.memories * self.memories).sum(axis=-1)
        return math.sqrt(float(squares.max())) or 1.0

    @cached_property
    def scale(self) -> float:
        """max(m, |x|)."""
        return max(self.m, norm(self.query))

    def at(self, query: Floats) -> Problem:
        """The same memories and temperature at another query."""
        return Problem(self.memories, query, self.beta)

    def rounded(self, digits: type[np.floating[Any]]) -> Problem:
        """The nearest problem whose numbers a coarser data type holds."""
        if digits is np.float64:
            return self
        memories, query = (
            np.asarray(a.astype(digits), dtype=np.float64) for a in (self.memories, self.query)
        )
        return Problem(memories, query, float(digits(self.beta)))

    def signs(self) -> Problem:
        """The problem with every entry replaced by its sign, that of 0 being 1."""
        return Problem(np.where(self.memories < 0, -1.0, 1.0), np.where(self.query < 0, -1.0, 1.0), self.beta)


class Slack(NamedTuple):
    """How far a property is from being violated at one problem, and how much of that is rounding.

    ``value`` is the right side minus the left side of the property (for an equality minus the distance of
    the two sides): negative where it is violated.  Only ``value < -tolerance`` is a violation.
    ``unit`` is the size of the terms compared: value / unit is what a search minimises.
    """

    value: float
    tolerance: float
    unit: float = 1.0

    @property
    def violated(self) -> bool:
        return self.value < -self.tolerance


@dataclass(frozen=True)
class Dynamics:
    """A retrieval map and what is known about it, NumPy float64 in and out whatever it is made of.

    Attributes:
        name: for messages.
        update: T, (memories (M, d), query (d,), beta) -> (d,).
        energy: (memories, query, beta) -> number, or None.
        weights: (memories, query, beta) -> (M,), or None.
        scores: (memories, query, beta) -> (M,), the scores that ``margin`` speaks of.
        margin: a score margin from which on the target is retrieved exactly, or None.
        lipschitz: a Lipschitz constant of the weights as a function of the scores, or None.
        reference: the dynamics that this one is said to be, or None.
        eps: relative accuracy of T for its inputs; energy_eps: that of the energy.
        digits: the NumPy type whose numbers T can be given.
        spins: whether T takes entries -1 and +1 only.
        changes_inputs: (memories, query, beta) -> whether a call leaves its arguments changed.
    """

    name: str
    update: Update
    energy: Energy | None = None
    weights: Update | None = None
    scores: Update | None = None
    margin: float | None = None
    lipschitz: float | None = None
    reference: Dynamics | None = None
    eps: float = float(np.finfo(np.float64).eps)
    energy_eps: float = float(np.finfo(np.float64).eps)
    digits: type[np.floating[Any]] = np.float64
    spins: bool = False
    changes_inputs: Callable[[Floats, Floats, float], bool] | None = None

    def admit(self, p: Problem) -> Problem:
        """The problem next to ``p`` that T can be given."""
        return p.signs() if self.spins else p.rounded(self.digits)

    def step(self, p: Problem) -> Floats | None:
        """T(x), or None where the call raises or its result is no finite vector like the query."""
        try:
            y = self.update(p.memories, p.query, p.beta)
        except Exception:
            return None
        return y if y.shape == p.query.shape and bool(np.isfinite(y).all()) else None
