"""Adaptive similarity (A-Hop, arXiv 2511.20609, abstract): which rules are Bayes rules for which corruption.

Patterns of integers, a uniform prior, corruptions by Gaussian noise, masking (with noise on what is left) and a
common random bias (with noise).  The regret of a rule is the largest log posterior minus that of its choice.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Eq, Le, Symbol

from bounds.exact import Real
from simulations.streams import stream
from verify.arena import Points
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "arxiv2511.20609",
    "title": "A-Hop, adaptive similarity, arXiv 2511.20609 (topic, abstract only)",
    "authors": "",
    "year": 2025,
    "arxiv": "2511.20609",
    "venue": "arXiv",
}

NOISE, MASK, BIAS = range(3)
Score = Callable[[Any, Any], Fraction]


def _case(b: Instances) -> tuple[Any, Any, int]:
    """Patterns (M, d), the query (d,) and the corruption, all integers."""
    case, d, count, corruption = (int(b.scalars[s][0].fraction) for s in ("case", "d", "count", "corruption"))
    rng = stream(0, "arxiv2511.20609", case, d, count, corruption)
    patterns = rng.integers(-6, 7, (count, d)).astype(object)
    query = patterns[0] + np.rint(2 * rng.standard_normal(d)).astype(int)
    if corruption == MASK:
        query[d // 2 :] = 0
    elif corruption == BIAS:
        query = query + int(np.rint(8 * rng.standard_normal()))
    return patterns, query, corruption


def log_posterior(pattern: Any, query: Any, corruption: int) -> Fraction:
    """Up to a constant: noise of variance 4, half of the coordinates masked, a common bias of variance 64."""
    away = query - pattern
    if corruption == MASK:
        away = away[: len(away) // 2]
    square = Fraction(int(np.sum(away * away)))
    if corruption == BIAS:
        square -= Fraction(64, 4 + 64 * len(away)) * int(np.sum(away)) ** 2
    return -square / 8


def _regret(b: Instances, score: Callable[[Any, Any, int], Fraction]) -> Array:
    patterns, query, corruption = _case(b)
    posteriors = [log_posterior(p, query, corruption) for p in patterns]
    scores = [score(p, query, corruption) for p in patterns]
    best = max(scores)
    worst_choice = min(v for v, s in zip(posteriors, scores, strict=True) if s == best)
    return np.array([Real(max(posteriors) - worst_choice)], dtype=object)


@quantity("ahop_euclidean_regret", "regret of the nearest pattern")
def euclidean_regret(b: Instances) -> Array:
    return _regret(b, lambda p, x, _: -Fraction(int(np.sum((x - p) ** 2))))


@quantity("ahop_dot_regret", "regret of the largest inner product")
def dot_regret(b: Instances) -> Array:
    return _regret(b, lambda p, x, _: Fraction(int(np.sum(x * p))))


def _residual_square(pattern: Any, query: Any, corruption: int) -> Fraction:
    """A similarity adapted to the corruption: it looks at what the corruption leaves, with its own weights."""
    away = query - pattern
    half = len(away) // 2
    if corruption == MASK:
        return -Fraction(int(np.sum(away[:half] ** 2)))
    if corruption == BIAS:
        mean = Fraction(int(np.sum(away)), len(away))
        # Sum of squares about the mean, and the mean itself with the little weight that its prior leaves.
        spread = sum((Fraction(int(a)) - mean) ** 2 for a in away)
        return -(spread + len(away) * mean**2 / (1 + 16 * len(away)))
    return -Fraction(int(np.sum(away**2)))


@quantity("ahop_adapted_regret", "regret of a similarity adapted to the corruption")
def adapted_regret(b: Instances) -> Array:
    return _regret(b, _residual_square)


corruption = Symbol("corruption", nonnegative=True)
ADAPTED = "a similarity adapted to the corruption"
NOISE_ONLY = (Hypothesis(Le(corruption, 0), "Gaussian noise"),)

ADAPTIVE = Identity(
    id="arxiv2511.20609.adaptive-similarity",
    title="Optimal retrieval with an adaptive similarity",
    source=Source("arxiv2511.20609", "A-Hop, abstract"),
    provenance="secondary",
    printed=r"\arg\max_\mu\mathrm{sim}(\xi_\mu,x)=\arg\max_\mu P(\xi_\mu\mid x)\quad\text{(noise, masking, bias)}",
    arena=Points(
        tuple(
            {"case": i, "d": d, "count": n, "corruption": kind}
            for i in range(6)
            for d, n in ((10, 10), (10, 100), (50, 100))
            for kind in (NOISE, MASK, BIAS)
        )
    ),
    parts=(
        Part(ADAPTED, Eq(adapted_regret, 0)),
        Part(
            "the nearest pattern, Gaussian noise", Eq(euclidean_regret, 0), given=NOISE_ONLY, headline=False
        ),
        Part("the nearest pattern, every corruption", Eq(euclidean_regret, 0), headline=False),
        Part("the largest inner product, every corruption", Eq(dot_regret, 0), headline=False),
    ),
    controls=(
        replaced(adapted_regret, dot_regret, name="inner product in its place", part=ADAPTED),
        Control("always a regret of 1", Eq(adapted_regret, 1), ADAPTED),
    ),
    notices=(
        "Known from the abstract alone: the similarity is learnt in the paper and its form is not recorded.  The "
        "headline says that a similarity adapted to each corruption reaches the maximum of the posterior; the "
        "other parts say which fixed similarities do.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (ADAPTIVE,)
