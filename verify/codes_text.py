"""What `hopcheck code` prints: one JSON object, or a table for a reader."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import sympy as sp

from bounds.packing import Bound
from bounds.real import Real


def size_record(found: Any) -> dict[str, Any]:
    """The JSON object of ``hopcheck code --max-cosine``."""
    b = found.bounds
    return {
        "dimension": b.dimension,
        "max_cosine": b.max_cosine,
        "size_lower_bound": b.lower,
        "size_lower_bound_from": b.best("lower").name,
        "size_upper_bound": b.upper,
        "size_upper_bound_from": b.best("upper").name,
        "bounds": [_row(x) for x in b.bounds],
    }


def cosine_record(found: Any) -> dict[str, Any]:
    """The JSON object of ``hopcheck code --size``; the floats of lower bounds are rounded down, of upper
    ones up.
    """
    b, code = found.bounds, found.code
    low, high = b.best("lower"), b.best("upper")
    return {
        "dimension": b.dimension,
        "size": b.size,
        "max_cosine": float(code.max_cosine) if code is not None else None,
        "max_cosine_exact": str(code.max_cosine_exact) if _has_exact(code) else None,
        "code_name": code.name if code is not None else None,
        "max_cosine_lower_bound": _outward(low.value, -1),
        "max_cosine_lower_bound_exact": low.exact or str(low.value),
        "max_cosine_lower_bound_from": low.name,
        "max_cosine_upper_bound": _outward(high.value, 1),
        "max_cosine_upper_bound_from": high.name,
        "optimal": _optimal(low, high),
        "bounds": [_row(x) for x in b.bounds],
    }


def _has_exact(code: Any) -> bool:
    return code is not None and code.max_cosine_exact is not None


def _optimal(low: Bound, high: Bound) -> bool:
    """Whether the two certified ends are the same number."""
    if low.value == high.value:
        return True
    return bool(low.exact and high.exact) and bool(sp.sympify(low.exact).equals(sp.sympify(high.exact)))


def _outward(x: Any, side: int) -> float:
    return Real(x).outward()[0 if side < 0 else 1]


def _row(b: Bound) -> dict[str, Any]:
    value = b.value if isinstance(b.value, int) else _outward(b.value, -1 if b.side == "lower" else 1)
    row = {"name": b.name, "side": b.side, "value": value, "certified": b.certified, "source": b.source}
    return {**row, "exact": b.exact} if b.exact else row


def _degrees(cosine: float) -> str:
    return f"{math.degrees(math.acos(max(-1.0, min(1.0, cosine)))):.9f} degrees"


def _table(bounds: Any) -> Iterator[str]:
    width = max(len(b.name) for b in bounds.bounds)
    for b in bounds.bounds:
        shown = _row(b)
        text = f"{shown['value']}" if isinstance(shown["value"], int) else f"{shown['value']:.12g}"
        sure = "certified" if b.certified else "not certified"
        exact = f" = {b.exact}" if b.exact and b.exact != text else ""
        yield f"  {b.side:<10}  {b.name:<{width}}  {text}{exact}  ({sure}; {b.source})"


def size_text(found: Any) -> str:
    """``hopcheck code --max-cosine`` for a reader."""
    b = found.bounds
    n, s = b.dimension, b.max_cosine
    head = f"{b.lower}" if b.lower == b.upper else f"{b.lower} to {b.upper}"
    low, high = b.best("lower").name, b.best("upper").name
    lines = [
        f"A({n}, {s}) = {head}" if b.lower == b.upper else f"A({n}, {s}): {head}",
        f"  a code of {b.lower} points exists: {low}",
        f"  more than {b.upper} points are impossible: {high}",
        "bounds",
        *_table(b),
    ]
    return "\n".join(lines)


def cosine_text(found: Any) -> str:
    """``hopcheck code --size`` for a reader."""
    record, b = cosine_record(found), found.bounds
    lines = [f"{b.size} points on the unit sphere of R^{b.dimension}"]
    if found.code is not None:
        s = record["max_cosine"]
        exact = f" = {high}" if (high := b.best("upper").exact) else ""
        lines.append(f"  best code: {found.code.name}, max cosine {s:.15g}{exact}, {_degrees(s)}")
    low = record["max_cosine_lower_bound"]
    lines += [
        f"  no code has a smaller max cosine than {low:.15g}: {record['max_cosine_lower_bound_from']}",
        *(["  the code is optimal"] if record["optimal"] and found.code is not None else []),
        "bounds",
        *_table(b),
    ]
    return "\n".join(lines)
