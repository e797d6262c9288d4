"""Scaling laws: sequential decisions on a grid of loads, a box per size, the slopes of lines through them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from bounds.exact import Real
from verify.checkers.grid_values import evaluate
from verify.checkers.probability import BUDGET, EXTENSION, ROUNDS, argument, counts
from verify.context import Context
from verify.eprocess import confidence_interval, log_e_against, log_e_for
from verify.evidence import ControlEvidence, Evidence, PartEvidence, Witness
from verify.scaling import Box, NotMonotone, level_crossing, simultaneous_threshold, slope_range
from verify.statement import ScalingLaw

CAUGHT = 1e-3
"""Level at which a control has to be refuted."""
SUPPORT = 0.05
"""Simultaneous level of the boxes that support a law."""
EVERY = 4
"""Rounds between two looks at whether a law that needs more than its budget is decided."""
DEEPEST = 600.0
"""Largest log e-value looked for: more changes no verdict."""


@dataclass(slots=True)
class Cell:
    """One size and load: counts of failures, undecided and trials after every chunk."""

    size: int
    load: int
    chunks: list[tuple[int, int, int]] = field(default_factory=list)
    against: float = 0.0
    supporting: float = 0.0

    def add(self, failures: int, ambiguous: int, trials: int, level: float) -> None:
        """Count a chunk and move the largest log e-values against p <= level and against p >= level."""
        f, a, n = self.chunks[-1] if self.chunks else (0, 0, 0)
        f, a, n = f + failures, a + ambiguous, n + trials
        self.chunks.append((f, a, n))
        self.against = max(self.against, float(log_e_against(f, n, level)))
        self.supporting = max(self.supporting, float(log_e_for(f + a, n, level)))


def check(statement: ScalingLaw, context: Context) -> Evidence:
    """Measure a scaling law; its controls are other slopes, refuted by the same boxes."""
    cells = grid(statement, context.profile)
    _simulate(statement, context, cells)
    part = PartEvidence("slope", relation=_claim(statement), instances=len(cells), admissible=len(cells))
    part.drawn_admissible = len(cells)
    low, high = _slope(statement.slope)
    part.log_e_against = refuting_depth(statement, cells, low, high)
    try:
        found = slopes(statement, cells, SUPPORT)
        part.supported = found is not None and low <= found[0] and found[1] <= high
        part.note = f"slopes of lines through all boxes: {_interval(found)}, claimed [{low:.6g}, {high:.6g}]"
    except NotMonotone as error:
        part.supported, part.note = False, str(error)
    if part.log_e_against > math.log(1e3):
        part.witness = Witness(
            "slope",
            {"size": [c.size for c in cells], "load": [c.load for c in cells]},
            "in",
            f"slopes {part.note}",
            f"[{low:.6g}, {high:.6g}]",
            certified=False,
            level=math.exp(-part.log_e_against),
        )
    evidence = Evidence([part], [])
    for control in statement.controls:
        depth = refuting_depth(statement, cells, *_slope(control.relation))
        evidence.controls.append(
            ControlEvidence(
                control.name,
                control.description or f"slope in {control.relation}",
                depth >= math.log(1 / CAUGHT),
                f"e-value exp({depth:.4g}) on the same trials",
            )
        )
    evidence.budget = {
        "sizes": len({c.size for c in cells}),
        "cells": len(cells),
        "trials": sum(c.chunks[-1][2] for c in cells if c.chunks),
    }
    _rows_and_curves(statement, cells, evidence)
    return evidence


def grid(statement: ScalingLaw, profile: str) -> list[Cell]:
    """All sizes and loads, loads in increasing order without repetition."""
    chosen = statement.sizes + (statement.more_sizes if profile != "quick" else ())
    cells = []
    for size in chosen:
        nominal = evaluate(statement.nominal, {"size": Real(size)})
        loads = {math.floor(float(nominal * Real(str(sp.Rational(f))))) for f in statement.factors}
        cells += [Cell(size, load) for load in sorted(loads) if load >= 1]
    return cells


def _simulate(statement: ScalingLaw, context: Context, cells: list[Cell]) -> None:
    """Rounds of one chunk per open cell; a cell is closed once it is decided far beyond every threshold.

    Where the slopes are not decided at the end of the budget, the open cells get up to three more budgets.
    """
    size = max(8, math.ceil(statement.trials * BUDGET[context.profile] / ROUNDS))
    level = float(sp.Rational(statement.level))
    enough = simultaneous_threshold(1e-7, len({c.size for c in cells}), len(cells))
    for index in range((1 + EXTENSION) * ROUNDS):
        if index >= ROUNDS and index % EVERY == 0 and _decided(statement, cells):
            return
        for cell in cells:
            if max(cell.against, cell.supporting) >= enough:
                continue
            values = {"size": Real(cell.size), "load": Real(cell.load)}
            arguments = {k: argument(v, values) for k, v in statement.arguments.items()}
            cell.add(*counts(statement.event, arguments, index, size, context), level)


def _decided(statement: ScalingLaw, cells: list[Cell]) -> bool:
    """Whether the law is refuted, or supported with every control caught."""
    low, high = _slope(statement.slope)
    if refuting_depth(statement, cells, low, high) > math.log(1e3):
        return True
    try:
        found = slopes(statement, cells, SUPPORT)
    except NotMonotone:
        return True
    if found is None or found[0] < low or found[1] > high:
        return False
    caught = (refuting_depth(statement, cells, *_slope(c.relation)) for c in statement.controls)
    return all(depth >= math.log(1 / CAUGHT) for depth in caught)


def boxes(statement: ScalingLaw, cells: list[Cell], threshold: float) -> list[Box]:
    """The box of every size: decisions at the given log e-value on either side of the crossing.

    Raises NotMonotone if the decisions contradict the declared monotonicity.
    """
    found = []
    for size in sorted({c.size for c in cells}):
        row = [c for c in cells if c.size == size]
        loads, against, supporting = zip(*((c.load, c.against, c.supporting) for c in row), strict=True)
        below, above = level_crossing(loads, against, supporting, threshold)
        x = float(evaluate(statement.abscissa, {"size": Real(size)}))
        low = _ordinate(statement, size, int(below)) if below else -math.inf
        high = _ordinate(statement, size, int(above)) if above < math.inf else math.inf
        found.append(Box(x, low, high))
    return found


def _ordinate(statement: ScalingLaw, size: int, load: int) -> float:
    return float(evaluate(statement.ordinate, {"size": Real(size), "load": Real(load)}))


def slopes(statement: ScalingLaw, cells: list[Cell], alpha: float) -> tuple[float, float] | None:
    """Smallest and largest slope of a line through all boxes at simultaneous level ``alpha``, or None."""
    return slope_range(boxes(statement, cells, _threshold(cells, math.log(1 / alpha))))


def _threshold(cells: list[Cell], depth: float) -> float:
    """Bonferroni over both directions at every cell."""
    return depth + math.log(2 * len(cells))


def refuting_depth(statement: ScalingLaw, cells: list[Cell], low: float, high: float) -> float:
    """Largest t such that the boxes at simultaneous level exp(-t) admit no line with a slope in [low, high].

    0 if there is none.  Boxes grow with t: the refuted levels form an interval, whose end bisection finds.
    Where the law holds, the probability of a depth of t or more is at most exp(-t), whatever the stopping.
    Decisions that contradict the declared monotonicity refute that declaration and not the law: 0.
    """

    def refuted(depth: float) -> bool:
        try:
            found = slope_range(boxes(statement, cells, _threshold(cells, depth)))
        except NotMonotone:
            return True
        return found is None or found[1] < low or found[0] > high

    if not refuted(0.0):
        return 0.0
    depth = _last(refuted, 0.0, DEEPEST)
    try:
        boxes(statement, cells, _threshold(cells, depth))
    except NotMonotone:
        return 0.0
    return depth


def _last(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    if holds(outside):
        return outside
    while outside - inside > 1e-3:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def _slope(claimed: Any) -> tuple[float, float]:
    low, high = claimed
    return float(sp.sympify(low)), float(sp.sympify(high))


def _interval(found: tuple[float, float] | None) -> str:
    return "none" if found is None else f"[{found[0]:.6g}, {found[1]:.6g}]"


def _claim(statement: ScalingLaw) -> str:
    low, high = statement.slope
    return f"{statement.ordinate} against {statement.abscissa}: slope in [{low}, {high}]"


def _rows_and_curves(statement: ScalingLaw, cells: list[Cell], evidence: Evidence) -> None:
    for cell in cells:
        if not cell.chunks:
            continue
        f, a, n = cell.chunks[-1]
        low, high = confidence_interval(f, n, SUPPORT, ambiguous=a)
        evidence.rows.append(
            _row(
                cell,
                {"value": f / n, "lo": float(low), "hi": float(high), "trials": n, "note": f"{a} undecided"},
            )
        )
    try:
        drawn = boxes(statement, cells, _threshold(cells, math.log(1 / SUPPORT)))
    except NotMonotone:
        return
    finite = [b for b in drawn if math.isfinite(b.low) and math.isfinite(b.high)]
    if len(finite) < 2:
        return
    low, high = _slope(statement.slope)
    xs = [b.x for b in finite]
    middle = [(b.low + b.high) / 2 for b in finite]
    line = [middle[0] + (low + high) / 2 * (x - xs[0]) for x in xs]
    evidence.curves.append(
        {
            "title": "where the event becomes likely (boxes hold together at 95 %)",
            "x_label": str(statement.abscissa),
            "y_label": str(statement.ordinate),
            "x_log": False,
            "y_log": False,
            "series": [
                {"name": "claimed slope", "role": "bound", "x": xs, "y": line, "lo": None, "hi": None},
                {
                    "name": "simulation",
                    "role": "simulation",
                    "x": xs,
                    "y": middle,
                    "lo": [b.low for b in finite],
                    "hi": [b.high for b in finite],
                },
            ],
        }
    )


def _row(cell: Cell, values: Mapping[str, Any]) -> dict[str, Any]:
    point = f"size={cell.size}, load={cell.load}"
    return {"part": "slope", "point": point, "quantity": "failure probability", **values}
