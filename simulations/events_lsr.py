"""Random memories in a cube or a ball: smallest distances, and minima of the log-sum-ReLU energy on a line.

Events in the sense of :mod:`simulations.events`: one int8 per trial, 1 failure, 0 success.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from simulations.ensembles import directions

Floats = NDArray[np.float64]
Outcome = NDArray[np.int8]
SHAPES = ("cube", "ball")


def unit_volume(stream: np.random.Generator, trials: int, M: int, d: int, shape: str) -> Floats:
    """Return (trials, M, d) points uniform in a cube or a ball of volume 1.

    Raises:
        ValueError: another shape.
    """
    if shape not in SHAPES:
        raise ValueError(f"shape: expected one of {', '.join(SHAPES)}, found {shape!r}")
    if shape == "cube":
        return stream.random((trials, M, d))
    volume = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    radius = stream.random((trials, M, 1)) ** (1 / d) / volume ** (1 / d)
    return np.asarray(radius * directions(stream, trials, M, d))


def distance_below(
    stream: np.random.Generator, trials: int, *, d: int, M: int, radius: float, in_ball: int = 0
) -> Outcome:
    """Failure: two of M points uniform in a cube (a ball) of volume 1 are closer than ``radius``."""
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    sets = unit_volume(stream, trials, M, d, SHAPES[in_ball])
    return np.array([np.min(pdist(x)) < radius for x in sets], dtype=np.int8)


def emergent_on_line(points: Floats, rho: float) -> int:
    """Return the number of sets of two or more of the sorted ``points`` (M,) that are B(c) at their centroid.

    On a line B(c) is a run of consecutive points, so only runs no longer than 2 rho are tried.
    """
    sums = np.concatenate(([0.0], np.cumsum(points)))
    count, found = len(points), 0
    for length in range(2, count + 1):
        start = np.arange(count - length + 1)
        span = points[start + length - 1] - points[start]
        if np.min(span) >= 2 * rho:
            break
        c = (sums[start + length] - sums[start]) / length
        inside = np.searchsorted(points, c + rho, "left") - np.searchsorted(points, c - rho, "right")
        first = np.searchsorted(points, c - rho, "right")
        found += int(np.sum((inside == length) & (first == start)))
    return found


def few_emergent(stream: np.random.Generator, trials: int, *, M: int, filling: float, most: int) -> Outcome:
    """Failure: M points uniform in [0, 1] have at most ``most`` emergent minima at rho = filling/(2 M).

    ``filling`` is M V_d rho^d/V for d = 1: the mean number of memories in an interval of half-width rho.
    """
    points = np.sort(stream.random((trials, M)), axis=-1)
    return np.array([emergent_on_line(x, filling / (2 * M)) <= most for x in points], dtype=np.int8)
