"""Pictures of a violation: both sides of a relation along a line through its witness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from bounds import expr
from bounds.exact import DomainError, Real, Undecided
from verify.arena import Arena, Box, Patterns
from verify.instances import Array, Instances, Point, exact_instance
from verify.margins import admissible, environment, exact_value, margins, sides, symbols_of
from verify.statement import Hypothesis, Part
from verify.vocabulary import update

SAMPLES = 81
FEWEST = 7
"""A line with fewer admissible points than this shows nothing."""
MOST_CURVES = 3
SIDES = (("larger", 1), ("smaller", 0))
"""The sides of a condition in the order they are drawn, and their places in :func:`verify.margins.sides`."""
LARGEST = 20_000
"""Coordinates of the largest memory set that is drawn along a line."""

Axis = tuple[str, bool, float, Array, Instances]
"""Name of what varies, whether its axis is logarithmic, where the witness lies, the values, the instances."""


def violation(
    arena: Arena,
    part: Part,
    hypotheses: tuple[Hypothesis, ...],
    point: Point,
    model: str,
    models: Mapping[str, Any],
    title: str = "",
) -> dict[str, Any] | None:
    """Both sides of a part's relation around its witness, along the first line on which they can be seen.

    For memory sets the inverse temperature varies, else the query on the line from the target memory through
    the query of the witness; for scalars one of them over its range.  Only admissible points are drawn.
    Returns a curve for the record, or None if no line shows the violation.  With a ``title`` the part is a
    condition, and its sides are named so.
    """
    lines = _patterns(arena, point, model, models) if isinstance(arena, Patterns) else _box(arena, point)
    for name, log, here, x, batch in lines:
        try:
            curve = _along(part, hypotheses, name, log, here, x, batch)
            if curve is not None and title:
                curve["title"] = title
                for series, (size, _) in zip(curve["series"], SIDES, strict=False):
                    series["name"] = f"{size} side of the condition"
        except (ValueError, TypeError, ArithmeticError):  # a quantity that has no float reading
            continue
        if curve is not None:
            return curve
    return None


def in_space(point: Point, model: str, models: Mapping[str, Any], title: str) -> dict[str, Any] | None:
    """The witness itself, if its memories lie on a line or in a plane: memories, query and one update."""
    memories = np.array(point["memories"], dtype=float)
    if memories.shape[1] > 2 or point.get("query") is None:
        return None
    query = np.array(point["query"], dtype=float)
    batch = _copies(point, model, models).take(np.array([0]))
    target = memories[int(point["target"])]
    shown = [
        ("other memories", "simulation", np.delete(memories, int(point["target"]), axis=0)),
        ("target memory", "simulation", target[None]),
        ("one update of the query", "simulation", np.asarray(update(batch), dtype=float)),
        ("query", "witness", query[None]),
    ]
    plane = [(n, role, np.pad(v, ((0, 0), (0, 2 - v.shape[1])))) for n, role, v in shown if v.size]
    if not all(np.all(np.isfinite(v)) for _, _, v in plane):
        return None
    return {
        "title": title,
        "x_label": "first coordinate",
        "y_label": "second coordinate" if memories.shape[1] == 2 else "(memories on a line)",
        "x_log": False,
        "y_log": False,
        "series": [
            {"name": n, "role": role, "x": v[:, 0].tolist(), "y": v[:, 1].tolist(), "lo": None, "hi": None}
            for n, role, v in plane
        ],
    }


def outside(formula: Any, values: Mapping[str, Real]) -> Any:
    """What a logarithm or a root inside a formula needs and does not have at these values, or None."""
    for node in sp.postorder_traversal(sp.sympify(formula)):
        if isinstance(node, sp.log):
            needed = sp.Gt(node.args[0], 0, evaluate=False)
        elif isinstance(node, sp.Pow) and node.exp.is_Rational and node.exp.q % 2 == 0:
            needed = sp.Ge(node.base, 0, evaluate=False)
        else:
            continue
        argument = _ball(needed.lhs, values)
        if argument < 0 or (argument.is_exact and argument == 0):
            return needed
    return None


def _ball(side: Any, values: Mapping[str, Real]) -> Real:
    return expr.ball(side, {str(s): values[str(s)] for s in side.free_symbols})


def over_values(title: str, relation: Any, rows: Sequence[Mapping[str, Real]]) -> dict[str, Any] | None:
    """Both sides of a condition at the points of a grid, in its order."""
    lhs, rhs, _ = sides(relation)
    drawn: list[tuple[int, float, float]] = []
    for i, values in enumerate(rows, start=1):
        try:
            a, b = (float(_ball(side, values)) for side in (lhs, rhs))
        except (DomainError, Undecided, OverflowError):
            continue
        if np.isfinite(a) and np.isfinite(b):
            drawn.append((i, a, b))
    if not drawn:
        return None
    x, left, right = (np.array(column, dtype=float) for column in zip(*drawn, strict=True))
    none = np.zeros(x.size, bool)
    curve = _curve(title, "number of the point in the grid", False, x, left, right, none)
    curve["series"] = curve["series"][:2]
    for series, (size, i) in zip(curve["series"], SIDES, strict=True):
        series["name"] = f"{(lhs, rhs)[i]} ({size} side of the condition)"
    return curve


def _patterns(arena: Patterns, point: Point, model: str, models: Mapping[str, Any]) -> Iterator[Axis]:
    beta = float(point["beta"])
    values = np.sort(np.append(beta * np.geomspace(1e-2, 1e2, SAMPLES - 1), beta))
    yield "beta", True, beta, values, _copies(point, model, models, beta=values)
    if point.get("query") is None or arena.query in ("hull", "pattern"):
        return
    query = np.array(point["query"], dtype=float)
    memories = np.array(point["memories"], dtype=float)
    target = memories[point["target"]]
    away = np.flatnonzero(np.any(memories != target, axis=-1))
    if np.any(query != target):
        t = np.linspace(0.0, 2.0, SAMPLES)
        name, here = "share of the way from the memory to the query", 1.0
        line = target + t[:, None] * (query - target)
    elif away.size:
        t = np.linspace(-1.0, 1.0, SAMPLES)
        name, here = "share of the way from the memory to another one", 0.0
        line = target + t[:, None] * (memories[away[0]] - target)
    else:
        return
    yield name, False, here, t, _copies(point, model, models, query=line)


def _copies(point: Point, model: str, models: Mapping[str, Any], **changed: Array) -> Instances:
    def field(name: str) -> Array:
        if name in changed:
            return changed[name]
        value = point.get(name)
        return None if value is None else np.repeat(np.array([value], dtype=float), SAMPLES, axis=0)

    own = {"memories", "query", "beta", "target", "hull"}
    return Instances(
        SAMPLES,
        memories=field("memories"),
        query=field("query"),
        beta=field("beta"),
        target=np.full(SAMPLES, int(point.get("target", 0))),
        hull=field("hull"),
        scalars={k: field(k) for k in point if k not in own},
        model=model,
        models=models,
    )


def _box(arena: Arena, point: Point) -> Iterator[Axis]:
    for p in arena.params if isinstance(arena, Box) else ():
        here = float(point[str(p.symbol)])
        values = (np.geomspace if p.log else np.linspace)(p.low, p.high, SAMPLES - 1)
        values = np.sort(np.append(np.round(values) if p.integer else values, here))
        yield str(p.symbol), p.log, here, values, _copies(point, "dense", {}, **{str(p.symbol): values})


def _along(
    part: Part,
    hypotheses: tuple[Hypothesis, ...],
    name: str,
    log: bool,
    here: float,
    x: Array,
    batch: Instances,
) -> dict[str, Any] | None:
    ok, _ = admissible(hypotheses, batch)
    found = margins(part.relation, batch, part.scale)
    env = environment(batch, symbols_of(*sides(part.relation)[:2]))
    left, right = (_values(side, env, ok & found.defined) for side in sides(part.relation)[:2])
    usable = np.isfinite(left) & np.isfinite(right)
    witness = usable & (found.excess > found.tolerance) & (np.abs(x - here) <= 1e-12 * abs(here))
    if np.sum(usable) < FEWEST or not np.any(witness):
        return None
    if not (_varies(left[usable]) or _varies(right[usable])):
        return None
    title = f"{part.name}: around the witness"
    curve = _curve(title, name, log, x[usable], left[usable], right[usable], witness[usable])
    curve["series"][1]["role"] = "reference"  # a line: the samples are no simulations
    return curve


def _values(side: Any, env: Mapping[str, Any], ok: Array) -> Array:
    reading = expr.log_arrays(side, env)
    with np.errstate(all="ignore"):
        value = np.broadcast_to(reading.sign * np.exp(reading.log), ok.shape)
    return np.where(ok & np.broadcast_to(reading.defined, ok.shape), value, np.nan)


def _varies(values: Array) -> bool:
    spread = float(np.max(values) - np.min(values))
    return spread > 1e-6 * float(np.max(np.abs(values)))


def _curve(
    title: str, name: str, log: bool, x: Array, left: Array, right: Array, violated: Array
) -> dict[str, Any]:
    both = np.concatenate([left, right])
    positive = bool(np.all(both > 0)) and float(np.max(both) / np.min(both)) > 100
    series = [
        ("right side (bound)", "bound", right, np.ones(x.size, bool)),
        ("left side (measured)", "simulation", left, np.ones(x.size, bool)),
        ("witness", "witness", left, violated),
    ]
    return {
        "title": title,
        "x_label": name,
        "y_label": "value",
        "x_log": log and bool(np.all(x > 0)),
        "y_log": positive,
        "series": [
            {"name": n, "role": role, "x": x[keep].tolist(), "y": y[keep].tolist(), "lo": None, "hi": None}
            for n, role, y, keep in series
        ],
    }


def over_points(part: Part, results: list[tuple[Point, Any]]) -> dict[str, Any] | None:
    """Both sides of a part over the exact points of its grid, if some are violated and some can be compared.

    The axis is the scalar that takes the most values; where several points share a value, it is the number of
    the point in the grid.
    """
    lhs, rhs, _ = sides(part.relation)
    rows: list[tuple[Point, float, float, bool]] = []
    for point, c in results:
        if c.status not in ("holds", "violated", "tie"):
            continue
        batch = exact_instance(point)
        try:
            a, b = float(exact_value(lhs, batch)), float(exact_value(rhs, batch))
        except (DomainError, Undecided, OverflowError, TypeError):
            continue
        if np.isfinite(a) and np.isfinite(b):
            rows.append((point, a, b, c.status == "violated"))
    if len(rows) < 2 or not any(r[3] for r in rows):
        return None
    names = [k for k in rows[0][0] if k not in ("memories", "query", "target", "hull")]
    name = max(names, key=lambda k: len({r[0].get(k) for r in rows}), default="")
    x = np.array([float(r[0].get(name, 0)) for r in rows]) if name else np.zeros(len(rows))
    if np.unique(x).size < len(rows):
        name, x = "number of the point in the grid", np.arange(1.0, len(rows) + 1)
    order = np.argsort(x)
    left, right = (np.array([r[i] for r in rows])[order] for i in (1, 2))
    bad = np.array([r[3] for r in rows])[order]
    log = bool(np.all(x > 0)) and float(np.max(x) / np.min(x)) > 100
    return _curve(f"{part.name}: over the grid", name, log, x[order], left, right, bad)
