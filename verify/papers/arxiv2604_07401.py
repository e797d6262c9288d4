r"""The largest load of log-sum-exp memories with a sharp kernel.

arXiv 2604.07401 (2026), abstract only: the ensemble of patterns is not known from it.
"""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Integer, Rational

from simulations import events_energies
from verify.statement import Control, Hypothesis, Probability, Scaling, Source, Statement

PAPER = {
    "key": "arxiv2604.07401",
    "title": "arXiv 2604.07401, known from its abstract only",
    "authors": "not recorded",
    "year": 2026,
    "arxiv": "2604.07401",
    "venue": "",
}

N, alpha, lam = sp.symbols("N alpha lambda", positive=True)
ensemble, above = sp.symbols("ensemble above", nonnegative=True)
SPHERICAL, GAUSSIAN = (events_energies.ENSEMBLES.index(e) for e in ("spherical", "gaussian"))

ALPHA_MAX: Probability = Scaling(
    id="arxiv2604.07401.alpha-max",
    title="Retrieval up to the load 1/2 and no further as the kernel becomes sharp",
    source=Source("arxiv2604.07401", "abstract"),
    provenance="secondary (abstract; pattern ensemble not known)",
    printed=r"P=e^{\alpha N},\ \text{sharp kernel}:\quad\alpha_{\max}=0.5",
    event=events_energies.load_contradicted,
    points=tuple(
        {"ensemble": e, "N": 12, "alpha": a, "lambda": t, "above": int(bool(a > Rational(1, 2)))}
        for e in (SPHERICAL, GAUSSIAN)
        for t in (4, 8)
        for a in (Rational(3, 10), Rational(7, 10), Rational(4, 5))
    ),
    arguments={
        "ensemble": ensemble,
        "N": N,
        "P": sp.floor(sp.exp(alpha * N)),
        "lam": lam,
        "above": above,
    },
    hypotheses=(
        Hypothesis(
            Eq(ensemble, Integer(GAUSSIAN)),
            "Gaussian patterns: the abstract leaves the ensemble open",
            in_text_only=True,
        ),
    ),
    bound=Rational(1, 2),
    trials=640,
    controls=(Control("hardly ever, at this size", Rational(1, 100)),),
    related=("restated.lm-spherical", "restated.lm-gaussian"),
    notices=(
        "A limit is not refuted at finite size; what is claimed at N = 12 is that a pattern is retrieved from itself with "
        "probability at least 1/2 for loads 0.3 < 1/2 and at most 1/2 for loads 0.7 and 0.8 > 1/2.",
        "Energies on the sphere are read with spherical patterns; the reading under the condition is that for Gaussian "
        "ones. On the sphere no other pattern has a larger inner product with a pattern than itself, so that a sharp "
        "kernel retrieves at every load (restated.lm-spherical: the critical load grows like (log lambda)/2).",
        "Tested for the log-sum-exp energy; ensemble 0 is spherical, 1 Gaussian.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ALPHA_MAX,)
