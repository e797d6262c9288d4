"""Values of a probabilistic statement at a point of its grid: hypotheses, derived formulas, comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from bounds import expr
from bounds.exact import Real, Undecided, escalate
from verify.checkers.forall import printed_hypotheses
from verify.margins import compare, sides
from verify.statement import Part, Probability

MOST_BITS = 4096


def derive(
    statement: Probability, point: Mapping[str, Any], given: Sequence[Any] = ()
) -> dict[str, Any] | None:
    """All values at a point, as Reals; ``None`` where a hypothesis fails or a value cannot be decided.

    ``given`` are further relations that have to hold.

    The whole chain is computed anew at every precision: the integer part of a large number needs its digits.
    Raises DomainError where a derived formula has no real value.  A hypothesis is checked as soon as its
    symbols are known, so that it can guard the formulas after it.
    """
    try:
        return escalate(lambda: _derive_once(statement, point, given), cap=MOST_BITS)
    except Undecided:
        return None


def _derive_once(
    statement: Probability, point: Mapping[str, Any], given: Sequence[Any]
) -> dict[str, Any] | None:
    values = start(point)
    return values if extend(statement, values, given) is None else None


def start(point: Mapping[str, Any]) -> dict[str, Any]:
    """The symbols of a grid point in balls of the working precision."""
    return {k: _ball(v, {}) if isinstance(v, sp.Basic) else Real(str(v)) for k, v in point.items()}


def extend(statement: Probability, values: dict[str, Any], given: Sequence[Any] = ()) -> Any:
    """Add the derived values to ``values``, one after the other, until a hypothesis fails: this one, or None.

    Raises DomainError where a formula has no real value and Undecided where balls are too wide to compare;
    ``values`` then holds what was reached.
    """
    pending = [h.relation for h in printed_hypotheses(statement)]

    def failing() -> Any:
        known = set(values)
        for relation in list(pending):
            if {str(s) for s in relation.free_symbols} <= known:
                pending.remove(relation)
                if not _compared(relation, values)[2]:
                    return relation
        return None

    failed = failing()
    for name, formula in statement.derive.items():
        if failed is not None:
            return failed
        values[name] = _ball(formula, values)
        failed = failing()
    if failed is not None:
        return failed
    return next((g for g in given if not _compared(g, values)[2]), None)


def evaluate(formula: Any, values: Mapping[str, Any]) -> Real:
    """Certified value of a formula at a grid point."""
    return escalate(lambda: _ball(formula, values))


def _ball(formula: Any, values: Mapping[str, Any]) -> Real:
    formula = sp.sympify(formula)
    return expr.ball(formula, {str(s): values[str(s)] for s in formula.free_symbols})


def number(formula: Any, values: Mapping[str, Any]) -> float:
    """The same as a float."""
    return float(evaluate(formula, values))


def _compared(relation: Any, values: Mapping[str, Any]) -> tuple[Real, Real, bool]:
    """Both sides, and whether the relation holds, in balls of the working precision (else Undecided)."""
    lhs, rhs, equality = sides(relation)
    a, b = _ball(lhs, values), _ball(rhs, values)
    return a, b, a == b if equality else compare(relation, a, b)


def holds(relation: Any, values: Mapping[str, Any]) -> bool:
    """Whether a relation certainly holds between values that are what they are."""
    try:
        return escalate(lambda: _compared(relation, values)[2])
    except Undecided:
        return False


def compare_at(
    statement: Probability, part: Part, point: Mapping[str, Any]
) -> tuple[Real, Real, bool] | None:
    """Both sides of a part at a point, and whether it holds there; ``None`` where a hypothesis fails.

    Raises DomainError where a formula has no real value, Undecided where no precision tells.
    """
    given = [h.relation for h in part.given]

    def once() -> tuple[Real, Real, bool] | None:
        values = _derive_once(statement, point, given)
        return None if values is None else _compared(part.relation, values)

    return escalate(once, cap=MOST_BITS)
