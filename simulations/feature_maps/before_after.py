"""Retrieval of one memory set before and after U-Hop+: errors against noise, sizes of the limits.

Made for a plot: ``curves`` returns rows, ``digits`` and ``words`` are ready-made cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.codes.losses import unit
from simulations.feature_maps.data import digit_images, word_embeddings
from simulations.feature_maps.losses import Loss, pair_lse
from simulations.feature_maps.training import Trained, train
from simulations.streams import stream
from simulations.variants import variant as find_variant

Floats = NDArray[np.float64]
Weights = Callable[..., Any]

MODELS = ("dense", "entmax:alpha=1.5", "sparse")
FEATURES = ("none", "raw", "normalised")
"""Without a map; with W, as the kernel <Wx, Wy> has it; with W and features of unit length."""
NOISE = (0.0, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Row:
    """One model with one kind of features at one noise level, means over all memories as targets.

    Attributes:
        noise: length of the Gaussian perturbation of a query, in expectation, memories having length 1.
        error: mean |x - xi_mu|, x the memories combined with the last weights.
        recovered: share of queries with an error below 0.1.
        size: mean number of memories in the limit (weight above 0.01 for softmax, above 0 for sparse maps).
        single: share of limits of one memory.
    """

    model: str
    features: str
    noise: float
    error: float
    recovered: float
    size: float
    single: float


def last_weights(weights: Weights, rows: Floats, queries: Floats, beta: float, updates: int) -> Floats:
    """Return the weights (..., q, M) of the last of ``updates`` steps y <- sum_mu p_mu y_mu in feature space.

    Args:
        weights: (scores (..., M), xp) -> p, the separation of a model.
        rows: features of the memories (..., M, D).
        queries: features of the queries (..., q, D).

    Raises:
        ValueError: fewer than one update.
    """
    if updates < 1:
        raise ValueError(f"updates: expected at least 1, found {updates}")
    y = queries
    for _ in range(updates):
        p = weights(beta * (y @ np.swapaxes(rows, -1, -2)), np)
        y = p @ rows
    return np.asarray(p)


def least_weight(model: str) -> float:
    """Return the weight above which a memory counts: 0.01 for softmax, 0 for sparse maps."""
    return 0.01 if model == "dense" else 0.0


def trained_map(
    memories: Floats,
    loss: Loss,
    *,
    rows: int = 0,
    rate: float = 0.01,
    iterations: int = 200,
    constraint: str = "normalised",
    seed: int = 0,
) -> Trained:
    """Return the map that Adam makes of a random one on a loss, with its history.

    Args:
        memories: (M, d).
        rows: D, 0 for d; W_0 has independent normal entries of variance 1/D.
        rate, iterations, constraint: see ``training.train``.
    """
    d = memories.shape[1]
    start = stream(seed, "feature_maps.before_after", rows or d).standard_normal((rows or d, d))
    start /= np.sqrt(rows or d)
    return train(
        memories, start, loss, iterations=iterations, step=rate, optimiser="adam", constraint=constraint
    )


def compare(
    memories: Floats,
    feature_map: Floats,
    *,
    beta: float,
    updates: int = 5,
    noise: Sequence[float] = NOISE,
    models: Sequence[str] = MODELS,
    seed: int = 0,
) -> list[Row]:
    """Return errors and sizes for every model, kind of features and noise level.

    Raw features of a trained map can be so long that every limit is one memory, and not always the right one:
    read sizes and errors together.

    Args:
        memories: (M, d), unit vectors.
        feature_map: W (D, d).
        updates: steps of the retrieval.
    """
    count, d = memories.shape
    found = []
    for level in noise:
        shift = stream(seed, "feature_maps.before_after noise", repr(float(level))).standard_normal(
            (count, d)
        )
        queries = memories + level / np.sqrt(d) * shift
        for kind in FEATURES:
            y, q = (a if kind == "none" else a @ feature_map.T for a in (memories, queries))
            if kind == "normalised":
                y, q = unit(y), unit(q)
            for model in models:
                p = last_weights(find_variant(model).weights, y, q, beta, updates)
                error = np.linalg.norm(p @ memories - memories, axis=1)
                size = np.sum(p > least_weight(model), axis=1)
                summary = (error.mean(), (error < 0.1).mean(), size.mean(), (size == 1).mean())
                found.append(Row(model, kind, float(level), *(float(v) for v in summary)))
    return found


def curves(memories: Floats, *, beta: float, tau: float = 0.1, seed: int = 0, **retrieval: Any) -> list[Row]:
    """Return ``compare`` of unit vectors (M, d) under the map trained on the pair form of U-Hop+."""
    made = trained_map(memories, partial(pair_lse, tau=tau), seed=seed).feature_map
    return compare(memories, made, beta=beta, seed=seed, **retrieval)


def digits(count: int = 60, beta: float = 16.0, seed: int = 0) -> list[Row]:
    """Return ``curves`` of images of digits, d = 64."""
    return curves(digit_images(count, seed)[0], beta=beta, seed=seed)


def words(dimension: int = 16, beta: float = 16.0, seed: int = 0) -> list[Row]:
    """Return ``curves`` of the embeddings of the words of 0 to 99."""
    return curves(word_embeddings(dimension), beta=beta, seed=seed)
