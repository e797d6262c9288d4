"""Two layers in continuous time (Krotov and Hopfield 2021, ICLR, arXiv 2008.06996), with general similarity.

Visible neurons v (..., d), hidden neurons h (..., M), Lagrangians L_v, L_h, activities g = grad L_v(v) and
f = grad L_h(h):

    tau_v v' = sum_mu f_mu grad sim(xi_mu, g) - v + I,    tau_h h' = sim(Xi, g) - h,
    E = <v - I, g> - L_v(v) + <h, f> - L_h(h) - sum_mu f_mu sim(xi_mu, g).

sim is the inner product of Krotov and Hopfield or, with g = v, another differentiable similarity (Millidge et
al. 2022, arXiv 2202.04557). Where the Hessians of the Lagrangians are positive semidefinite E does not grow.
Hidden Lagrangians are scaled by beta: L_h(h) = L(beta h)/beta, hence f = (grad L)(beta h).
"""

from collections.abc import Callable
from dataclasses import dataclass

from array_api_compat import array_namespace

from simulations.variants.base import Array, Namespace, Rule, combine, norm, per_row
from simulations.variants.dense import log_mean_exp, softmax
from simulations.variants.similarities import SIMILARITIES, unit

CITATION = "Krotov and Hopfield 2021 (ICLR), arXiv 2008.06996"
STATEMENTS = ("krotov2021.*", "restated.kh-adiabatic-step", "uhn2022.energy-ode", "arxiv2601.00984.*")

Lagrangian = tuple[Callable[[Array, Namespace], Array], Callable[[Array, Namespace], Array]]


def _log_cosh(a: Array, xp: Namespace) -> Array:
    size = xp.abs(a)
    return xp.sum(size + xp.log1p(xp.expm1(-2 * size) / 2), axis=-1)


def _positive(a: Array, xp: Namespace) -> Array:
    return xp.where(a > 0, a, xp.zeros_like(a))


LAGRANGIANS: dict[str, Lagrangian] = {
    "lse": (lambda a, xp: log_mean_exp(a, xp)[..., 0], softmax),
    "relu": (lambda a, xp: xp.sum(_positive(a, xp) ** 2, axis=-1) / 2, _positive),
    "tanh": (_log_cosh, lambda a, xp: xp.tanh(a)),
    "quadratic": (lambda a, xp: xp.sum(a * a, axis=-1) / 2, lambda a, xp: a),
    "norm": (norm, unit),
    "threshold": (
        lambda a, xp: xp.sum(_positive(a - 0.5, xp), axis=-1),
        lambda a, xp: xp.astype(a > 0.5, a.dtype),
    ),
    "abs": (lambda a, xp: xp.sum(xp.abs(a), axis=-1), lambda a, xp: xp.sign(a)),
}
"""(L, grad L): log-mean-exp and softmax; relu^2/2; log cosh and tanh; |a|^2/2; |a| and a/|a|; the sum of
relu(a - 1/2) and 1[a > 1/2]; the sum of |a_i| and the signs. All are convex; where L has a kink the
subgradient 0 is taken."""


def _dot_pull(memories: Array, g: Array, f: Array, xp: Namespace) -> Array:
    return combine(memories, f, xp)


def _euclidean_pull(memories: Array, g: Array, f: Array, xp: Namespace) -> Array:
    return combine(memories, f, xp) - xp.sum(f, axis=-1, keepdims=True) * g


def _manhattan_pull(memories: Array, g: Array, f: Array, xp: Namespace) -> Array:
    return xp.sum(f[..., None] * xp.sign(memories - g[..., None, :]), axis=-2)


def _cosine_pull(memories: Array, g: Array, f: Array, xp: Namespace) -> Array:
    """grad cos(xi, g) = (xi/|xi| - cos g/|g|)/|g|; 0 where a vector is zero."""
    length = norm(g, xp)[..., None]
    direction = unit(g, xp)
    cosines = SIMILARITIES["cosine"](memories, g, xp)
    along = xp.sum(f * cosines, axis=-1, keepdims=True) * direction
    pull = combine(unit(memories, xp), f, xp) - along
    return xp.where(
        length > 0, pull / xp.where(length > 0, length, xp.ones_like(length)), xp.zeros_like(pull)
    )


PULLS: dict[str, Callable[[Array, Array, Array, Namespace], Array]] = {
    "dot": _dot_pull,
    "euclidean": _euclidean_pull,
    "manhattan": _manhattan_pull,
    "cosine": _cosine_pull,
}
"""sum_mu f_mu grad sim(xi_mu, g) (..., d). The cosine pulls across g only, so that linear visible neurons
decay towards 0, where its gradient, of size 1/|g|, is unbounded: integrate it over short times."""


@dataclass(frozen=True)
class TwoLayer:
    """The choices that make a network; names are keys of ``LAGRANGIANS`` and ``PULLS``.

    Raises:
        ValueError: an unknown name, time constants that are not positive, or a similarity other than "dot"
            together with visible neurons that are not linear ("quadratic").
    """

    hidden: str = "lse"
    visible: str = "quadratic"
    similarity: str = "dot"
    tau_v: float = 1.0
    tau_h: float = 1.0

    def __post_init__(self) -> None:
        for role, name, known in (
            ("hidden", self.hidden, LAGRANGIANS),
            ("visible", self.visible, LAGRANGIANS),
            ("similarity", self.similarity, PULLS),
        ):
            if name not in known:
                raise ValueError(f"{role}: expected one of {', '.join(known)}, found {name!r}")
        if self.similarity != "dot" and self.visible != "quadratic":
            raise ValueError(
                f"visible: expected 'quadratic' with {self.similarity!r}, found {self.visible!r}"
            )
        for role, value in (("tau_v", self.tau_v), ("tau_h", self.tau_h)):
            if not value > 0:
                raise ValueError(f"{role}: expected a positive number, found {value}")

    def seen(self, memories: Array, v: Array, xp: Namespace) -> tuple[Array, Array]:
        """Return (g (..., d), sim(Xi, g) (..., M)): the rest of h for fixed v is the latter."""
        g = LAGRANGIANS[self.visible][1](v, xp)
        return g, SIMILARITIES[self.similarity](memories, g, xp)


def rates(
    model: TwoLayer,
    memories: Array,
    v: Array,
    h: Array,
    beta: Array,
    drive: Array | float = 0.0,
    feedback: Array | None = None,
) -> tuple[Array, Array]:
    """Return (v' (..., d), h' (..., M)).

    drive: the input I (..., d). feedback: memories (M, d) in the place of Xi in the first equation; others
    than Xi make the coupling asymmetric, for which nothing is claimed.
    """
    xp = array_namespace(memories, v, h)
    g, near = model.seen(memories, v, xp)
    f = LAGRANGIANS[model.hidden][1](per_row(beta) * h, xp)
    pull = PULLS[model.similarity](memories if feedback is None else feedback, g, f, xp)
    return (pull - v + drive) / model.tau_v, (near - h) / model.tau_h


def energy(
    model: TwoLayer, memories: Array, v: Array, h: Array, beta: Array, drive: Array | float = 0.0
) -> Array:
    """Return E(v, h) (...)."""
    xp = array_namespace(memories, v, h)
    g, near = model.seen(memories, v, xp)
    value, slope = LAGRANGIANS[model.hidden]
    f = slope(per_row(beta) * h, xp)
    visible = xp.sum((v - drive) * g, axis=-1) - LAGRANGIANS[model.visible][0](v, xp)
    # <h, f> - <f, sim> in one sum: both are large where h follows sim closely.
    return visible + xp.sum((h - near) * f, axis=-1) - value(per_row(beta) * h, xp) / beta


@dataclass(frozen=True)
class Trajectory:
    """The start and what follows: v (steps + 1, ..., d), h (steps + 1, ..., M), energy (steps + 1, ...)."""

    v: Array
    h: Array
    energy: Array


def integrate(
    model: TwoLayer,
    memories: Array,
    v: Array,
    h: Array,
    beta: Array,
    dt: float,
    steps: int,
    method: str = "rk4",
    drive: Array | float = 0.0,
    feedback: Array | None = None,
) -> Trajectory:
    """Follow the network for ``steps`` steps of length dt by "euler" or the classical Runge-Kutta rule "rk4".

    Euler steps may raise E by an amount of order dt^2; large ones need not follow the equations at all.

    Raises:
        ValueError: another method.
    """
    if method not in ("euler", "rk4"):
        raise ValueError(f"method: expected 'euler' or 'rk4', found {method!r}")
    xp = array_namespace(memories, v, h)

    def slope(v: Array, h: Array) -> tuple[Array, Array]:
        return rates(model, memories, v, h, beta, drive, feedback)

    states = [(v, h)]
    for _ in range(steps):
        a, b = slope(v, h)
        if method == "rk4":
            a2, b2 = slope(v + dt / 2 * a, h + dt / 2 * b)
            a3, b3 = slope(v + dt / 2 * a2, h + dt / 2 * b2)
            a4, b4 = slope(v + dt * a3, h + dt * b3)
            a, b = (a + 2 * a2 + 2 * a3 + a4) / 6, (b + 2 * b2 + 2 * b3 + b4) / 6
        v, h = v + dt * a, h + dt * b
        states.append((v, h))
    energies = [energy(model, memories, v, h, beta, drive) for v, h in states]
    return Trajectory(xp.stack([v for v, _ in states]), xp.stack([h for _, h in states]), xp.stack(energies))


def adiabatic(hidden: str = "lse", similarity: str = "dot", step: float = 1.0) -> Rule:
    """Return x -> x + step (sum_mu f_mu grad sim(xi_mu, x) - x) with f at h = sim(Xi, x).

    This is the limit of tau_h to 0 with linear visible neurons and Euler steps dt = step tau_v. Step 1 with
    "lse" and "dot" is the dense model (``restated.kh-adiabatic-step``).
    The energy is |x|^2/2 - L_h(sim(Xi, x)). For "dot" it is |x|^2/2 minus a convex function, so it falls by
    (1/step - 1/2) |x - T(x)|^2 at least; for "lse" and "euclidean" |x|^2 minus a convex function, so by
    (1/step - 1) |x - T(x)|^2. Without a bound from below ("relu" with long memories) there is no limit.

    Raises:
        ValueError: an unknown name, or a step outside (0, 1].
    """
    model = TwoLayer(hidden, "quadratic", similarity)
    if not 0 < step <= 1:
        raise ValueError(f"step: expected a number in (0, 1], found {step}")
    value, slope = LAGRANGIANS[hidden]

    def move(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        _, near = model.seen(memories, query, xp)
        f = slope(per_row(beta) * near, xp)
        pull = PULLS[similarity](memories, query, f, xp)
        return (1 - step) * query + step * pull

    def height(memories: Array, query: Array, beta: Array) -> Array:
        xp = array_namespace(memories, query)
        _, near = model.seen(memories, query, xp)
        return xp.sum(query * query, axis=-1) / 2 - value(per_row(beta) * near, xp) / beta

    return Rule(
        name=f"two-layer:hidden={hidden},similarity={similarity},step={step:g}",
        citation=CITATION,
        step=move,
        energy=height,
        supports=frozenset({"arrays"}),
        promises=_promises(hidden, similarity, step),
        statements=STATEMENTS,
    )


def _promises(hidden: str, similarity: str, step: float) -> frozenset[str]:
    smooth = hidden in ("lse", "tanh", "quadratic")
    gaussian = similarity == "euclidean" and hidden == "lse"
    found = {"permutation"} | ({"rotation"} if similarity != "manhattan" else set())
    if similarity in ("dot", "euclidean"):  # beta h, hence f, does not change
        found.add("scaling")
    if similarity == "dot" or gaussian:
        found.add("monotone")
    if similarity == "dot" or (gaussian and step <= 2 / 3):
        found.add("descent")
    if (similarity == "dot" and (smooth or hidden == "relu")) or gaussian:
        found |= {"stationary"} | ({"gradient"} if step == 1 else set())
    # Analytic and bounded from below: the whole sequence converges.
    if (similarity == "dot" and hidden in ("lse", "tanh")) or (gaussian and step <= 2 / 3):
        found.add("limit")
    if similarity == "dot" and hidden == "lse" and step == 1:
        found |= {"hull"}
    return frozenset(found)
