"""Many tests at once: averages within a statement, Holm's procedure across statements.

Within a statement "for every grid point" the evidence of the points is *averaged at equal times*, and
only then the running maximum is taken.  The average of e-processes is an e-process, whatever their
dependence; the average of running maxima is not, and is never formed here.  Supporting such a
statement needs every point separately (an intersection-union test), without correction.

Across statements the anytime-valid p-values min(1, 1/sup E) go through Holm's step-down procedure
(S. Holm, Scand. J. Statist. 6, 1979), which controls the probability of one false rejection or more
under any dependence.  Since sup E only grows, a rejection never disappears as data come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

Array = Any


def anytime_p(sup_log_e: Array) -> Array:
    """p-values min(1, exp(-sup log E)), elementwise; valid at any stopping time by Ville's inequality (1939).

    Raises ValueError for NaN.
    """
    sup = np.asarray(sup_log_e, dtype=np.float64)
    if np.isnan(sup).any():
        raise ValueError("the supremum of log E is not a number")
    return np.exp(-np.maximum(sup, 0.0))


@dataclass(frozen=True, slots=True)
class Holm:
    """``rejected``: the ids refuted together at level ``alpha``; ``adjusted``: id -> adjusted p-value."""

    alpha: float
    rejected: frozenset[str]
    adjusted: dict[str, float]


def holm(pvalues: Mapping[str, float], alpha: float) -> Holm:
    """Holm's step-down procedure (1979): family-wise error at most ``alpha`` under any dependence.

    The k-th smallest of m p-values is compared with alpha/(m-k+1), stopping at the first that is larger.
    The adjusted p-value is the smallest alpha at which the id would be rejected, capped at 1.

    Raises ValueError for a p-value outside [0, 1] and unless 0 < alpha < 1.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha}")
    for name, p in pvalues.items():
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"the p-value of {name!r} is {p}, which lies outside [0, 1]")
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(pvalues, key=lambda key: (pvalues[key], key))):
        largest = max(largest, min(1.0, (len(pvalues) - rank) * float(pvalues[name])))
        adjusted[name] = largest
    return Holm(alpha, frozenset(name for name, p in adjusted.items() if p <= alpha), adjusted)


def carry_forward(paths: Sequence[Array]) -> Array:
    """Stack paths of log E of unequal length, shape (points, looks); a stopped point keeps its last value.

    Look k means: after chunk k of every point that was still open.  A point without any data stays at
    log E = 0.  A stopped e-process is an e-process, provided that the decision to stop a point is taken
    at the end of a look from what all points have shown up to that look.
    """
    rows = [np.asarray(path, dtype=np.float64) for path in paths]
    looks = max((row.size for row in rows), default=0)
    stacked = np.zeros((len(rows), looks))
    for out, row in zip(stacked, rows, strict=True):
        out[: row.size] = row
        out[row.size :] = row[-1] if row.size else 0.0
    return stacked


def average_log_e(log_e: Array, weights: Array | None = None) -> Array:
    """log of the weighted average of e-values over the first axis: shape (points, looks) -> (looks,).

    ``weights``: nonnegative, shape (points,), scaled to sum 1 here, uniform by default; they must be fixed
    before the data are seen.  Current values only: never pass running maxima.

    Raises ValueError for NaN, no points, and weights that are negative, all zero or of another shape.
    """
    values = np.asarray(log_e, dtype=np.float64)
    if values.ndim == 0 or len(values) == 0:
        raise ValueError("an average needs at least one grid point")
    if np.isnan(values).any():
        raise ValueError("a value of log E is not a number")
    w = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != values.shape[:1] or not np.all(np.isfinite(w) & (w >= 0)) or w.sum() == 0:
        raise ValueError("weights must be nonnegative, one per grid point, and not all zero")
    # A point of weight 0 takes no part, even where it has infinite evidence.
    values, w = values[w > 0], w[w > 0] / w.sum()
    return logsumexp(values + np.log(w).reshape(-1, *[1] * (values.ndim - 1)), axis=0)


def sup_of_average(paths: Sequence[Array], weights: Array | None = None) -> float:
    """Evidence against "for every grid point": average at each look first, then the maximum over looks.

    ``paths``: one array of current log E per point, as from :func:`verify.eprocess.log_e_paths`.  At least
    0, the value before the first look.  Errors as :func:`average_log_e`.
    """
    averaged = average_log_e(carry_forward(paths), weights)
    return max(0.0, float(averaged.max(initial=0.0)))
