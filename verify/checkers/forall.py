"""For-all statements on scalars and memory sets: grid, search, shrinking, certification, controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, islice
from typing import Any

import numpy as np
import sympy as sp

from bounds import domain
from bounds.exact import Real, precision
from verify.arena import Box, Patterns, Points
from verify.checkers import pictures
from verify.context import Context
from verify.controls import broken_relation
from verify.drawing import cells, draw_box
from verify.evidence import ControlEvidence, Evidence, PartEvidence, Witness
from verify.given import given_batches, not_applicable
from verify.instances import Instances, Point, exact_instance, point_of
from verify.margins import Certificate, Margins, admissible, certify, margins, sides, sign, symbols_of
from verify.search import EFFORT, maximise, search_sizes
from verify.shrink import shrink
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part
from verify.vocabulary import measure

ForAll = Inequality | Identity | Definition
KEEP = 6
ROUNDS = 8
SMALL = 32
"""Largest number of coordinates of the memory sets that are drawn again."""
MODERATE = (1e-3, 30.0)
"""Excess of violations that enclosures decide easily; of larger ones a side may be lost in any precision."""
EXACT_SIZE = 2000
"""Memory coordinates beyond which exact arithmetic takes seconds: one look instead of several."""
BOX_DRAWS = {"quick": 20_000, "standard": 100_000, "full": 500_000}
PROOF_BOXES = {"quick": 4_000, "standard": 20_000, "full": 100_000}


@dataclass(slots=True, eq=False)
class Candidate:
    """A float instance worth a second look."""

    excess: float
    batch: Instances

    @property
    def size(self) -> int:
        return 0 if self.batch.memories is None else int(np.prod(self.batch.memories.shape[1:]))


@dataclass(slots=True)
class Track:
    """One relation followed through grid and search, with its own hypotheses and best candidates."""

    part: Part
    relation: Any
    hypotheses: tuple[Hypothesis, ...]
    seen: PartEvidence
    worst: list[Candidate] = field(default_factory=list)
    undefined: list[Candidate] = field(default_factory=list)
    tolerance: float = 0.0
    closest: Candidate | None = None
    """The instance that misses the hypotheses least, as long as none meets them."""


def check(statement: ForAll, context: Context) -> Evidence:
    """Measure a for-all statement: every part, every reading and every control on the same data."""
    if isinstance(statement.arena, Points):
        from verify.checkers.points import check_points

        return check_points(statement, context)
    arena = statement.arena
    tracks = [_track(statement, p) for p in readings(statement)]
    controls = [(c, _control_track(statement, c)) for c in statement.controls]
    everything = tracks + [t for _, t in controls]
    evidence = Evidence([t.seen for t in tracks], [], given_memories=context.memories is not None)
    _note_not_applicable(statement, tracks, context)
    instances = 0
    for batch in chain(_batches(statement, context), _more_batches(statement, context, controls)):
        instances += batch.size
        for track in everything:
            _observe(track, batch)
    for track in tracks:
        _settle(statement, track, context, searching=context.memories is None)
    for control, track in controls:
        evidence.controls.append(_caught(statement, control, track, context))
    _proofs(statement, tracks, context)
    if isinstance(arena, Box) and not printed_hypotheses(statement):
        for track in tracks:
            _examine_domain(arena, track, context)
    evidence.budget = {
        "instances": instances,
        "admissible": max((t.seen.admissible for t in tracks), default=0),
        "evaluations": sum(t.seen.searched for t in everything),
    }
    for picture in (_violation, _obstacle, _setting):
        drawn = (picture(arena, t, context) for t in tracks if t.seen.headline)
        if not evidence.curves:
            evidence.curves = list(islice((c for c in drawn if c is not None), pictures.MOST_CURVES))
    if not evidence.curves and tracks and (curve := _curve(tracks[0])) is not None:
        evidence.curves = [curve]
    return evidence


def readings(statement: ForAll) -> list[Part]:
    """The parts, and beside them the same parts under the conditions that stand only in the text."""
    text = tuple(h for h in statement.hypotheses if h.in_text_only)
    parts = list(statement.parts)
    if text:
        parts += [
            dataclasses.replace(
                p, name=f"{p.name}, with the condition of the text", given=p.given + text, headline=False
            )
            for p in statement.parts
            if p.headline
        ]
    return parts


def printed_hypotheses(statement: Any) -> tuple[Hypothesis, ...]:
    """The hypotheses inside the statement."""
    return tuple(h for h in statement.hypotheses if not h.in_text_only)


def _track(statement: ForAll, part: Part, relation: Any = None) -> Track:
    seen = PartEvidence(
        part.name,
        headline=part.headline,
        relation=relation if relation is not None else part.relation,
        given=tuple(h.relation for h in part.given),
        scaled=part.scale is not None,
    )
    hypotheses = (*printed_hypotheses(statement), *part.given)
    return Track(part, seen.relation, hypotheses, seen)


def _control_track(statement: ForAll, control: Control) -> Track:
    part = next((p for p in statement.parts if p.name == control.part), statement.parts[0])
    return _track(statement, dataclasses.replace(part, trivial=None), broken_relation(control, part))


def _batches(statement: ForAll, context: Context) -> Iterator[Instances]:
    arena = statement.arena
    if isinstance(arena, Box):
        yield draw_box(arena, context.seed, statement.id, BOX_DRAWS[context.profile])
    elif isinstance(arena, Patterns):
        if context.memories is not None:
            drawn = given_batches(arena, context, statement.id)
        else:
            drawn = cells(arena, context.profile, context.seed, statement.id, context.models)
        for batch in drawn:
            # Searches look at a few tiny instances at a time and stay on NumPy.
            batch.backend = context.backend
            yield batch


def _more_batches(
    statement: ForAll, context: Context, controls: list[tuple[Control, Track]]
) -> Iterator[Instances]:
    """Rounds of further small instances as long as some control is not violated by any of the data."""
    arena = statement.arena
    if context.memories is not None or not isinstance(arena, Patterns):
        return
    for again in range(ROUNDS):
        if all(any(c.excess > t.tolerance for c in t.worst) for _, t in controls):
            return
        name = f"{statement.id}/again/{again}"
        for batch in cells(arena, context.profile, context.seed, name, context.models, SMALL):
            batch.backend = context.backend
            yield batch


def _note_not_applicable(statement: ForAll, tracks: list[Track], context: Context) -> None:
    arena = statement.arena
    if context.memories is None or not isinstance(arena, Patterns):
        return
    reason = not_applicable(arena, context.memories)
    if reason:
        for track in tracks:
            track.seen.note = reason


def _observe(track: Track, batch: Instances) -> None:
    """Add a batch to a track: counts, informativeness, largest ratio, candidates."""
    seen = track.seen
    ok, missed = admissible(track.hypotheses, batch)
    if not seen.admissible and not np.any(ok):
        nearest = int(np.argmin(missed))
        if track.closest is None or missed[nearest] < track.closest.excess:
            track.closest = Candidate(float(missed[nearest]), batch.take(np.array([nearest])))
    found = margins(track.relation, batch, track.part.scale)
    track.tolerance = found.tolerance
    seen.instances += batch.size
    seen.admissible += int(np.sum(ok))
    seen.drawn_admissible += int(np.sum(ok))
    seen.undefined_count += int(np.sum(ok & ~found.defined))
    usable = ok & found.defined
    if track.part.trivial is not None and np.any(usable):
        _, rhs, _ = sides(track.relation)
        better = margins(sp.Lt(rhs, track.part.trivial, evaluate=False), batch)
        seen.informative = (seen.informative or 0) + int(
            np.sum(usable & better.defined & (better.excess < -better.tolerance))
        )
        seen.judged += int(np.sum(usable))
    if np.any(ok & ~found.defined):
        for i in np.flatnonzero(ok & ~found.defined)[:2]:
            track.undefined.append(Candidate(0.0, batch.take(np.array([i]))))
        track.undefined = sorted(track.undefined, key=lambda c: c.size)[:KEEP]
    if np.any(usable):
        _keep_worst(track, batch, found, usable)
        seen.near_ties += int(np.sum(usable & (np.abs(found.excess) <= found.tolerance)))


def _keep_worst(track: Track, batch: Instances, found: Margins, usable: Any) -> None:
    excess = np.where(usable, found.excess, -np.inf)
    order = np.argsort(-excess)
    moderate = order[_is_moderate(excess[order])]
    for i in dict.fromkeys([*order[:3], *moderate[:3]]):
        if np.isfinite(excess[i]):
            track.worst.append(Candidate(float(excess[i]), batch.take(np.array([i]))))
    top = float(excess[order[0]])
    if track.seen.log_ratio is None or top > track.seen.log_ratio:
        track.seen.log_ratio = top
        track.seen.where = describe(batch.take(order[:1]))
    violating = [c for c in track.worst if c.excess > track.tolerance]
    if violating:
        track.worst = _to_certify(violating)
    else:
        track.worst = sorted(track.worst, key=lambda c: -c.excess)[:KEEP]


def _is_moderate(excess: Any) -> Any:
    return (MODERATE[0] <= excess) & (excess <= MODERATE[1])


def _to_certify(violating: list[Candidate]) -> list[Candidate]:
    """The smallest violations, half of them the largest of their size, half of them moderate ones."""
    by_size = sorted(violating, key=lambda c: (c.size, -c.excess))
    moderate = [c for c in by_size if _is_moderate(c.excess)][: KEEP // 2]
    extreme = [c for c in by_size if c not in moderate][: KEEP - len(moderate)]
    return sorted(moderate + extreme, key=lambda c: (c.size, not _is_moderate(c.excess), -c.excess))


def describe(batch: Instances) -> dict[str, Any]:
    """An instance in one line: sizes, temperature, scalars."""
    text: dict[str, Any] = {}
    if batch.memories is not None:
        text = {"d": batch.memories.shape[-1], "M": batch.memories.shape[-2], "beta": float(batch.beta[0])}
    return text | {k: float(v[0]) for k, v in batch.scalars.items()}


def _settle(statement: ForAll, track: Track, context: Context, searching: bool) -> None:
    """Search where the grid found nothing, then certify what looks like a violation."""
    arena = statement.arena
    if isinstance(arena, Points):
        raise TypeError("points are decided one by one")
    if _certify_worst(arena, track, context):
        return
    if searching and not track.seen.undecided and (isinstance(arena, Box) or arena.search):
        # Alarms that exact arithmetic has cleared must not keep the search from looking elsewhere.
        track.worst = [c for c in track.worst if c.excess <= track.tolerance]
        _search(statement, arena, track, context, EFFORT[context.profile])
        if _certify_worst(arena, track, context):
            return
    _certify_undefined(arena, track, context)


def _search(statement: ForAll, arena: Patterns | Box, track: Track, context: Context, effort: Any) -> None:
    for size in search_sizes(arena):
        found = maximise(
            arena,
            size,
            track.relation,
            track.part.scale,
            track.hypotheses,
            effort=effort,
            seed=context.seed,
            name=f"{statement.id}/{track.part.name}",
            models=context.models,
        )
        track.seen.searched += found.evaluations
        track.seen.admissible += found.admissible
        if np.isfinite(found.excess):
            track.worst.append(Candidate(found.excess, found.batch))
            if track.seen.log_ratio is None or found.excess > track.seen.log_ratio:
                track.seen.log_ratio, track.seen.where = found.excess, describe(found.batch)
        if found.excess > track.tolerance:
            break
    track.worst.sort(key=lambda c: (c.excess <= track.tolerance, c.size, -c.excess))


def _certifier(track: Track, context: Context, relation: Any = None) -> Callable[[Point], Certificate]:
    def run(point: Point) -> Certificate:
        return certify(
            dataclasses.replace(track.part, given=()),
            track.hypotheses,
            point,
            model=_model(track),
            models=context.models,
            relation=track.relation if relation is None else relation,
            cap=256 if _coordinates(point) > EXACT_SIZE else 2048,
            backend=context.backend,
        )

    return run


def _coordinates(point: Point) -> int:
    return sum(len(row) for row in point.get("memories") or ())


def _status_is(status: str, track: Track, context: Context) -> Callable[[Point], bool]:
    run = _certifier(track, context)
    return lambda point: run(point).status == status


def _model(track: Track) -> str:
    return (
        track.worst[0].batch.model
        if track.worst
        else (track.undefined[0].batch.model if track.undefined else "dense")
    )


def _certify_worst(arena: Patterns | Box, track: Track, context: Context) -> bool:
    """Certify the violating candidates, smallest first; near ties get one exact look."""
    run = _certifier(track, context)
    suspects = [
        c for c in track.worst if c.excess > (-track.tolerance if c.size <= EXACT_SIZE else track.tolerance)
    ][:KEEP]
    for candidate in suspects if not suspects or suspects[0].size <= EXACT_SIZE else suspects[:1]:
        certain = candidate.excess > track.tolerance
        statuses: list[str] = []

        def violated(point: Point, log: list[str] = statuses) -> bool:
            log.append(run(point).status)
            return log[-1] == "violated"

        budget = 250 if candidate.size <= 32 else 40
        first = point_of(candidate.batch, 0)
        if candidate.size > EXACT_SIZE or (not certain and not violated(first)):
            reached = first if certain and violated(first) else None
        else:
            result = shrink(arena, candidate.batch, violated, budget)
            reached = result[0] if result else None
        if reached is not None:
            final = run(reached)
            track.seen.witness = Witness(
                track.part.name, reached, sign(track.relation), final.lhs, final.rhs, certified=True
            )
            return True
        if certain:
            settled = statuses[-1] if statuses else "undecided"
            if settled in ("holds", "inadmissible", "tie"):
                track.seen.false_alarms += 1
            else:
                track.seen.undecided += 1
    if track.seen.false_alarms and track.seen.log_ratio is not None:
        # Exact arithmetic cleared the floats: nothing admissible exceeds the bound.
        track.seen.log_ratio = min(track.seen.log_ratio, 0.0)
    return False


def _certify_undefined(arena: Patterns | Box, track: Track, context: Context) -> None:
    run = _certifier(track, context)
    for candidate in track.undefined:
        result = shrink(arena, candidate.batch, _status_is("undefined", track, context), 80)
        if result is not None:
            track.seen.undefined = result[0]
            track.seen.undefined_detail = run(result[0]).detail
            return


def _caught(statement: ForAll, control: Control, track: Track, context: Context) -> ControlEvidence:
    """Whether the data (or, failing that, the same search) refute the broken version, certified."""
    arena = statement.arena
    if isinstance(arena, Points):
        raise TypeError("points are decided one by one")
    for stage in ("data", "search"):
        if stage == "search":
            if context.memories is not None or not (isinstance(arena, Box) or arena.search):
                break
            _search(statement, arena, track, context, EFFORT[context.profile])
        violated = _status_is("violated", track, context)
        for candidate in [c for c in track.worst if c.excess > track.tolerance][:KEEP]:
            if candidate.size > EXACT_SIZE:
                point = point_of(candidate.batch, 0)
                if violated(point):
                    return ControlEvidence(control.name, _text(control, track), True, stage)
                break
            result = shrink(arena, candidate.batch, violated, 12)
            if result is not None:
                return ControlEvidence(control.name, _text(control, track), True, stage, result[0])
    return ControlEvidence(control.name, _text(control, track), False, "survived the declared search")


def _text(control: Control, track: Track) -> str:
    return control.description or str(track.relation)


def _proofs(statement: ForAll, tracks: list[Track], context: Context) -> None:
    """Symbolic and ball proofs, where the statement asks for them and nothing was refuted."""
    if isinstance(statement, Identity) and statement.symbolic is not None:
        prove_symbolically(statement, tracks)
    if isinstance(statement, Inequality) and statement.prove and isinstance(statement.arena, Box):
        for track in tracks:
            if track.seen.witness is None and track.seen.undefined is None:
                _prove_on_box(statement, statement.arena, track, context)


def prove_symbolically(statement: Identity, tracks: list[Track]) -> None:
    """Mark all parts proved if SymPy reduces every expression of ``symbolic`` to zero."""
    if statement.symbolic is None:
        return
    remaining = {k: e for k, e in statement.symbolic().items() if sp.simplify(e) != 0}
    for track in tracks:
        if track.seen.witness is not None or track.seen.undefined is not None:
            continue
        if remaining:
            track.seen.note = f"SymPy did not reduce {', '.join(remaining)} to zero"
        else:
            track.seen.proof = "symbolic proof by SymPy"
            track.seen.proof_range = statement.symbolic_range


def _prove_on_box(statement: Inequality, arena: Box, track: Track, context: Context) -> None:
    if isinstance(track.relation, sp.Eq):
        return  # subdivision separates two sides, it cannot show that they agree
    box = _proof_box(arena)
    proof = domain.prove(
        track.relation,
        box,
        integers=[p.symbol for p in arena.params if p.integer],
        max_boxes=PROOF_BOXES[context.profile],
        equality_at=[dict(e) for e in statement.equality_at],
    )
    if proof.status == "proved":
        track.seen.proof = "branch and bound in ball arithmetic"
        track.seen.proof_range = ", ".join(f"{s} in [{lo}, {hi}]" for s, (lo, hi) in box.items())
    elif proof.status == "refuted" and proof.witness is not None:
        point = {str(k): v for k, v in proof.witness.items()}
        final = _certifier(track, context)(point)
        if final.status == "violated":
            track.seen.witness = Witness(track.part.name, point, sign(track.relation), final.lhs, final.rhs)


def _proof_box(arena: Box) -> dict[Any, Any]:
    """The box of a proof: the arena's own, with exact ends."""
    if arena.proof is not None:
        return dict(arena.proof)
    return {
        p.symbol: (sp.nsimplify(p.low, rational=True), sp.nsimplify(p.high, rational=True))
        for p in arena.params
    }


def _examine_domain(arena: Box, track: Track, context: Context) -> None:
    """Over the whole box: where a side of the relation certainly has no real value."""
    box, integers = _proof_box(arena), [p.symbol for p in arena.params if p.integer]
    undefined, undecided = Fraction(0), Fraction(0)
    for side in sides(track.relation)[:2]:
        needed = {k: v for k, v in box.items() if k in side.free_symbols}
        if not needed or track.part.given:
            continue
        found = domain.examine(
            side,
            needed,
            integers=[i for i in integers if i in needed],
            max_boxes=PROOF_BOXES[context.profile] // 4,
        )
        undefined, undecided = max(undefined, found.undefined), max(undecided, found.undecided)
        if found.example is not None and found.undefined > 0 and track.seen.undefined is None:
            rest = {str(k): Fraction(sp.Rational(lo).p, sp.Rational(lo).q) for k, (lo, _) in box.items()}
            track.seen.undefined = rest | {str(k): v for k, v in dict(found.example).items()}
            track.seen.undefined_detail = f"{found.subexpression} has no real value there"
    track.seen.undefined_share, track.seen.undecided_share = float(undefined), float(undecided)


def _violation(arena: Any, track: Track, context: Context) -> dict[str, Any] | None:
    witness = track.seen.witness
    if witness is None or _coordinates(witness.point) > pictures.LARGEST:
        return None
    return pictures.violation(
        arena, track.part, track.hypotheses, witness.point, _model(track), context.models
    )


def _setting(arena: Any, track: Track, context: Context) -> dict[str, Any] | None:
    """The witness in space, where no line through it shows the violation."""
    point = track.seen.undefined if track.seen.witness is None else track.seen.witness.point
    if point is None or not isinstance(arena, Patterns):
        return None
    return pictures.in_space(point, _model(track), context.models, f"{track.part.name}: the witness")


def _obstacle(arena: Any, track: Track, context: Context) -> dict[str, Any] | None:
    """What an undefined formula needs, or the condition that no instance meets, where it is missed least."""
    seen = track.seen
    if seen.undefined is not None:
        point, hypotheses = seen.undefined, track.hypotheses
        with precision(256):
            exact = exact_instance(point, _model(track), context.models)
            values = {str(s): Real(measure(exact, s)[0]) for s in symbols_of(*sides(track.relation)[:2])}
            found = (pictures.outside(side, values) for side in sides(track.relation)[:2])
            relation = next((r for r in found if r is not None), None)
        title = f"{track.part.name}: what the formula needs"
    elif not seen.admissible and track.closest is not None:
        point, hypotheses = point_of(track.closest.batch, 0), ()
        missed = [margins(h.relation, track.closest.batch).excess[0] for h in track.hypotheses]
        relation = track.hypotheses[int(np.argmax(missed))].relation
        title = f"{track.part.name}: the condition, where it is missed least"
    else:
        return None
    if relation is None or _coordinates(point) > pictures.LARGEST:
        return None
    return pictures.violation(
        arena, Part(title, relation), hypotheses, point, _model(track), context.models, title
    )


def _curve(track: Track) -> dict[str, Any] | None:
    """Bound and measured side along the temperature at the worst instance (memory sets only)."""
    if not track.worst or track.worst[0].batch.memories is None or track.seen.scaled:
        return None
    base = max(track.worst, key=lambda c: c.excess).batch
    if base.exact or base.size != 1 or base.memories.size > 20_000:
        return None
    beta_m2 = np.geomspace(1e-2, 300, 60)
    m = float(np.max(np.sqrt(np.sum(base.memories**2, axis=-1)))) or 1.0
    shape = (beta_m2.size,)
    sweep = Instances(
        beta_m2.size,
        memories=np.broadcast_to(base.memories, (*shape, *base.memories.shape[1:])),
        query=np.broadcast_to(base.query, (*shape, base.query.shape[-1])),
        beta=beta_m2 / m**2,
        target=np.full(shape, int(base.target[0])),
        hull=None if base.hull is None else np.broadcast_to(base.hull, (*shape, base.hull.shape[-1])),
        scalars={k: np.full(shape, float(v[0])) for k, v in base.scalars.items()},
        model=base.model,
        models=base.models,
    )
    found = margins(track.relation, sweep)
    clip = 690.0

    def series(name: str, role: str, logs: Any) -> dict[str, Any]:
        y = [float(np.exp(v)) if np.isfinite(v) and abs(v) < clip else None for v in logs]
        return {"name": name, "role": role, "x": beta_m2.tolist(), "y": y, "lo": None, "hi": None}

    measured = series("left side (measured)", "simulation", found.log_lhs)
    bound = series("right side (bound)", "bound", found.log_rhs)
    if all(v is None for v in measured["y"]) or all(v is None for v in bound["y"]):
        return None
    return {
        "title": f"{track.part.name}: along the temperature, at the tightest instance found",
        "x_label": "beta m^2",
        "y_label": "value",
        "x_log": True,
        "y_log": True,
        "series": [bound, measured],
    }
