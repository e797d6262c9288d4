"""Runnable Python for a violation, in nothing but NumPy: it ends with an assertion that fails."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from verify.dynamics.callables import arrays_of
from verify.dynamics.problem import Dynamics, Problem, Slack

_SETTLED = """\
x = query
for _ in range(3000):
    x = update(memories, x, beta)
"""
BODY = {
    "descent": """\
y = update(memories, query, beta)
drop = energy(memories, query, beta) - energy(memories, y, beta)
assert drop >= np.sum((query - y) ** 2) / 2 - {tolerance}, (drop, np.sum((query - y) ** 2) / 2)
""",
    "monotone": """\
y = update(memories, query, beta)
drop = energy(memories, query, beta) - energy(memories, y, beta)
assert drop >= -{tolerance}, drop
""",
    "gradient": """\
step = query - update(memories, query, beta)
h = {step}
gradient = [
    (energy(memories, query + e, beta) - energy(memories, query - e, beta)) / (2 * h)
    for e in h * np.eye(len(query))
]
assert np.linalg.norm(gradient - step) <= {tolerance}, (gradient, step)
""",
    "stationary": _SETTLED
    + """\
h = {step}
gradient = [
    (energy(memories, x + e, beta) - energy(memories, x - e, beta)) / (2 * h) for e in h * np.eye(len(x))
]
assert np.linalg.norm(gradient) <= {tolerance}, (x, gradient)
""",
    "limit": _SETTLED
    + """\
residual = np.linalg.norm(update(memories, x, beta) - x)
assert residual <= {tolerance}, residual
""",
    "distribution": """\
p = weights(memories, query, beta)
assert len(p) == len(memories) and np.min(p) >= -{tolerance} and abs(np.sum(p) - 1) <= {tolerance}, p
""",
    "hull": """\
from scipy.optimize import nnls
y = update(memories, query, beta)
# weights of the point of the convex hull nearest to y, up to a factor
w, _ = nnls(np.vstack([(memories - y).T, np.ones(len(memories))]), np.append(0 * y, 1.0))
distance = np.linalg.norm(w / np.sum(w) @ memories - y)
assert distance <= {tolerance}, (y, distance)
""",
    "rotation": """\
y = update(memories, query, beta)
d = len(query)
normals = [np.arange(1.0, d + 1), np.arange(d, 0.0, -1) + (np.arange(d) == 0)]
mirrors = [np.eye(d) - 2 * np.outer(v, v) / (v @ v) for v in normals]
for turn in (-np.eye(d), *mirrors, np.roll(np.eye(d), 1, axis=0)):
    z = update(memories @ turn.T, turn @ query, beta)
    assert np.linalg.norm(z - turn @ y) <= {tolerance}, (turn, z, turn @ y)
""",
    "permutation": """\
y = update(memories, query, beta)
for other in (np.roll(memories, 1, axis=0), np.concatenate([memories[1::-1], memories[2:]])):
    z = update(other, query, beta)
    assert np.linalg.norm(z - y) <= {tolerance}, (z, y)
""",
    "scaling": """\
y = update(memories, query, beta)
for c in (2.0, 0.5, 3.0):
    z = update(c * memories, c * query, beta / c**2)
    assert np.linalg.norm(z - c * y) <= {tolerance}, (c, z, c * y)
""",
    "contraction": """\
y = update(memories, query, beta)
steep = beta * {lipschitz!r} * np.linalg.norm(memories, 2) ** 2
near = [query + h * {m!r} * e for e in np.eye(len(query)) for h in (1e-3, -1e-3)]
for other in (y, 0 * query, -query, *memories, *near):
    z = update(memories, other, beta)
    apart, allowed = np.linalg.norm(y - z), steep * np.linalg.norm(query - other)
    assert apart <= allowed + {tolerance}, (other, apart, allowed)
""",
    "margin": """\
# the scores beta <xi, x> lead by more than {margin!r}
y = update(memories, query, beta)
assert np.min(np.linalg.norm(memories - y, axis=-1)) <= {tolerance}, y
""",
    "defined": """\
y = update(memories, query, beta)
assert np.shape(y) == query.shape and np.all(np.isfinite(y)), y
""",
    "inputs": """\
given = memories.copy(), query.copy()
update(*given, beta)
assert np.array_equal(given[0], memories) and np.array_equal(given[1], query), given
""",
    "repeatable": """\
y, z = update(memories, query, beta), update(memories, query, beta)
assert np.linalg.norm(y - z) <= {tolerance}, (y, z)
""",
    "agreement": """\
y = update(memories, query, beta)
z = reference(memories, query, beta)
assert np.linalg.norm(y - z) <= {tolerance}, (y, z)
""",
}


_INPUTS_ADAPTED = "assert not update.changes_inputs(memories, query, beta)\n"

Setup = dict[str, tuple[str, ...]]
"""Lines that bind each of update, energy, weights and reference to a callable on NumPy arrays."""


def bound(role: str, function: Callable[..., Any], arrays: str, name: str = "") -> tuple[str, ...]:
    """Lines that bind ``role`` to a callable: by the name it was loaded under, or by import.

    What cannot be imported is left to the reader, in a comment.
    """
    module, qualified = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if name:
        line = f"{role} = load({name!r})"
    elif (
        module != "__main__"
        and qualified
        and getattr(sys.modules.get(str(module)), qualified, None) is function
    ):
        line = f"from {module} import {qualified} as {role}"
    else:
        line = f"# {role}: the callable under test ({qualified or type(function).__name__})"
    return (line,) if arrays == "numpy" else (line, f"{role} = adapt({role}, {arrays!r})")


def of_variant(role: str, name: str) -> tuple[str, ...]:
    """Lines that bind a role to what a shipped variant has."""
    if role == "weights":
        return (
            f"model = variant({name!r})",
            "weights = lambda memories, query, beta: model.weights(model.scores(memories, query, beta), np)",
        )
    return (f"{role} = variant({name!r}).{'energy' if role == 'energy' else 'update'}",)


def code(name: str, dynamics: Dynamics, p: Problem, slack: Slack, setup: Setup) -> str:
    """The reproduction of a violation of the property ``name``."""
    plain = arrays_of(dynamics) == "numpy"
    body = BODY[name] if plain or name != "inputs" else _INPUTS_ADAPTED
    step = dynamics.energy_eps ** (1 / 3) * min(p.scale, 1 / (p.beta * p.m))
    body = body.format(
        tolerance=f"{slack.tolerance:.2g}",
        step=f"{step:.2g}",
        lipschitz=dynamics.lipschitz,
        margin=dynamics.margin,
        m=p.m,
    )
    binding = [line for role, lines in setup.items() if re.search(rf"\b{role}[(.]", body) for line in lines]
    lines = ["import numpy as np"]
    if any("variant(" in line for line in binding):
        lines.append("from simulations.variants import variant")
    helpers = [h for h in ("adapt", "load") if any(f" {h}(" in line for line in binding)]
    if helpers:
        lines.append(f"from verify.dynamics import {', '.join(helpers)}")
    kind = "" if dynamics.digits is np.float64 else f", dtype=np.{dynamics.digits.__name__}"
    lines += [
        *binding,
        f"memories = np.array({p.memories.tolist()!r}{kind})",
        f"query = np.array({p.query.tolist()!r}{kind})",
        f"beta = {p.beta!r}",
    ]
    return "\n".join(lines) + "\n" + body
