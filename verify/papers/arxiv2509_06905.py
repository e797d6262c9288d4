"""Energy exponential of a quadratic loss, binary states (arXiv 2509.06905, abstract)."""

from __future__ import annotations

from sympy import Le, Symbol, exp, floor

from simulations import events_abstracts
from verify.controls import scaled
from verify.statement import Scaling, Source, Statement

PAPER = {
    "key": "arxiv2509.06905",
    "title": "Energy exponential of a quadratic loss, arXiv 2509.06905 (topic, abstract only)",
    "authors": "",
    "year": 2025,
    "arxiv": "2509.06905",
    "venue": "arXiv",
}

N, alpha, P = (Symbol(name, positive=True) for name in ("N", "alpha", "P"))

CAPACITY = Scaling(
    id="arxiv2509.06905.exponential-quadratic",
    title="Exponential capacity of an exponential energy",
    source=Source("arxiv2509.06905", "abstract"),
    provenance="secondary",
    printed=r"P=e^{\alpha N},\ \alpha>0\text{ small}:\quad \text{a pattern is stable against every flip}",
    event=events_abstracts.exponential_unstable,
    points=(
        *({"N": n, "alpha": a} for n in (20, 30, 40) for a in ("1/20", "1/10", "1/5")),
        {"N": 20, "alpha": "2/5"},
        {"N": 30, "alpha": "3/10"},
    ),
    derive={"P": floor(exp(alpha * N))},
    arguments={"N": N, "P": P},
    bound=1 / (N - 10),
    simulate_if=Le(P, 10_000),
    trials=320,
    controls=(scaled("1/100"),),
    notices=(
        "Known from the abstract alone; exp(-|xi - s|^2/2) is exp(<xi, s>) up to a common factor.  The claim is "
        "the stability of a whole pattern with probability at least 1 - 1/(N - 10), a tolerance of ours.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (CAPACITY,)
