"""Search for N points on the unit sphere of R^n whose largest cosine is as small as possible.

Many starts at once: random codes (and perturbed copies of good ones) are annealed under a smooth loss
whose sharpness grows, and the best of each batch are polished to the last digits.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, to_device
from numpy.typing import NDArray

from simulations.codes import lbfgs
from simulations.codes.certificate import certify_max_cosine
from simulations.codes.code import Code
from simulations.codes.isometry import isometric
from simulations.codes.losses import LOSSES, max_cosines, unit
from simulations.codes.polish import is_large, largest_cosine, near_pairs, polish
from simulations.streams import stream

Array = Any
Floats = NDArray[np.float64]

BUDGETS = {"quick": 128, "standard": 1024, "thorough": 16384}
"""Most starts of each named budget; large codes get fewer, see ``starts_of``."""

# First sharpness times (1 - s): a low one finds codes that are even on the whole and misses the rest.
FIRST_SHARPNESS = (1.0, 4.0, 16.0)
LAST_SHARPNESS = 2000.0
# Elements of the (starts, N, N) cosines of one batch: they stay in the cache.
_BATCH = 1 << 15
_SAME = 1e-9
# Batches of perturbed good codes after a batch for each first sharpness.
_PERTURBED = 2
# Good codes, no two isometric, from which the perturbed starts come.
_ELITE = 8


@dataclass(frozen=True)
class Progress:
    """Where a search stands.

    Attributes:
        starts: starts finished, of ``budget``.
        max_cosine: the smallest largest cosine so far.
        hits: polished starts that came within 1e-9 of it.
        polished: starts that were polished.
        points: the best code so far, (N, n).
    """

    starts: int
    budget: int
    max_cosine: float
    hits: int
    polished: int
    points: Floats


def anneal(
    points: Array,
    loss: str = "soft",
    first: float = 1.0,
    last: float = LAST_SHARPNESS,
    factor: float = 3.0,
    iterations: int = 60,
    settle: int = 300,
) -> Array:
    """Minimise a loss of growing sharpness by L-BFGS from each of B starts (B, N, n), any array library.

    Args:
        loss: a name in ``LOSSES``. The sharpness is k/(1 - s) for "soft", with s the largest cosine that
            a cap-packing estimate promises for (n, N), and the exponent k itself for "riesz".
        first, last, factor: k is first, first * factor, ... up to last.
        iterations: most evaluations at each k.
        settle: the same at the first k: there the code finds its order, which takes many points long.

    Returns:
        (B, N, n) unit vectors.

    Raises:
        ValueError: an unknown loss.
    """
    if loss not in LOSSES:
        raise ValueError(f"the loss is one of {', '.join(LOSSES)}, not {loss!r}")
    xp = array_namespace(points)
    shape = batch, count, dimension = points.shape
    gap = spacing(dimension, count) if loss == "soft" else 1.0
    for stage, k in enumerate(exponents(first, last, factor)):

        def objective(flat: Array, sharpness: float = k / gap) -> tuple[Array, Array]:
            value, gradient = LOSSES[loss](xp.reshape(flat, shape), sharpness)
            return value, xp.reshape(gradient, (batch, -1))

        # A component of the gradient is about 1/N; all but the last stage may stay a little off.
        tol = 1e-10 if k == last else 1e-5 / count
        most = iterations if stage else max(iterations, settle)
        flat = lbfgs.minimise(objective, xp.reshape(points, (batch, -1)), most, tol=tol)
        points = unit(xp.reshape(flat, shape))
    return points


def exponents(first: float, last: float, factor: float) -> list[float]:
    """Return first, first * factor, ... below last, and last."""
    stages = max(1, math.ceil(math.log(last / first) / math.log(factor)))
    return [first * factor**i for i in range(stages)] + [last]


def spacing(n: int, N: int) -> float:
    """Return a rough 1 - s for an optimal code: the spacing of the caps whose areas add up to the sphere.

    Only the scale matters; it sets temperatures.
    """
    if n == 1 or N <= 2:
        return 1.0
    # Small caps of angular radius r have the area ~ c r^(n-1); r = theta/2 would be a packing of density 1.
    log_area = math.lgamma(n / 2) - math.lgamma((n + 1) / 2) - math.log(2 * math.sqrt(math.pi))
    radius = math.exp((-math.log(N) - log_area) / (n - 1))
    return 1 - math.cos(min(2 * radius * 0.9, math.pi / 2))


def optimise(
    n: int,
    N: int,
    *,
    seed: int = 0,
    budget: str | int = "quick",
    progress: Callable[[Progress], bool | None] | None = None,
    losses: Sequence[str] = ("soft", "riesz"),
    to_array: Callable[[Floats], Array] = np.asarray,
    batch: int | None = None,
) -> Code:
    """Return the best code found of N points on the unit sphere of R^n, with its certificate.

    Args:
        seed: root seed; the result is a function of (n, N, seed, budget, losses) on one machine.
        budget: a name in ``BUDGETS`` or the number of starts.
        progress: called after every batch with a ``Progress``; a true answer ends the search.
        losses: used in turn.
        to_array: brings the NumPy starts (B, N, n) to another array library or device, where they are
            annealed; ``lambda x: torch.asarray(x, device="cuda")`` for instance.
        batch: starts annealed together; by default as many as fit a processor's cache.

    Ctrl-C ends the search and the best code so far is returned (if there is one).

    Raises:
        ValueError: n < 2, N < 2, an unknown budget or loss, an empty batch.
    """
    starts = _checked(n, N, budget, losses)
    if batch is not None and batch < 1:
        raise ValueError(f"a batch has at least one start, not {batch}")
    search = _Search(n, N, to_array, batch)
    try:
        while search.starts < starts:
            search.batch(seed, min(search.size, starts - search.starts), losses)
            if progress is not None and progress(search.report(starts)):
                break
    except KeyboardInterrupt:
        if search.best is None:
            raise
    return _as_code(search)


def starts_of(budget: str, n: int, N: int) -> int:
    """Return the starts of a named budget: fewer where a start costs more than about 30 000 = N^2 n."""
    return max(4, min(BUDGETS[budget], BUDGETS[budget] * 30_000 // (N * N * n)))


def _checked(n: int, N: int, budget: str | int, losses: Sequence[str]) -> int:
    if n < 2 or N < 2:
        raise ValueError(f"a code to optimise has n >= 2 and N >= 2, not n = {n}, N = {N}")
    if not losses or any(name not in LOSSES for name in losses):
        raise ValueError(f"the losses are some of {', '.join(LOSSES)}, not {list(losses)!r}")
    if isinstance(budget, str):
        if budget not in BUDGETS:
            raise ValueError(
                f"the budget is a number of starts or one of {', '.join(BUDGETS)}, not {budget!r}"
            )
        return starts_of(budget, n, N)
    if budget < 1:
        raise ValueError(f"the budget is at least one start, not {budget}")
    return budget


def _as_code(search: "_Search") -> Code:
    assert search.best is not None
    enclosure = certify_max_cosine(search.best)
    return Code(
        name=f"optimised({search.n},{search.N})",
        points=search.best,
        max_cosine=float(enclosure[1]),
        max_cosine_exact=None,
        max_cosine_enclosure=enclosure,
    )


def core(points: Floats) -> Floats:
    """Return the points (N, n) of a code that have a contact: what is left without the rattlers."""
    return np.asarray(points[np.unique(near_pairs(points, _SAME))])


class _Search:
    """The state of one search: the best code, the distinct good ones, the counts."""

    def __init__(self, n: int, N: int, to_array: Callable[[Floats], Array], batch: int | None) -> None:
        self.n, self.N = n, N
        self.to_array = to_array
        self.size = batch or min(32, max(2, _BATCH // (N * N)))
        self.starts = self.rounds = self.polished = self.hits = 0
        self.best: Floats | None = None
        self.s = math.inf
        self.drop = 0.0
        self.elite: list[tuple[float, Floats]] = []

    def batch(self, seed: int, size: int, losses: Sequence[str]) -> None:
        """Run one batch of starts: random codes for each first sharpness, then perturbed good codes."""
        random = stream(seed, "codes.optimise", self.n, self.N, self.rounds)
        kinds = len(FIRST_SHARPNESS)
        cycle, turn = divmod(self.rounds, kinds + _PERTURBED)
        if turn < kinds:
            points = unit(random.standard_normal((size, self.N, self.n)))
            first = FIRST_SHARPNESS[turn]
        else:
            points = np.stack([self._perturbed(random) for _ in range(size)])
            first = FIRST_SHARPNESS[-1] * 2
        loss = losses[(cycle + turn) % len(losses)]
        # Only soft first stages have an order to find; sharp ones keep the one they are given.
        annealed = anneal(self.to_array(points), loss, first, settle=300 if first < 10 else 60)
        self._keep(np.asarray(to_device(annealed, "cpu")))
        self.rounds += 1
        self.starts += size

    def _perturbed(self, random: np.random.Generator) -> Floats:
        """Move a few points of a good code elsewhere."""
        points = self.elite[int(random.integers(len(self.elite)))][1].copy()
        moved = random.choice(self.N, int(random.integers(1, 2 + self.N // 8)), replace=False)
        points[moved] = random.standard_normal((len(moved), self.n))
        chord = math.sqrt(2 * (1 - self.s))
        noise = random.standard_normal(points.shape) / math.sqrt(self.n)
        return np.asarray(unit(points + 0.3 * chord * random.random() * noise))

    def _keep(self, points: Floats) -> None:
        """Polish those of a batch that might beat the best, one of each kind."""
        rough = max_cosines(points)
        gap = spacing(self.n, self.N)
        seen: list[float] = []
        # The annealed code lies above the polished one by much the same each time.
        reach = self.s + (2 * self.drop or math.inf)
        for index in np.argsort(rough):
            if rough[index] > min(reach, rough.min() + 10 * gap / LAST_SHARPNESS) or len(seen) >= 4:
                break
            if any(abs(rough[index] - other) < 1e-8 * gap for other in seen):
                continue
            seen.append(float(rough[index]))
            finished = self._finished(points[index])
            self.drop = max(0.8 * self.drop, float(rough[index]) - largest_cosine(finished))
            self._add(finished)

    def _finished(self, points: Floats) -> Floats:
        """Polish; a large code is first taken to temperatures that leave several digits more."""
        if is_large(points):
            points = anneal(points[None], "soft", LAST_SHARPNESS, 1e6, 5.0, 100)[0]
        return polish(points)

    def _add(self, points: Floats) -> None:
        """Count a finished start; keep it if it is among the best and no copy of one of them."""
        s = largest_cosine(points)
        self.polished += 1
        if s < self.s - _SAME:
            self.hits = 0
        self.hits += s < self.s + _SAME
        if s < self.s:
            self.best, self.s = points, s
        if not any(abs(s - t) <= _SAME and isometric(core(points), core(x)) for t, x in self.elite):
            self.elite = sorted([*self.elite, (s, points)], key=lambda pair: pair[0])[:_ELITE]

    def report(self, budget: int) -> Progress:
        assert self.best is not None
        return Progress(self.starts, budget, self.s, self.hits, self.polished, self.best)
