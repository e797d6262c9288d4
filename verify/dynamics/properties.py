"""One check per property: (dynamics, problem) -> slack, or None where the property says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import optimize

from simulations.variants import PROPERTIES
from verify.dynamics.orbit import follow
from verify.dynamics.problem import Dynamics, Floats, Problem, Slack, norm
from verify.dynamics.rounding import energy_error, energy_floor, floor, step_error

Check = Callable[[Dynamics, Problem], Slack | None]

EXTRA = {
    "defined": "T(x) is a finite vector like the query, for every finite input",
    "inputs": "a call leaves memories and query as they were",
    "repeatable": "equal inputs give equal outputs",
    "agreement": "T is the map of the model it is said to be",
}
"""What a program can get wrong beside the mathematics."""

STATEMENTS = {**PROPERTIES, **EXTRA}
NEEDS = {
    **dict.fromkeys(("descent", "monotone", "gradient", "stationary"), "energy"),
    "distribution": "weights",
    "contraction": "lipschitz",
    "margin": "margin",
    "agreement": "reference",
    "inputs": "changes_inputs",
}
"""The attribute of :class:`Dynamics` without which a property cannot be tested."""

IN_SQUARES = frozenset({"descent", "monotone"})
"""Properties whose slack has the unit of an energy, length squared."""

NEVER = Slack(-np.inf, 0.0)
EDGE = 1e-6


def _slack(value: float, unit: float, cheap: float, exact: Callable[[], float]) -> Slack:
    """The full forward error is dear: it is asked for only where the cheap part does not settle it."""
    if np.isnan(value):
        return NEVER
    tolerance = cheap if value >= -cheap else cheap + exact()
    return Slack(value, tolerance, unit + tolerance)


def closeness(slack: Slack) -> float:
    """How close to a violation: below 0 for violations, without a unit."""
    return max((slack.value + slack.tolerance) / slack.unit, -1e300) if np.isfinite(slack.tolerance) else 1.0


# -- energy -------------------------------------------------------------------------------------------


def _energy(dynamics: Dynamics, p: Problem) -> float:
    """E(x); nan where the call raises."""
    assert dynamics.energy is not None
    try:
        return float(dynamics.energy(p.memories, p.query, p.beta))
    except Exception:
        return np.nan


def _drop(dynamics: Dynamics, p: Problem, share: float) -> Slack | None:
    """E(x) - E(T(x)) - share |x - T(x)|^2."""
    y = dynamics.step(p)
    before = _energy(dynamics, p)
    if y is None or before == np.inf:  # outside the domain of an energy with a bounded support
        return None
    q = p.at(y)
    after = _energy(dynamics, q)
    length = norm(p.query - y)
    cheap = energy_floor(dynamics, p, before) + energy_floor(dynamics, q, after)
    cheap += length * (floor(dynamics, p) + 16 * dynamics.eps * p.scale)
    return _slack(
        before - after - share * length**2,
        length**2 / 2,
        cheap,
        lambda: energy_error(dynamics, p, before) + energy_error(dynamics, q, after),
    )


def descent(dynamics: Dynamics, p: Problem) -> Slack | None:
    """E(T(x)) <= E(x) - |x - T(x)|^2 / 2."""
    return _drop(dynamics, p, 0.5)


def monotone(dynamics: Dynamics, p: Problem) -> Slack | None:
    """E(T(x)) <= E(x)."""
    return _drop(dynamics, p, 0.0)


def numerical_gradient(dynamics: Dynamics, p: Problem) -> tuple[Floats, float] | None:
    """The gradient of E at the query (d,) by central differences, and a bound for its error.

    The error has three parts: rounding of E; truncation, from two step lengths; and the jump of the slope
    where a kink lies within reach, which makes the result meaningless and the error as large as the jump.
    """
    at = _energy(dynamics, p)
    if not np.isfinite(at):
        return None
    step = dynamics.energy_eps ** (1 / 3) * min(p.scale, 1 / (p.beta * p.m))
    gradient, errors = np.zeros_like(p.query), np.zeros_like(p.query)
    for i in range(len(p.query)):
        slopes = []
        for h in (step, step / 2):
            unit = np.zeros_like(p.query)
            unit[i] = h
            up, down = p.query + unit, p.query - unit
            if up[i] == p.query[i] or down[i] == p.query[i]:
                return None
            ahead = (_energy(dynamics, p.at(up)) - at) / (up[i] - p.query[i])
            behind = (at - _energy(dynamics, p.at(down))) / (p.query[i] - down[i])
            slopes.append(((ahead + behind) / 2, abs(ahead - behind)))
        (first, jump), (second, half) = slopes
        gradient[i] = second
        errors[i] = 8 * abs(first - second) + 2 * max(0.0, 2 * half - jump)
    if not np.all(np.isfinite(gradient)):
        return None
    rounding = 4 * energy_floor(dynamics, p, at) / step * math.sqrt(len(p.query))
    return gradient, norm(errors) + rounding


def gradient(dynamics: Dynamics, p: Problem) -> Slack | None:
    """The gradient of E at x is x - T(x)."""
    y = dynamics.step(p)
    found = numerical_gradient(dynamics, p)
    if y is None or found is None:
        return None
    off = norm(found[0] - (p.query - y))
    return _slack(-off, p.scale, found[1] + floor(dynamics, p), lambda: step_error(dynamics, p))


def stationary(dynamics: Dynamics, p: Problem) -> Slack | None:
    """A fixed point of T is a stationary point of E; judged where the iteration settles fast."""
    end, room = follow(dynamics, p), 100 * math.sqrt(dynamics.eps) * p.m
    # The residual must be small against the gradients that are to be seen, or the state is no fixed point.
    if end.ending != "settled" or end.ratio > 0.9 or end.residual > room / 10:
        return None
    found = numerical_gradient(dynamics, p.at(end.state))
    if found is None:
        return None
    return _slack(-norm(found[0]), p.m, found[1] + room, lambda: 0.0)


def limit(dynamics: Dynamics, p: Problem) -> Slack | None:
    """The iteration reaches a fixed point; an orbit that is merely slow is undecided."""
    end = follow(dynamics, p)
    if end.ending == "undefined":
        return None
    return Slack(-end.residual, np.inf if end.ending == "open" else end.tolerance, p.m)


# -- the image ----------------------------------------------------------------------------------------


def distribution(dynamics: Dynamics, p: Problem) -> Slack | None:
    """The weights are nonnegative and sum to 1."""
    assert dynamics.weights is not None
    try:
        weights = dynamics.weights(p.memories, p.query, p.beta)
    except Exception:
        return NEVER
    if weights.shape != (len(p.memories),) or not np.all(np.isfinite(weights)):
        return NEVER
    value = min(float(np.min(weights)), -abs(float(np.sum(weights)) - 1))
    return Slack(value, floor(dynamics, p) / p.m)


def hull(dynamics: Dynamics, p: Problem) -> Slack | None:
    """T(x) lies in the convex hull of the memories: minus the distance that a separating plane certifies."""
    y = dynamics.step(p)
    if y is None:
        return None
    tolerance = floor(dynamics, p)
    # With the origin moved to y, |A w|^2 + (sum w - 1)^2 over w >= 0 is least at a multiple of the weights of
    # the nearest point.
    rows = np.vstack([(p.memories - y).T / p.m, np.ones(len(p.memories))])
    weights, _ = optimize.nnls(rows, np.append(np.zeros_like(y), 1.0))
    total = float(np.sum(weights))
    away = (y - p.memories).T @ (weights / total) if total > 0 else y - p.memories[0]
    length = norm(away)
    if length <= tolerance:
        return Slack(-length, tolerance, p.m)
    apart = float(np.min((y - p.memories) @ away)) / length
    return Slack(-max(apart, 0.0), tolerance, p.m)


def margin(dynamics: Dynamics, p: Problem) -> Slack | None:
    """A score margin of at least the declared one retrieves the target exactly."""
    target, gap = _leader(dynamics, p)
    y = dynamics.step(p)
    assert dynamics.margin is not None
    if y is None or gap < dynamics.margin * (1 + EDGE / 2):
        return None
    return Slack(-norm(y - p.memories[target]), 4 * dynamics.eps * (1 + p.beta * p.m * p.scale) * p.m, p.m)


def _leader(dynamics: Dynamics, p: Problem) -> tuple[int, float]:
    """The memory with the largest score and its lead, less what rounding may have added to it."""
    if dynamics.scores is not None:
        scores = dynamics.scores(p.memories, p.query, p.beta)
    else:
        scores = p.beta * (p.memories @ p.query)
    order = np.argsort(scores)
    if len(scores) == 1:
        return 0, np.inf
    rounding = 8 * dynamics.eps * p.memories.shape[1] * p.beta * p.m * p.scale
    return int(order[-1]), float(scores[order[-1]] - scores[order[-2]]) - rounding


def aimed_at_margin(dynamics: Dynamics, p: Problem) -> Problem:
    """The same problem at the temperature at which the declared margin is just met."""
    _, gap = _leader(dynamics, p)
    assert dynamics.margin is not None
    if not 0 < gap < np.inf:
        return p
    beta = p.beta * dynamics.margin * (1 + EDGE) / gap
    return dynamics.admit(Problem(p.memories, p.query, beta))


# -- symmetries and comparisons -----------------------------------------------------------------------


def _worse(a: Slack | None, b: Slack | None) -> Slack | None:
    if a is None or b is None:
        return a or b
    return min(a, b, key=closeness)


def _carried(dynamics: Dynamics, p: Problem, q: Problem, carry: Floats, factor: float) -> Slack | None:
    """|T(q) - carry T(p)|, carry an orthogonal map times a factor."""
    y, z = dynamics.step(p), dynamics.step(q)
    if y is None or z is None:
        return None
    return _slack(
        -norm(z - carry @ y),
        q.m,
        floor(dynamics, q) + factor * floor(dynamics, p),
        lambda: step_error(dynamics, q) + factor * step_error(dynamics, p),
    )


def _turns(d: int) -> Iterator[Floats]:
    """Rational orthogonal maps that together generate a dense set of all of them."""
    yield -np.eye(d)
    for normal in (np.arange(1.0, d + 1), np.arange(d, 0.0, -1) + (np.arange(d) == 0)):
        yield np.eye(d) - 2 * np.outer(normal, normal) / (normal @ normal)
    yield np.roll(np.eye(d), 1, axis=0)


def rotation(dynamics: Dynamics, p: Problem) -> Slack | None:
    """T commutes with orthogonal maps of memories and query."""
    worst = None
    for q in _turns(len(p.query)):
        turned = Problem(p.memories @ q.T, q @ p.query, p.beta)
        worst = _worse(worst, _carried(dynamics, p, turned, q, 1.0))
    return worst


def permutation(dynamics: Dynamics, p: Problem) -> Slack | None:
    """T does not depend on the order of the memories: a shift and a swap generate all orders."""
    rows, same = p.memories, np.eye(len(p.query))
    shifted = Problem(np.roll(rows, 1, axis=0), p.query, p.beta)
    swapped = Problem(np.concatenate([rows[1::-1], rows[2:]]), p.query, p.beta)
    return _worse(_carried(dynamics, p, shifted, same, 1.0), _carried(dynamics, p, swapped, same, 1.0))


def scaling(dynamics: Dynamics, p: Problem) -> Slack | None:
    """Memories and query times c, beta divided by c^2, give T(x) times c."""
    worst = None
    for c in (2.0, 0.5, 3.0):
        scaled = Problem(c * p.memories, c * p.query, p.beta / c**2)
        worst = _worse(worst, _carried(dynamics, p, scaled, c * np.eye(len(p.query)), c))
    return worst


def contraction(dynamics: Dynamics, p: Problem) -> Slack | None:
    """|T(x) - T(y)| <= beta lipschitz |Xi|_2^2 |x - y|, for y near x, mirrored, at memories and at T(x)."""
    y = dynamics.step(p)
    near = [p.query + h * p.m * e for e in np.eye(len(p.query)) for h in (1e-3, -1e-3)]
    worst = None
    for other in (p.query if y is None else y, np.zeros_like(p.query), -p.query, *p.memories, *near):
        worst = _worse(worst, _closer(dynamics, p, p.at(other)))
    return worst


def _closer(dynamics: Dynamics, p: Problem, q: Problem) -> Slack | None:
    y, z = dynamics.step(p), dynamics.step(q)
    assert dynamics.lipschitz is not None
    if y is None or z is None:
        return None
    steep = p.beta * dynamics.lipschitz * float(np.linalg.norm(p.memories, 2)) ** 2
    allowed = steep * norm(p.query - q.query)
    return _slack(
        allowed - norm(y - z),
        allowed,
        2 * floor(dynamics, p) + 16 * dynamics.eps * steep * p.scale,
        lambda: step_error(dynamics, p) + step_error(dynamics, q),
    )


def agreement(dynamics: Dynamics, p: Problem) -> Slack | None:
    """T is the map of the model it is said to be."""
    reference = dynamics.reference
    assert reference is not None
    y, z = dynamics.step(p), reference.step(p)
    if y is None or z is None:
        return None
    # The model must be pictured at the precision of the callable: its inputs are rounded to that.
    coarse = Dynamics(reference.name, reference.update, eps=dynamics.eps)
    return _slack(
        -norm(y - z),
        p.m,
        2 * floor(dynamics, p),
        lambda: step_error(dynamics, p) + step_error(coarse, p),
    )


# -- the program --------------------------------------------------------------------------------------


def defined(dynamics: Dynamics, p: Problem) -> Slack | None:
    """T(x) is a finite vector like the query."""
    return NEVER if dynamics.step(p) is None else Slack(0.0, 0.0)


def inputs(dynamics: Dynamics, p: Problem) -> Slack | None:
    """A call leaves memories and query as they were."""
    assert dynamics.changes_inputs is not None
    return Slack(-1.0 if dynamics.changes_inputs(p.memories, p.query, p.beta) else 0.0, 0.0)


def repeatable(dynamics: Dynamics, p: Problem) -> Slack | None:
    """Equal inputs give equal outputs, up to the order of summation."""
    y, z = dynamics.step(p), dynamics.step(p)
    if y is None or z is None:
        return None
    return Slack(-norm(y - z), floor(dynamics, p), p.m)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        *(descent, monotone, gradient, stationary, limit, distribution, hull, rotation, permutation),
        *(scaling, contraction, margin, defined, inputs, repeatable, agreement),
    )
}
assert CHECKS.keys() == STATEMENTS.keys()
