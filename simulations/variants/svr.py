"""The support vector regression behind the nonparametric model (Hu et al. 2024, arXiv 2404.03900, Thm 3.1).

Training pairs (xi_mu + dxi_mu, xi_mu), kernel K(u, v) = exp(beta <u, v>), eps-insensitive loss, cost C, no
bias. The d outputs decouple; with a = alpha - alpha~ the dual of output i is

    minimise  a^T K a / 2 - xi[i]^T a + eps |a|_1   subject to  |a_mu| <= C,

and T(x)[i] = sum_mu a_mu[i] K(xi_mu + dxi_mu, x). Small sizes only: the kernel matrix is factored whole.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulations.variants.base import Array, Rule

Floats = NDArray[np.float64]

# exp(beta |y|^2) beyond this overflows.
_LARGEST_EXPONENT = 700.0
# Eigenvalues of the scaled kernel matrix below this times their number are rounding errors.
_ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class Regression:
    """A solution of the dual and its certificate.

    Attributes:
        multipliers: a (M, d), |a| <= C.
        points: xi_mu + dxi_mu (M, d).
        beta: inverse temperature of the kernel.
        gap: (d,) primal minus dual objective of each output, an upper bound on how far a is from optimal in
            the dual, and W from optimal in the primal, up to rounding.
        residual: (d,) largest violation of the optimality conditions K a + eps sign(a) = xi[i].
        sweeps: passes over all multipliers.
        converged: (d,) whether the residual met the tolerance or the rounding error of K a.
    """

    multipliers: Floats
    points: Floats
    beta: float
    gap: Floats
    residual: Floats
    sweeps: int
    converged: NDArray[np.bool_]

    def predict(self, query: Array, normalised: bool = False) -> Floats:
        """Return T(x) (..., d) at queries (..., d); see ``readout``."""
        return readout(self.multipliers, self.points, query, self.beta, normalised)


def readout(multipliers: Array, points: Array, query: Array, beta: float, normalised: bool = False) -> Floats:
    """Return sum_mu a_mu K(y_mu, x) (..., d), or that divided by h(x) = sum_nu K(y_nu, x).

    With ``normalised`` and the memories in place of the multipliers this is the dense model
    (``np2024.dense-recovery-substitution``). Infinite where the sum exceeds the largest float.
    """
    exponents = beta * (np.asarray(query, dtype=float) @ np.asarray(points, dtype=float).T)
    top = np.max(exponents, axis=-1, keepdims=True)
    kernel = np.exp(exponents - top)
    if normalised:
        return np.asarray(kernel / np.sum(kernel, axis=-1, keepdims=True) @ multipliers)
    scaled = kernel @ multipliers
    with np.errstate(over="ignore", divide="ignore"):
        return np.asarray(np.sign(scaled) * np.exp(top + np.log(np.abs(scaled))))


def certificate(
    kernel: Floats, targets: Floats, a: Floats, epsilon: float, cost: float
) -> tuple[Floats, Floats]:
    """Return (duality gap, largest violation of the optimality conditions), both (d,), for feasible a (M, d).

    The gap is the sum of C (|r| - eps)_+ + eps |a| - a r over the pairs, r = xi - K a, each written as a sum
    of terms that are at least 0: nothing cancels.
    """
    r = targets - kernel @ a
    beyond = np.maximum(np.abs(r) - epsilon, 0)
    size = np.abs(a)
    agreeing = (cost - size) * beyond + size * np.maximum(epsilon - np.abs(r), 0)
    opposed = cost * beyond + size * (epsilon + np.abs(r))
    gap = np.sum(np.where(a * r >= 0, agreeing, opposed), axis=0)
    signed = np.sign(a) * r - epsilon
    violation = np.where(a == 0, beyond, np.where(np.abs(a) < cost, np.abs(signed), np.maximum(-signed, 0)))
    return gap, np.max(violation, axis=0)


def solve_svr(
    memories: Array,
    beta: float,
    perturbations: Array | None = None,
    epsilon: float = 0.0,
    cost: float = 1e6,
    tol: float = 1e-12,
    max_sweeps: int = 200,
) -> Regression:
    """Solve the dual for memories (M, d) stored at memories + perturbations (none for None).

    Exact minimisation over one multiplier after the other finds which of them are 0 or saturated; between
    the sweeps, Newton steps on the face of the others (projected onto it) solve for these at once. Every
    step decreases the objective. Stops when the violation of the optimality conditions is at most ``tol``
    times the largest target or the rounding error of K a (which a large cost and a singular kernel make
    large), or after ``max_sweeps``: see ``converged``, and trust ``gap``.

    Raises:
        ValueError: shapes that differ, beta or cost not positive, epsilon negative, inputs that are not
            finite, a kernel beyond the range of floats (beta |y|^2 > 700).
    """
    targets = np.array(memories, dtype=float)
    moves = np.zeros_like(targets) if perturbations is None else np.asarray(perturbations, dtype=float)
    if targets.ndim != 2 or targets.size == 0 or moves.shape != targets.shape:
        raise ValueError(
            f"memories: expected a non-empty (M, d) array and perturbations of its shape, "
            f"found {targets.shape} and {moves.shape}"
        )
    points = targets + moves
    _check(points, beta, epsilon, cost)
    kernel = np.exp(beta * (points @ points.T))
    a = np.zeros_like(targets)
    todo = np.arange(targets.shape[1])
    converged = np.zeros(targets.shape[1], dtype=bool)
    sweeps = 0
    while sweeps < max_sweeps and todo.size:
        a[:, todo] = _sweep(kernel, targets[:, todo], a[:, todo], epsilon, cost)
        for i in todo:
            a[:, i] = _newton(kernel, targets[:, i], a[:, i], epsilon, cost)
        sweeps += 1
        residual = certificate(kernel, targets[:, todo], a[:, todo], epsilon, cost)[1]
        rounding = _ROUNDING * np.max(kernel @ np.abs(a[:, todo]), axis=0)
        converged[todo] = residual <= np.maximum(tol * np.max(np.abs(targets)), rounding)
        todo = np.flatnonzero(~converged)
    gap, residual = certificate(kernel, targets, a, epsilon, cost)
    return Regression(a, points, float(beta), gap, residual, sweeps, converged)


def _check(points: Floats, beta: float, epsilon: float, cost: float) -> None:
    if not np.isfinite(points).all():
        raise ValueError("memories: expected finite numbers, found an infinity or a nan")
    if not 0 < beta < math.inf:
        raise ValueError(f"beta: expected a finite number above 0, found {beta}")
    _check_slack(epsilon, cost)
    largest = beta * float(np.max(np.sum(points**2, axis=1)))
    if largest > _LARGEST_EXPONENT:
        raise ValueError(f"beta |y|^2: expected at most {_LARGEST_EXPONENT:g}, found {largest:g}")


def _check_slack(epsilon: float, cost: float) -> None:
    if not 0 <= epsilon < math.inf:
        raise ValueError(f"epsilon: expected a finite number of at least 0, found {epsilon}")
    if not 0 < cost < math.inf:
        raise ValueError(f"cost: expected a finite number above 0, found {cost}")


def _sweep(kernel: Floats, targets: Floats, a: Floats, epsilon: float, cost: float) -> Floats:
    """Minimise over each multiplier in turn, all outputs at once: a clipped soft threshold."""
    a = a.copy()
    r = targets - kernel @ a
    for mu in range(len(a)):
        own = kernel[mu, mu]
        pull = r[mu] + own * a[mu]
        new = np.clip(np.sign(pull) * np.maximum(np.abs(pull) - epsilon, 0) / own, -cost, cost)
        r -= np.outer(kernel[:, mu], new - a[mu])
        a[mu] = new
    return a


def _newton(kernel: Floats, target: Floats, a: Floats, epsilon: float, cost: float) -> Floats:
    """Minimise over the face of a: multipliers that are neither saturated nor (for eps > 0) zero.

    On the face the objective is quadratic. A step that leaves the face ends at its wall, and the multipliers
    that met it leave the set; a sweep lets them in again if they should move.
    """
    a = a.copy()
    kink = epsilon > 0
    free = (np.abs(a) < cost) & ((a != 0) | (not kink))
    while np.any(free):
        index = np.flatnonzero(free)
        now = a[index]
        slope = target[index] - kernel[index] @ a - epsilon * np.sign(now)
        step = _newton_step(kernel[np.ix_(index, index)], slope)
        wall = np.where(kink & (now * step < 0), 0.0, np.sign(step) * cost)
        reach = np.full(index.size, np.inf)
        with np.errstate(over="ignore"):
            np.divide(wall - now, step, out=reach, where=step != 0)
        length = float(np.min(reach))
        if length > 1:
            a[index] = now + step
            return a
        met = reach <= length
        a[index] = np.where(met, wall, np.clip(now + length * step, -cost, cost))
        free[index[met]] = False
    return a


def _newton_step(kernel: Floats, slope: Floats) -> Floats:
    """Return H^-1 slope with H the kernel matrix, its eigenvalues raised to where floats resolve them.

    H is at least the kernel matrix, so the step decreases the objective. Along directions in which the
    matrix is singular the step is so long that a wall stops it.
    """
    # With a unit diagonal the matrix is that of a Gaussian kernel, whatever the norms of the points are.
    scale = 1 / np.sqrt(np.diag(kernel))
    values, vectors = np.linalg.eigh(kernel * scale[:, None] * scale)
    floor = _ROUNDING * len(values) * values[-1]
    return np.asarray(scale * (vectors @ ((vectors.T @ (scale * slope)) / np.maximum(values, floor))))


@lru_cache(maxsize=32)
def _solved(memories: bytes, shape: tuple[int, int], beta: float, epsilon: float, cost: float) -> Regression:
    return solve_svr(np.frombuffer(memories).reshape(shape), beta, None, epsilon, cost)


def svr(epsilon: float = 0.0, cost: float = 1e6) -> Rule:
    """Return the retrieval map T_SVR of unperturbed memories as a model.

    NumPy arrays of floats only; the regression is solved once per memory set and beta. Memories (M, d) or
    batches, which are solved one by one. T is no convex combination and has no known energy.

    Raises:
        ValueError: epsilon negative, cost not positive.
    """
    _check_slack(epsilon, cost)

    def step(memories: Array, query: Array, beta: Array) -> Array:
        for name, a in (("memories", memories), ("query", query)):
            if not isinstance(a, np.ndarray) or a.dtype.kind != "f":
                raise ValueError(f"{name}: expected a NumPy array of floats, found {type(a).__name__}")
        m, d = memories.shape[-2:]
        lead = np.broadcast_shapes(query.shape[:-1], memories.shape[:-2], np.shape(beta))
        # Sets with one temperature are solved once and serve all their queries.
        own = np.broadcast_shapes(memories.shape[:-2], np.shape(beta))
        sets = np.broadcast_to(memories, (*own, m, d))
        betas = np.broadcast_to(np.asarray(beta, dtype=float), own)
        whole = np.empty((*lead, d))
        for index in np.ndindex(own):
            rows = np.ascontiguousarray(sets[index], dtype=np.float64)
            solution = _solved(rows.tobytes(), (m, d), float(betas[index]), epsilon, cost)
            place = _positions(index, own, lead)
            whole[place] = solution.predict(np.broadcast_to(query, (*lead, d))[place])
        return whole.astype(query.dtype)

    return Rule(
        name=f"svr:epsilon={epsilon},cost={cost}",
        citation="Hu et al. 2024 (ICML 2025), arXiv 2404.03900",
        step=step,
        energy=None,
        supports=frozenset({"smooth"}),
        promises=frozenset({"permutation"}),
        accuracy=1e-9,
        statements=("np2024.thm3.1-svr", "np2024.dense-recovery-*", "restated.svr-kkt"),
    )


def _positions(
    index: tuple[int, ...], own: tuple[int, ...], lead: tuple[int, ...]
) -> tuple[int | slice, ...]:
    """Return where in the shape ``lead`` the entry ``index`` of the shape ``own`` is broadcast to."""
    some = [i if n > 1 else slice(None) for i, n in zip(index, own, strict=True)]
    return (*([slice(None)] * (len(lead) - len(own))), *some)
