"""A rigorous lower bound on the critical load of the Hebb rule.

C. M. Newman, "Memory capacity in neural network models: rigorous lower bounds", Neural Networks 1, 1988.
"""

from __future__ import annotations

from typing import Any

from sympy import Gt, Le, Lt, Rational, floor

from simulations import events_binary as events
from verify.papers.ags1985 import ALPHA_C as CRITICAL
from verify.papers.ags1985 import DRIFT, N, alpha, alpha_c, claimed, loads
from verify.statement import Control, Part, Scaling, Source, Statement

PAPER: dict[str, Any] = {
    "key": "newman1988",
    "title": "Memory capacity in neural network models: rigorous lower bounds",
    "authors": "C. M. Newman",
    "year": 1988,
    "arxiv": "",
    "venue": "Neural Networks 1",
}

LOWER_BOUND = Scaling(
    id="newman1988.lower-bound",
    title="Lower bound on the critical load",
    source=Source("newman1988", "abstract"),
    provenance="primary (abstract)",
    printed=r"\alpha_c\ge0.11/2=0.055",
    event=events.drifts,
    points=loads(
        (200, "3/100", 1, "quick"),
        (200, "11/200", 1, "quick"),
        (500, "11/200", 1, "quick"),
        (300, "3/10", 0, "quick"),
        (1000, "11/200", 1, "standard"),
        (2000, "11/200", 1, "full"),
    ),
    derive={"M": floor(alpha * N), "alpha_c": CRITICAL.derive["alpha_c"]},
    arguments=DRIFT,
    bound=1 - Rational(19, 20) * claimed,
    informative=Gt(claimed + 1, 0),
    trials=1000,
    parts=(
        Part("half of 0.11", Le(Rational("0.11") / 2, alpha_c)),
        Part("0.11 itself", Lt(Rational("0.11"), alpha_c), headline=False),
    ),
    controls=(
        Control("also at five times the load", Rational(1, 20), description="no drift at alpha = 0.3 either"),
        Control("0.14", Lt(Rational("0.14"), alpha_c), "half of 0.11", "a lower bound of 0.14"),
    ),
    related=("ags1985.alpha-c",),
    notices=(
        "Simulation: asynchronous sweeps from a pattern end with more than 5 % of the bits unlike it, declared "
        "probability at most 1/20. Rigorous is a statement on energy barriers about the patterns for N to infinity; "
        "a descent cannot cross a barrier, so that it stays within it.",
        "The critical load it is compared with is that of the replica-symmetric theory.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (LOWER_BOUND,)
