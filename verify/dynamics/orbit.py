"""Where an iteration goes: to a fixed point, round a cycle, nowhere, or too slowly to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from verify.dynamics.problem import Dynamics, Floats, Problem, norm
from verify.dynamics.rounding import floor

SHORT, LONG = 256, 2048
CYCLE = 64
"""Longest period looked for."""
AGAIN = 8
"""How often T must give the same at a fixed point: a map that draws at random may rest by chance."""

Ending = Literal["settled", "cycle", "wandering", "open", "undefined"]


@dataclass(frozen=True, eq=False)
class Orbit:
    """The end of an iteration.

    Attributes:
        state: (d,) the last state.
        residual: |x - T(x)| there.
        ratio: residual over the one before, an estimate of the contraction factor; 1 if unknown.
        tolerance: the residual at which a state counts as fixed.
        ending: "settled" (residual within tolerance), "cycle" (a state came back while the steps stayed
            long), "wandering" (the steps did not shorten over 2048 steps, or the states grew without
            end: no descent of an energy that is bounded below does that), "open" (still shortening) or
            "undefined" (T failed).
    """

    state: Floats
    residual: float
    ratio: float
    tolerance: float
    ending: Ending


def follow(dynamics: Dynamics, p: Problem) -> Orbit:
    """Iterate from the query; orbits that do not settle are followed further before they are judged."""
    tolerance = 4 * floor(dynamics, p)
    states, residuals, size = [p.query], [np.inf], p.scale
    while len(states) <= LONG:
        y = dynamics.step(p.at(states[-1]))
        if y is not None and len(states) == 1:
            size = max(p.scale, norm(y))  # a map may have a length of its own
        if y is None or not norm(y) < 1e12 * size:
            ending: Ending = "undefined" if y is None else "wandering"
            return Orbit(states[-1], np.inf, 1.0, tolerance, ending)
        residuals.append(norm(y - states[-1]))
        if residuals[-1] <= tolerance:
            last = states[-1]
            again = max(_residual(dynamics, p.at(last)) for _ in range(AGAIN)) if len(p.memories) > 1 else 0.0
            if again > tolerance:
                return Orbit(last, again, 1.0, tolerance, "wandering")
            ratio = residuals[-1] / residuals[-2] if len(residuals) > 2 and residuals[-2] > 0 else 0.0
            return Orbit(last, residuals[-1], ratio, tolerance, "settled")
        states.append(y)
        if len(states) == SHORT and not _stuck(residuals):
            return Orbit(states[-1], residuals[-1], 1.0, tolerance, "open")
        if len(states) == SHORT and _cycles(states, tolerance):
            return Orbit(states[-1], residuals[-1], 1.0, tolerance, "cycle")
    ending = "wandering" if _stuck(residuals) and residuals[-1] > 1e-2 * p.m else "open"
    return Orbit(states[-1], residuals[-1], 1.0, tolerance, ending)


def _residual(dynamics: Dynamics, p: Problem) -> float:
    y = dynamics.step(p)
    return np.inf if y is None else norm(y - p.query)


def _stuck(residuals: list[float]) -> bool:
    """Whether the steps of the last quarter are about as long as those of the second: no power decay."""
    quarter = len(residuals) // 4
    return bool(np.median(residuals[-quarter:]) > 0.8 * np.median(residuals[quarter : 2 * quarter]))


def _cycles(states: list[Floats], tolerance: float) -> bool:
    """Whether the last states repeat with some period, three times over."""
    for period in range(2, CYCLE):
        back = [states[-1 - k * period] for k in range(4)]
        length = norm(states[-1] - states[-2])
        if all(norm(b - back[0]) <= max(tolerance, 1e-9 * length) for b in back[1:]):
            return True
    return False
