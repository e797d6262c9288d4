"""A claimed improvement of the kissing exponent, from a public formal challenge file; no paper was examined."""

from __future__ import annotations

from sympy import Ge, Le, Lt, Rational

from verify.arena import Points
from verify.papers.kl1978 import star
from verify.papers.splag.growth import COVERING_EXPONENT, n, rate
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement

PAPER = {
    "key": "claim2026",
    "title": "Statement in a public formal challenge file",
    "authors": "unknown",
    "year": 2026,
    "arxiv": "",
    "venue": "",
}

CLAIMED = Rational(39661, 100000)
LARGE = Hypothesis(Ge(n, 320), "large n")

EXPONENT = Inequality(
    id="claim2026.exponent",
    title="Claimed improvement of the kissing exponent",
    source=Source("claim2026", "statement in the file; neither paper nor proof examined"),
    provenance="secondary",
    printed=r"A(n,\tfrac12)\le2^{0.39661\,n}\quad\text{for all sufficiently large }n",
    arena=Points(tuple({"n": d, "s": "1/2"} for d in (24, 80, 320, 480, 640, 800))),
    parts=(
        Part("rate between the certified bounds, n >= 320", Le(rate, CLAIMED), given=(LARGE,)),
        Part("below the localised exponent", Lt(CLAIMED, star + Rational(1, 2)), headline=False),
        Part("above the exponent of the covering bound", Lt(COVERING_EXPONENT, CLAIMED), headline=False),
    ),
    controls=(
        Control("exponent 0.2", Le(rate, Rational(1, 5))),
        Control(
            "half the exponent",
            Lt(COVERING_EXPONENT, CLAIMED / 2),
            "above the exponent of the covering bound",
        ),
    ),
    related=("kl1978", "kl1978.localised", "csw.asymptotic"),
    notices=(
        "A claim.  Open here: it lies between the exponent of the covering bound, 0.2075, and the proven localised one, "
        '0.4009; at every finite n the certified interval for the rate contains it or lies beyond what "sufficiently large" '
        "asks.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (EXPONENT,)
