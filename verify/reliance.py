"""What may be relied on at one (d, M, beta): how much each passing bound says there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from reports.schema import OUTCOME_OF
from simulations.streams import stream
from verify.arena import Patterns
from verify.checkers.forall import printed_hypotheses
from verify.drawing import add_queries, draw_memories, draw_scalars
from verify.instances import MODELS, Array, Instances
from verify.margins import admissible, margins, sides
from verify.statement import Inequality, Part

PASSING = frozenset(str(word) for word, outcome in OUTCOME_OF.items() if outcome == "pass")
DRAWS = (20, 400)
LARGEST_SET = 1_000_000
"""Coordinates of the largest memory set that is looked at."""
WORK = 5 * 10**7
"""Coordinates of all differences of two memories, held at once; ten times as many are drawn in all."""


@dataclass(frozen=True, slots=True)
class Reliance:
    """How much one part of a passing statement says on random sets.

    ``met``: share of the draws that meet the hypotheses; ``informative``: share of all draws on which the
    hypotheses are met and the bound improves on the trivial one; ``ratio``: median of bound/trivial over
    these draws (NaN where there are none).
    """

    id: str
    part: str
    verdict: str
    model: str
    met: float
    informative: float
    ratio: float


def reliances(
    statements: Mapping[str, Any],
    known: Mapping[str, Mapping[str, str]],
    d: int,
    count: int,
    beta: float,
    m: float = 1.0,
    seed: int = 0,
) -> list[Reliance]:
    """Every passing bound with a trivial one to compare with, those that say most first.

    Memories are uniform on the sphere of radius m, a random one of them is the target, and queries are drawn
    as the statement's arena says (``ball``: within its radius of the target).  Further scalars of a statement
    take values over their whole range.

    Args:
        known: the known verdicts by id; statements that do not pass are left out.
        d, count: dimension and number of memories.
        beta, m: inverse temperature and norm of the memories, positive.
    """
    found = []
    for statement in statements.values():
        verdict = known.get(statement.id, {}).get("verdict", "")
        if verdict in PASSING:
            found += list(_of_statement(statement, verdict, d, count, beta, m, seed))
    return sorted(found, key=lambda r: (-r.informative, r.ratio if r.informative else 1.0, r.id))


def _of_statement(
    statement: Any, verdict: str, d: int, count: int, beta: float, m: float, seed: int
) -> Iterator[Reliance]:
    arena = statement.arena if isinstance(statement, Inequality) else None
    parts = [p for p in getattr(statement, "parts", ()) if p.headline and p.trivial is not None]
    if not isinstance(arena, Patterns) or arena.clustered or count < arena.min_memories or not parts:
        return
    rng = stream(seed, "rely", statement.id, d, count)
    batches = list(_draws(arena, d, count, beta, m, rng))
    for part in parts:
        said = [_says(statement, part, batch) for batch in batches]
        met, better, ratio = (np.concatenate(column) for column in zip(*said, strict=True))
        share = float(np.mean(better))
        middle = float(np.median(ratio[better])) if share else float("nan")
        yield Reliance(statement.id, part.name, verdict, arena.model, float(np.mean(met)), share, middle)


def _draws(
    arena: Patterns, d: int, count: int, beta: float, m: float, rng: np.random.Generator
) -> Iterator[Instances]:
    left = int(np.clip(10 * WORK // (d * count**2), *DRAWS))
    while left > 0:
        size = min(left, max(1, WORK // (d * count**2)))
        left -= size
        yield _draw(arena, d, count, size, beta, m, rng)


def _draw(
    arena: Patterns, d: int, count: int, size: int, beta: float, m: float, rng: np.random.Generator
) -> Instances:
    scalars = draw_scalars(rng, arena.params, size)
    on_sphere = dataclasses.replace(arena, families=("sphere",))
    batch = Instances(
        size,
        memories=m * draw_memories(on_sphere, d, count, size, rng, scalars),
        beta=np.full(size, beta),
        target=rng.integers(0, count, size),
        scalars=scalars,
        model=arena.model,
        models=MODELS,
    )
    add_queries(arena, batch, rng)
    return batch


def _says(statement: Any, part: Part, batch: Instances) -> tuple[Array, Array, Array]:
    """Where the hypotheses are met, where the bound improves on the trivial one, and bound/trivial."""
    met, _ = admissible((*printed_hypotheses(statement), *part.given), batch)
    larger = sides(part.relation)[1]
    found = margins(sp.Lt(larger, part.trivial, evaluate=False), batch)
    better = met & found.defined & (found.excess < -found.tolerance)
    return met, better, np.exp(np.minimum(found.excess, 0.0))
