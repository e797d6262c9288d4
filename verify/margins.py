"""How far a relation is from failing: in floats on a batch, certified in balls on one exact instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from bounds import expr
from bounds.exact import DomainError, Real, Undecided, escalate, precision
from simulations.backends import NUMPY, Backend
from verify.instances import MODELS, Array, Instances, Point, exact_instance
from verify.statement import Hypothesis, Part
from verify.vocabulary import VOCABULARY, measure, measure_log

LOG_TOLERANCE = 1e-9
"""A logarithmic margin below this is a near tie: exact arithmetic decides, never floating point."""
SCALED_TOLERANCE = 1e-11
EQUALITY_TOLERANCE = 1e-9
TIE = Fraction(1, 10**100)
INFINITE = 1e3
"""Stands for an infinite logarithmic margin (a positive left side against a bound that is not positive)."""


@dataclass(frozen=True, slots=True)
class Margins:
    """``excess`` (B,): positive where the relation is violated; NaN-free.  ``defined`` (B,) bool.

    ``log_lhs``/``log_rhs`` are natural logarithms of the two sides where these are positive (else NaN);
    ``left`` lists the sub-expressions that left their real domain, with counts.
    """

    excess: Array
    defined: Array
    log_lhs: Array
    log_rhs: Array
    tolerance: float
    left: tuple[tuple[Any, int], ...]


def symbols_of(*things: Any) -> set[Any]:
    """Free symbols of expressions or relations (``None`` is skipped)."""
    found: set[Any] = set()
    for thing in things:
        if thing is not None:
            found |= set(sp.sympify(thing).free_symbols)
    return found


def environment(batch: Instances, wanted: Iterable[Any]) -> dict[str, Any]:
    """Measured values by name; logarithmic readings are passed as signed logarithms."""
    env: dict[str, Any] = {}
    for symbol in wanted:
        log_value = measure_log(batch, symbol)
        if log_value is not None:
            env[str(symbol)] = expr.SignedLog(
                np.where(log_value == -np.inf, 0.0, 1.0), log_value, np.ones(batch.size, bool)
            )
        else:
            env[str(symbol)] = measure(batch, symbol)
    return env


def margins(relation: Any, batch: Instances, scale: Any = None) -> Margins:
    """Violation of ``relation`` on a float batch: ``log(lhs/rhs)``, or ``(lhs - rhs)/scale`` if given.

    An ``Eq`` is violated by ``|lhs - rhs|`` relative to the larger side (or to ``scale``).

    On a backend of a coarser data type the tolerance grows with its epsilon, and what lies within it, beyond
    it, or outside the range of the type is computed again in float64: coarse floats clear instances, they
    never accuse one.
    """
    coarse = _margins(relation, batch, scale)
    growth = batch.backend.epsilon / NUMPY.epsilon
    if growth == 1 or batch.memories is None or _native(relation):
        return coarse
    cleared = (coarse.excess < -coarse.tolerance * growth) & (coarse.excess > -INFINITE) & coarse.defined
    again = np.flatnonzero(~cleared)
    if not again.size:
        return coarse
    doubtful = batch.take(again)
    doubtful.backend = batch.backend.double
    fine = _margins(relation, doubtful, scale)

    def merged(old: Array, new: Array) -> Array:
        whole = np.array(old)
        whole[again] = new
        return whole

    return Margins(
        merged(coarse.excess, fine.excess),
        merged(coarse.defined, fine.defined),
        merged(coarse.log_lhs, fine.log_lhs),
        merged(coarse.log_rhs, fine.log_rhs),
        fine.tolerance,
        fine.left,
    )


def _native(relation: Any) -> bool:
    return any(s in VOCABULARY and VOCABULARY[s].native for s in symbols_of(relation))


def _margins(relation: Any, batch: Instances, scale: Any) -> Margins:
    lhs, rhs, equality = sides(relation)
    env = environment(batch, symbols_of(lhs, rhs, scale))
    a, b = expr.log_arrays(lhs, env), expr.log_arrays(rhs, env)
    defined = _full(batch, a.defined) & _full(batch, b.defined)
    with np.errstate(all="ignore"):
        log_a = _full(batch, np.where(a.sign > 0, a.log, np.nan))
        log_b = _full(batch, np.where(b.sign > 0, b.log, np.nan))
        if scale is not None:
            unit = expr.arrays(scale, _linear(env))
            excess = (_value(a) - _value(b)) / unit.value
            tolerance = SCALED_TOLERANCE
            defined = defined & _full(batch, unit.defined)
        else:
            excess = _log_excess(a, b)
            tolerance = LOG_TOLERANCE
        if equality:
            excess = np.abs(_value(a) - _value(b)) / _size(a, b, scale, env)
            tolerance = EQUALITY_TOLERANCE
    excess = _full(batch, np.where(defined, np.nan_to_num(excess, nan=-INFINITE), -INFINITE))
    return Margins(excess, defined, log_a, log_b, tolerance, (*a.left, *b.left))


def sides(relation: Any) -> tuple[Any, Any, bool]:
    """Left and right side of a relation read as ``lhs <= rhs`` (or ``lhs == rhs``, then ``True``)."""
    if relation in (sp.true, sp.false):
        one = sp.Integer(1)
        return (one, one, False) if relation == sp.true else (2 * one, one, False)
    lhs, rhs, *_ = expr.sides(relation)
    return lhs, rhs, isinstance(relation, sp.Eq)


def sign(relation: Any) -> str:
    """The sign between the two :func:`sides` of a relation."""
    if isinstance(relation, sp.Eq):
        return "="
    return "<" if isinstance(relation, sp.StrictLessThan | sp.StrictGreaterThan) else "<="


def _size(a: Any, b: Any, scale: Any, env: Mapping[str, Any]) -> Array:
    if scale is not None:
        return expr.arrays(scale, _linear(env)).value
    larger = np.maximum(np.abs(_value(a)), np.abs(_value(b)))
    return np.where(larger > 0, larger, 1.0)


def _log_excess(a: Any, b: Any) -> Array:
    both_positive = (a.sign > 0) & (b.sign > 0)
    both_negative = (a.sign < 0) & (b.sign < 0)
    log_ratio = np.where(both_negative, b.log - a.log, a.log - b.log)
    ordered = np.where(a.sign > b.sign, INFINITE, np.where(a.sign < b.sign, -INFINITE, 0.0))
    clipped = np.clip(log_ratio, -INFINITE, INFINITE)
    # Two infinite logarithms (a bound that over- or underflows even as a logarithm) are a tie.
    clipped = np.where(np.isnan(clipped), 0.0, clipped)
    return np.where(both_positive | both_negative, clipped, ordered)


def _value(signed: Any) -> Array:
    return signed.sign * np.exp(signed.log)


def _linear(env: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _value(v) if isinstance(v, expr.SignedLog) else v for k, v in env.items()}


def _full(batch: Instances, value: Array) -> Array:
    return np.broadcast_to(np.asarray(value), (batch.size,))


def admissible(hypotheses: Iterable[Hypothesis], batch: Instances) -> tuple[Array, Array]:
    """Which instances meet all hypotheses, and by how much the worst one is missed (both (B,))."""
    ok = np.ones(batch.size, dtype=bool)
    worst = np.full(batch.size, -INFINITE)
    for hypothesis in hypotheses:
        # An equality as a condition is met up to rounding in absolute terms: a side may be exactly 0.
        unit = sp.Integer(1) if isinstance(hypothesis.relation, sp.Eq) else None
        found = margins(hypothesis.relation, batch, unit)
        strict = isinstance(hypothesis.relation, sp.StrictLessThan | sp.StrictGreaterThan)
        limit = found.tolerance if isinstance(hypothesis.relation, sp.Eq) else 0.0
        met = found.excess < 0 if strict else found.excess <= limit
        ok = ok & found.defined & met
        worst = np.maximum(worst, np.where(found.defined, found.excess, INFINITE))
    return ok, worst


# -- exact reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificate:
    """What exact arithmetic says of one instance.

    ``status``: ``violated``, ``holds``, ``inadmissible``, ``undefined``, ``tie`` or ``undecided``.
    ``lhs`` and ``rhs`` are certified enclosures as text; ``detail`` names what stood in the way.
    """

    status: str
    lhs: str = ""
    rhs: str = ""
    detail: str = ""


def certify(
    part: Part,
    hypotheses: Iterable[Hypothesis],
    point: Point,
    *,
    model: str = "dense",
    models: Mapping[str, Any] | None = None,
    cap: int = 2048,
    relation: Any = None,
    backend: Backend = NUMPY,
) -> Certificate:
    """Decide one instance in exact and ball arithmetic; hypotheses and conclusion belong together."""
    claim = part.relation if relation is None else relation
    conditions = [h.relation for h in (*hypotheses, *part.given)]

    def attempt() -> Certificate:
        batch = exact_instance(point, model, MODELS if models is None else models, backend)
        for condition in conditions:
            try:
                if not holds(condition, batch):
                    return Certificate("inadmissible", detail=f"{condition} fails")
            except DomainError as error:
                return Certificate("inadmissible", detail=f"{condition}: {error}")
        lhs, rhs, equality = sides(claim)
        try:
            a, b = exact_value(lhs, batch), exact_value(rhs, batch)
        except DomainError as error:
            return Certificate("undefined", detail=str(error))
        fine = (a == b) if equality else compare(claim, a, b)
        return Certificate("holds" if fine else "violated", repr(a), repr(b))

    try:
        return escalate(attempt, start=128, cap=cap)
    except Undecided as error:
        tie = _tie(claim, part.scale, point, model, models, backend)
        return tie or Certificate("undecided", detail=str(error))
    except (ArithmeticError, ValueError) as error:
        return Certificate("undecided", detail=f"{type(error).__name__}: {error}")


def _tie(
    claim: Any, scale: Any, point: Point, model: str, models: Mapping[str, Any] | None, backend: Backend
) -> Certificate | None:
    """A certificate if both sides agree to a hundred digits and ``<=`` or ``=`` is claimed: no violation.

    The digits count from the larger side, or from ``scale`` where the part names one: sides that are both 0
    agree in no digit of their own.
    """
    lhs, rhs, _ = sides(claim)
    if sign(claim) == "<":
        return None
    try:
        with precision(2048):
            batch = exact_instance(point, model, MODELS if models is None else models, backend)
            a, b = exact_value(lhs, batch), exact_value(rhs, batch)
            unit = max(abs(a).upper(), abs(b).upper())
            if scale is not None:
                unit = max(unit, exact_value(scale, batch).lower())
            agree = abs(a - b).upper() <= TIE * unit
    except (ArithmeticError, ValueError):
        return None
    return Certificate("tie", repr(a), repr(b), "equal to a hundred digits") if agree else None


def exact_value(expression: Any, batch: Instances) -> Real:
    """Certified value of an expression on an exact instance."""
    env = {str(s): Real(measure(batch, s)[0]) for s in symbols_of(expression)}
    return expr.ball(expression, env)


def holds(relation: Any, batch: Instances) -> bool:
    """Whether a relation certainly holds (or certainly fails) on an exact instance."""
    lhs, rhs, equality = sides(relation)
    a, b = exact_value(lhs, batch), exact_value(rhs, batch)
    return a == b if equality else compare(relation, a, b)


def compare(relation: Any, a: Real, b: Real) -> bool:
    """``a <= b`` or ``a < b`` as the relation has it."""
    strict = isinstance(relation, sp.StrictLessThan | sp.StrictGreaterThan)
    return bool(a < b) if strict else bool(a <= b)
