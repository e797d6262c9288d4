"""Negative controls by mutation of a relation: scale, exponent, dropped term or factor, flipped relation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from bounds import expr
from verify.statement import Control, Part

Mutation = Callable[[Any], Any]


def broken_relation(control: Control, part: Part) -> Any:
    """The relation a control claims instead of the part's own."""
    relation = control.relation(part.relation) if _is_mutation(control.relation) else control.relation
    if relation == part.relation:
        raise ValueError(f"control {control.name!r} does not change the relation {part.relation}")
    return relation


def _is_mutation(value: Any) -> bool:
    return callable(value) and not isinstance(value, sp.Basic)


def _rebuild(relation: Any, lhs: Any, rhs: Any) -> Any:
    kind = sp.Eq if isinstance(relation, sp.Eq) else sp.Le
    if isinstance(relation, sp.StrictLessThan | sp.StrictGreaterThan):
        kind = sp.Lt
    return kind(lhs, rhs, evaluate=False)


def scaled(factor: Any, part: str = "") -> Control:
    """The right-hand side (the larger side) multiplied by ``factor`` (an exact number such as ``"1/2"``)."""
    ratio = sp.Rational(factor)

    def mutate(relation: Any) -> Any:
        lhs, rhs, *_ = expr.sides(relation)
        return _rebuild(relation, lhs, ratio * rhs)

    return Control(f"right side times {ratio}", mutate, part)


def flipped(part: str = "") -> Control:
    """The relation turned round (an equality becomes a strict inequality both ways would fail)."""

    def mutate(relation: Any) -> Any:
        lhs, rhs, *_ = expr.sides(relation)
        if isinstance(relation, sp.Eq):
            return sp.Eq(lhs, -rhs, evaluate=False)
        return sp.Lt(rhs, lhs, evaluate=False)

    return Control("relation turned round", mutate, part)


def replaced(old: Any, new: Any, name: str = "", part: str = "") -> Control:
    """Every occurrence of a sub-expression replaced (drop a term: new = 0; drop a factor: new = 1)."""

    def mutate(relation: Any) -> Any:
        lhs, rhs, *_ = expr.sides(relation)
        changed = rhs.subs(old, new)
        if changed == rhs:
            return _rebuild(relation, lhs.subs(old, new), rhs)
        return _rebuild(relation, lhs, changed)

    return Control(name or f"{old} replaced by {new}", mutate, part)


def exponent_scaled(factor: Any, part: str = "") -> Control:
    """Every exponential exp(u) on the right replaced by exp(factor*u)."""
    ratio = sp.Rational(factor)

    def mutate(relation: Any) -> Any:
        lhs, rhs, *_ = expr.sides(relation)
        return _rebuild(relation, lhs, rhs.replace(sp.exp, lambda u: sp.exp(ratio * u)))

    return Control(f"exponents times {ratio}", mutate, part)


def shifted(amount: Any, part: str = "") -> Control:
    """``amount`` subtracted from the larger side."""

    def mutate(relation: Any) -> Any:
        lhs, rhs, *_ = expr.sides(relation)
        return _rebuild(relation, lhs, rhs - sp.sympify(amount))

    return Control(f"right side minus {amount}", mutate, part)
