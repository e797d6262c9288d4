"""How narrow a violation each search and each decision finds: planted violations of known size, and a ladder.

Search.  A violation fills a cube of a given share of the input box [0, 1]^n, at a random place. In a
*funnel* the violation grows towards the cube from everywhere, without other maxima; a *needle* is flat
outside, so that only hitting it helps. n is the number of scalars of a box, or the length of the search
vector of memory sets (d M + d + 1 for free queries: 4, 7, 9, 16 at the sizes that are searched).

Decision.  A coin has more heads than a claim allows, by a relative excess; a load crosses its level along a
line of another slope than claimed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from simulations.streams import stream
from verify import search
from verify.arena import Box, Param
from verify.checkers import probability, scaling_law
from verify.checkers.forall import BOX_DRAWS
from verify.context import Context
from verify.drawing import draw_box
from verify.instances import MODELS, Array
from verify.search import EFFORT
from verify.statement import Inequality, Part, Probability, ScalingLaw, Source

PROFILES = ("quick", "standard", "full")
SHAPES = ("funnel", "needle")
DIMENSIONS = (1, 3, 7, 16)
SHARES = tuple(10.0**-k for k in range(1, 13))
"""The ladder of shares, wide first."""
FLAT = sp.Rational(51, 50)
"""Beyond this multiple of its half-width a needle says nothing more."""
EXCESSES = (2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
"""The ladder of relative excesses of a probability, and of deviations of a slope."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A cube of the given share of [0, 1]^n in which "half <= max |u_i - c_i|" fails."""

    shape: str
    share: float
    centre: tuple[sp.Rational, ...]

    @property
    def dimension(self) -> int:
        """Number n of inputs."""
        return len(self.centre)

    @property
    def half(self) -> sp.Rational:
        """Half the side of the cube, to twelve digits."""
        return sp.Rational(f"{self.share ** (1 / self.dimension) / 2:.12g}")

    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The inputs."""
        return tuple(sp.symbols(f"u1:{self.dimension + 1}", nonnegative=True))

    def relation(self) -> Any:
        """The claim that is planted to be false in the cube, and true elsewhere."""
        distance = sp.Max(*(sp.Abs(u - c) for u, c in zip(self.symbols(), self.centre, strict=True)))
        if self.shape == "needle":
            distance = sp.Min(distance, FLAT * self.half)
        return sp.Le(self.half, distance, evaluate=False)

    def arena(self) -> Box:
        """The box of inputs."""
        return Box(tuple(Param(u, 0.0, 1.0) for u in self.symbols()))

    def statement(self) -> Inequality:
        """A whole statement that is false exactly in the cube."""
        return Inequality(
            id="power.plant",
            title="A planted violation",
            source=Source("user", "planted"),
            provenance="derived",
            arena=self.arena(),
            parts=(Part("plant", self.relation()),),
            controls=(),
        )

    def missed_by(self, points: Array) -> Array:
        """log(distance from the centre/half-width), (B,), for points (B, n): < 0 in the cube."""
        distance = np.max(np.abs(points - np.array([float(c) for c in self.centre])), axis=-1)
        found = np.log(np.maximum(distance, 1e-300) / float(self.half))
        return np.minimum(found, math.log(float(FLAT))) if self.shape == "needle" else found


def plant(shape: str, dimension: int, share: float, seed: int) -> Plant:
    """A planted violation at a random place of the box, such that all of it lies inside."""
    side = share ** (1 / dimension)
    place = stream(seed, "power.plant", shape, dimension, f"{share:g}").uniform(size=dimension)
    centre = tuple(sp.Rational(f"{side / 2 + p * (1 - side):.9f}") for p in place)
    return Plant(shape, share, centre)


# -- one method, one plant: found or not ---------------------------------------------------------------

Method = Callable[[Plant, str, int], bool]


def by_draws(p: Plant, profile: str, seed: int) -> bool:
    """The draws on a box alone."""
    batch = draw_box(p.arena(), seed, "power", BOX_DRAWS[profile])
    points = np.stack([batch.scalars[str(u)] for u in p.symbols()], axis=-1)
    return bool(np.any(p.missed_by(points) < 0))


def _restarts(p: Plant, profile: str, seed: int, methods: Sequence[Any]) -> bool:
    """Some of the methods of a search, in order, each from what the last one reached, as in ``maximise``."""
    effort = EFFORT[profile]

    def objective(vectors: Array) -> Array:
        return p.missed_by((vectors + 1) / 2)

    best, value = None, np.inf
    for restart in range(effort.restarts):
        rng = stream(seed, "power.search", restart)
        for method in methods:
            found, reached = method(objective, p.dimension, effort, rng, best)
            if reached < value:
                best, value = found, reached
    return bool(value < 0)


def by_evolution(p: Plant, profile: str, seed: int) -> bool:
    """Differential evolution alone."""
    return _restarts(p, profile, seed, (search._evolve,))


def by_direct(p: Plant, profile: str, seed: int) -> bool:
    """DIRECT alone (three dimensions at most; it does not run in more)."""
    return _restarts(p, profile, seed, (search._direct,))


def by_evolution_and_polish(p: Plant, profile: str, seed: int) -> bool:
    """Differential evolution, then Nelder-Mead from its best point."""
    return _restarts(p, profile, seed, (search._evolve, search._polish))


def by_search(p: Plant, profile: str, seed: int) -> bool:
    """All three, as ``maximise`` runs them; floats in the place of formulas, to afford a ladder."""
    return _restarts(p, profile, seed, (search._evolve, search._direct, search._polish))


def by_maximise(p: Plant, profile: str, seed: int) -> bool:
    """The search itself, through formulas and margins as a statement has them."""
    found = search.maximise(
        p.arena(),
        (0, 0),
        p.relation(),
        None,
        (),
        effort=EFFORT[profile],
        seed=seed,
        name="power",
        models=MODELS,
    )
    return found.excess > 0


METHODS: dict[str, Method] = {
    "draws": by_draws,
    "evolution": by_evolution,
    "DIRECT": by_direct,
    "evolution and Nelder-Mead": by_evolution_and_polish,
    "search (all three)": by_search,
}


def narrowest(method: Method, shape: str, dimension: int, profile: str, placements: int = 5) -> float | None:
    """The smallest share of the ladder at which all placements are found; None if they are not even at 1/10.

    By halving: a violation that is missed is taken to be missed when it is narrower.
    """
    low, high = 0, len(SHARES)
    while low < high:
        middle = (low + high + 1) // 2
        share = SHARES[middle - 1]
        if all(method(plant(shape, dimension, share, seed), profile, seed) for seed in range(placements)):
            low = middle
        else:
            high = middle - 1
    return SHARES[low - 1] if low else None


def _last(ladder: Iterable[float], found: Callable[[float], bool]) -> float | None:
    """The last rung before the first that fails."""
    reached = None
    for rung in ladder:
        if not found(rung):
            break
        reached = rung
    return reached


# -- decisions -----------------------------------------------------------------------------------------


def coin(stream: np.random.Generator, trials: int, *, share: float) -> Any:
    """Failure with probability ``share``."""
    return (stream.random(trials) < share).astype(np.int8)


def crossing(stream: np.random.Generator, trials: int, *, size: int, load: int, slope: float) -> Any:
    """Failure with a probability that crosses 1/2 at the load size^slope."""
    odds = (load / size**slope) ** 4
    return (stream.random(trials) < odds / (1 + odds)).astype(np.int8)


def smallest_excess(claim: sp.Rational, profile: str, repetitions: int = 10) -> float | None:
    """The last relative excess of the ladder over "P <= claim" that all repetitions refute at 1/1000."""

    def refuted(excess: float) -> bool:
        share = sp.Rational(str(excess)) * claim + claim
        if share >= 1:
            return True
        statement = Probability(
            id="power.coin",
            title="A biased coin",
            source=Source("user", "planted"),
            provenance="derived",
            controls=(),
            event=coin,
            points=({"share": share},),
            arguments={"share": sp.Symbol("share")},
            bound=claim,
        )
        return all(
            _depth(probability.check(statement, Context(profile=profile, seed=seed))) >= math.log(1e3)
            for seed in range(repetitions)
        )

    return _last(EXCESSES, refuted)


def smallest_deviation(profile: str, repetitions: int = 5) -> float | None:
    """The last deviation of a slope from 1 on the ladder that all repetitions refute at 1/1000."""

    def refuted(deviation: float) -> bool:
        slope = sp.Rational(str(1 + deviation))
        statement = ScalingLaw(
            id="power.slope",
            title="Another slope",
            source=Source("user", "planted"),
            provenance="derived",
            controls=(),
            event=crossing,
            sizes=(10, 30, 100, 300),
            nominal=sp.Symbol("size") ** slope,
            factors=("1/4", "1/2", "4/5", "5/4", "2", "4"),
            arguments={"size": sp.Symbol("size"), "load": sp.Symbol("load"), "slope": slope},
            slope=(1, 1),
        )
        return all(
            _depth(scaling_law.check(statement, Context(profile=profile, seed=seed))) >= math.log(1e3)
            for seed in range(repetitions)
        )

    return _last(EXCESSES[2:], refuted)


def _depth(evidence: Any) -> float:
    return float(evidence.parts[0].log_e_against or 0.0)
