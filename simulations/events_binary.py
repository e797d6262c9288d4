"""Random events of binary memories: bits that turn, states that drift off, energies that are undercut.

An event is ``event(stream, trials, **arguments)`` and returns one int8 per trial: 1 failure, 0 success, -1
undecided. Every trial draws its own set of M independent fair patterns of N bits. ``degree`` n means the
energy -sum F(<xi_mu, s>) with F(x) = x^n, 0 means F = exp; ``rule`` is "flip" or "field"
(:mod:`simulations.variants.binary`).
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.spins import OneStep, anneal, bit_errors, corrupt, random_signs, relax
from simulations.variants.binary import Spins, energy, field_signs

Outcome = NDArray[np.int8]
Signs = NDArray[np.floating[Any]]

# Elements of the patterns of one block of draws.
BLOCK = 1 << 21
# Elements M^2 N of a set up to which many sets are taken together.
SMALL = 1 << 17


def _draws(stream: np.random.Generator, trials: int, M: int, N: int) -> Iterator[Signs]:
    """Yield blocks (n, M, N) of pattern sets, ``trials`` sets in all."""
    size = max(1, BLOCK // (M * N))
    for first in range(0, trials, size):
        yield random_signs(stream, min(size, trials - first), M, N)


def bit_unstable(
    stream: np.random.Generator, trials: int, *, N: int, M: int, degree: int = 2, rule: str = "flip"
) -> Outcome:
    """Failure: the field at the first bit of the first pattern points away from it (a tie is no failure)."""
    model = Spins(degree, rule)
    out = []
    for memories in _draws(stream, trials, M, N):
        state = memories[:, 0]
        out.append(field_signs(model, memories, state)[:, 0] == -state[:, 0])
    return np.concatenate(out).astype(np.int8)


def step_fails(
    stream: np.random.Generator,
    trials: int,
    *,
    N: int,
    M: int,
    degree: int = 2,
    rule: str = "flip",
    flips: int = 0,
    everyone: int = 0,
    ties: str = "keep",
) -> Outcome:
    """Failure: one synchronous step from a pattern with ``flips`` bits turned at random does not lead to it.

    everyone: 0 asks for the first pattern only, 1 for all of them (each with its own turned bits), and fails
    if one does. ties: "keep" leaves a bit with field 0 as it is, "fail" counts it as wrong, "open" says -1
    where the ties decide.

    Raises:
        ValueError: another way with ties, or what :func:`simulations.spins.corrupt` refuses.
    """
    if ties not in ("keep", "fail", "open"):
        raise ValueError(f"ties: expected keep, fail or open, found {ties!r}")
    model = Spins(degree, rule)
    out = []
    for memories in _draws(stream, trials, M, N):
        target = memories if everyone else memories[:, 0]
        start = np.asarray(corrupt(stream, target, flips), dtype=target.dtype) if flips else target
        out.append(_judge(_one_step(model, memories, start, target), ties))
    return np.concatenate(out)


def _one_step(model: Spins, memories: Signs, start: Signs, target: Signs) -> OneStep:
    """Return the errors (n,) of states (n, N), or (n, k) of states (n, k, N), in sets (n, M, N)."""
    if start.ndim == 2:
        return bit_errors(model, memories, start, target)
    if memories.shape[1] * memories.shape[1] * memories.shape[2] <= SMALL:
        return bit_errors(model, memories[:, None], start, target)
    # Large sets one at a time: a matrix product each instead of many products with vectors.
    each = [bit_errors(model, *one) for one in zip(memories, start, target, strict=True)]
    return OneStep(*(np.stack([getattr(e, name) for e in each]) for name in ("opposed", "ties", "kept")))


def _judge(errors: OneStep, ties: str) -> Outcome:
    """One outcome per draw: all its states must be right."""

    def some(count: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(np.any(np.reshape(count, (len(count), -1)) > 0, axis=1))

    if ties == "keep":
        return some(errors.kept).astype(np.int8)
    tied = np.where(some(errors.ties), 1 if ties == "fail" else -1, 0)
    return np.where(some(errors.opposed), 1, tied).astype(np.int8)


def drifts(
    stream: np.random.Generator,
    trials: int,
    *,
    N: int,
    M: int,
    share: float,
    degree: int = 2,
    rule: str = "flip",
    flips: int = 0,
    max_steps: int = 200,
) -> Outcome:
    """Failure: asynchronous sweeps from the first pattern end with more than share * N bits unlike it.

    ``flips`` bits are turned at random before. -1: within the share after ``max_steps`` sweeps, not at rest.
    """
    model = Spins(degree, rule)
    out = []
    for memories in _draws(stream, trials, M, N):
        target = memories[:, 0]
        start = corrupt(stream, target, flips) if flips else target
        rest = relax(model, memories, start, max_steps=max_steps)
        far = np.sum(rest.state != target, axis=-1) > share * N
        out.append(np.where(far, 1, np.where(rest.fixed, 0, -1)).astype(np.int8))
    return np.concatenate(out)


def undercut(
    stream: np.random.Generator, trials: int, *, N: int, M: int, starts: int = 32, sweeps: int = 0
) -> Outcome:
    """Failure: some state has a lower energy than every retrieval state of the Hebb rule, or there is none.

    Retrieval states are where the sweeps from the M patterns end, if within 5 % of the bits. ``starts``
    random states are cooled by ``sweeps`` heat-bath sweeps from temperature 1 to 0.05 (in units of the energy
    sum m^2/(2N); none by default) and relaxed. A search may miss the lowest state: successes are as strong as
    the search.
    """
    model = Spins()
    temperatures = [float(t) for t in 2 * N * np.linspace(1.0, 0.05, sweeps)]
    out = []
    for memories in _draws(stream, trials, max(M, starts), N):
        memories = memories[:, :M]
        tried = random_signs(stream, len(memories), starts, N)
        if sweeps:
            tried = np.stack(
                [anneal(stream, model, x, s, temperatures) for x, s in zip(memories, tried, strict=True)]
            )
        rest, lowest = _at_rest(model, memories, memories)
        near = np.sum(rest != memories, axis=-1) <= N / 20
        best = np.min(np.where(near, lowest, np.inf), axis=-1)
        out.append(np.min(_at_rest(model, memories, tried)[1], axis=-1) < best)
    return np.concatenate(out).astype(np.int8)


def _at_rest(model: Spins, memories: Signs, states: Signs) -> tuple[Signs, NDArray[np.float64]]:
    """Return where sweeps from the states (n, k, N) end, and the energies (n, k) there."""
    sets = memories[:, None]
    rest = relax(model, sets, states).state
    return rest, np.asarray(energy(model, sets, rest))


def has_neighbour(stream: np.random.Generator, trials: int, *, N: int, M: int) -> Outcome:
    """Failure: the first pattern has another pattern at Hamming distance exactly 1."""
    out = []
    for memories in _draws(stream, trials, M, N):
        overlap = np.matmul(memories[:, 1:], memories[:, 0, :, None])[..., 0]
        out.append(np.any(overlap == N - 2, axis=-1))
    return np.concatenate(out).astype(np.int8)


def _all_sets(N: int, M: int) -> NDArray[np.float64]:
    """Return all sets (2^(N (M-1)), M, N) whose first pattern is all ones; by symmetry they stand for all."""
    free = N * (M - 1)
    if free > 20:
        raise ValueError(f"N (M - 1): expected at most 20, found {free}")
    bits = np.arange(2**free)[:, None] >> np.arange(free) & 1
    rest = (2.0 * bits - 1).reshape(-1, M - 1, N)
    return np.concatenate([np.ones((len(rest), 1, N)), rest], axis=1)


def unstable_share(N: int, M: int, *, ties: bool = False, degree: int = 2, rule: str = "flip") -> Fraction:
    """Return the share of all 2^(N M) pattern sets in which the first bit of the first pattern is unstable.

    With ``ties`` a field of 0 counts as well.

    Raises:
        ValueError: more than 2^20 sets to visit.
    """
    memories = _all_sets(N, M)
    sign = field_signs(Spins(degree, rule), memories, memories[:, 0])[:, 0]
    return Fraction(int(np.sum(sign <= 0 if ties else sign < 0)), len(memories))


def gap_variance(N: int, M: int, degree: int) -> Fraction:
    """Return the variance of E(first bit of the first pattern turned) - E(pattern) over all pattern sets.

    Raises:
        ValueError: more than 2^20 sets to visit.
    """
    memories = _all_sets(N, M)
    pattern = memories[:, 0]
    turned = pattern.copy()
    turned[:, 0] *= -1
    model = Spins(degree)
    gaps = [int(g) for g in energy(model, memories, turned) - energy(model, memories, pattern)]
    first, second = Fraction(sum(gaps), len(gaps)), Fraction(sum(g * g for g in gaps), len(gaps))
    return second - first**2
