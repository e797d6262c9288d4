"""Look for a violation of one property: corners, drawn examples, then optimisation; make it small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import hypothesis
import numpy as np
from scipy import optimize

from simulations.streams import stream
from verify.arena import Patterns
from verify.dynamics.problem import Dynamics, Floats, Problem, Slack
from verify.dynamics.properties import CHECKS, IN_SQUARES, Check, aimed_at_margin, closeness
from verify.dynamics.rounding import undecided as undecided_from
from verify.dynamics.strategies import problems
from verify.instances import Instances, Point
from verify.shrink import shrink

SIZES = ((1, 1), (2, 1), (3, 1), (2, 2), (3, 2))
"""(M, d) searched hard: claims break at small sizes."""
LOG_BETA = (np.log(1e-3), np.log(300.0))
REACH = 2.0
UNSEARCHED = frozenset({"defined", "inputs", "repeatable"})
"""Properties that hold or not, with nothing in between that a search could follow."""

_CORNER_SETS: tuple[tuple[tuple[float, ...], ...], ...] = (
    ((1,),),
    ((1,), (-1,)),
    ((1,), (0,)),
    ((1,), (1,)),
    ((2,), (1,), (-1,)),
    ((1, 0), (0, 1)),
    ((2, 0), (0, 1)),
    ((1, 0), (-1, 0), (0, 1)),
    ((1, 1), (1, 0), (0, 1), (-1, -1)),
)


@dataclass(frozen=True, eq=False)
class Hunt:
    """What was looked at for one property, and the worst of it.

    Attributes:
        worst: the smallest slack seen, relative to its tolerance; None if the property said nothing anywhere.
        at: the problem it was seen at, shrunk if it is a violation.
        examples: corners and drawn problems at which the property said something.
        evaluations: problems the optimisation looked at.
        undecided: examples at which rounding may be larger than 1/1000 (float32: 1/10) of the scale.
    """

    worst: Slack | None
    at: Problem | None
    examples: int
    evaluations: int
    undecided: int


def corners() -> Iterator[Problem]:
    """The smallest problems there are, in order of size."""
    for rows in _CORNER_SETS:
        memories = np.array(rows, dtype=np.float64)
        first, last = memories[0], memories[-1]
        for query, beta in product(
            (first, 2 * first, (first + last) / 2, 0 * first, (3 * first + last) / 4),
            (1.0, 2.0, 0.5, 1e3),
        ):
            yield Problem(memories, np.asarray(query + 0.0), beta)


@lru_cache(maxsize=8)
def drawn(examples: int, seed: int) -> tuple[Problem, ...]:
    """Problems from the strategies, the same for the same seed."""
    found: list[Problem] = []
    if examples < 1:
        return ()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(hypothesis.Phase.generate,),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(problems())
    def collect(p: Problem) -> None:
        found.append(p)

    collect()
    return tuple(found)


@np.errstate(all="ignore")  # overflow is for the properties to judge
def hunt(dynamics: Dynamics, name: str, examples: int, search: int, seed: int) -> Hunt:
    """Hunt for a violation of the property ``name``; stops at the first one.

    Args:
        examples: drawn problems, beside the corners.
        search: evaluations of the optimisation for each small size; 0 for none.
    """
    check, hidden = CHECKS[name], undecided_from(dynamics.eps)

    def judge(p: Problem) -> tuple[Problem, Slack | None]:
        p = dynamics.admit(p)
        aimed = aimed_at_margin(dynamics, p) if name == "margin" else p
        return aimed, check(dynamics, aimed)

    worst: tuple[Problem, Slack] | None = None
    seen = undecided = evaluations = 0
    for p in (*corners(), *drawn(examples, seed)):
        at, slack = judge(p)
        if slack is None:
            continue
        seen += 1
        undecided += slack.tolerance > hidden * (at.scale**2 if name in IN_SQUARES else at.scale)
        worst = _worse(worst, at, slack)
        if slack.violated:
            break
    if search and name not in UNSEARCHED and not (worst and worst[1].violated):
        for vector, size, count in _searched(judge, search, seed, name):
            at, slack = judge(_unpacked(vector, *size))
            evaluations += count
            if slack is not None:
                worst = _worse(worst, at, slack)
            if slack is not None and slack.violated:
                break
    if worst is None:
        return Hunt(None, None, seen, evaluations, undecided)
    at, slack = worst
    if slack.violated:
        at, slack = _smaller(dynamics, check, at, slack)
    return Hunt(slack, at, seen, evaluations, undecided)


def _worse(worst: tuple[Problem, Slack] | None, at: Problem, slack: Slack) -> tuple[Problem, Slack]:
    return (at, slack) if worst is None or closeness(slack) < closeness(worst[1]) else worst


# -- optimisation -------------------------------------------------------------------------------------


def _unpacked(vector: Floats, count: int, d: int) -> Problem:
    memories, query = vector[: count * d].reshape(count, d), vector[count * d : -1]
    low, high = LOG_BETA
    return Problem(REACH * memories, REACH * query, float(np.exp(low + (vector[-1] + 1) / 2 * (high - low))))


def _searched(
    judge: Callable[[Problem], tuple[Problem, Slack | None]], search: int, seed: int, name: str
) -> Iterator[tuple[Floats, tuple[int, int], int]]:
    """The best vector of each size, with the evaluations it took: evolution, then a simplex descent."""
    for size in SIZES:
        n = size[0] * size[1] + size[1] + 1
        count = 0

        def height(vector: Floats, size: tuple[int, int] = size) -> float:
            nonlocal count
            count += 1
            _, slack = judge(_unpacked(vector, *size))
            if slack is None:
                return 1e6
            return min(closeness(slack), 1e5)

        rng = stream(seed, "dynamics", name, *size)
        crowd = 4 * n
        evolved = optimize.differential_evolution(
            height,
            [(-1.0, 1.0)] * n,
            init=rng.uniform(-1, 1, (crowd, n)),
            maxiter=max(1, search // crowd - 1),
            rng=rng,
            polish=False,
            tol=0.0,
        )
        polished = optimize.minimize(
            height,
            evolved.x,
            method="Nelder-Mead",
            bounds=[(-1.0, 1.0)] * n,
            options={"maxfev": max(20, search // 4), "xatol": 0.0, "fatol": 0.0},
        )
        best = polished if polished.fun <= evolved.fun else evolved
        yield np.asarray(best.x, dtype=np.float64), size, count


# -- shrinking ----------------------------------------------------------------------------------------


def _smaller(dynamics: Dynamics, check: Check, at: Problem, slack: Slack) -> tuple[Problem, Slack]:
    """The simplest violating problem that shrinking reaches: fewer memories and dimensions, plain numbers."""

    def problem(point: Point) -> Problem:
        memories, query = (np.array(point[k], dtype=np.float64) for k in ("memories", "query"))
        return dynamics.admit(Problem(memories, query, float(point["beta"])))

    smallest = [(at, slack)]

    def violates(point: Point) -> bool:
        p = problem(point)
        found = check(dynamics, p)
        # A violation that stands well clear of rounding survives on other machines.
        if found is None or found.value >= -4 * found.tolerance:
            return False
        smallest.append((p, found))
        return True

    batch = Instances(
        1,
        memories=at.memories[None],
        query=at.query[None],
        beta=np.array([at.beta]),
        target=np.array([-1]),  # no memory is special: every one may be dropped
    )
    shrink(Patterns(), batch, violates)
    return smallest[-1]  # what it accepted last; a map that draws at random may not do it again
