"""All patterns against a typical one: simulations of both loads.

C. Lucibello, M. Mezard, PRL 2024, arXiv 2304.14964.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Rational, exp, log

from simulations import events_energies
from verify.papers.lucibello2024.measures import (
    GAUSSIAN_LOW,
    SPHERICAL,
    lam,
)
from verify.statement import Control, ScalingLaw, Source

# -- simulations of both thresholds ----------------------------------------------------------------------------


size, load = sp.symbols("size load", positive=True)


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
