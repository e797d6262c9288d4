"""Closed forms of the critical load of a typical pattern.

C. Lucibello, M. Mezard, PRL 2024, arXiv 2304.14964.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Ge, Le, Rational, exp, log

from bounds import critical_loads
from bounds.exact import Real
from verify.instances import Instances
from verify.papers.lucibello2024.measures import (
    BINARY,
    GAUSSIAN_HIGH,
    GAUSSIAN_LOW,
    LARGE,
    OWN,
    RARE,
    SMALL,
    SPHERICAL,
    Q,
    lam,
    load_controls,
    load_parts,
    named,
    temperatures,
    value_of,
)
from verify.statement import Control, Hypothesis, Inequality, Part

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
        return critical_loads.pair_bound(2 * LARGE, (2 * LARGE * value_of(exponent, b)).exp())

    return named(
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
