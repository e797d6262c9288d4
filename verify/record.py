"""From statement, evidence and verdict to the entry of the run record."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import sympy as sp

from bounds import expr
from bounds.exact import Real
from reports import schema
from simulations.backends import NUMPY, Backend
from verify.arena import Box, Patterns, Points, sizes
from verify.decide import decide, decide_part
from verify.evidence import Evidence, PartEvidence, Witness
from verify.margins import INFINITE
from verify.papers import papers
from verify.statement import Probability, ScalingLaw, Statement
from verify.variants import own_model
from verify.vocabulary import VOCABULARY

RELATION_SIGN = {"LessThan": "<=", "StrictLessThan": "<", "GreaterThan": ">=", "StrictGreaterThan": ">"}


def citation(statement: Statement) -> str:
    """One readable line: authors, year, title, number."""
    paper = papers().get(statement.source.paper)
    if paper is None:
        return f"user's statement, {statement.source.locator}"
    where = f"arXiv {paper['arxiv']}" if paper["arxiv"] else paper["venue"]
    return f"{paper['authors']} ({paper['year']}), {paper['title']}, {where}, {statement.source.locator}"


def formula(relation: Any) -> schema.Formula | None:
    """A relation in its three typeset forms; text that is no SymPy object has none."""
    if not isinstance(relation, sp.Basic):
        return None
    return schema.Formula(
        latex=expr.latex(relation), mathml=expr.mathml(relation), plain=expr.plain(relation)
    )


def hypotheses(statement: Statement) -> list[schema.Hypothesis]:
    """The executable hypotheses as a reader wants them."""
    result = []
    for h in statement.hypotheses:
        typeset = formula(h.relation)
        result.append(
            schema.Hypothesis(
                plain=typeset.plain if typeset else str(h.relation),
                latex=typeset.latex if typeset else "",
                mathml=typeset.mathml if typeset else "",
                in_text_only=h.in_text_only,
                note=h.note,
            )
        )
    return result


def symbols(statement: Any, evidence: Evidence) -> list[schema.Symbol]:
    """The vocabulary of the statement's formulas, in alphabetical order."""
    if isinstance(statement, Probability | ScalingLaw):
        return []  # its symbols are those of the grid points
    used: set[Any] = set()
    for relation in (*(p.relation for p in evidence.parts), *(h.relation for h in statement.hypotheses)):
        if isinstance(relation, sp.Basic):
            used |= relation.free_symbols
    known = [VOCABULARY[s] for s in sorted(used, key=str) if s in VOCABULARY]
    return [schema.Symbol(symbol=str(q.symbol), meaning=q.meaning) for q in known]


def grid_lines(statement: Any, profile: str) -> list[str]:
    """What the statement ranged over, a line each."""
    arena = getattr(statement, "arena", None)
    if isinstance(arena, Patterns):
        pairs = ", ".join(f"({d}, {n})" for d, n in sizes(arena, profile))
        lines = [
            f"(d, M) in {pairs}",
            f"beta m^2 in {{{', '.join(f'{b:g}' for b in arena.beta_m2)}}}",
            f"queries: {arena.query}; norms: {arena.norms}; model: {arena.model}",
        ]
        lines += [f"{p.symbol} in [{p.low:g}, {p.high:g}]" for p in arena.params]
        if arena.families:
            lines.append(f"families: {', '.join(arena.families)}")
        return lines
    if isinstance(arena, Box):
        return [
            f"{p.symbol} in [{p.low:g}, {p.high:g}]{' (integers)' if p.integer else ''}" for p in arena.params
        ]
    if isinstance(statement, ScalingLaw):
        chosen = statement.sizes + (statement.more_sizes if profile != "quick" else ())
        return [
            f"size in {{{', '.join(map(str, chosen))}}}",
            f"load = ({statement.nominal}) times {{{', '.join(map(str, statement.factors))}}}, rounded down",
            f"level {statement.level}",
        ]
    points = arena.points if isinstance(arena, Points) else getattr(statement, "points", ())
    lines = [", ".join(f"{k} = {v}" for k, v in p.items()) or "one constant" for p in points]
    return lines if len(lines) <= 40 else [*lines[:40], f"and {len(lines) - 40} more points"]


def as_json(value: Any) -> Any:
    """Exact numbers as text, containers element by element, floats as they are."""
    if isinstance(value, dict):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(v) for v in value]
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Real):
        return repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def witness_code(
    statement: Statement,
    witness: Witness,
    seed: int,
    file: str = "",
    backend: Backend = NUMPY,
    draws: str = "host",
) -> str:
    """A few lines of Python that decide the witness again."""
    where = f", file={file!r}" if file else ""
    if backend != NUMPY:
        where += f", backend=({backend.name!r}, {backend.device!r}, {backend.dtype!r})"
    if isinstance(statement, Probability) and not witness.certified:
        where += f", draws={draws!r}" if draws != "host" else ""
        return (
            "from verify.replay import simulate_again\n"
            f"print(simulate_again({statement.id!r}, {as_json(witness.point)!r}, seed={seed}{where}))"
        )
    return (
        "from verify.replay import certify_again\n"
        f"point = {as_json(witness.point)!r}\n"
        f"print(certify_again({statement.id!r}, {witness.part!r}, point{where}))"
    )


def _witness(
    statement: Statement, evidence: Evidence, seed: int, file: str, backend: Backend, draws: str
) -> schema.Witness | None:
    found = [p.witness for p in evidence.parts if p.witness is not None and p.headline]
    found += [p.witness for p in evidence.parts if p.witness is not None and not p.headline]
    if not found:
        return None
    w = found[0]
    return schema.Witness(
        inputs=as_json(w.point),
        part=w.part,
        lhs=w.lhs,
        rhs=w.rhs,
        relation=w.relation,
        code=witness_code(statement, w, seed, file, backend, draws),
        certified=w.certified,
        level=None if w.level is None or not 0 < w.level < 1 else w.level,
    )


def _tightness(part: PartEvidence) -> schema.Tightness | None:
    if part.log_ratio is None or part.scaled:
        return None
    where = as_json(part.where)
    if abs(part.log_ratio) >= INFINITE:  # one side is zero or not positive: the ratio is 0 or infinite
        return schema.Tightness(ratio=0.0 if part.log_ratio < 0 else None, where=where)
    ratio = math.exp(part.log_ratio) if abs(part.log_ratio) < 700 else None
    return schema.Tightness(ratio=ratio, log_ratio=part.log_ratio, where=where)


def _informativeness(part: PartEvidence) -> float | None:
    if part.informative is None or not part.admissible:
        return None
    return min(1.0, part.informative / max(part.judged, 1))


def _share(part: PartEvidence) -> float | None:
    return min(1.0, part.drawn_admissible / part.instances) if part.instances else None


def _part(part: PartEvidence, threshold: float, given: bool) -> schema.Part:
    verdict = decide_part(part, threshold, given)
    return schema.Part(
        name=part.name,
        outcome=verdict.outcome,
        verdict=verdict.verdict,
        reason=verdict.reason,
        formula=formula(part.relation),
        tightness=_tightness(part),
        informativeness=_informativeness(part),
        admissible_share=_share(part),
        counts_for_headline=part.headline,
    )


def statement_record(
    statement: Any,
    evidence: Evidence,
    threshold: float,
    *,
    seed: int,
    profile: str,
    file: str = "",
    backend: Backend = NUMPY,
    draws: str = "host",
) -> schema.Statement:
    """The record entry.  ``threshold``: log e-value that refutes a probabilistic statement in this run."""
    verdict = decide(evidence, threshold)
    headline = [p for p in evidence.parts if p.headline]
    lead = headline[0] if headline else None
    tight = max(
        (p for p in headline if p.log_ratio is not None and not p.scaled),
        key=lambda p: p.log_ratio if p.log_ratio is not None else -math.inf,
        default=None,
    )
    shares = [s for p in headline if (s := _informativeness(p)) is not None]
    undefined = next((p for p in headline if p.undefined is not None), None)
    proofs = [p for p in headline if p.proof]
    notices = [*statement.notices, *evidence.notices]
    notices += [p.note for p in evidence.parts if p.note and p.note not in notices]
    tightness = None if tight is None else _tightness(tight)
    return schema.Statement(
        id=statement.id,
        title=statement.title,
        paper=statement.source.paper,
        locator=statement.source.locator,
        citation=citation(statement),
        provenance=statement.provenance,
        kind=statement.kind,
        variant=statement.id.partition("@")[2] or None,
        model=statement.id.partition("@")[2] or own_model(statement),
        outcome=verdict.outcome,
        verdict=verdict.verdict,
        reason=verdict.reason,
        notices=notices,
        printed_latex=statement.printed or None,
        formula=None if lead is None else formula(lead.relation),
        hypotheses=hypotheses(statement),
        symbols=symbols(statement, evidence),
        parts=[_part(p, threshold, evidence.given_memories) for p in evidence.parts],
        informativeness=min(shares) if shares else None,
        tightness=tightness,
        sensitivity=_sensitivity(tightness),
        witness=_witness(statement, evidence, seed, file, backend, draws),
        controls=[
            schema.Control(
                name=c.name,
                description=c.description,
                caught=c.caught,
                how=c.how,
                witness_inputs=None if c.point is None else as_json(c.point),
            )
            for c in evidence.controls
        ],
        budget=dict(evidence.budget),
        domain=None if undefined is None else _domain(undefined),
        admissible_share=None if lead is None else _share(lead),
        proof=None
        if not proofs
        else schema.Proof(method=proofs[0].proof, range=proofs[0].proof_range, text=proofs[0].proof),
        grid=grid_lines(statement, profile),
        related=list(statement.related),
        curves=[schema.Curve(**c) for c in evidence.curves],
        evidence=[schema.Evidence(**r) for r in evidence.rows],
    )


def _sensitivity(tightness: schema.Tightness | None) -> schema.Sensitivity | None:
    if tightness is None or tightness.ratio is None:
        return None
    return schema.Sensitivity(
        factor=tightness.ratio,
        meaning="the bound multiplied by anything smaller than this factor would have been violated by "
        "an instance of this run",
    )


def _domain(part: PartEvidence) -> schema.DomainNote:
    share = part.undefined_share
    if share is None:
        share = part.undefined_count / max(part.drawn_admissible, 1)
    return schema.DomainNote(
        undefined_share=min(1.0, share),
        undecided_share=part.undecided_share or 0.0,
        example=as_json(part.undefined),
        subexpression=part.undefined_detail,
        text=f"no real value on {100 * min(1.0, share):.3g} % of the admissible grid",
    )
