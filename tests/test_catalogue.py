"""The linter of statements, and the known verdicts."""

from __future__ import annotations

import dataclasses
import re

import pytest
import sympy as sp

from bounds import expr
from verify import known
from verify.arena import Box, Patterns, Points
from verify.papers import catalogue, papers
from verify.statement import Probability, ScalingLaw
from verify.vocabulary import VOCABULARY

STATEMENTS = list(catalogue().values())
PROVENANCE = re.compile(r"(primary|secondary|recalled|derived)\b")


def relations(statement):
    yield from (h.relation for h in statement.hypotheses)
    for part in statement.parts:
        yield part.relation
        yield from (h.relation for h in part.given)


def known_symbols(statement):
    if isinstance(statement, Probability):
        names = {k for point in statement.points for k in point} | set(statement.derive)
        return lambda s: str(s) in names
    if isinstance(statement, ScalingLaw):
        return lambda s: str(s) in ("size", "load")
    arena = statement.arena
    if isinstance(arena, Points):
        names = {str(k) for point in arena.points for k in point}
        return lambda s: str(s) in names or s in VOCABULARY
    params = {p.symbol for p in arena.params}
    return lambda s: s in params or (isinstance(arena, Patterns) and s in VOCABULARY)


def lint(statement) -> list[str]:
    """What a statement lacks; empty for a statement that may enter the catalogue."""
    problems = []
    if statement.source.paper not in papers() and statement.source.paper != "user":
        problems.append(f"paper {statement.source.paper!r} is not in the bibliography")
    if not statement.source.locator.strip():
        problems.append("no locator in the citation")
    if not PROVENANCE.match(statement.provenance):
        problems.append(f"provenance {statement.provenance!r}")
    if not statement.controls:
        problems.append("no control")
    if not statement.printed:
        problems.append("no printed formula")
    if not statement.title:
        problems.append("no title")
    if isinstance(statement, Probability):
        if not statement.points:
            problems.append("no grid")
    elif isinstance(statement, ScalingLaw):
        if len(statement.sizes) < 2 or len(statement.factors) < 2:
            problems.append("no grid")
    else:
        if not statement.parts:
            problems.append("no part")
        if isinstance(statement.arena, Points) and not statement.arena.points:
            problems.append("no grid")
        if isinstance(statement.arena, Box) and not statement.arena.params:
            problems.append("no grid")
    fine = known_symbols(statement)
    for relation in relations(statement):
        if not isinstance(relation, sp.core.relational.Relational):
            problems.append(f"not an executable relation: {relation}")
            continue
        problems += [f"unknown symbol {s}" for s in relation.free_symbols if not fine(s)]
        if relation.atoms(sp.Float):
            problems.append(f"a float in {relation}")
    return problems


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.id)
def test_statement_is_complete(statement):
    assert lint(statement) == []


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.id)
def test_statement_can_be_typeset(statement):
    for relation in relations(statement):
        assert expr.latex(relation)
        assert expr.mathml(relation).startswith("<math")
        assert expr.plain(relation)


def test_the_linter_refuses():
    good = STATEMENTS[0]
    assert lint(dataclasses.replace(good, controls=())) == ["no control"]
    assert lint(dataclasses.replace(good, provenance="folklore")) == ["provenance 'folklore'"]
    assert lint(dataclasses.replace(good, source=dataclasses.replace(good.source, paper="nobody1999")))
    stray = dataclasses.replace(good.parts[0], relation=sp.Le(sp.Symbol("stray_quantity"), 1))
    assert any("stray_quantity" in p for p in lint(dataclasses.replace(good, parts=(stray,))))
    floating = dataclasses.replace(
        good.parts[0], relation=sp.Le(sp.Symbol("m", nonnegative=True), sp.Float(1.5))
    )
    assert any("a float" in p for p in lint(dataclasses.replace(good, parts=(floating,))))


def test_the_linter_refuses_a_scaling_law_without_a_grid():
    law = next(s for s in STATEMENTS if isinstance(s, ScalingLaw))
    assert lint(law) == []
    assert lint(dataclasses.replace(law, factors=())) == ["no grid"]


def test_every_statement_has_a_known_verdict_and_no_other_does():
    assert set(known.load()) == set(catalogue())


def test_related_statements_exist():
    ids = set(catalogue())
    prefixes = {i.split(".")[0] for i in ids}
    for statement in STATEMENTS:
        for related in statement.related:
            assert (
                related in ids or related.split(".")[0] not in prefixes or related.startswith("restated.")
            ), related
