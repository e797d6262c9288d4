"""Closed form of the basin of a spherical pattern.

C. Lucibello, M. Mezard, PRL 2024, arXiv 2304.14964.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from sympy import Ge, Le, Lt, Rational, exp, log, sqrt

from bounds import critical_loads
from bounds.exact import Real
from verify.arena import Points
from verify.instances import Instances
from verify.papers.lucibello2024.measures import (
    DIGITS,
    DRAWS,
    LARGE,
    OWN,
    RARE,
    SMALL,
    Q,
    alpha,
    lam,
    named,
    share_lost,
    temperature,
    value_of,
)
from verify.statement import Control, Hypothesis, Inequality, Part

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
    return named(
        f"phi_gap_{name}",
        f"|{formula} - Phi_alpha(lambda)|",
        lambda b: abs(
            value_of(formula, b) - critical_loads.free_entropy("spherical", _load(b), temperature(b))
        ),
    )


def at_angle(name: str, formula: Any, offset: Fraction, bound: Callable[..., Real]) -> Any:
    """A bound on the probability of retrieval, or of none, at cos(theta) = Phi/lambda + offset, N = LARGE."""

    def measure(b: Instances) -> Real:
        cosine = (value_of(formula, b) / temperature(b)).midpoint().ball
        signal = Fraction(float(cosine)).limit_denominator(10**6) + offset
        return bound("spherical", LARGE, temperature(b), (LARGE * _load(b)).exp(), signal)

    return named(
        f"basin_{name}", f"bound on a probability at cos theta = Phi/lambda + {offset}, N = {LARGE}", measure
    )


def sampled_angle(name: str, formula: Any, offset: Fraction) -> Any:
    """Share not retrieved at cos(theta) = Phi/lambda + offset, N = SMALL."""

    def measure(b: Instances) -> Real:
        cosine = float(value_of(formula, b)) / float(temperature(b)) + float(offset)
        return Real(share_lost("spherical", temperature(b), float(_load(b)), cosine))

    return named(f"basin_share_{name}", f"share not retrieved at cos theta = Phi/lambda + {offset}", measure)


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


BASINS = (("1/2", "1/5"), ("1", "1/2"), ("2", "3/10"), ("2", "1/2"), ("4", "1/2"), ("8", "1"))
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
