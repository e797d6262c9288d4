"""Probabilistic statements: chunks of trials, two e-processes per grid point, controls on the same data."""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from bounds.exact import DomainError, Real, Undecided, precision
from simulations.streams import device_stream, stream
from verify.checkers import pictures
from verify.checkers.grid_values import compare_at, derive, extend, holds, number, start
from verify.chunks import chunk, chunk_name
from verify.context import Context
from verify.controls import broken_relation
from verify.eprocess import (
    confidence_interval,
    log_e_against,
    log_e_for,
    log_e_mean_above,
    log_e_mean_below,
    mean_interval,
)
from verify.evidence import ControlEvidence, Evidence, PartEvidence, Witness
from verify.margins import sides, sign
from verify.multiplicity import sup_of_average
from verify.statement import Part, Probability

ROUNDS = 16
EXTENSION = 3
BUDGET = {"quick": 1, "standard": 5, "full": 25}
PROFILES = ("quick", "standard", "full")
REFUTE_STOP = math.log(1e7)
SUPPORT = math.log(1 / 0.05)
CONTROL_CAUGHT = math.log(1e3)
MAIN = "probability"
"""The part that is decided by simulation."""
LOWER = "lower"
"""The part that a control on the lower bound of a probability names."""


@dataclass(slots=True)
class PointRun:
    """One grid point: its values, the claimed bounds and the trials seen so far, chunk by chunk."""

    values: dict[str, Any]
    arguments: dict[str, Any]
    bound: float
    lower: float | None
    mean_range: float | None
    chunks: list[tuple[int, int, int]] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    chunks_drawn: int = 0

    @property
    def label(self) -> str:
        return ", ".join(f"{k}={_short(v)}" for k, v in self.values.items())

    def totals(self) -> tuple[int, int, int]:
        """Failures, undecided, trials."""
        f, a, n = (sum(c[i] for c in self.chunks) for i in range(3))
        return f, a, n


def check(statement: Probability, context: Context) -> Evidence:
    """Measure a probabilistic statement at all its grid points."""
    main = PartEvidence(MAIN, relation=_claim_text(statement))
    evidence = Evidence([main], [])
    runs = _prepare(statement, context, main, evidence)
    deterministic = [_deterministic(statement, p, context) for p in statement.parts]
    if not statement.parts or runs:
        _simulate(statement, context, runs)
        _judge(statement, main, runs)
        evidence.parts += _with_text(statement, runs)
    else:
        main.headline = False
    evidence.parts += deterministic
    _controls(statement, runs, evidence, context)
    evidence.budget = {
        "points": main.instances,
        "points simulated": len(runs),
        "trials": sum(r.totals()[2] for r in runs) + sum(len(r.means) for r in runs),
    }
    _rows_and_curves(statement, runs, evidence)
    if not evidence.curves and any(p.undefined is not None or not p.admissible for p in evidence.parts):
        evidence.curves += _obstacle(statement)
    return evidence


def _with_text(statement: Probability, runs: list[PointRun]) -> list[PartEvidence]:
    """The reading under the conditions that stand only in the text: the same trials, fewer points."""
    text = [h.relation for h in statement.hypotheses if h.in_text_only]
    if not text:
        return []
    chosen = [r for r in runs if all(holds(t, r.values) for t in text)]
    reading = PartEvidence(
        "probability, with the condition of the text",
        headline=False,
        relation=_claim_text(statement),
        instances=len(runs),
        admissible=len(chosen),
        drawn_admissible=len(chosen),
    )
    _judge(statement, reading, chosen)
    return [reading]


def _claim_text(statement: Probability) -> str:
    if statement.mean_range is not None:
        return f"E[{statement.event.__name__}] >= {statement.lower}"
    low = f"{statement.lower} <= " if statement.lower is not None else ""
    return f"{low}P({statement.event.__name__}) <= {statement.bound}"


def _prepare(
    statement: Probability, context: Context, main: PartEvidence, evidence: Evidence
) -> list[PointRun]:
    """Evaluate hypotheses, derived values and bounds at every point; keep the points worth simulating."""
    runs: list[PointRun] = []
    informative = 0
    undefined = 0
    for raw in statement.points:
        if PROFILES.index(str(raw.get("profile", "quick"))) > PROFILES.index(context.profile):
            continue
        main.instances += 1
        point = {k: v for k, v in raw.items() if k != "profile"}
        try:
            values = derive(statement, point)
            if values is None:
                continue
            main.admissible += 1
            bound = number(statement.bound, values)
            lower = None if statement.lower is None else number(statement.lower, values)
            counts = holds(statement.informative, values) if statement.informative is not None else bound < 1
            wanted = statement.simulate_if is None or holds(statement.simulate_if, values)
        except DomainError as error:
            main.admissible += 1
            undefined += 1
            if main.undefined is None:
                main.undefined = {k: Fraction(str(v)) for k, v in point.items()}
                main.undefined_detail = f"no real value at {point}: {error}"
            continue
        informative += bool(counts)
        if counts and not wanted:
            evidence.notices.append(f"not simulated (too large): {_label(values)}")
        if counts and wanted:
            scale = None if statement.mean_range is None else number(statement.mean_range, values)
            arguments = {k: argument(v, values) for k, v in statement.arguments.items()}
            runs.append(PointRun(values, arguments, bound, lower, scale))
    main.informative, main.judged = informative, main.admissible
    main.drawn_admissible = main.admissible
    main.undefined_share = undefined / main.instances if main.instances else None
    return runs


def argument(value: Any, values: Mapping[str, Any]) -> Any:
    """An argument of an event at a point: text as it is, formulas as numbers, whole ones as integers."""
    if isinstance(value, str):
        return value
    found = number(value, values)
    return int(found) if found == int(found) and abs(found) < 2**53 else found


def _simulate(statement: Probability, context: Context, runs: list[PointRun]) -> None:
    """Rounds of one chunk per open point; all points go on while a control has not been caught.

    Where nothing is refuted and a few points are still open at the end of the budget, or a control, they get
    up to three more budgets: how soon a point is decided is chance.  Stopping is decided between rounds only,
    and every round takes the next chunk index of its points.
    """
    budget = statement.trials * BUDGET[context.profile]
    size = max(8, math.ceil(budget / ROUNDS))
    for _ in range(ROUNDS):
        waiting = [r for r in runs if _open(r)]
        if not waiting and _controls_caught(statement, runs):
            return
        for run in waiting or runs:
            _add_chunk(statement, context, run, size)
    for _ in range(EXTENSION * ROUNDS):
        waiting = [r for r in runs if _open(r)]
        if len(waiting) > max(1, len(runs) // 4) or any(current(r)[0] >= REFUTE_STOP for r in runs):
            return
        if not waiting and _controls_caught(statement, runs):
            return
        for run in waiting or runs:
            _add_chunk(statement, context, run, size)


def _add_chunk(statement: Probability, context: Context, run: PointRun, size: int) -> None:
    index = run.chunks_drawn
    run.chunks_drawn += 1
    if run.mean_range is None:
        run.chunks.append(counts(statement.event, run.arguments, index, size, context))
    else:
        found = means(statement.event, run.arguments, index, size, context)
        run.means += [mean / run.mean_range for mean in found]


def counts(
    event: Any, arguments: Mapping[str, Any], index: int, size: int, context: Context
) -> tuple[int, int, int]:
    """Failures, undecided and trials of one chunk of an event."""

    def compute() -> list[int]:
        outcome = draw_chunk(event, arguments, index, size, context)
        return [int(np.sum(outcome == 1)), int(np.sum(outcome == -1)), int(outcome.size)]

    name = chunk_name(event, arguments, index, size, context)
    failures, ambiguous, trials = chunk(compute, name | {"result": "counts"})
    return failures, ambiguous, trials


def means(event: Any, arguments: Mapping[str, Any], index: int, size: int, context: Context) -> list[float]:
    """Means of ten batches of one chunk of an event with real values."""

    def compute() -> list[float]:
        outcome = draw_chunk(event, arguments, index, size, context)
        return [float(np.mean(b)) for b in np.array_split(outcome, 10) if b.size]

    name = chunk_name(event, arguments, index, size, context)
    found: list[float] = chunk(compute, name | {"result": "means"})
    return found


def draw_chunk(event: Any, arguments: Mapping[str, Any], index: int, size: int, context: Context) -> Any:
    """The outcomes of one chunk of trials, on the stream that its name determines."""
    named = (f"{k}={v!r}" for k, v in sorted(arguments.items()))
    return np.asarray(draw(event, context, (event.__name__, *named, str(index)), size, arguments))


def draw(
    event: Callable[..., Any],
    context: Context,
    name: tuple[str, ...],
    size: int,
    arguments: Mapping[str, Any],
) -> Any:
    """One chunk of trials.  Backend and device stream go to the events that take them.

    Where the device draws, the name of the chunk says so: no host stream has the numbers of such a chunk.
    """
    taken = inspect.signature(event).parameters
    more: dict[str, Any] = {}
    if "backend" in taken:
        more["backend"] = context.backend
    if "device" in taken and context.draws == "device":
        name = ("device", *name)
        more["device"] = device_stream(context.backend, context.seed, *name)
    return event(stream(context.seed, *name), size, **arguments, **more)


def _open(run: PointRun) -> bool:
    against, support = current(run)
    return against < REFUTE_STOP and support < SUPPORT * 1.5


def current(run: PointRun, bound: float | None = None) -> tuple[float, float]:
    """Largest log e-values so far: against the claim, and for it (the smaller one of its two sides)."""
    against, support = paths(run, run.bound if bound is None else bound)
    return (max(against, default=0.0), max(support, default=0.0))


def paths(run: PointRun, bound: float, lower: float | None = None) -> tuple[list[float], list[float]]:
    """Log e-values after every chunk, against and for the claim (``lower`` in place of its own)."""
    lower = run.lower if lower is None else lower
    if run.mean_range is not None:
        if not run.means or run.lower is None:
            return [], []
        x, target = np.array(run.means), run.lower / run.mean_range
        return list(np.asarray(log_e_mean_below(x, target))), list(np.asarray(log_e_mean_above(x, target)))
    against, support = [], []
    f = a = n = 0
    for failures, ambiguous, trials in run.chunks:
        f, a, n = f + failures, a + ambiguous, n + trials
        upper_against = float(log_e_against(f, n, min(bound, 1.0))) if bound < 1 else 0.0
        upper_for = float(log_e_for(f + a, n, bound)) if bound < 1 else math.inf
        if lower is not None:
            low = max(lower, 0.0)
            lower_against = float(log_e_for(f + a, n, low))
            lower_for = float(log_e_against(f, n, low)) if low > 0 else math.inf
            # Two one-sided nulls: their average is an e-value against the pair.
            upper_against = float(np.logaddexp(upper_against, lower_against)) - math.log(2)
            upper_for = min(upper_for, lower_for)
        against.append(upper_against)
        support.append(upper_for)
    return against, support


def _judge(statement: Probability, main: PartEvidence, runs: list[PointRun]) -> None:
    main.log_e_against = _evidence_against(runs)
    main.supported = bool(runs) and all(current(r)[1] >= SUPPORT for r in runs)
    open_points = [r.label for r in runs if current(r)[1] < SUPPORT]
    if not runs:
        main.supported = None
        main.conclusive = main.undefined is not None or main.admissible == 0
        main.note = "at no grid point that can be simulated does it claim more than the trivial"
    elif open_points:
        main.note = f"not decided at {len(open_points)} of {len(runs)} points, first {open_points[0]}"
    ratios = [(r.totals()[0] / r.totals()[2] / r.bound, r) for r in runs if r.chunks and r.bound > 0]
    if ratios:
        ratio, worst = max(ratios, key=lambda t: t[0])
        main.log_ratio = math.log(ratio) if ratio > 0 else None
        main.where = {k: _short(v) for k, v in worst.values.items()} | {
            "failures": worst.totals()[0],
            "trials": worst.totals()[2],
        }
    if main.log_e_against > math.log(1e3):
        worst = max(runs, key=lambda r: current(r)[0])
        f, _, n = worst.totals()
        mean = "" if not worst.means else f"mean {np.mean(worst.means) * (worst.mean_range or 1):.6g}"
        main.witness = Witness(
            main.name,
            {k: Fraction(str(v)) if isinstance(v, int) else v for k, v in worst.arguments.items()},
            _claim_text(statement),
            mean or f"{f} failures in {n} trials",
            f"bound {worst.bound:.6g}" if worst.lower is None else f"[{worst.lower:.6g}, {worst.bound:.6g}]",
            certified=False,
            level=math.exp(-min(main.log_e_against, 600)),
        )


def _evidence_against(
    runs: list[PointRun], bounds: list[float] | None = None, lowers: list[float] | None = None
) -> float:
    """Supremum of the average e-value over the points (averaged first, then the running maximum)."""
    if not runs:
        return 0.0
    uppers = [r.bound for r in runs] if bounds is None else bounds
    listed = [
        paths(r, u, None if lowers is None else lowers[i])[0] or [0.0]
        for i, (r, u) in enumerate(zip(runs, uppers, strict=True))
    ]
    longest = max(len(p) for p in listed)
    padded = np.array([[0.0, *p] + [p[-1]] * (longest - len(p)) for p in listed])
    return float(sup_of_average(list(padded)))


def _deterministic(statement: Probability, part: Part, context: Context) -> PartEvidence:
    """A relation in the point's symbols, decided in balls at every point that meets the hypotheses."""
    seen = PartEvidence(part.name, headline=part.headline, relation=part.relation)
    for raw in statement.points:
        point = {k: v for k, v in raw.items() if k != "profile"}
        seen.instances += 1
        try:
            found = compare_at(statement, part, point)
        except DomainError as error:
            seen.admissible += 1
            seen.undefined, seen.undefined_detail = (
                {k: Fraction(str(v)) for k, v in point.items()},
                str(error),
            )
            continue
        except Undecided:
            if derive(statement, point, [h.relation for h in part.given]) is not None:
                seen.admissible += 1
                seen.undecided += 1
            continue
        if found is None:
            continue
        seen.admissible += 1
        a, b, fine = found
        if not fine and seen.witness is None:
            exact = {k: Fraction(str(v)) for k, v in point.items()}
            seen.witness = Witness(part.name, exact, sign(part.relation), repr(a), repr(b))
        if float(a) > 0 and float(b) > 0:
            ratio = math.log(float(a)) - math.log(float(b))
            if seen.log_ratio is None or ratio > seen.log_ratio:
                seen.log_ratio, seen.where = ratio, {k: str(v) for k, v in point.items()}
    seen.drawn_admissible = seen.admissible
    if seen.admissible and not seen.undecided:
        seen.proof = f"certified in ball arithmetic at {seen.admissible} grid points"
    return seen


def _controls(statement: Probability, runs: list[PointRun], evidence: Evidence, context: Context) -> None:
    """A control changes the bound; the trials already drawn must refute it at 1e-3."""
    names = {p.name: p for p in statement.parts}
    for control in statement.controls:
        if control.part in names:
            part = names[control.part]
            relation = broken_relation(control, part)
            broken = _deterministic(statement, Part(part.name, relation, given=part.given), context)
            caught = broken.witness is not None or broken.undefined is not None
            point = broken.witness.point if broken.witness else broken.undefined
            evidence.controls.append(
                ControlEvidence(
                    control.name, control.description or str(relation), caught, "ball arithmetic", point
                )
            )
            continue
        against = _against_control(statement, control, runs)
        evidence.controls.append(
            ControlEvidence(
                control.name,
                control.description or f"{control.part or 'bound'} {control_bound(control, statement)}",
                against >= CONTROL_CAUGHT,
                f"e-value exp({against:.4g}) on the same trials",
            )
        )


def _against_control(statement: Probability, control: Any, runs: list[PointRun]) -> float:
    """Log e-value against a control's bound on the trials drawn."""
    bounds = [number(control_bound(control, statement), r.values) for r in runs]
    if control.part == LOWER:
        return _evidence_against(runs, lowers=bounds)
    return (
        _mean_control(runs, bounds) if statement.mean_range is not None else _evidence_against(runs, bounds)
    )


def _controls_caught(statement: Probability, runs: list[PointRun]) -> bool:
    parts = {p.name for p in statement.parts}
    return all(
        _against_control(statement, c, runs) >= CONTROL_CAUGHT
        for c in statement.controls
        if c.part not in parts
    )


def _mean_control(runs: list[PointRun], bounds: list[float]) -> float:
    best = 0.0
    for run, bound in zip(runs, bounds, strict=True):
        if run.mean_range and run.means:
            values = np.asarray(log_e_mean_below(np.array(run.means), min(bound / run.mean_range, 1.0)))
            best = max(best, float(np.max(values)) - math.log(len(runs)))
    return best


def control_bound(control: Any, statement: Probability) -> Any:
    """The broken bound: an expression, or a mutation of ``event <= bound`` (``lower <= mean`` for means).

    A control whose part is ``"lower"`` breaks the lower bound on the probability.
    """
    if callable(control.relation) and not isinstance(control.relation, sp.Basic):
        upper = statement.mean_range is None and control.part != LOWER
        claimed = statement.bound if upper else statement.lower
        relation = control.relation(sp.Le(sp.Symbol("P_event"), claimed, evaluate=False))
        return sides(relation)[1]
    return control.relation


def _rows_and_curves(statement: Probability, runs: list[PointRun], evidence: Evidence) -> None:
    """A row of the evidence table and a point of the plot for each simulated point."""
    of_means = statement.mean_range is not None
    quantity = f"mean of {statement.event.__name__.replace('_', ' ')}" if of_means else "failure probability"
    columns: list[list[float]] = [[], [], [], [], []]
    xs, limits, values, los, his = columns
    for i, run in enumerate(runs):
        if not run.chunks and not run.means:
            continue
        if run.mean_range is not None:
            value = run.mean_range * float(np.mean(run.means))
            low, high = (run.mean_range * v for v in mean_interval(run.means, 0.05))
            n, limit = len(run.means), run.mean_range * 0.0 if run.lower is None else run.lower
            note = f"at least {limit:.6g} claimed; means of batches"
        else:
            f, a, n = run.totals()
            value, limit = f / n, run.bound
            low, high = confidence_interval(f, n, 0.05, ambiguous=a)
            note = f"bound {limit:.6g}, {a} undecided"
        evidence.rows.append(
            {
                "part": MAIN,
                "point": run.label,
                "quantity": quantity,
                "value": value,
                "lo": float(low),
                "hi": float(high),
                "trials": n,
                "note": note,
            }
        )
        for column, entry in zip(columns, (i + 1, limit, value, low, high), strict=True):
            column.append(float(entry))
    if xs:
        evidence.curves.append(
            {
                "title": f"{quantity} at the grid points (95 % anytime-valid intervals)",
                "x_label": "grid point (order of the evidence table)",
                "y_label": "mean" if of_means else "probability",
                "x_log": False,
                "y_log": False,
                "series": [
                    {"name": "bound", "role": "bound", "x": xs, "y": limits, "lo": None, "hi": None},
                    {"name": "simulation", "role": "simulation", "x": xs, "y": values, "lo": los, "hi": his},
                ],
            }
        )


def _obstacle(statement: Probability) -> list[dict[str, Any]]:
    """What keeps the grid points from a value: the condition that most of them fail."""
    with precision(128):
        return _drawn_obstacle(statement)


def _drawn_obstacle(statement: Probability) -> list[dict[str, Any]]:
    reached: list[tuple[dict[str, Any], Any]] = []
    for raw in statement.points:
        values = start({k: v for k, v in raw.items() if k != "profile"})
        try:
            failed = extend(statement, values)
        except DomainError:
            formula = next((f for k, f in statement.derive.items() if k not in values), statement.bound)
            failed = pictures.outside(formula, values)
        except Undecided:
            continue
        reached.append((values, failed))
    curves = []
    for relation, _ in Counter(r for _, r in reached if r is not None).most_common(pictures.MOST_CURVES):
        known = [v for v, _ in reached if {str(s) for s in relation.free_symbols} <= set(v)]
        curves.append(pictures.over_values(f"needed: {relation}", relation, known))
    return [c for c in curves if c is not None]


def _short(value: Any) -> str:
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number == int(number) and abs(number) < 1e15 else f"{number:.6g}"
    return str(value)


def _label(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={_short(v)}" for k, v in values.items())
