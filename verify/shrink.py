"""From a violation found in floats to a small, readable, certified witness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from verify.arena import Box, Patterns
from verify.instances import Instances, Point, point_of

DENOMINATORS = (1, 2, 3, 4, 5, 8, 10, 16, 32, 64, 100, 1000, 10**4, 10**6)

Check = Callable[[Point], bool]
"""Whether a point is a certified witness: hypotheses hold and the conclusion fails, both in balls."""


def shrink(
    arena: Patterns | Box, batch: Instances, check: Check, budget: int = 250
) -> tuple[Point, int] | None:
    """Smallest certified witness reached from a float instance, and the number of certifications spent.

    Tries, in this order: coarse rationals for all numbers at once, fewer memories, fewer dimensions, simpler
    single numbers.  Returns ``None`` if not even the float instance itself certifies.
    """
    start = _canonical(arena, point_of(batch, 0))
    spent = 0

    def passes(point: Point) -> bool:
        nonlocal spent
        if not in_domain(arena, point):
            return False
        spent += 1
        return check(point)

    best = next((p for p in _rounded(arena, start) if passes(p)), None)
    if best is None:
        best = start if passes(start) else None
    if best is None:
        return None
    improved = True
    while improved and spent < budget:
        improved = False
        for candidate in _simpler(arena, best):
            if spent >= budget:
                break
            if passes(candidate):
                best, improved = candidate, True
                break
    return best, spent


def in_domain(arena: Patterns | Box, point: Point) -> bool:
    """Whether temperature and scalars of a point lie where the statement is stated."""
    if isinstance(arena, Patterns) and not point["beta"] > 0:
        return False
    # A set of zero vectors violates much and tells nothing; the common grid has none either.
    if isinstance(arena, Patterns) and not any(v for row in point["memories"] for v in row):
        return False
    for p in arena.params:
        value = point[str(p.symbol)]
        if not Fraction(p.low) <= value <= Fraction(p.high) or (p.integer and value.denominator != 1):
            return False
        if p.symbol.is_positive and value <= 0:
            return False
    return True


def _canonical(arena: Patterns | Box, point: Point) -> Point:
    """Derived entries made exact: equal norms, convex combinations, queries at the target."""
    if isinstance(arena, Box):
        return point
    point = dict(point)
    if arena.norms == "equal":
        point["memories"] = _equal_norms(point["memories"], 10**6)
    if arena.query == "hull" and point.get("hull") is not None:
        point["query"] = _combination(point)
    if arena.query == "pattern":
        point["query"] = list(point["memories"][point["target"]])
    return point


def _combination(point: Point) -> list[Fraction]:
    total = sum(point["hull"])
    if total == 0:  # no convex combination: left as it is, the hypothesis on the query refuses it
        return list(point["query"])
    point["hull"] = [w / total for w in point["hull"]]
    d = len(point["memories"][0])
    rows = list(zip(point["hull"], point["memories"], strict=True))
    return [sum((w * row[k] for w, row in rows), Fraction(0)) for k in range(d)]


def _equal_norms(memories: list[list[Fraction]], denominator: int) -> list[list[Fraction]]:
    """Rational vectors of one common rational norm near the given ones (stereographic projection)."""
    common = max(float(np.linalg.norm([float(v) for v in row])) for row in memories)
    radius = Fraction(common).limit_denominator(min(denominator, 1000)) or Fraction(1)
    result = []
    for row in memories:
        u = np.array([float(v) for v in row])
        u = u / (np.linalg.norm(u) or 1.0)
        pole = int(np.argmax(np.abs(u)))
        sign = -1 if u[pole] < 0 else 1
        t = [Fraction(float(v / (1 + abs(u[pole])))).limit_denominator(denominator) for v in u]
        t[pole] = Fraction(0)
        square = sum((v * v for v in t), Fraction(0))
        unit: list[Fraction] = [2 * v / (1 + square) for v in t]
        unit[pole] = (1 - square) / (1 + square) * sign
        result.append([radius * v for v in unit])
    return result


def _map_numbers(value: Any, change: Callable[[Fraction], Fraction]) -> Any:
    return [_map_numbers(v, change) for v in value] if isinstance(value, list) else change(value)


def _rounded(arena: Patterns | Box, point: Point) -> Iterator[Point]:
    integers = {str(p.symbol) for p in arena.params if p.integer}
    for denominator in DENOMINATORS:
        candidate: Point = {}
        for name, value in point.items():
            if name == "target" or value is None:
                candidate[name] = value
            elif name == "memories" and isinstance(arena, Patterns) and arena.norms == "equal":
                candidate[name] = _equal_norms(value, denominator)
            else:
                limit = 1 if name in integers else denominator
                candidate[name] = _map_numbers(value, partial(_nearby, denominator=limit))
        if candidate.get("hull") is not None and not any(candidate["hull"]):
            continue
        yield _canonical_exact(arena, candidate)


def _nearby(value: Fraction, denominator: int) -> Fraction:
    """Nearest multiple of 1/denominator, but at least two significant digits of small numbers."""
    rounded = Fraction(round(value * denominator), denominator)
    if rounded == 0 and abs(value) > Fraction(1, 10**9):
        exponent = int(np.floor(np.log10(abs(float(value)))))
        unit = Fraction(f"1e{exponent}")
        return unit * round(value / unit)
    return rounded


def _canonical_exact(arena: Patterns | Box, point: Point) -> Point:
    """As :func:`_canonical` for points whose memories are exact already."""
    if isinstance(arena, Box):
        return point
    if arena.query == "hull" and point.get("hull") is not None:
        point["query"] = _combination(point)
    if arena.query == "pattern":
        point["query"] = list(point["memories"][point["target"]])
    return point


def _simpler(arena: Patterns | Box, point: Point) -> Iterator[Point]:
    """Simpler neighbours of a witness, the boldest first."""
    if isinstance(arena, Patterns):
        yield from _fewer_memories(arena, point)
        yield from _fewer_dimensions(arena, point)
    equal = isinstance(arena, Patterns) and arena.norms == "equal"
    integers = {str(p.symbol) for p in arena.params if p.integer}
    for name in point:
        if name == "target" or point[name] is None or (name == "memories" and equal):
            continue
        if name == "query" and isinstance(arena, Patterns) and arena.query in ("hull", "pattern"):
            continue
        for path, value in _leaves(point[name]):
            for simple in _simple_values(value, name in integers):
                candidate = _canonical_exact(arena, {**point, name: _replaced(point[name], path, simple)})
                if candidate.get("hull") is None or any(candidate["hull"]):
                    yield candidate


def _fewer_memories(arena: Patterns, point: Point) -> Iterator[Point]:
    memories, target = point["memories"], point["target"]
    if len(memories) <= max(arena.min_memories, 1) or arena.clustered:
        return
    for i in range(len(memories)):
        if i == target:
            continue
        candidate = {**point, "memories": memories[:i] + memories[i + 1 :], "target": target - (i < target)}
        if point.get("hull") is not None:
            candidate["hull"] = point["hull"][:i] + point["hull"][i + 1 :]
            if not any(candidate["hull"]):
                continue
        yield _canonical_exact(arena, candidate)


def _fewer_dimensions(arena: Patterns, point: Point) -> Iterator[Point]:
    d = len(point["memories"][0])
    if d == 1 or arena.norms == "equal":
        return
    for k in range(d):
        candidate = {**point, "memories": [row[:k] + row[k + 1 :] for row in point["memories"]]}
        if point.get("query") is not None:
            candidate["query"] = point["query"][:k] + point["query"][k + 1 :]
        yield _canonical_exact(arena, candidate)


def _leaves(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    if isinstance(value, list):
        for i, v in enumerate(value):
            yield from _leaves(v, (*path, i))
    else:
        yield path, value


def _replaced(value: Any, path: tuple[int, ...], new: Fraction) -> Any:
    if not path:
        return new
    return [_replaced(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


def _cost(value: Fraction) -> tuple[int, int]:
    return (value.denominator, abs(value.numerator))


def _simple_values(value: Fraction, integer: bool) -> list[Fraction]:
    tries = [Fraction(n) for n in (0, 1, -1, 2, -2, 3, 4, 5, 8, 10, 20, 100, round(value), round(value / 10))]
    if not integer:
        tries += [Fraction(round(value * n), n) for n in (2, 3, 4, 5, 10, 100)]
    return sorted({t for t in tries if _cost(t) < _cost(value)}, key=_cost)
