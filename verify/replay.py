"""Decide a stored witness again, from nothing but its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.exact import DomainError, Undecided
from simulations.backends import Backend
from verify.checkers import scaling_law
from verify.checkers.forall import printed_hypotheses, readings
from verify.checkers.grid_values import compare_at, derive, evaluate
from verify.checkers.probability import MAIN, draw_chunk
from verify.context import Context
from verify.instances import Point
from verify.loader import InputError, find
from verify.margins import Certificate, certify
from verify.statement import Probability, ScalingLaw


def parse_point(inputs: Mapping[str, Any]) -> Point:
    """Inputs of a witness (rationals as text) as exact numbers.  Raises InputError for anything else."""

    def number(value: Any) -> Any:
        if isinstance(value, list):
            return [number(v) for v in value]
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError) as error:
            raise InputError(f"witness entry {value!r}: expected a rational number such as '3/7'") from error

    point = {k: None if v is None else number(v) for k, v in inputs.items() if k != "target"}
    if "target" in inputs:
        point["target"] = int(inputs["target"])
    return point


def certify_again(
    identifier: str,
    part: str,
    point: Mapping[str, Any],
    *,
    file: str = "",
    backend: tuple[str, str, str] = ("numpy", "cpu", "float64"),
) -> Certificate:
    """Certify a witness in exact and ball arithmetic: hypotheses and violation together.

    ``part`` is the name of the violated part; ``backend`` (name, device, dtype) matters to statements about
    floating point only.  Raises InputError for an unknown statement or part.
    """
    statement = find(identifier, file).statement
    exact = parse_point(point)
    if isinstance(statement, Probability):
        return _certify_at_grid_point(statement, part, point)
    found = next((p for p in readings(statement) if p.name == part), None)
    if found is None:
        raise InputError(f"{identifier}: expected a part of this statement, found {part!r}")
    model = getattr(statement.arena, "model", "dense")
    return certify(
        found, printed_hypotheses(statement), exact, model=model, cap=8192, backend=Backend(*backend)
    )


def _certify_at_grid_point(statement: Probability, part: str, point: Mapping[str, Any]) -> Certificate:
    found = next((p for p in statement.parts if p.name == part), None)
    if found is None and part != MAIN:
        raise InputError(f"{statement.id}: expected a part of this statement, found {part!r}")
    try:
        if found is not None:
            compared = compare_at(statement, found, dict(point))
            if compared is None:
                return Certificate("inadmissible")
            lhs, rhs, fine = compared
            return Certificate("holds" if fine else "violated", repr(lhs), repr(rhs))
        values = derive(statement, dict(point))
        if values is None:
            return Certificate("inadmissible")
        bound = evaluate(statement.bound, values)
    except DomainError as error:
        return Certificate("undefined", detail=str(error))
    except Undecided as error:
        return Certificate("undecided", detail=str(error))
    return Certificate("undecided", rhs=repr(bound), detail="a probability is decided by simulation")


def simulate_again(
    identifier: str,
    arguments: Mapping[str, Any],
    *,
    seed: int,
    trials: int = 250,
    file: str = "",
    backend: tuple[str, str, str] = ("numpy", "cpu", "float64"),
    draws: str = "host",
) -> str:
    """Simulate the event of a probabilistic statement again at one grid point, on the run's own stream.

    A scaling law is measured again as a whole, with the trials of the quick profile.
    """
    statement = find(identifier, file).statement
    if isinstance(statement, ScalingLaw):
        context = Context(seed=seed, backend=Backend(*backend), draws=draws)
        return scaling_law.check(statement, context).parts[0].note
    if not isinstance(statement, Probability):
        raise InputError(f"{identifier}: expected a probabilistic statement, found kind {statement.kind}")
    exact = {k: _plain(v) for k, v in arguments.items()}
    context = Context(seed=seed, backend=Backend(*backend), draws=draws)
    outcome = draw_chunk(statement.event, exact, 0, trials, context)
    if statement.mean_range is not None:
        return (
            f"mean {np.mean(outcome):.6g} of {outcome.size} values of {statement.event.__name__} at {exact}"
        )
    failures = int(np.sum(outcome == 1))
    return f"{failures} failures in {outcome.size} trials of {statement.event.__name__} at {exact}"


def _plain(value: Any) -> Any:
    try:
        number = Fraction(str(value))
    except ValueError:
        return value
    return int(number) if number.denominator == 1 else float(value)
