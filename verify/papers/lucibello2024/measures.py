"""Loads and probabilities of retrieval as quantities, and the parts that are made of them.

C. Lucibello, M. Mezard, PRL 2024, arXiv 2304.14964.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Ge, Le, Rational, cosh, log, sqrt

from bounds import critical_loads, expr
from bounds.exact import Real, precision
from simulations import events_energies
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Part, Source
from verify.vocabulary import quantity

OWN = Source("lucibello2024", "a related statement of this project")

lam, alpha = sp.symbols("lambda_ alpha", positive=True)
LARGE = 101
"""Dimension at which probabilities are bounded rigorously."""
SMALL = 20
"""Dimension of the simulations."""
DRAWS = 40
DIGITS = Rational(1, 10**25)
RARE = Rational(1, 20)

Q = (sqrt(1 + 4 * lam**2) - 1) / (2 * lam)
SPHERICAL = lam * (1 - Q) - log(1 - Q**2) / 2
BINARY = lam - log(cosh(lam))
GAUSSIAN_LOW = lam - lam**2 / 2
GAUSSIAN_HIGH = Rational(1, 2)


# -- closed forms ----------------------------------------------------------------------------------------------


def temperature(b: Instances) -> Fraction:
    found: Fraction = b.scalars[str(lam)][0].fraction
    return found


def named(name: str, meaning: str, measure: Callable[[Instances], Real], **assume: Any) -> Any:
    """A quantity of one exact point, computed at the working precision of bounds.critical_loads."""

    def fine(b: Instances) -> Array:
        with precision(critical_loads.BITS):
            return np.array([measure(b)], dtype=object)

    return quantity(name, meaning, **assume)(fine)


def value_of(formula: Any, b: Instances) -> Real:
    formula = sp.sympify(formula)
    return expr.ball(formula, {str(v): b.scalars[str(v)][0] for v in formula.free_symbols})


def load_gap(name: str, ensemble: str, formula: Any) -> Any:
    """|closed form - alpha_1|, alpha_1 solved from its definition."""
    return named(
        f"load_gap_{name}",
        f"|{formula} - critical load of {ensemble} patterns|",
        lambda b: abs(value_of(formula, b) - critical_loads.typical_load(ensemble, temperature(b))),
    )


def _patterns(b: Instances, formula: Any, share: Fraction) -> Real:
    return (LARGE * share * value_of(formula, b)).exp()


def lost(name: str, ensemble: str, formula: Any, share: Fraction) -> Any:
    """Upper bound on P(weight of the pattern <= 1/2) at a share of the claimed load, N = LARGE."""
    return named(
        f"lost_{name}",
        f"bound on P(not retrieved), {ensemble} patterns, {share} of the load, N = {LARGE}",
        lambda b: critical_loads.failure_bound(ensemble, LARGE, temperature(b), _patterns(b, formula, share)),
    )


def kept(name: str, ensemble: str, formula: Any, share: Fraction) -> Any:
    """Upper bound on P(weight of the pattern > 1/2) at a share of the claimed load, N = LARGE."""
    return named(
        f"kept_{name}",
        f"bound on P(retrieved), {ensemble} patterns, {share} of the load, N = {LARGE}",
        lambda b: critical_loads.success_bound(ensemble, LARGE, temperature(b), _patterns(b, formula, share)),
    )


@cache
def share_lost(ensemble: str, temperature: Fraction, exponent: float, cosine: float = 1.0) -> float:
    rng = stream(0, "lucibello2024", ensemble, repr(temperature), repr(exponent), repr(cosine))
    outcome = events_energies.pattern_not_retrieved(
        rng,
        DRAWS,
        ensemble=events_energies.ENSEMBLES.index(ensemble),
        N=SMALL,
        P=max(2, int(np.exp(exponent * SMALL))),
        lam=float(temperature),
        cosine=cosine,
    )
    return float(np.mean(outcome == 1))


def simulated(name: str, ensemble: str, formula: Any, share: Fraction) -> Any:
    """Share of DRAWS draws at N = SMALL in which the pattern has at most half of the weight."""
    return named(
        f"share_lost_{name}",
        f"share not retrieved of {DRAWS} draws, {ensemble} patterns, {share} of the load, N = {SMALL}",
        lambda b: Real(share_lost(ensemble, temperature(b), float(share) * float(value_of(formula, b)))),
    )


BELOW, ABOVE = Fraction(4, 5), Fraction(6, 5)
FAR_BELOW, FAR_ABOVE = Fraction(3, 5), Fraction(7, 5)


def load_parts(
    name: str, ensemble: str, formula: Any, given: tuple[Hypothesis, ...] = ()
) -> tuple[Part, ...]:
    """The closed form against the definition, rigorous bounds at N = LARGE, and simulations at N = SMALL."""
    can = (*given, Hypothesis(Le(lam, Rational(1, 2)), "few enough patterns to draw"))
    return (
        Part(f"{name}: closed form", Le(load_gap(name, ensemble, formula), DIGITS), given=given),
        Part(
            f"{name}: retrieved below", Le(lost(f"{name}_below", ensemble, formula, BELOW), RARE), given=given
        ),
        Part(f"{name}: lost above", Le(kept(f"{name}_above", ensemble, formula, ABOVE), RARE), given=given),
        Part(
            f"{name}: simulated below",
            Le(simulated(f"{name}_below", ensemble, formula, FAR_BELOW), Rational(1, 2)),
            given=can,
            headline=False,
            sampled=DRAWS,
        ),
        Part(
            f"{name}: simulated above",
            Ge(simulated(f"{name}_above", ensemble, formula, FAR_ABOVE), Rational(1, 2)),
            given=can,
            headline=False,
            sampled=DRAWS,
        ),
    )


def load_controls(name: str, ensemble: str, formula: Any, wrong: Any) -> tuple[Control, ...]:
    """Another formula, and the two sides of the load exchanged."""
    return (
        Control(
            "another closed form",
            Le(load_gap(f"{name}_wrong", ensemble, wrong), DIGITS),
            f"{name}: closed form",
        ),
        Control(
            "retrieved above the load",
            Le(lost(f"{name}_beyond", ensemble, formula, ABOVE), RARE),
            f"{name}: retrieved below",
        ),
        Control(
            "lost below the load",
            Le(kept(f"{name}_within", ensemble, formula, BELOW), RARE),
            f"{name}: lost above",
        ),
    )


def temperatures(*values: str) -> Points:
    """The grid of inverse temperatures."""
    return Points(tuple({str(lam): v} for v in values))
