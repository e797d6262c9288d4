"""Mixtures of patterns as fixed points (arXiv 2504.04879, Mixed memories in Hopfield networks, abstract)."""

from __future__ import annotations

from sympy import Symbol

from simulations import events_abstracts
from verify.controls import scaled
from verify.statement import Scaling, Source, Statement

PAPER = {
    "key": "arxiv2504.04879",
    "title": "Mixed memories in Hopfield networks",
    "authors": "",
    "year": 2025,
    "arxiv": "2504.04879",
    "venue": "arXiv",
}

bound = Symbol("bound", positive=True)

MIXED = Scaling(
    id="arxiv2504.04879.mixed-memories",
    title="Mixtures of an odd number of patterns are fixed points",
    source=Source("arxiv2504.04879", "abstract"),
    provenance="secondary",
    printed=r"\Pr\big(\mathrm{sgn}(\xi_1+\dots+\xi_k)\text{ is a fixed point}\big)\to1\quad(k\text{ odd},\ N\to\infty)",
    event=events_abstracts.mixture_moves,
    points=tuple(
        {"N": n, "P": 5, "k": k, "degree": degree, "bound": p}
        for degree in (2, 3, 0)
        for n, k, p in ((200, 3, "1/4"), (500, 3, "1/20"), (1000, 5, "1/4"))
    ),
    arguments={name: Symbol(name, nonnegative=True) for name in ("N", "P", "k", "degree")},
    bound=bound,
    trials=400,
    controls=(scaled("1/100"),),
    notices=(
        "Known from the abstract alone; the mixtures are the signs of the sum of 3 or 5 of 5 patterns, "
        "degree 2, 3 and 0 (exponential).  A limit cannot be refuted at finite size; the tolerances are ours.",
        "With the exponential energy the pattern of the largest overlap with the mixture outweighs the others by "
        "a factor exp(2) at least unless two overlaps are equal, so the mixture stays with a probability that "
        "falls like N^(-1/2).  The mixtures that the paper constructs for this model may be others.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (MIXED,)
