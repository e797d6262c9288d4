"""Queries about a target memory: the typical ones and those known to be hard.

Every query is ``query(stream, memories (n, M, d), target (n,), rho) -> (n, d)``. rho, a number or (n,),
scales the displacement in units of R, half the minimum distance of the set; for a single memory, which
has no R, in units of its norm. A missing or coincident competitor is replaced by a random direction.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.ensembles import directions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Query = Callable[[np.random.Generator, Floats, Ints, Any], Floats]

QUERIES: dict[str, Query] = {}


def _query(function: Query) -> Query:
    QUERIES[function.__name__] = function
    return function


def _at(memories: Floats, index: Ints) -> Floats:
    return np.asarray(memories[np.arange(len(memories)), index])


def _scale(memories: Floats) -> Floats:
    norm = np.asarray(geometry.max_norm(memories))
    return np.where(norm > 0, norm, 1.0)


def _reach(memories: Floats, rho: Any) -> Floats:
    """Return the length rho R as a column (n, 1)."""
    single = memories.shape[1] == 1
    unit = _scale(memories) if single else np.asarray(geometry.half_min_distance(memories))
    return np.asarray(rho * unit)[:, None]


def _others(memories: Floats, target: Ints, by: str) -> Ints:
    """Return the competitor of each target, by "distance" or "overlap"; the target itself for M = 1."""
    n, m, _ = memories.shape
    if m == 1:
        return target
    own = _at(memories, target)[:, None, :]
    if by == "distance":
        away = memories - own
        badness = np.sum(away * away, axis=-1)
    else:
        badness = -np.matmul(memories, np.swapaxes(own, -1, -2))[..., 0]
    badness[np.arange(n), target] = np.inf
    return np.asarray(np.argmin(badness, axis=-1))


def _unit(stream: np.random.Generator, vector: Floats) -> Floats:
    """Normalise the rows; rows that are zero become random directions (drawn for all, so none depends)."""
    random = directions(stream, *vector.shape)
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.where(length > 0, vector / np.where(length > 0, length, 1.0), random)


def _towards(
    stream: np.random.Generator, memories: Floats, target: Ints, by: str, sign: float, rho: Any
) -> Floats:
    own = _at(memories, target)
    step = _unit(stream, _at(memories, _others(memories, target, by)) - own)
    return own + sign * _reach(memories, rho) * step


@_query
def pattern(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q1: x = xi_mu."""
    return _at(memories, target)


@_query
def noise(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q2: x = xi_mu + rho R u, u a random direction."""
    own = _at(memories, target)
    return own + _reach(memories, rho) * directions(stream, *own.shape)


@_query
def towards_nearest(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q3: a displacement rho R towards the nearest other memory."""
    return _towards(stream, memories, target, "distance", 1.0, rho)


@_query
def towards_rival(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q3: a displacement rho R towards the other memory with the largest inner product."""
    return _towards(stream, memories, target, "overlap", 1.0, rho)


@_query
def along_rival(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q4: a displacement rho R in the direction xi_nu / |xi_nu| of the rival by inner product."""
    own = _at(memories, target)
    index = _others(memories, target, "overlap")
    single = (index == target)[:, None]
    step = _unit(stream, np.where(single, 0.0, _at(memories, index)))
    return own + _reach(memories, rho) * step


@_query
def away(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q5: a displacement rho R away from the nearest other memory."""
    return _towards(stream, memories, target, "distance", -1.0, rho)


def hull_weights(stream: np.random.Generator, n: int, M: int) -> Floats:
    """Return n weight vectors on the simplex (n, M), with a few large entries whatever M is.

    (Uniform weights would put every point next to the mean of the memories.)
    """
    mass = stream.standard_gamma(min(1.0, 3.0 / M), (n, M))
    mass[:, 0] += np.where(mass.sum(axis=-1) > 0, 0.0, 1.0)
    return np.asarray(mass / mass.sum(axis=-1, keepdims=True))


def hull_with_weights(
    stream: np.random.Generator, memories: Floats, target: Ints, rho: Any
) -> tuple[Floats, Floats]:
    """Return Q6 queries (n, d) and the weights (n, M) that express them by the memories."""
    weights = hull_weights(stream, *memories.shape[:2])
    return np.matmul(weights[:, None, :], memories)[:, 0, :], weights


@_query
def hull(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q6: a random point of the convex hull of the memories; rho has no part in it."""
    return hull_with_weights(stream, memories, target, rho)[0]


@_query
def midpoint(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q7: the midpoint of xi_mu and the nearest other memory (xi_mu itself for M = 1)."""
    return (_at(memories, target) + _at(memories, _others(memories, target, "distance"))) / 2


@_query
def origin(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q8: x = 0."""
    return np.zeros_like(_at(memories, target))


@_query
def far(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q9: a random direction with a norm uniform in [0, 10 m]; rho has no part in it."""
    n, _, d = memories.shape
    return 10 * _scale(memories)[:, None] * stream.random((n, 1)) * directions(stream, n, d)


@_query
def shell(stream: np.random.Generator, memories: Floats, target: Ints, rho: Any) -> Floats:
    """Q10: a random direction at a distance within 1e-6 (relative) below rho R."""
    own = _at(memories, target)
    reach = _reach(memories, rho) * (1 - 1e-6 * stream.random((len(own), 1)))
    return own + reach * directions(stream, *own.shape)
