"""What the theory of binary memories speaks of, measured: unstable bits, fixed patterns, basins, ties."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device
from numpy.typing import NDArray

from simulations.variants.base import Array
from simulations.variants.binary import Spins, check_signs, field_signs, overlap, power, update

Floats32 = NDArray[np.float32]


def random_signs(stream: np.random.Generator, *shape: int) -> Floats32:
    """Return independent fair signs, float32 (exact, and what the fastest matrix products take)."""
    size = int(np.prod(shape))
    bits = np.unpackbits(np.frombuffer(stream.bytes(-(-size // 8)), dtype=np.uint8), count=size)
    return (bits.astype(np.float32) * 2 - 1).reshape(shape)


def corrupt(stream: np.random.Generator, patterns: NDArray[np.generic], flips: int) -> NDArray[np.generic]:
    """Return NumPy patterns (..., d) with exactly ``flips`` bits turned, chosen uniformly for each.

    Raises:
        ValueError: flips outside 0..d.
    """
    d = patterns.shape[-1]
    if not 0 <= flips <= d:
        raise ValueError(f"flips: expected 0 to {d}, found {flips}")
    rank = np.argpartition(stream.random(patterns.shape), min(flips, d - 1), axis=-1)[..., :flips]
    factor = np.ones_like(patterns)
    np.put_along_axis(factor, rank, factor.dtype.type(-1), axis=-1)
    return np.asarray(patterns * factor)


def majority(patterns: Array) -> Array:
    """Return the sign of the sum (..., d) of an odd number of patterns (..., k, d): a symmetric mixture.

    Raises:
        ValueError: an even number of patterns, for which the sum may vanish.
    """
    if patterns.shape[-2] % 2 == 0:
        raise ValueError(f"patterns: expected an odd number of them, found {patterns.shape[-2]}")
    xp = array_namespace(patterns)
    return xp.sign(xp.sum(patterns, axis=-2, dtype=patterns.dtype))


@dataclass(frozen=True)
class OneStep:
    """Counts (...) after all bits were updated once from the same state.

    Attributes:
        opposed: bits whose field points away from the target.
        ties: bits whose field is exactly 0.
        kept: bits that differ from the target after the update in which ties keep the old bit; between
            ``opposed`` and ``opposed + ties``.
    """

    opposed: Array
    ties: Array
    kept: Array


def bit_errors(
    model: Spins, memories: Array, state: Array | None = None, target: Array | None = None
) -> OneStep:
    """Count the errors of one synchronous step from ``state`` (..., d) against ``target`` (..., d).

    memories (M, d) or (..., M, d). state: the memories by default; target: the state by default, so that the
    default counts the unstable bits of every memory, (..., M).

    Raises:
        ValueError: entries other than -1 and +1.
    """
    if state is None:
        state, memories = memories, memories if memories.ndim == 2 else memories[..., None, :, :]
    target = state if target is None else target
    xp = array_namespace(memories, state, target)
    check_signs("target", target)
    sign = field_signs(model, memories, state)

    def count(which: Array) -> Array:
        return xp.sum(xp.astype(which, xp.int64), axis=-1)

    tie = sign == 0
    return OneStep(count(sign == -target), count(tie), count(xp.where(tie, state, sign) != target))


@dataclass(frozen=True)
class Stored:
    """Shares of the memories (...) that are fixed points, ties keeping the bit or counting as failures."""

    kept: Array
    strict: Array


def fixed_fraction(model: Spins, memories: Array) -> Stored:
    """Return the shares of fixed memories of sets (..., M, d); 1 means that the whole set is stored."""
    xp = array_namespace(memories)
    errors = bit_errors(model, memories)
    kept, strict = errors.kept == 0, errors.opposed + errors.ties == 0
    return Stored(
        xp.mean(xp.astype(kept, xp.float64), axis=-1), xp.mean(xp.astype(strict, xp.float64), axis=-1)
    )


@dataclass(frozen=True)
class Relaxed:
    """Where states (..., d) came to rest.

    Attributes:
        state: the last state.
        steps: (...) sweeps or synchronous steps that changed something.
        fixed: (...) whether one more step changes nothing.
        cycle: (...) whether a further two steps return to the state that one step leaves.
    """

    state: Array
    steps: Array
    fixed: Array
    cycle: Array


def relax(
    model: Spins, memories: Array, state: Array, order: str = "asynchronous", max_steps: int = 1000
) -> Relaxed:
    """Repeat :func:`simulations.variants.binary.update` until every state is fixed or in a 2-cycle.

    memories (M, d), or any shape whose leading axes broadcast with those of ``state``.

    Raises:
        ValueError: entries other than -1 and +1, or another order.
    """
    xp = array_namespace(memories, state)
    lead = np.broadcast_shapes(state.shape[:-1], memories.shape[:-2])
    before, now = None, xp.broadcast_to(state, (*lead, state.shape[-1]))
    steps = xp.zeros(lead, dtype=xp.int64, device=device(state))
    for step in range(max_steps + 1):
        after = update(model, memories, now, order)
        fixed = xp.all(after == now, axis=-1)
        cycle = xp.zeros_like(fixed) if before is None else ~fixed & xp.all(after == before, axis=-1)
        if step == max_steps or bool(xp.all(fixed | cycle)):
            break
        steps = xp.where(fixed, steps, steps + 1)
        before, now = now, after
    return Relaxed(now, steps, fixed, cycle)


def anneal(
    stream: np.random.Generator,
    model: Spins,
    memories: NDArray[np.generic],
    state: NDArray[np.generic],
    temperatures: Sequence[float],
) -> NDArray[np.generic]:
    """Return states (..., d) after one heat-bath sweep at each temperature, in the unit of the energy.

    With E = -sum_mu <xi_mu, s>^n a bit becomes 1 with probability 1/(1 + exp(-h/t)), where
    h = E(s_i = -1) - E(s_i = 1). The literature on Hebb's rule divides E, and t, by 2 d. NumPy arrays,
    memories (M, d).

    Raises:
        ValueError: the exponential model, a temperature that is not positive, entries other than -1 and +1.
    """
    if model.degree == 0:
        raise ValueError("model: expected a polynomial energy, found the exponential one")
    if not all(t > 0 for t in temperatures):
        raise ValueError(f"temperatures: expected positive numbers, found {min(temperatures)}")
    check_signs("memories", memories)
    check_signs("state", state)
    spins, xi = np.array(state, dtype=np.float64), np.asarray(memories, dtype=np.float64)
    m = overlap(memories, spins)
    for t in temperatures:
        chance = np.maximum(stream.random(spins.shape), 2.0**-54)  # 0 has no logarithm
        for i in range(spins.shape[-1]):
            rest = m - xi[:, i] * spins[..., i, None]
            h = np.sum(power(rest + xi[:, i], model.degree) - power(rest - xi[:, i], model.degree), axis=-1)
            # P(+1) > u is h/t > logit(u), which does not overflow.
            u = chance[..., i]
            spins[..., i] = np.where(h > t * (np.log(u) - np.log1p(-u)), 1.0, -1.0)
            m = rest + xi[:, i] * spins[..., i, None]
    return spins.astype(state.dtype)
