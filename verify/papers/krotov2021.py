r"""Two layers of neurons in continuous time: the energy falls, and what that says about limits.

D. Krotov, J. Hopfield, "Large Associative Memory Problem in Neurobiology and Machine Learning", ICLR 2021,
arXiv 2008.06996, and a statement of this project beside it.

The energy falls along every trajectory if and only if its derivative along the vector field is nowhere positive, so
states (v, h) are drawn and not trajectories: v is the query, and h_mu = s sim(xi_mu, v) + t w_mu with fixed w.  In exact
reading the derivative comes from dual numbers, whatever formula the theory has for it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Gt, Le, Rational

from bounds.exact import Real, directional_derivative
from simulations.streams import stream
from simulations.variants.two_layer import LAGRANGIANS, PULLS, TwoLayer, adiabatic, energy, integrate, rates
from verify.arena import Param, Patterns, Points
from verify.instances import Array, Instances
from verify.papers.ramsauer2021.energy import T_along_v, along, probe, x_along_v
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import largest, m, norm_x, overlaps, quantity, smallest

PAPER = {
    "key": "krotov2021",
    "title": "Large Associative Memory Problem in Neurobiology and Machine Learning",
    "authors": "D. Krotov, J. Hopfield",
    "year": 2021,
    "arxiv": "2008.06996",
    "venue": "ICLR 2021",
}

s, t, drive = sp.symbols("s_follow t_own drive", real=True)
tau = sp.Symbol("tau_ratio", positive=True)
STATE = (
    Param(s, -1, 2),
    Param(t, -1, 1),
    Param(tau, 0.1, 10, log=True),
    Param(drive, -1, 1),
)
SMOOTH_BETA = (0.1, 0.5, 1.0, 2.0, 5.0, 16.0)


# -- the vector field and the derivative of the energy along it ---------------------------------------------


def hidden_state(b: Instances, model: TwoLayer) -> Array:
    """h (B, M): s times its rest for this v, plus t times fixed numbers in [-4/3, 4/3]."""
    _, near = model.seen(b.memories, b.query, np)
    own = [Fraction((-1) ** k * (7 * k % 5 + 1), 3) for k in range(near.shape[-1])]
    fixed = np.array([Real(w) if b.exact else float(w) for w in own], dtype=object if b.exact else float)
    return b.scalars[str(s)][:, None] * near + b.scalars[str(t)][:, None] * fixed


def driving(b: Instances) -> Array:
    """I (B, d): a multiple of (1, 1/2, 1/3, ...)."""
    return b.scalars[str(drive)][:, None] * probe(b)


def velocity(b: Instances, model: TwoLayer, feedback: float = 1.0) -> tuple[Array, Array]:
    """v' (B, d) and h' (B, M) with tau_f = 1 and tau_h = tau_ratio."""
    back = None if feedback == 1 else feedback * b.memories
    v, h = rates(model, b.memories, b.query, hidden_state(b, model), b.beta, driving(b), back)
    return v, h / b.scalars[str(tau)][:, None]


def energy_rate(b: Instances, model: TwoLayer, feedback: float = 1.0) -> Array:
    """dE/dt (B,): by dual numbers in exact reading, by the chain rule in floats."""
    v, h = b.query, hidden_state(b, model)
    dv, dh = velocity(b, model, feedback)
    if b.exact:
        d = v.shape[-1]

        def height(state: Array) -> Array:
            return energy(model, b.memories, state[None, :d], state[None, d:], b.beta, driving(b))[0]

        state, slope = np.concatenate([v, h], -1), np.concatenate([dv, dh], -1)
        return np.array([directional_derivative(height, state[0], slope[0])[1]], dtype=object)
    g, near = model.seen(b.memories, v, np)
    f = LAGRANGIANS[model.hidden][1](b.beta[:, None] * h, np)
    pull = PULLS[model.similarity](b.memories, g, f, np)
    seen = (v - driving(b) - pull) * change(model.visible, v, dv, 0 * b.beta + 1)
    return np.sum(seen, axis=-1) + np.sum((h - near) * change(model.hidden, h, dh, b.beta), axis=-1)


def change(kind: str, a: Array, move: Array, scale: Array) -> Array:
    """Hess L move (B, n) at a, for the Lagrangian L(scale a)/scale: how activities change with the state."""
    c = scale[:, None]
    slope = LAGRANGIANS[kind][1](c * a, np)
    if kind == "quadratic":
        return move
    if kind == "lse":
        return c * slope * (move - np.sum(slope * move, axis=-1, keepdims=True))
    if kind == "relu":
        return c * np.where(a > 0, move, 0 * move)
    if kind == "tanh":
        return c * (1 - slope * slope) * move
    length = np.sqrt(np.sum(a * a, axis=-1, keepdims=True))
    across = move - slope * np.sum(slope * move, axis=-1, keepdims=True)
    return across / (length if a.dtype == object else np.where(length > 0, length, 1.0))


def dissipation(b: Instances, model: TwoLayer) -> Array:
    """tau_f <v', Hess L_v v'> + tau_h <h', Hess L_h h'>, the theory's -dE/dt, (B,)."""
    dv, dh = velocity(b, model)
    seen = np.sum(dv * change(model.visible, b.query, dv, 0 * b.beta + 1), axis=-1)
    own = np.sum(dh * change(model.hidden, hidden_state(b, model), dh, b.beta), axis=-1)
    return seen + b.scalars[str(tau)] * own


def kink_distance(b: Instances, model: TwoLayer) -> Array:
    """Distance of the state from the nearest point where the energy has no derivative, (B,)."""
    gaps = [0 * b.beta + 1]
    if model.hidden in ("relu", "norm"):
        size = np.abs(hidden_state(b, model))
        gaps.append(smallest(size) if model.hidden == "relu" else largest(size))
    if model.visible == "norm" or model.similarity == "cosine":
        gaps.append(largest(np.abs(b.query)))
    if model.similarity == "manhattan":
        away = np.abs(b.memories - b.query[:, None, :])
        gaps.append(smallest(away.reshape(b.size, -1)))
    return smallest(np.stack(gaps, axis=-1))


def rise_of_long_step(b: Instances, model: TwoLayer) -> Array:
    """E after one Euler step of three time constants, minus E, (B,)."""
    h, (dv, dh) = hidden_state(b, model), velocity(b, model)
    before = energy(model, b.memories, b.query, h, b.beta, driving(b))
    return energy(model, b.memories, b.query + 3 * dv, h + 3 * dh, b.beta, driving(b)) - before


def observe(name: str, model: TwoLayer) -> tuple[Any, Any, Any]:
    """The symbols dE/dt, dissipation and distance to a kink of a network, registered under its name."""

    def named(what: str, meaning: str, measure: Callable[[Instances], Array], **assume: Any) -> Any:
        return quantity(f"{what}_{name}", f"{meaning} of the network {name}", **assume)(measure)

    return (
        named("E_rate", "dE/dt", lambda b: energy_rate(b, model), real=True),
        named("loss", "weighted squares of the velocities", lambda b: dissipation(b, model), real=True),
        named("kink", "distance to a state without derivative", lambda b: kink_distance(b, model)),
    )


SIZE = (1 + m + norm_x) ** 4
"""A scale that energies and their rates do not exceed by much on the grid."""


def descent_parts(name: str, model: TwoLayer) -> tuple[Part, Part]:
    """The energy does not rise, and falls at the rate that the theory gives."""
    rate, loss, kink = observe(name, model)
    smooth = (Hypothesis(Gt(kink, 0), "the energy is differentiable there"),)
    return (
        Part(f"{name}: no rise", Le(rate, 0), scale=SIZE, given=smooth),
        Part(f"{name}: rate", Eq(rate, -loss, evaluate=False), scale=SIZE, given=smooth),
    )


# -- statements -------------------------------------------------------------------------------------------

NETWORKS = {
    "A_sign_limit": TwoLayer("tanh", "tanh"),
    "A_relu": TwoLayer("relu", "tanh"),
    "B_softmax": TwoLayer("lse", "quadratic"),
    "C_spherical": TwoLayer("relu", "norm"),
    "C_spherical_softmax": TwoLayer("lse", "norm"),
}
GRID = Patterns(
    sizes=((1, 3), (2, 1), (2, 3), (2, 10), (8, 10)),
    params=STATE,
    beta_m2=SMOOTH_BETA,
    search=False,
)
asymmetric = quantity("E_rate_asymmetric", "dE/dt of model B with the coupling back reversed", real=True)(
    lambda b: energy_rate(b, NETWORKS["B_softmax"], -1.0)
)
long_step = quantity("E_rise_long_step", "rise of E in one Euler step of three time constants", real=True)(
    lambda b: rise_of_long_step(b, NETWORKS["B_softmax"])
)

LYAPUNOV = Inequality(
    id="krotov2021.lyapunov",
    title="The energy of the two-layer network does not rise",
    source=Source("krotov2021", "energy function and its derivative"),
    provenance="recalled",
    printed=r"E=[\langle v-I,g\rangle-L_v]+[\langle h,f\rangle-L_h]-\langle f,\xi g\rangle,\quad"
    r"\dot E=-\tau_f\dot v^T\mathrm{Hess}(L_v)\dot v-\tau_h\dot h^T\mathrm{Hess}(L_h)\dot h\le0",
    arena=GRID,
    parts=tuple(p for name, model in NETWORKS.items() for p in descent_parts(name, model)),
    controls=(
        Control("asymmetric coupling", Le(asymmetric, 0), "B_softmax: no rise"),
        Control("Euler step of three time constants", Le(long_step, 0), "B_softmax: no rise"),
        *(
            Control(
                f"{name} loses a tenth more", lambda r: Eq(r.lhs, Rational(11, 10) * r.rhs), f"{name}: rate"
            )
            for name in NETWORKS
        ),
    ),
    related=("krotov2021.convergence", "uhn2022.energy-ode"),
    notices=(
        "States are drawn, not trajectories: E falls along all of them if its derivative is nowhere positive.",
        "The sign limit of model A is the hyperbolic tangent at growing beta; kinks are left out.",
    ),
)


# -- convergence -------------------------------------------------------------------------------------------

case = sp.Symbol("case", integer=True, nonnegative=True)
bend = sp.Symbol("bend", positive=True)
TRAJECTORIES = 12
CASES = (("lse", "quadratic"), ("tanh", "quadratic"), ("relu", "quadratic"), ("lse", "norm"))
REST = 30


@cache
def late_speed_of(index: int) -> float:
    """Largest velocity after REST times the longest time constant, random networks of case ``index``."""
    hidden, visible = CASES[index]
    rng = stream(0, "krotov2021.convergence", index)
    # One memory of norm at most 1 keeps the energy of rectified neurons bounded from below; more need not.
    count, norms = (1, (0.5, 1.0)) if hidden == "relu" else (3, (0.5, 1.0, 1.5, 2.0))
    beta = np.full(TRAJECTORIES, 2.0 if hidden == "lse" else 1.0)
    worst = 0.0
    for ratio in (0.1, 1.0, 3.0):
        model = TwoLayer(hidden, visible, tau_h=ratio)
        xi = rng.standard_normal((TRAJECTORIES, count, 2))
        size = np.resize(norms, TRAJECTORIES)[:, None, None]
        xi = size * xi / np.linalg.norm(xi, axis=-1, keepdims=True)
        v, h = rng.standard_normal((TRAJECTORIES, 2)), rng.standard_normal((TRAJECTORIES, count))
        dt = min(0.5, 2 * ratio)
        path = integrate(model, xi, v, h, beta, dt, int(REST * max(1.0, ratio) / dt))
        dv, dh = rates(model, xi, path.v[-1], path.h[-1], beta)
        worst = max(worst, float(np.max(np.abs(dv))), float(np.max(np.abs(dh))))
    return worst


@quantity("late_speed", f"largest velocity after {REST} time constants, random networks")
def late_speed(b: Instances) -> Array:
    return np.array([Real(late_speed_of(int(float(b.scalars["case"][0])) - 1))], dtype=object)


def bent(a: Array, x: Array) -> Array:
    """f(x) = x + a/(1 + x^2), the slope of L(x) = x^2/2 + a arctan x, increasing for 0 <= a <= 1."""
    return x + a / (1 + x * x)


@quantity(
    "rest_count", "number of rest points v = h = f(h) of one visible and one hidden neuron with activity f"
)
def rest_count(b: Instances) -> Array:
    x = sp.Symbol("x")
    count = []
    for a in b.scalars["bend"]:
        value = sp.Rational(a.fraction.numerator, a.fraction.denominator)
        numerator = sp.numer(sp.together(x + value / (1 + x**2) - x))
        count.append(Real(int(sp.Poly(numerator, x).count_roots()) if numerator.has(x) else 0))
    return np.array(count, dtype=object)


@quantity("E_bent", "energy of one visible and one hidden neuron with the bent activity", real=True)
def E_bent(b: Instances) -> Array:
    a, v, h = (b.scalars[n] for n in ("bend", "state_v", "state_h"))
    f = bent(a, h)
    return v * v / 2 + h * f - (h * h / 2 + a * np.arctan(h)) - f * v


@quantity("least_curvature", "lower bound on f' = 1 - 2 a x/(1 + x^2)^2: 1 - 3 sqrt(3) a/8", real=True)
def least_curvature(b: Instances) -> Array:
    return 1 - 3 * np.sqrt(0 * b.scalars["bend"] + 3) * b.scalars["bend"] / 8


OF_PAGE = Hypothesis(Ge(case, 1), "softmax, rectified, tanh or normalised activities")
BENT = Hypothesis(Le(case, 0), "the activity f(x) = x + a/(1 + x^2)")
CONVERGENCE = Inequality(
    id="krotov2021.convergence",
    title="Trajectories converge to fixed points if the energy is bounded from below",
    source=Source("krotov2021", "convergence, beside the energy function"),
    provenance="recalled",
    printed=r"\dot E\le0,\ \inf E>-\infty\ \Rightarrow\ (v(t),h(t))\to\text{a fixed point}",
    arena=Points(
        (
            *(
                {"case": 0, "bend": a, "state_v": v, "state_h": h}
                for a in ("1/4", "1/2", "1")
                for v, h in (("-2", "-1"), ("0", "1/2"), ("1", "1"), ("10", "10"), ("1000", "1000"))
            ),
            *({"case": k + 1, "bend": 0, "state_v": 0, "state_h": 0} for k in range(len(CASES))),
        )
    ),
    parts=(
        Part("there is a fixed point to converge to", Ge(rest_count, 1), given=(BENT,)),
        Part(
            "the listed activities come to rest",
            Le(late_speed, Rational(1, 50)),
            given=(OF_PAGE,),
            headline=False,
            sampled=TRAJECTORIES,
        ),
        Part("the bent activity increases", Gt(least_curvature, 0), given=(BENT,), headline=False),
        Part(
            "its energy is bounded from below",
            Ge(E_bent, -sp.pi * bend / 2 - bend**2 / 2),
            given=(BENT,),
            headline=False,
        ),
    ),
    controls=(
        Control("two fixed points", Ge(rest_count, 2), "there is a fixed point to converge to"),
        Control(
            "at rest to ten digits", Le(late_speed, Rational(1, 10**10)), "the listed activities come to rest"
        ),
    ),
    related=("krotov2021.lyapunov",),
    notices=(
        "f(x) = x + a/(1 + x^2), g = v and one memory of norm 1 meet the hypotheses: f increases, and "
        "E = (v - f)^2/2 - a arctan h - a^2/(2 (1 + h^2)^2) is at least -a pi/2 - a^2/2. Yet at rest "
        "h = v = f(h), that is a/(1 + h^2) = 0: there is no fixed point, and v grows without bound.",
        "A bounded trajectory does approach the set of fixed points; with a coercive energy that is the claim.",
        f"The listed activities are integrated for {REST} time constants, a measurement; networks whose energy has "
        "no lower bound (rectified neurons, memories longer than 1) do not meet the hypotheses.",
    ),
)


# -- the adiabatic step -----------------------------------------------------------------------------------


@quantity("euler_along_v", "<v + tau_f v', v'> for model B with h at rest, along (1, 1/2, ...)", real=True)
def euler_along_v(b: Instances) -> Array:
    dv, _ = rates(TwoLayer("lse"), b.memories, b.query, overlaps(b), b.beta, driving(b))
    return along(b, b.query + dv)


@quantity("adiabatic_along_v", "the adiabatic rule of step 1 along (1, 1/2, ...)", real=True)
def adiabatic_along_v(b: Instances) -> Array:
    return along(b, adiabatic("lse", "dot", 1.0).update(b.memories, b.query, b.beta))


@quantity("I_along_v", "<I, (1, 1/2, ...)>", real=True)
def I_along_v(b: Instances) -> Array:
    return along(b, driving(b))


ADIABATIC = Identity(
    id="restated.kh-adiabatic-step",
    title="With fast hidden neurons an Euler step is the dense update",
    source=Source("krotov2021", "a related statement of this project"),
    provenance="derived",
    printed=r"\tau_h\to0,\ \mathrm{d}t=\tau_f:\quad v\mapsto\Xi\,\mathrm{softmax}(\beta\Xi^Tv)+I",
    arena=Patterns(params=(Param(drive, -1, 1),), max_size=2000, search=False),
    parts=(
        Part("Euler step", Eq(euler_along_v, T_along_v + I_along_v, evaluate=False), scale=1 + m + norm_x),
        Part("adiabatic rule", Eq(adiabatic_along_v, T_along_v, evaluate=False), scale=1 + m + norm_x),
    ),
    controls=(
        Control("without the input", Eq(euler_along_v, T_along_v, evaluate=False), "Euler step"),
        Control(
            "half a step",
            Eq(adiabatic_along_v, (T_along_v + x_along_v) / 2, evaluate=False),
            "adiabatic rule",
        ),
    ),
    related=("krotov2021.lyapunov", "ramsauer2021.eq3-update"),
    notices=("In the limit tau_h to 0 the hidden neurons sit at h = Xi^T v, which is inserted.",),
)

STATEMENTS: tuple[Statement, ...] = (LYAPUNOV, CONVERGENCE, ADIABATIC)
