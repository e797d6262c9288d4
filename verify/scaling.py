"""Scaling laws without a regression model: which straight lines pass through all confidence boxes?

A law "capacity grows like size to the power s" says that the points (log size, log capacity) lie on a line of
slope s.  Each size contributes an interval that holds its point; all intervals hold together with
probability 1 - alpha.  The slopes of the lines through all of them are then a 1 - alpha confidence set,
and if there is no such line the law is refuted.  No noise model, no weights, no residuals.

The intervals come from sequential decisions on a grid of loads, all made at one simultaneous level
(Bonferroni over loads, sizes and the two directions; Ville 1939 for the looks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from scipy.optimize import linprog

Array = Any


class NotMonotone(ArithmeticError):
    """Certified decisions contradict the declared assumption that failures do not decrease with the load."""


@dataclass(frozen=True, slots=True)
class Box:
    """An interval [low, high] for the ordinate at abscissa ``x``; infinite ends mean "not limited"."""

    x: float
    low: float
    high: float

    def __post_init__(self) -> None:
        """Raises ValueError for NaN, an infinite abscissa or an empty interval."""
        if not np.isfinite(self.x) or not self.low <= self.high or self.low == np.inf or self.high == -np.inf:
            raise ValueError(f"not an interval at a finite abscissa: x={self.x}, [{self.low}, {self.high}]")


def slope_range(boxes: Sequence[Box]) -> tuple[float, float] | None:
    """Smallest and largest slope among all lines through all boxes; None if no line meets them all.

    Two linear programmes in (intercept, slope), solved by HiGHS; an end that the boxes do not limit is
    infinite.  Boxes that miss a common line by less than the solver's tolerance (1e-7 of their spread)
    count as met, so None is never a matter of rounding.

    Raises ValueError without boxes, ArithmeticError if the solver gives up.
    """
    if not boxes:
        raise ValueError("a range of slopes needs at least one box")
    rows, limits, scale = _constraints(boxes)
    ends: list[float] = []
    for sign in (1.0, -1.0):
        # An unlimited direction is known beforehand; the programme then only decides feasibility.
        limited = _limited(boxes, sign)
        value = _minimise([0.0, sign if limited else 0.0], rows, limits)
        if value is None:
            return None
        ends.append(sign * value * scale if limited else -sign * np.inf)
    return ends[0], ends[1]


def _limited(boxes: Sequence[Box], sign: float) -> bool:
    """Is the slope bounded below (sign 1) or above (sign -1)?  Needs a finite low after a finite high."""
    return any(
        sign * (right.x - left.x) > 0 and np.isfinite(right.low) and np.isfinite(left.high)
        for left, right in permutations(boxes, 2)
    )


def _constraints(boxes: Sequence[Box]) -> tuple[Array, Array, float]:
    """rows @ (intercept, slope) <= limits in centred units, and the factor that restores the slope."""
    x = np.array([box.x for box in boxes])
    ends = np.array([[box.low, box.high] for box in boxes])
    finite = ends[np.isfinite(ends)]
    middle = float(np.mean(finite)) if finite.size else 0.0
    height = float(np.ptp(finite)) if finite.size else 0.0
    # The solver's tolerances are absolute, so both axes are brought to order 1.
    height, width = height or 1.0, float(np.ptp(x)) or 1.0
    t = (x - x.mean()) / width
    above = np.isfinite(ends[:, 1])
    below = np.isfinite(ends[:, 0])
    column = np.ones_like(t)
    rows = np.concatenate([np.stack([column, t], 1)[above], -np.stack([column, t], 1)[below]])
    limits = np.concatenate([(ends[above, 1] - middle) / height, -(ends[below, 0] - middle) / height])
    return rows, limits, height / width


def _minimise(objective: list[float], rows: Array, limits: Array) -> float | None:
    if len(rows) == 0:
        return 0.0
    answer = linprog(objective, A_ub=rows, b_ub=limits, bounds=[(None, None)] * 2, method="highs")
    if answer.status == 2:
        return None
    if answer.status != 0:
        raise ArithmeticError(f"the linear programme for the slope was not solved: {answer.message}")
    return float(answer.fun)


def simultaneous_threshold(alpha: float, sizes: int, loads: int) -> float:
    """log(2 sizes loads / alpha): the log E at which all decisions of a sizes-by-loads grid hold together.

    Bonferroni over both directions at every cell.  Raises ValueError unless 0 < alpha < 1, sizes, loads >= 1.
    """
    if not 0.0 < alpha < 1.0 or sizes < 1 or loads < 1:
        raise ValueError("a simultaneous level needs 0 < alpha < 1 and at least one size and one load")
    return float(np.log(2.0 * sizes * loads / alpha))


def level_crossing(
    loads: Sequence[float], sup_against: Array, sup_for: Array, threshold: float
) -> tuple[float, float]:
    """Loads between which the failure probability of one size crosses a level.

    ``loads``: positive.  ``sup_against[k]``: sup log E against "p <= level" at loads[k]; ``sup_for[k]``:
    sup log E against "p >= level".  Reaching ``threshold`` (:func:`simultaneous_threshold`) is a decision.
    *Assumption, to be declared in the report:* p does not decrease with the load.  The crossing then lies
    at or above every load decided below the level and at or below every load decided above it.

    Returns (low, high), 0 and infinity where nothing was decided.
    Raises ValueError for unusable input, :class:`NotMonotone` if the decisions contradict the assumption.
    """
    grid = np.asarray(loads, dtype=np.float64)
    against = np.asarray(sup_against, dtype=np.float64)
    supporting = np.asarray(sup_for, dtype=np.float64)
    if grid.ndim != 1 or against.shape != grid.shape or supporting.shape != grid.shape:
        raise ValueError("loads and the two lists of evidence must have one and the same length")
    if not np.all((grid > 0) & (grid < np.inf)) or np.isnan(against).any() or np.isnan(supporting).any():
        raise ValueError("loads must be positive and finite, and the evidence must not be NaN")
    low = float(grid[supporting >= threshold].max(initial=0.0))
    high = float(grid[against >= threshold].min(initial=np.inf))
    if low >= high:
        raise NotMonotone(f"below the level at load {low:g}, above it at load {high:g}")
    return low, high
