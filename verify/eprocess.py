"""Evidence that may be looked at after every trial: e-processes for probabilities and bounded means.

An e-process for a null hypothesis H is a nonnegative process E with E_0 <= 1 whose expectation at any
stopping time is at most 1 under H.  Ville's inequality (J. Ville, *Etude critique de la notion de
collectif*, 1939) then gives P(sup_t E_t >= 1/alpha) <= alpha: one may look as often as one likes and
stop for any reason.  Everything here is carried as log E.

Probabilities use the method of mixtures (H. Robbins, Ann. Math. Statist. 41, 1970): the likelihood
ratio against the border of the null, averaged over the alternative.  Means of bounded variables use
testing by betting (I. Waudby-Smith and A. Ramdas, J. R. Statist. Soc. B 86, 2024).

Sequential tests read chunks in the order of their indices, and only up to the first index that is
missing (:func:`prefix`).  Results that finish early, perhaps *because* of what they found, wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

import numpy as np
from scipy.special import betainc, betaincc, betaln, logsumexp, xlog1py, xlogy

Array = Any
T = TypeVar("T")

_HALF = 0.5
# Fractions of the largest admissible bet.  Small ones find small deviations, large ones rare large values;
# the largest stays below 1 so that no single outcome can bankrupt the bettor.
# Neighbours differ by a factor of two, which loses at most about a tenth of the growth between them.
_FRACTIONS = np.concatenate([np.geomspace(2.0**-12, 0.5, 12), [0.75, 0.95]])


class Counts(NamedTuple):
    """What one chunk of Bernoulli trials returns.

    ``failures``: trials that certainly failed.  ``ambiguous``: trials whose margin lies within its
    floating-point error, so that nobody knows.  ``trials``: all of them.
    """

    failures: int
    ambiguous: int
    trials: int


def prefix(results: Mapping[int, T]) -> list[T]:
    """The results with indices 0, 1, 2, ... up to the first missing one, in that order."""
    chunks: list[T] = []
    while len(chunks) in results:
        chunks.append(results[len(chunks)])
    return chunks


def log_e_against(failures: Array, trials: Array, delta: Array) -> Array:
    """log E for the null "each trial fails with probability <= delta"; large values refute it.

    With S failures in n trials this is the log of the average of
    (q/delta)^S ((1-q)/(1-delta))^(n-S) over q from Beta(1/2, 1/2) truncated to (delta, 1].  Each term is
    a supermartingale for every p <= delta, so the average is (Robbins 1970), started at 1.

    Arguments broadcast; the result has the broadcast shape (a 0-d array for scalars).  Limits are exact:
    0 without trials and for delta >= 1 (nothing speaks against such a bound); +inf for delta = 0 and one
    failure, and for delta < 0 (no probability satisfies it).  A bound that is positive but rounds to 0
    must be rounded up by the caller.  Values too small for a double become -inf, which is the safe side.

    Raises ValueError for NaN and for counts outside 0 <= failures <= trials.
    """
    s, n, d = _checked(failures, trials, delta)
    return _limits(_log_mixture(s, n, np.clip(d, 0.0, 1.0), upper=True), null_true=d >= 1, null_empty=d < 0)


def log_e_for(failures: Array, trials: Array, delta: Array) -> Array:
    """log E for the null "each trial fails with probability >= delta"; large values support p < delta.

    The mirror image of :func:`log_e_against`: the mixture runs over [0, delta).  0 for delta <= 0 (the
    null holds whatever is seen); +inf for delta = 1 and one success, and for delta > 1.  A bound that is
    not a double must be rounded down by the caller.  Same shapes, rounding and errors.
    """
    s, n, d = _checked(failures, trials, delta)
    return _limits(_log_mixture(s, n, np.clip(d, 0.0, 1.0), upper=False), null_true=d <= 0, null_empty=d > 1)


def _checked(failures: Array, trials: Array, delta: Array) -> tuple[Array, Array, Array]:
    s, n, d = (np.asarray(v, dtype=np.float64) for v in (failures, trials, delta))
    if np.isnan(d).any():
        raise ValueError("the bound on the probability is not a number")
    if not (np.all(s >= 0) and np.all(s <= n) and np.all(np.isfinite(n))):
        raise ValueError("counts must satisfy 0 <= failures <= trials < infinity")
    s, n, d = np.broadcast_arrays(s, n, d)
    return s, n, d


def _log_mixture(s: Array, n: Array, d: Array, *, upper: bool) -> Array:
    """The mixture over (d, 1] (``upper``) or [0, d), with everything in logs; NaN only at empty ranges."""
    a, b = _HALF + s, _HALF + (n - s)
    with np.errstate(all="ignore"):
        tail = np.log(betaincc(a, b, d) if upper else betainc(a, b, d))
        # The arcsine law has a closed form, which keeps its relative accuracy at both ends.
        prior = np.log(np.arcsin(np.sqrt(1.0 - d if upper else d)) * (2.0 / np.pi))
        return betaln(a, b) + tail - np.log(np.pi) - prior - xlogy(s, d) - xlog1py(n - s, -d)


def _limits(log_e: Array, *, null_true: Array, null_empty: Array) -> Array:
    # What special functions cannot evaluate counts as no evidence at all.
    log_e = np.where(np.isnan(log_e), -np.inf, log_e)
    return np.where(null_empty, np.inf, np.where(null_true, 0.0, log_e))


@dataclass(frozen=True, slots=True)
class BernoulliTest:
    """Running evidence about "the failure probability is at most ``delta``"; a value, never changed in place.

    ``support_delta`` (default: ``delta``) is the border of the null for the supporting side, for instance
    (1 + tolerance) delta.  ``sup_against`` and ``sup_for`` are suprema of log E over all looks so far, the
    look before the first trial (log E = 0) included; a look is the end of a chunk.

    Ambiguous trials count as non-failures in the evidence against and as failures in the evidence for, so
    a verdict holds however they would have come out in exact arithmetic.
    """

    delta: float
    support_delta: float | None = None
    failures: int = 0
    ambiguous: int = 0
    trials: int = 0
    sup_against: float = 0.0
    sup_for: float = 0.0

    def update(self, chunks: Iterable[Counts]) -> BernoulliTest:
        """The test after the next ``chunks``, which continue the prefix already seen.

        Raises ValueError for a chunk that counts more failures and ambiguous trials than trials.
        """
        table = _table(chunks) + np.array([self.failures, self.ambiguous, self.trials], dtype=np.int64)
        if len(table) == 0:
            return self
        against, supporting = _paths(table, self.delta, self._border())
        return replace(
            self,
            failures=int(table[-1, 0]),
            ambiguous=int(table[-1, 1]),
            trials=int(table[-1, 2]),
            sup_against=max(self.sup_against, float(against.max())),
            sup_for=max(self.sup_for, float(supporting.max())),
        )

    def _border(self) -> float:
        return self.delta if self.support_delta is None else self.support_delta

    @property
    def log_against(self) -> float:
        """The current (not the largest) log E against p <= delta."""
        return float(log_e_against(self.failures, self.trials, self.delta))

    @property
    def log_for(self) -> float:
        """The current (not the largest) log E against p >= support_delta."""
        return float(log_e_for(self.failures + self.ambiguous, self.trials, self._border()))

    def interval(self, alpha: float) -> tuple[float, float]:
        """Confidence limits for the failure probability, see :func:`confidence_interval`."""
        low, high = confidence_interval(self.failures, self.trials, alpha, self.ambiguous)
        return float(low), float(high)


def log_e_paths(chunks: Iterable[Counts], delta: float) -> tuple[Array, Array]:
    """(log E against p <= delta, log E against p >= delta) after each chunk; two arrays of shape (chunks,).

    These are current values, as averages over grid points need them (:mod:`verify.multiplicity`).
    """
    return _paths(_table(chunks), delta, delta)


def running_sup(chunks: Iterable[Counts], delta: float) -> tuple[float, float]:
    """Suprema of the two paths of :func:`log_e_paths`, at least 0 because every process starts at E = 1."""
    test = BernoulliTest(delta).update(chunks)
    return test.sup_against, test.sup_for


def _table(chunks: Iterable[Counts]) -> Array:
    """Cumulative (failures, ambiguous, trials), shape (chunks, 3)."""
    rows = np.array([tuple(chunk) for chunk in chunks], dtype=np.int64).reshape(-1, 3)
    if (rows < 0).any() or (rows[:, 0] + rows[:, 1] > rows[:, 2]).any():
        raise ValueError("a chunk counts more failures and ambiguous trials than trials, or fewer than none")
    return rows.cumsum(axis=0)


def _paths(table: Array, delta: float, support_delta: float) -> tuple[Array, Array]:
    failures, ambiguous, trials = table.T
    return log_e_against(failures, trials, delta), log_e_for(failures + ambiguous, trials, support_delta)


def confidence_interval(
    failures: Array, trials: Array, alpha: float, ambiguous: Array = 0
) -> tuple[Array, Array]:
    """Two-sided confidence limits (lower, upper) for a probability, valid at all times together.

    The set of delta that neither e-process refutes at level alpha/2.  The probability that the limits
    ever exclude the truth is at most alpha.  The interval contains failures/trials.  Ambiguous trials
    count as successes in the lower and as failures in the upper limit.

    Why inversion by bisection is valid: put l = (log-likelihood)', h = hazard rate of the arcsine law.
    Then (log E_against)' = h (1 - 1/E) - l in delta.  For delta < S/n, log E is at most l (1-delta) by
    concavity, and at most l^2 delta (1-delta)/n because the Kullback-Leibler divergence is below the
    chi-square divergence.  Where the derivative is nonnegative, l <= h, and with h inserted (the first
    bound for delta > 1/2, the second below) log E <= 2/pi < log 2.  Thus log E decreases strictly
    wherever it reaches log(2/alpha), is at most 0 beyond S/n, and the refuted delta are an interval [0, L].

    Arguments broadcast.  Limits are rounded outwards.  Raises ValueError unless 0 < alpha < 1.
    """
    level = _two_sided(alpha)
    s, n, extra = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (failures, trials, ambiguous)))
    _checked(s, n, 0.0)
    _checked(s + extra, n, 0.0)
    share = np.divide(s, n, out=np.zeros(n.shape), where=n > 0)
    lower, _ = _bisect(lambda m: log_e_against(s, n, m) >= level, np.zeros(n.shape), share)
    share = np.divide(s + extra, n, out=np.ones(n.shape), where=n > 0)
    _, upper = _bisect(lambda m: log_e_for(s + extra, n, m) < level, share, np.ones(n.shape))
    return lower, upper


def _two_sided(alpha: float) -> float:
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha}")
    return float(np.log(2.0 / alpha))


def _bisect(holds: Callable[[Array], Array], low: Array, high: Array) -> tuple[Array, Array]:
    """Shrink [low, high] around the point where ``holds`` (true on the left) becomes false.

    The returned ``low`` holds, or is the left end; ``high`` does not, or is the right end.
    """
    # Limits may be as small as the smallest bound anybody checks, hence until no double lies between.
    for _ in range(1100):
        middle = low + (high - low) / 2.0
        if not np.any((low < middle) & (middle < high)):
            break
        left = holds(middle)
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return low, high


def log_e_mean_above(batch_means: Array, m: Array) -> Array:
    """log E after each observation, for the null "the mean of X in [0, 1] is <= m"; large values refute it.

    The capital of a bettor with stake lambda is the product of 1 + lambda (X_i - m); it is averaged over a
    fixed grid of lambda in (0, 1/m) (Waudby-Smith and Ramdas 2024, section 4).  Observations need only
    share the conditional mean, so means of batches serve as well as single values, and m need not be known
    when they are stored.

    ``batch_means``: shape (..., t), in order of time; ``m``: broadcasts against the leading axes.
    Returns shape (..., t).  0 for m >= 1; +inf once some X > 0 for m = 0; +inf for m < 0.
    Raises ValueError for observations outside [0, 1] and for NaN.
    """
    x, border = _means(batch_means, m)
    with np.errstate(all="ignore"):
        path = _log_capital(x / border)
    path = np.where(border == 0, np.where(np.maximum.accumulate(x > 0, axis=-1), np.inf, 0.0), path)
    return _limits(path, null_true=border >= 1, null_empty=border < 0)


def log_e_mean_below(batch_means: Array, m: Array) -> Array:
    """log E after each observation, for the null "the mean of X in [0, 1] is >= m": bets on 1 - X.

    0 for m <= 0; +inf once some X < 1 for m = 1; +inf for m > 1.  Otherwise as :func:`log_e_mean_above`.
    """
    x, border = _means(batch_means, m)
    with np.errstate(all="ignore"):
        path = _log_capital((1.0 - x) / (1.0 - border))
    path = np.where(border == 1, np.where(np.maximum.accumulate(x < 1, axis=-1), np.inf, 0.0), path)
    return _limits(path, null_true=border <= 0, null_empty=border > 1)


def _means(batch_means: Array, m: Array) -> tuple[Array, Array]:
    x = np.atleast_1d(np.asarray(batch_means, dtype=np.float64))
    border = np.asarray(m, dtype=np.float64)[..., None]
    if not (np.all(x >= 0) and np.all(x <= 1)):
        raise ValueError("observations of a bounded mean must lie in [0, 1]")
    if np.isnan(border).any():
        raise ValueError("the bound on the mean is not a number")
    x, border = np.broadcast_arrays(x, border)
    return x, border


def _log_capital(ratio: Array) -> Array:
    """Mixture over bets c of the product of 1 + c (ratio - 1); with ratio = X/m this is lambda = c/m."""
    steps = [np.cumsum(np.log1p(c * (ratio - 1.0)), axis=-1) for c in _FRACTIONS]
    return logsumexp(np.stack(steps), axis=0) - np.log(len(_FRACTIONS))


def mean_interval(batch_means: Array, alpha: float) -> tuple[float, float]:
    """Two-sided confidence limits (lower, upper) for the mean of X in [0, 1], valid at all times together.

    ``batch_means``: shape (t,).  Inverts the two betting processes at level alpha/2 each.  With the stake
    written as c/m each factor 1 - c + c X/m decreases in m, so the refuted m form an interval and
    bisection is exact.  The interval contains the average of ``batch_means`` and is (0, 1) without data.

    Raises ValueError unless 0 < alpha < 1 and all observations lie in [0, 1].
    """
    level = _two_sided(alpha)
    x, _ = _means(batch_means, 0.0)
    if x.ndim != 1:
        raise ValueError("mean_interval takes one sequence of observations")
    if x.size == 0:
        return 0.0, 1.0
    # Rounding of the average must not cut off the truth when all observations are equal.
    centre = np.clip(x.mean(), x.min(), x.max())
    low, _ = _bisect(lambda m: log_e_mean_above(x, m)[-1] >= level, np.zeros(()), centre)
    _, high = _bisect(lambda m: log_e_mean_below(x, m)[-1] < level, centre, np.ones(()))
    return float(low), float(high)
