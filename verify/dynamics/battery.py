"""The battery: every property of a retrieval dynamics that can be tested, on any callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulations.variants import PROPERTIES, variant
from verify.dynamics.callables import DynamicsError, arrays_of, own, shipped
from verify.dynamics.hunt import hunt
from verify.dynamics.problem import Dynamics
from verify.dynamics.properties import EXTRA, NEEDS, STATEMENTS
from verify.dynamics.report import Finding, Report
from verify.dynamics.reproduce import Setup, bound, code, of_variant

EXAMPLES, SEARCH = 100, 200
UNDECIDED = 1 / 4
"""Share of examples hidden by rounding beyond which nothing is said: ties are rarer, maps that jump
everywhere are not."""


def check_dynamics(
    function: Callable[..., Any],
    *,
    energy: Callable[..., Any] | None = None,
    weights: Callable[..., Any] | None = None,
    like: str | Callable[..., Any] | None = None,
    properties: Iterable[str] | None = None,
    margin: float | None = None,
    lipschitz: float | None = None,
    arrays: str | None = None,
    accuracy: float = 0.0,
    examples: int = EXAMPLES,
    search: int = SEARCH,
    seed: int = 0,
    names: Mapping[str, str] | None = None,
) -> Report:
    """Property-test a retrieval map ``function(memories (M, d), query (d,), beta) -> new query (d,)``.

    Args:
        energy: (memories, query, beta) -> number.
        weights: (memories, query, beta) -> (M,).
        like: a shipped variant. Tests what that variant promises and that the map agrees with it; its
            energy, margin and Lipschitz constant are used where none is given. Or another callable, with
            which the map must agree.
        properties: names from ``STATEMENTS``; by default the promises of ``like``, or all that apply.
        margin: score margin beta (<xi_mu, x> - max_nu <xi_nu, x>) from which on xi_mu is retrieved exactly.
        lipschitz: a Lipschitz constant of the weights as a function of the scores.
        arrays: "numpy", "torch" or "jax"; found out if None. The precision is found out too.
        accuracy: the relative accuracy of the map where a solver's tolerance, not the data type, limits it.
        examples: problems drawn from the strategies.
        search: evaluations of the optimisation for each property and small size; 0 for none.
        seed: the same seed gives the same report.
        names: the names under which update, energy and reference were loaded, for reproductions.

    Raises:
        DynamicsError: an unknown property, variant or library, or a callable that cannot be called.
    """
    dynamics = own(
        function,
        energy=energy,
        weights=weights,
        like=like,
        margin=margin,
        lipschitz=lipschitz,
        arrays=arrays,
        accuracy=accuracy,
    )
    promised = variant(like).promises if isinstance(like, str) else frozenset(PROPERTIES)
    chosen = _chosen(properties, promised | EXTRA.keys())
    named = names or {}
    roles = {"update": function, "energy": energy, "weights": weights}
    setup = {
        role: bound(role, other, arrays_of(dynamics), named.get(role, ""))
        for role, other in roles.items()
        if other is not None
    }
    if isinstance(like, str):
        setup = {"energy": of_variant("energy", like), "reference": of_variant("reference", like), **setup}
    elif like is not None and dynamics.reference is not None:
        library = arrays_of(dynamics.reference)
        setup["reference"] = bound("reference", like, library, named.get("reference", ""))
    return Report(dynamics.name, _findings(dynamics, chosen, setup, examples, search, seed))


def check_variant(
    name: str,
    *,
    properties: Iterable[str] | None = None,
    accuracy: float = 0.0,
    examples: int = EXAMPLES,
    search: int = SEARCH,
    seed: int = 0,
) -> Report:
    """Property-test a shipped variant: what it promises, or the named properties.

    Raises:
        DynamicsError: an unknown variant or property.
    """
    dynamics = shipped(name, accuracy)
    chosen = _chosen(properties, variant(name).promises | {"inputs"})
    setup = {role: of_variant(role, name) for role in ("update", "energy", "weights")}
    return Report(name, _findings(dynamics, chosen, setup, examples, search, seed))


def assert_dynamics(function: Callable[..., Any], **options: Any) -> None:
    """Assert that a retrieval map passes; takes what :func:`check_dynamics` takes.

    Raises:
        AssertionError: with the table and a runnable reproduction of each failure.
        DynamicsError: see :func:`check_dynamics`.
    """
    report = check_dynamics(function, **options)
    if not report.passed:
        raise AssertionError(report.text())


def _chosen(properties: Iterable[str] | None, default: Iterable[str]) -> tuple[str, ...]:
    asked = tuple(default) if properties is None else tuple(properties)
    for name in asked:
        if name not in STATEMENTS:
            raise DynamicsError(f"property: expected one of {', '.join(STATEMENTS)}, found {name!r}")
    return tuple(name for name in STATEMENTS if name in asked)


def _findings(
    dynamics: Dynamics, chosen: tuple[str, ...], setup: Setup, examples: int, search: int, seed: int
) -> tuple[Finding, ...]:
    return tuple(_finding(dynamics, name, setup, examples, search, seed) for name in chosen)


def _finding(dynamics: Dynamics, name: str, setup: Setup, examples: int, search: int, seed: int) -> Finding:
    needed = NEEDS.get(name)
    if needed and getattr(dynamics, needed) is None:
        return Finding(name, "not applicable", reason=f"no {needed} given")
    found = hunt(dynamics, name, examples, search, seed)
    if found.worst is None or found.at is None:
        return Finding(name, "not applicable", reason="says nothing at any example")
    seen = (found.worst, found.at)
    counts = (found.examples, found.evaluations, found.undecided)
    if found.worst.violated:
        text = code(name, dynamics, found.at, found.worst, setup)
        return Finding(name, "fail", *seen, text, *counts)
    if found.undecided > UNDECIDED * found.examples:
        return Finding(name, "undecided", *seen, "", *counts, reason="hidden by rounding at many examples")
    return Finding(name, "pass", *seen, "", *counts)
