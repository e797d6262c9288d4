"""Hidden codes of a threshold network (arXiv 2601.00984, abstract)."""

from __future__ import annotations

from sympy import Rational, Symbol

from simulations import events_abstracts
from verify.controls import scaled
from verify.statement import Scaling, Source, Statement

PAPER = {
    "key": "arxiv2601.00984",
    "title": "Hidden codes of a threshold network, arXiv 2601.00984 (topic, abstract only)",
    "authors": "",
    "year": 2026,
    "arxiv": "2601.00984",
    "venue": "arXiv",
}

hidden, visible = (Symbol(name, positive=True) for name in ("hidden", "visible"))

CODES = Scaling(
    id="arxiv2601.00984.hidden-codes",
    title="All hidden codes are stable",
    source=Source("arxiv2601.00984", "abstract"),
    provenance="secondary",
    printed=r"2^{N_h}\text{ states are stable }(N_v\text{ large})",
    event=events_abstracts.code_unstable,
    points=tuple(
        {"hidden": h, "visible": v}
        for h, sides in ((2, (50, 100)), (4, (200, 500)), (8, (500, 1000)), (12, (500, 1000)))
        for v in sides
    ),
    arguments={"hidden": hidden, "visible": visible},
    bound=Rational(1, 10),
    trials=800,
    controls=(scaled("1/100"),),
    notices=(
        "Known from the abstract alone; the model is the two-layer network with hidden neurons 1[h > 1/2], linear "
        "visible ones and patterns of fair signs over N_v.  All 2^(N_h) codes are decided at once, exactly.",
        "The claim at finite size is a probability of at least 9/10, a tolerance of ours.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (CODES,)
