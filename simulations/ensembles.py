"""Pattern ensembles: named recipes for sets of memories, from the typical to the adversarial.

Every recipe is ``draw(stream, n, M, d, m=1.0, **params)`` and returns n sets of shape (n, M, d),
float64. m is the radius of the sphere on which the patterns lie, or the largest norm that can occur;
for ``gaussian`` it is the root mean square norm. The numbers depend on the stream alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Draw(Protocol):
    """The signature that all ensembles share."""

    def __call__(
        self, stream: np.random.Generator, n: int, M: int, d: int, m: float = 1.0, **params: Any
    ) -> Floats:
        """Draw n sets of M memories in R^d."""


@dataclass(frozen=True)
class _Shapes:
    fits: Callable[[int, int], bool]
    needs: str


ENSEMBLES: dict[str, Draw] = {}
_SHAPES: dict[str, _Shapes] = {}


def fits(name: str, M: int, d: int) -> bool:
    """Tell whether the ensemble exists for M patterns in R^d."""
    return M >= 1 and d >= 1 and _SHAPES[name].fits(M, d)


def _ensemble(
    name: str, fits_shape: Callable[[int, int], bool] = lambda M, d: True, needs: str = ""
) -> Callable[[Callable[..., Floats]], Draw]:
    """Register a recipe for unit scale; the wrapper checks the shape and multiplies by m."""

    def register(recipe: Callable[..., Floats]) -> Draw:
        def draw(
            stream: np.random.Generator, n: int, M: int, d: int, m: float = 1.0, **params: Any
        ) -> Floats:
            if not fits(name, M, d):
                raise ValueError(
                    f"ensemble {name!r} needs {needs or 'M >= 1 and d >= 1'}, not M = {M}, d = {d}"
                )
            return m * recipe(stream, n, M, d, **params)

        draw.__doc__ = recipe.__doc__
        draw.__name__ = name
        ENSEMBLES[name] = draw
        _SHAPES[name] = _Shapes(fits_shape, needs)
        return draw

    return register


def _normalise(a: Floats) -> Floats:
    length = np.linalg.norm(a, axis=-1, keepdims=True)
    return a / np.where(length > 0, length, 1.0)


def directions(stream: np.random.Generator, *shape: int) -> Floats:
    """Return vectors uniform on the unit sphere of the last axis."""
    return _normalise(stream.standard_normal(shape))


def frames(stream: np.random.Generator, n: int, k: int, d: int) -> Floats:
    """Return n uniformly random orthonormal k-frames in R^d, as rows: (n, k, d)."""
    q, r = np.linalg.qr(stream.standard_normal((n, d, k)))
    # Without these signs the law would depend on the sign convention of the QR routine.
    signs = np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return np.ascontiguousarray(np.swapaxes(q * signs[:, None, :], -1, -2))


@_ensemble("sphere")
def sphere(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """Independent and uniform on the sphere of radius m."""
    return directions(stream, n, M, d)


@_ensemble("gaussian")
def gaussian(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """Independent normal entries of variance m^2/d."""
    return np.asarray(stream.standard_normal((n, M, d)) / math.sqrt(d), dtype=np.float64)


@_ensemble("binary")
def binary(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """Independent signs: entries +-m/sqrt(d)."""
    return np.asarray((2.0 * stream.integers(0, 2, (n, M, d)) - 1.0) / math.sqrt(d), dtype=np.float64)


@_ensemble("orthonormal", lambda M, d: d >= M, "M <= d")
def orthonormal(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """A random orthonormal frame times m."""
    return frames(stream, n, M, d)


@_ensemble("antipodal")
def antipodal(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """Pairs +-a with a uniform on the sphere; for odd M the last pattern has no partner."""
    half = directions(stream, n, (M + 1) // 2, d)
    return np.stack([half, -half], axis=2).reshape(n, -1, d)[:, :M]


@_ensemble("simplex", lambda M, d: d + 1 >= M, "M <= d + 1")
def simplex(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """The vertices of a regular simplex about the origin, randomly rotated."""
    if M == 1:
        return directions(stream, n, 1, d)
    rows = np.zeros((M - 1, M))
    for k in range(1, M):  # an orthonormal basis of the sum-zero hyperplane (Helmert)
        rows[k - 1, :k] = 1.0
        rows[k - 1, k] = -k
        rows[k - 1] /= math.sqrt(k * (k + 1))
    corners = rows.T * math.sqrt(M / (M - 1))
    return np.asarray(corners @ frames(stream, n, M - 1, d))


@_ensemble("circle", lambda M, d: d >= 2, "d >= 2")
def circle(
    stream: np.random.Generator,
    n: int,
    M: int,
    d: int,
    arc: float = 2 * math.pi,
    sides: int = 1,
    regular: bool = False,
) -> Floats:
    """Points on a circle in a random plane, within an arc of the given length.

    sides=2 moves every other point to the opposite arc. regular spaces the points by arc/M.
    """
    turn = np.broadcast_to(np.arange(M) / M, (n, M)) if regular else stream.random((n, M))
    angle = arc * turn + (math.pi * (np.arange(M) % 2) if sides == 2 else 0.0)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.asarray(points @ frames(stream, n, 2, d))


@_ensemble("line")
def line(stream: np.random.Generator, n: int, M: int, d: int) -> Floats:
    """Points uniform on [-m, m] along one random direction: d = 1, embedded."""
    return stream.uniform(-1.0, 1.0, (n, M, 1)) * directions(stream, n, 1, d)


@_ensemble("unequal")
def unequal(stream: np.random.Generator, n: int, M: int, d: int, kind: str = "free") -> Floats:
    """Unequal norms: scale factors log-uniform in [1/4, 4], the factor 4 giving the norm m.

    kind "free": independent directions; "collinear": one ray; "nested": two patterns on each ray.

    Raises:
        ValueError: another kind.
    """
    rays = {"free": M, "collinear": 1, "nested": (M + 1) // 2}
    if kind not in rays:
        raise ValueError(f"unequal: kind is one of {', '.join(rays)}, not {kind!r}")
    factor = 4.0 ** stream.uniform(-2.0, 0.0, (n, M, 1))
    ray = directions(stream, n, rays[kind], d)
    return factor * np.repeat(ray, -(-M // rays[kind]), axis=1)[:, :M]


@_ensemble("clusters")
def clusters(
    stream: np.random.Generator,
    n: int,
    M: int,
    d: int,
    spread: float = 0.1,
    size: int = 4,
    count: int = 1,
) -> Floats:
    """``count`` clusters of ``size`` patterns, then a uniform background, all on the sphere of radius m.

    The members are centre + spread m u, u uniform directions, put back on the sphere; spread 0 gives
    copies. The first ``size`` patterns are the first cluster. Clusters that do not fit into M are cut.
    """
    points = directions(stream, n, M, d)
    offsets = directions(stream, n, M, d)
    inside = min(M, size * count)
    centres = np.repeat(points[:, :inside:size], size, axis=1)[:, :inside]
    points[:, :inside] = _normalise(centres + spread * offsets[:, :inside])
    return points


@_ensemble("low_rank")
def low_rank(stream: np.random.Generator, n: int, M: int, d: int, rank: int = 2) -> Floats:
    """Strongly correlated patterns: uniform on the sphere of a random subspace of dimension min(rank, d)."""
    k = min(rank, d)
    return np.asarray(directions(stream, n, M, k) @ frames(stream, n, k, d))


@_ensemble("duplicates")
def duplicates(stream: np.random.Generator, n: int, M: int, d: int, eps: float = 0.0) -> Floats:
    """Pairs (a, a + eps m u) with a uniform on the sphere and u a random direction; eps = 0: exact copies."""
    first = directions(stream, n, (M + 1) // 2, d)
    second = first + eps * directions(stream, n, (M + 1) // 2, d)
    return np.stack([first, second], axis=2).reshape(n, -1, d)[:, :M]


@_ensemble("hull", lambda M, d: M >= 2, "M >= 2")
def hull(stream: np.random.Generator, n: int, M: int, d: int, kind: str = "inside") -> Floats:
    """The last pattern is a random convex combination of the others ("inside") or the origin ("zero").

    Raises:
        ValueError: another kind.
    """
    if kind not in ("inside", "zero"):
        raise ValueError(f"hull: kind is 'inside' or 'zero', not {kind!r}")
    points = directions(stream, n, M, d)
    weights = stream.dirichlet(np.ones(M - 1), n)[:, None, :]
    points[:, -1:] = weights @ points[:, :-1] if kind == "inside" else 0.0
    return points


@_ensemble("code", lambda M, d: M <= 512, "M <= 512 (the repulsion compares all pairs)")
def code(stream: np.random.Generator, n: int, M: int, d: int, steps: int = 120) -> Floats:
    """A spherical code spread by repulsion with a growing exponent; never worse than the random start."""
    points = directions(stream, n, M, d)
    if M == 1 or d == 1:
        return points
    best, closest = points, _largest_cosine(points)
    for step in range(steps):
        # exp(k <x,y>) with growing k turns from an overall spread to pushing the closest pair apart.
        k = 4.0 * 1.04**step
        cosine = points @ np.swapaxes(points, -1, -2)
        cosine[:, np.arange(M), np.arange(M)] = -np.inf
        force = np.exp(k * (cosine - cosine.max(axis=-1, keepdims=True)))
        push = (force / force.sum(axis=-1, keepdims=True)) @ points
        points = _normalise(points - (0.5 / (1.0 + 0.05 * step)) * push)
        cosine_now = _largest_cosine(points)
        better = cosine_now < closest
        best = np.where(better[:, None, None], points, best)
        closest = np.where(better, cosine_now, closest)
    return best


def _largest_cosine(points: Floats) -> Floats:
    cosine = points @ np.swapaxes(points, -1, -2)
    cosine[:, np.arange(points.shape[1]), np.arange(points.shape[1])] = -np.inf
    return np.asarray(cosine.max(axis=(-1, -2)))
