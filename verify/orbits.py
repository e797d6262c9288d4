"""Trajectories x, T(x), T(T(x)), ...: what is measured along them, in floats or as rigorous boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from bounds.exact import Real, directional_derivative
from simulations.retrieval import retrieve
from verify.instances import Array, Instances
from verify.vocabulary import J_norm, largest, measure, norm, quantity, refuse_large, smallest, update

STEPS = 512
"""Updates after which a trajectory is looked at as its own limit."""
PATH = 32
"""Updates over which squared steps are summed."""
TAIL = 16
"""States after :data:`STEPS` updates whose spread is measured."""


def orbit(b: Instances, start: Array, steps: int) -> Iterator[Array]:
    """start, T(start), ..., steps + 1 states of shape (B, d).

    In exact reading the states are boxes. A box that is mapped into itself holds all later states, so it is
    repeated instead of being widened by further rounding.
    """
    state, resting = start, False
    if b.exact:
        refuse_large(b, "trajectory")
    for _ in range(steps):
        yield state
        if not b.exact:
            state = b.variant.update(b.memories, state, b.beta)
        elif not resting:
            after = _image(b, state[0])[None, :]
            resting = all(old.contains(new) for old, new in zip(state[0], after[0], strict=True))
            state = state if resting else after
    yield state


def _image(b: Instances, box: Array) -> Array:
    """A box around T(box), both (d,), by the mean-value form: boxes shrink where T contracts.

    Evaluating T on the box itself would let its width grow at every step. Slopes come from dual numbers, so
    nothing is taken from the model under test but its update.
    """

    def update(x: Array) -> Array:
        return b.variant.update(b.memories, x[None, :], b.beta)[0]

    middle = np.array([x.midpoint() for x in box], dtype=object)
    image = update(middle)
    for k, width in enumerate(box - middle):
        direction = np.array([Real(int(i == k)) for i in range(len(box))], dtype=object)
        image = image + directional_derivative(update, box, direction)[1] * width
    return image


def late_state(b: Instances) -> Array:
    """The state after STEPS updates from x, shape (B, d)."""
    if "late state" not in b.cache:
        b.cache["late state"] = last(orbit(b, b.query, STEPS)) if b.exact else _float_late_state(b)
    return b.cache["late state"]


def last(states: Iterator[Array]) -> Array:
    """The last of the states."""
    state = next(states)
    for following in states:
        state = following
    return state


def _float_late_state(b: Instances) -> Array:
    found = retrieve(b.variant, b.memories, b.query, b.beta, max_steps=STEPS, tol=1e-12).state
    # A short step near a saddle is no rest: only where T contracts may the iteration be cut short.
    moving = np.flatnonzero(measure(b.with_query(found), J_norm) >= 1)
    if moving.size:
        some = b.take(moving)
        found = np.array(found)
        found[moving] = last(orbit(some, some.query, STEPS))
    return found


def tail(b: Instances) -> Array:
    """TAIL + 1 states from the late state on, shape (TAIL + 1, B, d)."""
    if "tail" not in b.cache:
        b.cache["tail"] = np.stack(list(orbit(b, late_state(b), TAIL)))
    return b.cache["tail"]


def extreme(rows: list[Array], choose: Callable[..., Array]) -> Array:
    """Largest or smallest of arrays (B,), element by element."""
    return choose(np.stack(rows), axis=0)


@quantity("late_step", f"|x_(t+1) - x_t| after {STEPS} updates from x")
def late_step(b: Instances) -> Array:
    states = tail(b)
    return norm(states[1] - states[0])


@quantity("late_diameter", f"largest distance of {TAIL} further states from the one after {STEPS} updates")
def late_diameter(b: Instances) -> Array:
    states = tail(b)
    return extreme([norm(s - states[0]) for s in states[1:]], largest)


@quantity("late_energy_drop", f"fall of the energy over {TAIL} updates after {STEPS} updates", real=True)
def late_energy_drop(b: Instances) -> Array:
    states, energy = tail(b), b.variant.energy
    if energy is None:
        raise ValueError(f"variant {b.variant.name!r} has no energy")
    return energy(b.memories, states[0], b.beta) - energy(b.memories, states[-1], b.beta)


@quantity("shortest_step", f"shortest of the first {STEPS} steps from x")
def shortest_step(b: Instances) -> Array:
    # Two of the steps bound the shortest from above; where that looks too long, boxes look at them all.
    if not b.exact:
        return np.minimum(norm(update(b) - b.query), measure(b, late_step))
    return extreme([norm(s - t) for t, s in pairwise(orbit(b, b.query, STEPS))], smallest)


@quantity("path_squares", f"sum of the squares of the first {PATH} steps from x")
def path_squares(b: Instances) -> Array:
    rows = [np.sum((s - t) * (s - t), axis=-1) for t, s in pairwise(orbit(b, b.query, PATH))]
    return np.sum(np.stack(rows), axis=0)
