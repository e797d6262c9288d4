r"""Critical loads of the log-sum-exp memory with exponentially many patterns.

C. Lucibello, M. Mezard, "Exponential Capacity of Dense Associative Memories", PRL 2024, arXiv 2304.14964, and closed
forms of this project beside it.  N-dimensional patterns of norm about sqrt(N), P = exp(alpha N) of them; pattern 1 is
retrieved from x if its softmax weight at inverse temperature lambda tends to 1.

The closed forms are compared with loads that are solved from the definition (:mod:`bounds.critical_loads`), and with rigorous
bounds on the probability of retrieval at N = 101; simulations of N = 20 are a reading of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Ge, Le, Lt, Rational, cosh, exp, log, sqrt

from bounds import critical_loads, expr
from bounds.exact import Real, precision
from simulations import events_energies
from simulations.streams import stream
from verify.arena import Points
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Inequality, Part, ScalingLaw, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "lucibello2024",
    "title": "Exponential Capacity of Dense Associative Memories",
    "authors": "C. Lucibello, M. Mezard",
    "year": 2024,
    "arxiv": "2304.14964",
    "venue": "Physical Review Letters 132",
}
OWN = Source("lucibello2024", "a related statement of this project")

lam, alpha = sp.symbols("lambda_ alpha", positive=True)
size, load = sp.symbols("size load", positive=True)
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


# -- simulations of both thresholds ----------------------------------------------------------------------------


def _all_patterns(ensemble: str, temperature: Rational) -> dict[str, Any]:
    return {
        "event": events_energies.some_pattern_not_retrieved,
        "arguments": {
            "ensemble": sp.Integer(events_energies.ENSEMBLES.index(ensemble)),
            "N": size,
            "P": load,
            "lam": temperature,
        },
        "abscissa": size,
        "ordinate": log(load),
        "trials": 640,
    }


QUARTER = SPHERICAL.subs(lam, Rational(1, 4))
ALL_SPHERICAL = ScalingLaw(
    id="lucibello2024.spherical",
    title="On the sphere all patterns are retrieved up to the load of a typical one",
    source=Source("lucibello2024", "abstract and summaries"),
    provenance="secondary",
    printed=r"\alpha_c(\lambda)=\alpha_1(\lambda)",
    **_all_patterns("spherical", Rational(1, 4)),
    sizes=(12, 16, 20, 24),
    more_sizes=(28,),
    nominal=exp(QUARTER * size),
    factors=("2/5", "1/2", "3/5", "7/10", "4/5", "19/20", "6/5"),
    slope=(QUARTER - Rational(1, 20), QUARTER + Rational(1, 20)),
    controls=(
        Control("a gap as wide as for Gaussian patterns", (0, QUARTER / 2)),
        Control("twice the load", (Rational(7, 4) * QUARTER, Rational(9, 4) * QUARTER)),
    ),
    related=("restated.lm-spherical", "lucibello2024.gaussian"),
    notices=(
        "A limit: what is tested is that the load at which one of P patterns has at most half of the weight grows like "
        "exp(alpha_1 N), with alpha_1 from restated.lm-spherical, to 1/20 in the exponent, at lambda = 1/4.",
    ),
)

HALF = GAUSSIAN_LOW.subs(lam, Rational(1, 2))
ALL_GAUSSIAN = ScalingLaw(
    id="lucibello2024.gaussian",
    title="Gaussian patterns: a gap between the load of all patterns and of a typical one",
    source=Source("lucibello2024", "abstract and summaries"),
    provenance="secondary",
    printed=r"\alpha_c(\lambda)<\alpha_1(\lambda)",
    **_all_patterns("gaussian", Rational(1, 2)),
    sizes=(8, 14, 20, 26),
    more_sizes=(32,),
    nominal=exp(size / 6),
    factors=("1/2", "1", "3/2", "2", "3", "5", "8"),
    slope=(0, HALF - Rational(1, 20)),
    controls=(Control("no gap", (HALF - Rational(1, 20), HALF + Rational(1, 20))),),
    related=("restated.lm-gaussian", "lucibello2024.spherical"),
    notices=(
        "A limit: what is tested is that the load at which one of P patterns has at most half of the weight grows like "
        "exp(s N) with s at least 1/20 below alpha_1 = lambda - lambda^2/2 = 3/8, at lambda = 1/2.",
        "The gap comes from the shortest of the patterns; the condensation transition is part of restated.lm-gaussian.",
    ),
)


# -- closed forms ----------------------------------------------------------------------------------------------


def _temperature(b: Instances) -> Fraction:
    found: Fraction = b.scalars[str(lam)][0].fraction
    return found


def _named(name: str, meaning: str, measure: Callable[[Instances], Real], **assume: Any) -> Any:
    """A quantity of one exact point, computed at the working precision of bounds.critical_loads."""

    def fine(b: Instances) -> Array:
        with precision(critical_loads.BITS):
            return np.array([measure(b)], dtype=object)

    return quantity(name, meaning, **assume)(fine)


def _value(formula: Any, b: Instances) -> Real:
    formula = sp.sympify(formula)
    return expr.ball(formula, {str(v): b.scalars[str(v)][0] for v in formula.free_symbols})


def load_gap(name: str, ensemble: str, formula: Any) -> Any:
    """|closed form - alpha_1|, alpha_1 solved from its definition."""
    return _named(
        f"load_gap_{name}",
        f"|{formula} - critical load of {ensemble} patterns|",
        lambda b: abs(_value(formula, b) - critical_loads.typical_load(ensemble, _temperature(b))),
    )


def _patterns(b: Instances, formula: Any, share: Fraction) -> Real:
    return (LARGE * share * _value(formula, b)).exp()


def lost(name: str, ensemble: str, formula: Any, share: Fraction) -> Any:
    """Upper bound on P(weight of the pattern <= 1/2) at a share of the claimed load, N = LARGE."""
    return _named(
        f"lost_{name}",
        f"bound on P(not retrieved), {ensemble} patterns, {share} of the load, N = {LARGE}",
        lambda b: critical_loads.failure_bound(
            ensemble, LARGE, _temperature(b), _patterns(b, formula, share)
        ),
    )


def kept(name: str, ensemble: str, formula: Any, share: Fraction) -> Any:
    """Upper bound on P(weight of the pattern > 1/2) at a share of the claimed load, N = LARGE."""
    return _named(
        f"kept_{name}",
        f"bound on P(retrieved), {ensemble} patterns, {share} of the load, N = {LARGE}",
        lambda b: critical_loads.success_bound(
            ensemble, LARGE, _temperature(b), _patterns(b, formula, share)
        ),
    )


@cache
def _share_lost(ensemble: str, temperature: Fraction, exponent: float, cosine: float = 1.0) -> float:
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
    return _named(
        f"share_lost_{name}",
        f"share not retrieved of {DRAWS} draws, {ensemble} patterns, {share} of the load, N = {SMALL}",
        lambda b: Real(_share_lost(ensemble, _temperature(b), float(share) * float(_value(formula, b)))),
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


READINGS = (
    "alpha_1 is solved from its definition (the random energy model of the other patterns) to 33 digits. At "
    f"N = {LARGE} and 4/5 or 6/5 of the load the probability of retrieval is bounded by Markov's and Chebyshev's "
    "inequalities, in balls: a weight of at most 1/2, or above 1/2, has probability below 1/20.",
    f"Simulations with N = {SMALL} at 3/5 and 7/5 of the load are a reading of their own.",
)
LARGE_LAMBDA = (Hypothesis(Ge(lam, 2), "lambda is large"),)
LM_SPHERICAL = Inequality(
    id="restated.lm-spherical",
    title="Critical load of a spherical pattern",
    source=OWN,
    provenance="derived",
    printed=r"\alpha_1(\lambda)=\lambda(1-q)-\tfrac12\ln(1-q^2),\ q=\frac{\sqrt{1+4\lambda^2}-1}{2\lambda};\quad"
    r"\alpha_1\approx\tfrac12\ln\lambda+\tfrac12",
    arena=temperatures("1/4", "1/2", "1", "2", "8", "32"),
    parts=(
        *load_parts("spherical", "spherical", SPHERICAL),
        Part(
            "large lambda",
            Le(sp.Abs(SPHERICAL - log(lam) / 2 - Rational(1, 2)), 1 / (4 * lam)),
            given=LARGE_LAMBDA,
        ),
    ),
    controls=(
        *load_controls("spherical", "spherical", SPHERICAL, lam * (1 - Q)),
        Control(
            "large lambda, four times closer",
            Le(sp.Abs(SPHERICAL - log(lam) / 2 - Rational(1, 2)), 1 / (16 * lam)),
            "large lambda",
        ),
    ),
    related=("lucibello2024.spherical", "restated.lm-basin"),
    notices=(*READINGS, "The approximation for large lambda is read as an error of at most 1/(4 lambda)."),
)

LOW = (Hypothesis(Le(lam, 1), "lambda <= 1"),)
HIGH = (Hypothesis(Ge(lam, 1), "lambda >= 1"),)


def pairs(name: str, exponent: Any) -> Any:
    """Expected number of pairs of Gaussian patterns of which one beats the other at itself, N = 2 LARGE."""

    def measure(b: Instances) -> Real:
        return critical_loads.pair_bound(2 * LARGE, (2 * LARGE * _value(exponent, b)).exp())

    return _named(
        f"pairs_{name}", f"expected number of failing pairs at load {exponent}, N = {2 * LARGE}", measure
    )


ALL_LOAD = log(2) / 4
LM_GAUSSIAN = Inequality(
    id="restated.lm-gaussian",
    title="Critical loads of Gaussian patterns",
    source=OWN,
    provenance="derived",
    printed=r"\alpha_1=\lambda-\lambda^2/2\ (\lambda\le1),\quad\alpha_1=\tfrac12\ (\lambda\ge1);\quad"
    r"\alpha_c\ge\tfrac14\ln2\ (\lambda\to\infty)",
    arena=temperatures("1/4", "1/2", "3/4", "1", "3/2", "2", "8"),
    parts=(
        *load_parts("low", "gaussian", GAUSSIAN_LOW, LOW),
        *load_parts("high", "gaussian", GAUSSIAN_HIGH, HIGH)[:3],
        Part("all patterns, sharp limit", Le(pairs("below", Rational(9, 10) * ALL_LOAD), RARE)),
    ),
    controls=(
        *load_controls("low", "gaussian", GAUSSIAN_LOW, lam - lam**2),
        *load_controls("high", "gaussian", GAUSSIAN_HIGH, log(2)),
        Control(
            "log(2)/2 for all patterns",
            Le(pairs("double", Rational(9, 5) * ALL_LOAD), RARE),
            "all patterns, sharp limit",
        ),
    ),
    related=("lucibello2024.gaussian", "arxiv2604.07401.alpha-max"),
    notices=(
        *READINGS,
        "In the bounds the pattern has norm sqrt(N) exactly; in the simulations norms vary, as they do at finite N.",
        "All patterns: the expected number of pairs with <xi, eta> >= |xi|^2, by the exact law of one pair "
        f"(incomplete beta function), at 9/10 of the load and N = {2 * LARGE}.",
    ),
)

LM_BINARY = Inequality(
    id="restated.lm-binary",
    title="Critical load of a binary pattern",
    source=OWN,
    provenance="derived",
    printed=r"\alpha_1=\lambda-\ln\cosh\lambda\to\ln2",
    arena=temperatures("1/4", "1/2", "1", "2", "4", "8"),
    parts=(
        *load_parts("binary", "binary", BINARY),
        Part("limit", Le(sp.Abs(log(2) - BINARY), exp(-2 * lam))),
    ),
    controls=(
        *load_controls("binary", "binary", BINARY, lam - lam**2 / 2),
        Control("limit, twice as close", Le(sp.Abs(log(2) - BINARY), exp(-2 * lam) / 2), "limit"),
    ),
    related=("lucibello2024.spherical",),
    notices=(*READINGS, "The limit is read with its rate: 0 <= log 2 - alpha_1 = log(1 + exp(-2 lambda))."),
)


# -- basins ----------------------------------------------------------------------------------------------------

SPREAD_PHI = alpha + log(1 - Q**2) / 2 + lam * Q
CONDENSED_PHI = lam * sqrt(1 - exp(-2 * alpha))
SPREAD = (Hypothesis(Ge(alpha + log(1 - Q**2) / 2, 0), "patterns at the saddle exist"),)
CONDENSED = (Hypothesis(Lt(alpha + log(1 - Q**2) / 2, 0), "no patterns at the saddle"),)
MARGIN = Fraction(3, 20)


def _load(b: Instances) -> Real:
    found: Real = b.scalars[str(alpha)][0]
    return found


def phi_gap(name: str, formula: Any) -> Any:
    """|closed form - Phi|, Phi solved from its definition."""
    return _named(
        f"phi_gap_{name}",
        f"|{formula} - Phi_alpha(lambda)|",
        lambda b: abs(
            _value(formula, b) - critical_loads.free_entropy("spherical", _load(b), _temperature(b))
        ),
    )


def at_angle(name: str, formula: Any, offset: Fraction, bound: Callable[..., Real]) -> Any:
    """A bound on the probability of retrieval, or of none, at cos(theta) = Phi/lambda + offset, N = LARGE."""

    def measure(b: Instances) -> Real:
        cosine = (_value(formula, b) / _temperature(b)).midpoint().ball
        signal = Fraction(float(cosine)).limit_denominator(10**6) + offset
        return bound("spherical", LARGE, _temperature(b), (LARGE * _load(b)).exp(), signal)

    return _named(
        f"basin_{name}", f"bound on a probability at cos theta = Phi/lambda + {offset}, N = {LARGE}", measure
    )


def sampled_angle(name: str, formula: Any, offset: Fraction) -> Any:
    """Share not retrieved at cos(theta) = Phi/lambda + offset, N = SMALL."""

    def measure(b: Instances) -> Real:
        cosine = float(_value(formula, b)) / float(_temperature(b)) + float(offset)
        return Real(_share_lost("spherical", _temperature(b), float(_load(b)), cosine))

    return _named(f"basin_share_{name}", f"share not retrieved at cos theta = Phi/lambda + {offset}", measure)


def basin_parts(name: str, formula: Any, given: tuple[Hypothesis, ...]) -> tuple[Part, ...]:
    can = (*given, Hypothesis(Le(alpha, Rational(1, 2)), "few enough patterns to draw"))
    return (
        Part(f"{name}: closed form", Le(phi_gap(name, formula), DIGITS), given=given),
        Part(
            f"{name}: retrieved inside",
            Le(at_angle(f"{name}_inside", formula, MARGIN, critical_loads.failure_bound), RARE),
            given=given,
        ),
        Part(
            f"{name}: lost outside",
            Le(at_angle(f"{name}_outside", formula, -MARGIN, critical_loads.success_bound), RARE),
            given=given,
        ),
        Part(
            f"{name}: simulated inside",
            Le(sampled_angle(f"{name}_inside", formula, MARGIN), Rational(1, 2)),
            given=can,
            headline=False,
            sampled=DRAWS,
        ),
        Part(
            f"{name}: simulated outside",
            Ge(sampled_angle(f"{name}_outside", formula, -MARGIN), Rational(1, 2)),
            given=can,
            headline=False,
            sampled=DRAWS,
        ),
    )


BASINS = (("1/2", "1/5"), ("1", "1/2"), ("2", "3/10"), ("2", "1/2"), ("2", "7/10"), ("4", "1/2"), ("8", "1"))
LM_BASIN = Inequality(
    id="restated.lm-basin",
    title="Basin of a spherical pattern",
    source=OWN,
    provenance="derived",
    printed=r"\cos\theta>\Phi_\alpha(\lambda)/\lambda;\quad\Phi=\alpha+\tfrac12\ln(1-q^2)+\lambda q"
    r"\ \text{ while }\alpha+\tfrac12\ln(1-q^2)\ge0,\ \text{ else }\lambda\sqrt{1-e^{-2\alpha}}",
    arena=Points(tuple({str(lam): t, str(alpha): a} for t, a in BASINS)),
    parts=(*basin_parts("spread", SPREAD_PHI, SPREAD), *basin_parts("condensed", CONDENSED_PHI, CONDENSED)),
    controls=(
        Control(
            "the condensed form", Le(phi_gap("spread_wrong", CONDENSED_PHI), DIGITS), "spread: closed form"
        ),
        Control(
            "the spread form", Le(phi_gap("condensed_wrong", SPREAD_PHI), DIGITS), "condensed: closed form"
        ),
        *(
            Control(
                "retrieved outside",
                Le(at_angle(f"{name}_swapped", formula, -MARGIN, critical_loads.failure_bound), RARE),
                f"{name}: retrieved inside",
            )
            for name, formula in (("spread", SPREAD_PHI), ("condensed", CONDENSED_PHI))
        ),
    ),
    related=("restated.lm-spherical",),
    notices=(
        f"Both sides of the border, at a distance of {MARGIN} in cos theta, are bounded rigorously at N = {LARGE}; "
        f"simulations with N = {SMALL} are a reading of their own.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    ALL_SPHERICAL,
    ALL_GAUSSIAN,
    LM_SPHERICAL,
    LM_GAUSSIAN,
    LM_BINARY,
    LM_BASIN,
)
