"""Values of the catalogue's formulas at numbers that somebody gives: bounds, capacities, separations.

Bounds and capacities are certified: a number enters as the exact rational it is written as, and every value
that comes out is a ball that holds the true one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from bounds import expr
from bounds.exact import DomainError, Real, Undecided, escalate
from simulations import geometry
from verify.arena import Patterns
from verify.checkers.grid_values import derive, evaluate
from verify.checkers.probability import argument, counts
from verify.context import Context
from verify.eprocess import confidence_interval
from verify.given import not_applicable
from verify.instances import Instances
from verify.loader import InputError
from verify.margins import admissible, compare, sides, sign
from verify.statement import Hypothesis, Inequality, Probability
from verify.vocabulary import VOCABULARY

LARGEST_COUNT = 10**12
"""Largest number of memories that is looked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One formula at the given numbers: its value as text, or why it has none."""

    label: str
    formula: str
    value: str


def parse_values(items: tuple[str, ...]) -> dict[str, Fraction]:
    """``name=value`` pairs as exact rationals.  Raises InputError."""
    found: dict[str, Fraction] = {}
    for item in items:
        name, equals, text = item.partition("=")
        try:
            found[name.strip()] = Fraction(text.strip())
        except (ValueError, ZeroDivisionError):
            equals = ""
        if not equals or not name.strip():
            raise InputError(f"{item}: expected name=value with a rational number, such as beta=8 or p=1/100")
    return found


def evaluate_statement(statement: Any, given: Mapping[str, Fraction]) -> list[Line]:
    """Hypotheses and both sides of every part at the given numbers.

    Raises InputError if a formula of the statement needs a number that is not given, or none is used.
    """
    values: Mapping[str, Any] = {k: Real(str(v)) for k, v in given.items()}
    lines: list[Line] = []
    needed = {str(s) for s in _symbols(statement)}
    if isinstance(statement, Probability):
        values = _derived(statement, given, lines)
        needed = _point_names(statement)
    unknown = [k for k in given if k not in needed]
    if unknown:
        raise InputError(
            f"{statement.id}: expected numbers for {', '.join(sorted(needed))}, found {', '.join(unknown)}"
        )
    lines += [_condition(h, values) for h in statement.hypotheses]
    if isinstance(statement, Probability):
        lines.append(_side("bound on the failure probability", statement.bound, values))
        if statement.lower is not None:
            lines.append(_side("lower bound", statement.lower, values))
    for part in getattr(statement, "parts", ()):
        lines += [_condition(h, values) for h in part.given]
        lhs, rhs, _ = sides(part.relation)
        lines.append(_side(f"{part.name}: left side", lhs, values))
        lines.append(_side(f"{part.name}: right side ({sign(part.relation)})", rhs, values))
    return lines


def _symbols(statement: Any) -> set[Any]:
    relations = [h.relation for h in statement.hypotheses]
    for part in getattr(statement, "parts", ()):
        relations += [part.relation, *(h.relation for h in part.given)]
    return {s for r in relations if isinstance(r, sp.Basic) for s in r.free_symbols}


def _point_names(statement: Probability) -> set[str]:
    return {k for point in statement.points for k in point} - {"profile"}


def _derived(statement: Probability, given: Mapping[str, Fraction], lines: list[Line]) -> Mapping[str, Any]:
    names = _point_names(statement)
    missing = sorted(names - set(given))
    if missing:
        raise InputError(
            f"{statement.id}: expected numbers for {', '.join(sorted(names))}, missing {', '.join(missing)}"
        )
    values: dict[str, Any] = {k: Real(str(v)) for k, v in given.items()}
    for name, formula in statement.derive.items():
        lines.append(_side(name, formula, values))
        try:
            values[name] = evaluate(formula, values)
        except ArithmeticError:
            return values
    return values


def _side(label: str, formula: Any, values: Mapping[str, Any]) -> Line:
    formula = sp.sympify(formula)
    missing = sorted(str(s) for s in formula.free_symbols if str(s) not in values)
    if missing:
        meaning = [_meaning(name) for name in missing]
        return Line(label, str(formula), f"needs {', '.join(meaning)}")
    try:
        return Line(label, str(formula), repr(evaluate(formula, values)))
    except DomainError as error:
        return Line(label, str(formula), f"no real value: {error}")
    except ArithmeticError as error:
        return Line(label, str(formula), f"not decided: {error}")


def _meaning(name: str) -> str:
    found = next((q for q in VOCABULARY.values() if str(q.symbol) == name), None)
    return f"{name} ({found.meaning})" if found else name


def _condition(hypothesis: Hypothesis, values: Mapping[str, Any]) -> Line:
    relation = hypothesis.relation
    label = "hypothesis of the text" if hypothesis.in_text_only else "hypothesis"
    missing = sorted(str(s) for s in relation.free_symbols if str(s) not in values)
    if missing:
        return Line(label, str(relation), f"needs {', '.join(_meaning(name) for name in missing)}")
    return Line(label, str(relation), _verdict(relation, values))


def _verdict(relation: Any, values: Mapping[str, Any]) -> str:
    if relation in (sp.true, sp.false):
        return "holds" if relation == sp.true else "fails"
    lhs, rhs, equality = sides(relation)

    def decide() -> bool:
        a, b = (expr.ball(sp.sympify(side), dict(values)) for side in (lhs, rhs))
        return a == b if equality else compare(relation, a, b)

    try:
        return "holds" if escalate(decide) else "fails"
    except DomainError as error:
        return f"no real value: {error}"
    except ArithmeticError as error:
        return f"not decided: {error}"


# -- capacity ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a capacity statement says: the number of memories (None: nothing), and a simulated estimate."""

    id: str
    title: str
    count: int | None
    note: str
    simulated: str = ""


def capacities(
    statements: Mapping[str, Any], d: int, m: Fraction, beta: Fraction, p: Fraction, trials: int, seed: int
) -> Iterator[Capacity]:
    """Every capacity statement that speaks of memories on a sphere with these numbers.

    A capacity statement is a probabilistic one whose event has a number ``M`` of memories in dimension ``d``.
    With ``trials`` the event is simulated at the number claimed, if that is at most 1,000.
    """
    pool: dict[str, Any] = {
        "d": d,
        "m": m,
        "beta": beta,
        "p": p,
        "K": sp.Rational(m) / sp.sqrt(d - 1) if d > 1 else None,
        "beta_m2": beta * m * m,
        "share": 1,
    }
    pool = {k: v for k, v in pool.items() if v is not None}
    for statement in statements.values():
        if isinstance(statement, Probability) and {"d", "M"} <= set(statement.arguments):
            found = _capacity(statement, pool)
            if found is not None:
                yield _simulated(statement, found[0], found[1], trials, seed)


def _capacity(statement: Probability, pool: Mapping[str, Any]) -> tuple[Capacity, Mapping[str, Any]] | None:
    """The number that a statement claims, and where it does; None if it speaks of other things."""
    names = _point_names(statement)
    free = sp.sympify(statement.arguments["M"]).free_symbols
    count = next((str(s) for s in free if str(s) in names and str(s) not in pool), None)
    switches = [n for n in names - set(pool) if n == "u_positive"]
    if names - set(pool) - set(switches) - ({count} if count else set()):
        return None
    reason = "its hypotheses fail here"
    for choice in itertools.product((0, 1), repeat=len(switches)):
        point = {k: v for k, v in pool.items() if k in names} | dict(zip(switches, choice, strict=True))
        try:
            found = _largest(statement, point, count, pool["p"]) if count else _claimed(statement, point)
        except DomainError as error:
            reason = f"no real value: {error}"
            continue
        if found is not None:
            at = point | ({count: found} if count else {})
            return Capacity(statement.id, statement.title, found, ""), at
    return Capacity(statement.id, statement.title, None, reason), {}


def _claimed(statement: Probability, point: Mapping[str, Any]) -> int | None:
    values = derive(statement, point)
    return None if values is None else int(float(evaluate(statement.arguments["M"], values)))


def _largest(statement: Probability, point: Mapping[str, Any], count: str, p: Any) -> int | None:
    """Largest number of memories at which the bound is at most ``p``, by doubling and bisection."""

    def fine(number: int) -> bool:
        try:
            values = derive(statement, {**point, count: number})
            return values is not None and bool(evaluate(statement.bound, values) <= Real(str(p)))
        except (DomainError, Undecided):
            return False

    if not fine(2):
        return None
    low, high = 2, 4
    while fine(high):
        low, high = high, 2 * high
        if high > LARGEST_COUNT:
            return low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fine(middle) else (low, middle)
    return low


def _simulated(
    statement: Probability, found: Capacity, point: Mapping[str, Any], trials: int, seed: int
) -> Capacity:
    if not trials or found.count is None or not 2 <= found.count <= 1000:
        return found
    values = derive(statement, point)
    if values is None:
        return found
    arguments = {k: argument(v, values) for k, v in statement.arguments.items()}
    failures, unsure, drawn = counts(statement.event, arguments, 0, trials, Context(seed=seed))
    low, high = confidence_interval(failures, drawn, 0.05, ambiguous=unsure)
    text = f"{failures} of {drawn} sets fail ({unsure} undecided), P in [{float(low):.3g}, {float(high):.3g}]"
    return Capacity(found.id, found.title, found.count, found.note, text)


# -- separations of a given set --------------------------------------------------------------------------

OF_THE_SET = frozenset({"m", "M", "d", "beta", "R", "diam", "Delta_mu", "cos_alpha"})
"""Quantities that a memory set has without a query."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the memories meet the hypotheses of a statement at one inverse temperature."""

    id: str
    beta: float
    met: int
    of: int
    note: str


def conditions(
    statements: Mapping[str, Any], memories: Any, betas: tuple[float, ...], most: int = 512
) -> Iterator[Share]:
    """Separation conditions of the catalogue: hypotheses on Delta_mu or on angles, without the query.

    ``memories`` (M, d) floats; at most ``most`` of them are asked, evenly spread.  Floats decide: a memory
    within rounding of a condition may be counted either way.
    """
    asked = np.unique(np.linspace(0, len(memories) - 1, min(len(memories), most)).astype(int))
    for statement in statements.values():
        chosen = _set_hypotheses(statement)
        if not chosen or not_applicable(statement.arena, memories):
            continue
        beyond = [h for h in statement.hypotheses if not h.in_text_only and h not in chosen]
        note = "" if not beyond else "for queries with " + ", ".join(str(h.relation) for h in beyond)
        for beta in betas:
            batch = Instances(
                len(asked),
                memories=np.broadcast_to(memories[None], (len(asked), *memories.shape)),
                query=memories[asked],
                beta=np.full(len(asked), float(beta)),
                target=asked,
                model=statement.arena.model,
            )
            ok, _ = admissible(chosen, batch)
            yield Share(statement.id, float(beta), int(np.sum(ok)), len(asked), note)


def _set_hypotheses(statement: Any) -> tuple[Hypothesis, ...]:
    """The hypotheses that speak of the set alone, if one of them is a separation condition."""
    if not isinstance(statement, Inequality) or not isinstance(statement.arena, Patterns):
        return ()
    if statement.arena.clustered:
        return ()
    found = [
        (h, {str(s) for s in h.relation.free_symbols}) for h in statement.hypotheses if not h.in_text_only
    ]
    chosen = [(h, names) for h, names in found if names and names <= OF_THE_SET]
    separates = any(names & {"Delta_mu", "cos_alpha"} for _, names in chosen)
    return tuple(h for h, _ in chosen) if separates else ()


def separations(memories: Any) -> list[tuple[str, str]]:
    """Sizes, norms, distances, separations and angles of a memory set (M, d), as labelled text."""
    lengths = np.linalg.norm(memories, axis=-1)
    rows = [
        ("memories M", str(len(memories))),
        ("dimension d", str(memories.shape[1])),
        ("norms", f"{lengths.min():.6g} to {lengths.max():.6g} (the largest is m)"),
    ]
    if len(memories) == 1:
        return [*rows, ("separation", "a single memory has no competitor")]
    delta = np.asarray(geometry.separations(memories))
    low, middle, high = np.quantile(delta, (0.0, 0.5, 1.0))
    rows += [
        ("R, half the smallest distance", f"{float(geometry.half_min_distance(memories)):.6g}"),
        ("largest distance", f"{float(geometry.diameter(memories)):.6g}"),
        ("separation Delta_mu", f"smallest {low:.6g}, median {middle:.6g}, largest {high:.6g}"),
        ("memories with Delta_mu <= 0", f"{int(np.sum(delta <= 0))}"),
    ]
    angle = float(geometry.min_angle(memories))
    shown = "not defined (a memory is zero)" if math.isnan(angle) else f"{math.degrees(angle):.6g} degrees"
    return [*rows, ("smallest angle", shown)]
