"""Random events about energies and thresholds: which rule retrieves, and which loads a memory bears.

An event is ``event(stream, trials, **arguments)`` and returns one int8 per trial: 1 the statement failed in
this draw, 0 it held, -1 nobody knows; ``retrieval_difference`` returns values, for statements on means.
"""

import math

import numpy as np
from numpy.typing import NDArray

from simulations.ensembles import sphere
from simulations.variants.universal import universal_network

Floats = NDArray[np.float64]
Outcome = NDArray[np.int8]

# Elements of the largest temporary of one block of draws.
BLOCK = 1 << 20
# Room about the border of a comparison of two computed numbers, within which a draw is undecided.
TIE = 1e-9

RULES = (
    "dot max",
    "euclidean max",
    "manhattan max",
    "dot softmax",
    "euclidean softmax",
    "manhattan softmax",
    "dot identity",
    "dot power",
)
"""Similarity and separation of the rules that ``retrieval_difference`` compares, by number."""

SOFTMAX_BETA_M2 = 10.0
THRESHOLD = 0.1


def retrieval_difference(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    spread: int,
    masked: int,
    noise: float,
    better: int,
    worse: int,
) -> Floats:
    """1 + [rule ``better`` retrieves] - [rule ``worse`` retrieves], one value in {0, 1, 2} per trial.

    M memories on the sphere of radius 1, with ``spread`` = 1 times factors between 1/2 and 2 (log-uniform);
    one query per set, made from memory 0. ``masked`` = 1: the share ``noise`` of its coordinates is set to 0;
    else Gaussian noise of expected squared length (noise |xi|)^2 is added. A rule retrieves if its squared
    error is below ``THRESHOLD`` |xi|^2. Rules whose weights need not sum to 1 are normalised as in the paper.
    """
    memories = sphere(stream, trials, M, d)
    factor = np.exp2(stream.uniform(-1.0, 1.0, (trials, M, 1)))
    memories = memories * factor if spread else memories
    target = memories[:, 0]
    size = np.linalg.norm(target, axis=-1)
    own = stream.standard_normal((trials, d)) * (noise / math.sqrt(d)) * size[:, None]
    hidden = np.argsort(stream.random((trials, d)), axis=-1) < round(noise * d)
    query = np.where(hidden, 0.0, target) if masked else target + own
    beta = np.full(trials, SOFTMAX_BETA_M2)
    hits = []
    for rule in (better, worse):
        similarity, separation = RULES[rule].split()
        normalised = int(separation in ("identity", "power"))
        network = universal_network(similarity, separation, degree=4, normalised=normalised)
        gap = np.sum((network.update(memories, query, beta) - target) ** 2, axis=-1)
        hits.append((gap < THRESHOLD * size**2).astype(float))
    return np.asarray(1.0 + hits[0] - hits[1])


ENSEMBLES = ("spherical", "gaussian", "binary")
"""Patterns uniform on the sphere of radius sqrt(N), standard normal, and uniform signs, by number."""


def pattern_not_retrieved(
    stream: np.random.Generator,
    trials: int,
    *,
    ensemble: int,
    N: int,
    P: int,
    lam: float,
    cosine: float = 1.0,
) -> Outcome:
    """Failure: from x, pattern 1 of P has at most half of the softmax weight at inverse temperature ``lam``.

    x is pattern 1 itself or, for spherical patterns, on their sphere at the angle of this cosine to it. Only
    the inner products with x are drawn: those of the others are independent of each other.
    """
    size = max(1, BLOCK // P)
    blocks = [
        _judge_overlaps(stream, min(size, trials - first), ensemble, N, P, lam, cosine)
        for first in range(0, trials, size)
    ]
    return np.concatenate(blocks)


def _judge_overlaps(
    stream: np.random.Generator, trials: int, ensemble: int, N: int, P: int, lam: float, cosine: float
) -> Outcome:
    kind, shape = ENSEMBLES[ensemble], (trials, P - 1)
    own = np.full((trials, 1), float(N))
    if kind == "binary":
        others = N - 2.0 * stream.binomial(N, 0.5, shape)
    else:
        g = stream.standard_normal(shape)
        if kind == "gaussian":
            own = stream.chisquare(N, (trials, 1))
            others = g * np.sqrt(own)
        else:
            others = N * g / np.sqrt(g * g + stream.chisquare(N - 1, shape))
    gap = np.sum(np.exp(lam * (others - cosine * own)), axis=-1) - 1
    return np.where(np.abs(gap) <= TIE, np.int8(-1), (gap > 0).astype(np.int8))


def some_pattern_not_retrieved(
    stream: np.random.Generator, trials: int, *, ensemble: int, N: int, P: int, lam: float
) -> Outcome:
    """Failure: one of the P patterns has at most half of the softmax weight at itself."""
    outcome = np.empty(trials, dtype=np.int8)
    for k in range(trials):
        x = sphere(stream, 1, P, N, m=math.sqrt(N))[0] if ensemble == 0 else stream.standard_normal((P, N))
        x = np.sign(x) if ENSEMBLES[ensemble] == "binary" else x
        gram = lam * (x @ x.T)
        own = np.diagonal(gram).copy()
        np.fill_diagonal(gram, -np.inf)
        gap = float(np.max(np.sum(np.exp(gram - own[:, None]), axis=-1))) - 1
        outcome[k] = -1 if abs(gap) <= TIE else int(gap > 0)
    return outcome


def load_contradicted(
    stream: np.random.Generator, trials: int, *, ensemble: int, N: int, P: int, lam: float, above: int
) -> Outcome:
    """Failure: pattern 1 is retrieved (``above`` = 1: above the claimed load), or is not (``above`` = 0)."""
    outcome = pattern_not_retrieved(stream, trials, ensemble=ensemble, N=N, P=P, lam=lam)
    return np.where(outcome < 0, outcome, 1 - outcome if above else outcome).astype(np.int8)
