"""A spherical code and what can be read off it."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.codes.exact import Exact

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Elements of the largest Gram block.
_BLOCK = 1 << 24


@dataclass(frozen=True)
class Code:
    """N points on the unit sphere of R^n.

    Attributes:
        name: which code.
        points: (N, n) float64, unit vectors up to rounding.
        max_cosine: the largest inner product s of two different points; the angle is arccos s.
        max_cosine_exact: the same as a SymPy number, None where it is not known.
        max_cosine_enclosure: rationals around it. For codes without exact coordinates they belong to the
            directions of the floats in ``points`` read as rationals. None where nothing was certified.
        exact: coordinates over a ring of algebraic integers, or None.
    """

    name: str
    points: Floats
    max_cosine: float
    max_cosine_exact: Any
    max_cosine_enclosure: tuple[Fraction, Fraction] | None
    exact: Exact | None = None

    @property
    def n(self) -> int:
        """The dimension of the ambient space."""
        return int(self.points.shape[1])

    @property
    def N(self) -> int:
        """The number of points."""
        return int(self.points.shape[0])


def contacts(code: Code, tol: float = 1e-9) -> Ints:
    """Return the contact graph: the pairs i < j, (A, 2), whose cosine is within tol of the largest."""
    parts = []
    step = max(1, _BLOCK // code.N)
    for start in range(0, code.N, step):
        gram = code.points[start : start + step] @ code.points.T
        i, j = np.nonzero(gram >= code.max_cosine - tol)
        later = i + start < j
        parts.append(np.stack([i[later] + start, j[later]], axis=1))
    return np.concatenate(parts)


def rattlers(code: Code, tol: float = 1e-9) -> Ints:
    """Return the points without a contact, (R,): they can move a little without loss."""
    free = np.ones(code.N, dtype=bool)
    free[contacts(code, tol).ravel()] = False
    return np.flatnonzero(free)


def cosine_counts(code: Code, tol: float = 1e-9) -> list[tuple[float, int]]:
    """Return the distinct cosines in rising order with the number of pairs i < j that have them.

    From floats: cosines that follow each other by less than tol are one. For certified distributions of
    constructions see ``Exact.distribution``.
    """
    i, j = np.triu_indices(code.N, 1)
    gram = np.sort((code.points @ code.points.T)[i, j])
    starts = np.concatenate([[0], np.flatnonzero(np.diff(gram) > tol) + 1, [len(gram)]])
    return [(float(gram[a:b].mean()), int(b - a)) for a, b in pairwise(starts.tolist())]
