"""Random events on binary networks: noisy couplings, mixtures of patterns, hidden codes, exponential energy.

Events in the sense of :mod:`simulations.events`: one int8 per trial, 1 failure, 0 success, -1 undecided.
"""

import numpy as np

from simulations.events_denoising import Outcome
from simulations.spins import bit_errors, majority, random_signs
from simulations.variants.binary import Spins


def noisy_bits_unstable(
    stream: np.random.Generator,
    trials: int,
    *,
    N: int,
    K: int,
    degree: int,
    noise: float,
    share: float = 0.05,
) -> Outcome:
    """Failure: more than ``share`` of the bits of a pattern point away after one step.

    K patterns of N fair signs. The field of bit i is the sum of xi_i m^(degree - 1), m the overlap without
    bit i, plus noise sqrt(K N^(degree - 1)) g_i with g_i standard normal: the effect of independent noise on
    the couplings whose size is ``noise`` times their own fluctuation sqrt(K).
    """
    if K < 1:
        return np.zeros(trials, dtype=np.int8)
    found = np.empty(trials, dtype=np.int8)
    for t in range(trials):
        patterns = random_signs(stream, K, N)
        own = patterns[0].astype(np.float64)
        # Without bit i an overlap is m - e, e = xi_i s_i = +-1: its power is even + e odd.
        m = (patterns @ patterns[0]).astype(np.float64)
        less, more = (m - 1) ** (degree - 1), (m + 1) ** (degree - 1)
        field = ((less + more) / 2) @ patterns + own * np.sum(less - more) / 2
        field += noise * np.sqrt(float(K) * N ** (degree - 1)) * stream.standard_normal(N)
        found[t] = np.mean(field * own <= 0) > share
    return found


def mixture_moves(
    stream: np.random.Generator, trials: int, *, N: int, P: int, k: int, degree: int
) -> Outcome:
    """Failure: the majority of k of P patterns of N fair signs is no fixed point (degree 0: exponential).

    The rule is "flip"; a bit whose field is exactly 0 keeps its sign.
    """
    patterns = random_signs(stream, trials, P, N)
    mixture = majority(patterns[:, :k])
    errors = bit_errors(Spins(degree), patterns, mixture, mixture)
    return np.asarray(errors.opposed > 0, dtype=np.int8)


def exponential_unstable(stream: np.random.Generator, trials: int, *, N: int, P: int) -> Outcome:
    """Failure: a pattern of P is no fixed point of the exponential model, turning one bit at a time."""
    found = np.empty(trials, dtype=np.int8)
    for t in range(trials):
        patterns = random_signs(stream, P, N)
        errors = bit_errors(Spins(0), patterns, patterns[:1], patterns[:1])
        found[t] = errors.opposed[0] > 0
    return found


def code_unstable(stream: np.random.Generator, trials: int, *, hidden: int, visible: int) -> Outcome:
    """Failure: one of the 2^hidden codes is no fixed point of the threshold network.

    Linear visible neurons rest at v = sum of f_mu xi_mu/visible over ``hidden`` patterns of ``visible`` fair
    signs, hidden ones are f_mu = 1 where <xi_mu, v> > 1/2. A code is stable if its own bits stay above 1/2
    and all others below, so the worst codes for a bit take all overlaps of one sign.
    """
    patterns = random_signs(stream, trials, hidden, visible).astype(np.float64)
    overlaps = patterns @ np.swapaxes(patterns, -1, -2)
    overlaps[:, np.arange(hidden), np.arange(hidden)] = 0
    above = np.sum(np.maximum(overlaps, 0), axis=-1)
    below = np.sum(np.minimum(overlaps, 0), axis=-1)
    # Integers, in units of 1/visible: at 1/2 exactly a neuron is off.
    return np.asarray(np.any((2 * above > visible) | (2 * below <= -visible), axis=-1), dtype=np.int8)
