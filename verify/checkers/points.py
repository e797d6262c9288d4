"""Statements on finitely many exact points: each is decided in exact or ball arithmetic."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import sympy as sp

from verify.arena import Points
from verify.checkers.forall import ForAll, printed_hypotheses, prove_symbolically, readings
from verify.checkers.pictures import over_points
from verify.context import Context
from verify.controls import broken_relation
from verify.evidence import ControlEvidence, Evidence, PartEvidence, Witness
from verify.instances import Point
from verify.margins import Certificate, certify, exact_value, sides, sign
from verify.statement import Identity, Part


def exact_point(point: Any) -> Point:
    """A grid point as Fractions by name; anything that is not an exact rational is refused."""
    result: Point = {}
    for name, value in point.items():
        number = sp.Rational(str(value)) if not isinstance(value, sp.Basic) else value
        if not isinstance(number, sp.Rational):
            raise ValueError(f"grid point {name}={value}: expected an exact rational number")
        result[str(name)] = Fraction(int(number.p), int(number.q))
    return result


def check_points(statement: ForAll, context: Context) -> Evidence:
    """Evidence of a statement on exact points; a part proved at all of them is proved for just these."""
    arena = statement.arena
    if not isinstance(arena, Points):
        raise TypeError("expected exact points")
    points = [exact_point(p) for p in arena.points]
    parts = [_decide_part(statement, part, points, context) for part in readings(statement)]
    evidence = Evidence([seen for seen, _ in parts], [])
    for control in statement.controls:
        target = next((p for p in statement.parts if p.name == control.part), statement.parts[0])
        relation = broken_relation(control, target)
        results = _certificates(statement, target, points, relation, context)
        hit = next((p for p, c in results if c.status in ("violated", "undefined")), None)
        evidence.controls.append(
            ControlEvidence(
                control.name, control.description or str(relation), hit is not None, "exact points", hit
            )
        )
    if isinstance(statement, Identity) and statement.symbolic is not None:
        tracks: list[Any] = [_Seen(seen) for seen in evidence.parts]
        prove_symbolically(statement, tracks)
    failed = [
        (p, r) for p, (e, r) in zip(readings(statement), parts, strict=True) if e.headline and e.witness
    ]
    drawn = (over_points(part, results) for part, results in failed)
    evidence.curves = [curve for curve in drawn if curve is not None]
    evidence.budget = {"instances": len(points), "certifications": len(points) * len(parts)}
    for seen, results in parts:
        for point, c in results:
            label = ", ".join(f"{k}={v}" for k, v in point.items()) or "constant"
            evidence.rows.append(
                {
                    "part": seen.name,
                    "point": label,
                    "quantity": str(seen.relation),
                    "value": None,
                    "lo": None,
                    "hi": None,
                    "trials": None,
                    "note": f"{c.status}: {c.lhs} against {c.rhs} {c.detail}".strip(),
                }
            )
    return evidence


@dataclasses.dataclass(slots=True)
class _Seen:
    seen: PartEvidence


Results = list[tuple[Point, Certificate]]


def _certificates(
    statement: ForAll, part: Part, points: list[Point], relation: Any, context: Context
) -> Results:
    hypotheses = printed_hypotheses(statement)
    return [(p, certify(part, hypotheses, p, relation=relation, models=context.models)) for p in points]


def _decide_part(
    statement: ForAll, part: Part, points: list[Point], context: Context
) -> tuple[PartEvidence, Results]:
    seen = PartEvidence(part.name, headline=part.headline, relation=part.relation)
    seen.given = tuple(h.relation for h in part.given)
    results = _certificates(statement, part, points, part.relation, context)
    seen.instances = len(points)
    seen.admissible = seen.drawn_admissible = sum(c.status != "inadmissible" for _, c in results)
    for point, c in results:
        if c.status == "violated" and seen.witness is None:
            seen.witness = Witness(part.name, point, sign(part.relation), c.lhs, c.rhs)
        elif c.status == "undefined" and seen.undefined is None:
            seen.undefined, seen.undefined_detail = point, c.detail
        elif c.status == "undecided":
            seen.undecided += 1
            seen.note = f"{part.name}: undecided at {point}: {c.detail}"
    if part.sampled:
        seen.admissible *= part.sampled
    elif seen.admissible and all(c.status in ("holds", "inadmissible") for _, c in results):
        seen.proof = f"certified in ball arithmetic at {seen.admissible} exact points"
        seen.proof_range = "the points of the grid"
    _ratios(seen, part, results)
    return seen, results


def _ratios(seen: PartEvidence, part: Part, results: Results) -> None:
    """Largest lhs/rhs over the points, where both sides are positive."""
    from verify.instances import exact_instance

    lhs, rhs, equality = sides(part.relation)
    if equality:
        return
    informative = 0
    for point, c in results:
        if c.status not in ("holds", "violated"):
            continue
        batch = exact_instance(point)
        a, b = float(exact_value(lhs, batch)), float(exact_value(rhs, batch))
        if part.trivial is not None and b < float(exact_value(sp.sympify(part.trivial), batch)):
            informative += 1
        if a > 0 and b > 0:
            ratio = float(sp.log(sp.Float(a) / sp.Float(b)))
            if seen.log_ratio is None or ratio > seen.log_ratio:
                seen.log_ratio = ratio
                seen.where = {k: float(v) for k, v in point.items()}
    if part.trivial is not None:
        seen.informative, seen.judged = informative, seen.admissible
