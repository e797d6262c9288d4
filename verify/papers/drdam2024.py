r"""Dense associative memory in random features: how far the features lead astray.

B. Hoover, D. H. Chau, H. Strobelt, P. Ram, D. Krotov, "Dense Associative Memory Through the Lens of Random Features",
NeurIPS 2024, arXiv 2410.24153: the main theorem, and statements of this project beside it.

The kernel error of sin-cos features on the interval is bounded rigorously: by its values on a grid of the differences
x - y and by the largest slope it can have between them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from flint import acb, arb
from sympy import Gt, Le, Lt, Rational, exp

from bounds import expr
from bounds.exact import Real, escalate, exact_array, precision
from simulations.streams import stream
from simulations.variants.random_features import frequencies, kernel_sum, remember
from verify.arena import Patterns, Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import M, beta, largest, quantity

PAPER = {
    "key": "drdam2024",
    "title": "Dense Associative Memory Through the Lens of Random Features",
    "authors": "B. Hoover, D. H. Chau, H. Strobelt, P. Ram, D. Krotov",
    "year": 2024,
    "arxiv": "2410.24153",
    "venue": "NeurIPS 2024",
}
OWN = Source("drdam2024", "a related statement of this project")


# -- trajectories on the interval ---------------------------------------------------------------------------

Y, K, L, D, seed, page = sp.symbols("Y K L D seed page", integer=True, nonnegative=True)
start, load = sp.symbols("x_start a_L_C_2", positive=True)
PIECES = 256


def _scalar(b: Instances, name: Any) -> Fraction:
    value: Fraction = b.scalars[str(name)][0].fraction
    return value


@cache
def _kernel_error(features: int, number: int, temperature: Fraction) -> Fraction:
    """An upper bound on max over |u| <= 1 of |(1/Y) sum_k cos(sqrt(beta) w_k u) - exp(-beta u^2/2)|."""

    def bound() -> Fraction:
        root = Real(temperature).sqrt()
        w = exact_array(frequencies(features, 1, number)[:, 0])
        nodes = exact_array([Fraction(2 * k + 1, 2 * PIECES) for k in range(PIECES)])
        error = np.sum(np.cos(root * w[:, None] * nodes), axis=0) / features - np.exp(
            -Real(temperature) * nodes * nodes / 2
        )
        # |d/du exp(-beta u^2/2)| <= sqrt(beta) exp(-1/2) < 5 sqrt(beta)/8
        slope = root * (np.sum(np.abs(w)) / features + Real("5/8"))
        total: Real = largest(np.abs(error)) + slope / (2 * PIECES)
        return total.upper()

    return escalate(bound)


def _memories(b: Instances) -> Array:
    """K memories 0, 1/8, 2/8, ... in [0, 1], shape (1, K, 1)."""
    return exact_array([[[Fraction(j, 8)] for j in range(int(_scalar(b, K)))]])


def _mass_and_pull(b: Instances, x: Array) -> tuple[Array, Array]:
    """S(x) and -grad E(x) of the exact energy, x (1, 1)."""
    away = _memories(b)[:, :, 0] - x
    k = np.exp(-b.beta[:, None] * away * away / 2)
    mass = np.sum(k, axis=-1)
    return mass, np.sum(k * away, axis=-1, keepdims=True) / mass[:, None]


def _feature_sum(b: Instances, x: Array) -> tuple[Array, Array]:
    number = int(_scalar(b, seed))
    memory = remember(_memories(b), b.beta, int(_scalar(b, Y)), number)
    return kernel_sum(memory, x, b.beta, number)


def _start(b: Instances) -> Array:
    return b.scalars[str(start)][:, None]


@quantity(
    "kernel_error", "upper bound on the kernel error C_1 sqrt(D/Y) for all states and memories in [0, 1]"
)
def kernel_error(b: Instances) -> Array:
    found = _kernel_error(int(_scalar(b, Y)), int(_scalar(b, seed)), b.beta[0].fraction)
    return np.array([Real(found)], dtype=object)


@quantity("kernel_mass", "S(x) = exp(-beta E(x)) at the first state", positive=True)
def kernel_mass(b: Instances) -> Array:
    return _mass_and_pull(b, _start(b))[0]


@quantity("feature_mass", "<phi(x), T> at the first state", real=True)
def feature_mass(b: Instances) -> Array:
    return _feature_sum(b, _start(b))[0]


@quantity("trajectory_gap", "|x_L - x~_L| after L gradient steps of size a")
def trajectory_gap(b: Instances) -> Array:
    steps, c = int(_scalar(b, L)), b.scalars[str(load)]
    count, temperature = Real(_scalar(b, K)), b.beta
    size = c / (steps * (1 + 2 * count * temperature * np.exp(temperature / 2)))
    x, y = _start(b), _start(b)
    for _ in range(steps):
        x = x + size[:, None] * _mass_and_pull(b, x)[1]
        total, slope = _feature_sum(b, y)
        y = y + size[:, None] * slope / (total * temperature)[:, None]
    return np.abs(x - y)[:, 0]


@cache
def _measured(dimension: int, count: int, features: int, temperature: float) -> tuple[float, float]:
    """Over two draws of features: the largest |x_1 - x~_1| over its bound, and the share of S~ <= 0."""
    side, root = 1 / np.sqrt(dimension), np.sqrt(temperature)
    ratios, negative = [], []
    for number in range(2):
        rng = stream(number, "drdam2024", dimension, count, features)
        w = frequencies(features, dimension, number)
        xi, x = rng.random((count, dimension)) * side, rng.random((64, dimension)) * side
        x[:count] = xi + 0.01 * side * (rng.random(xi.shape) - xi / side)
        u = (2 * rng.random((256, dimension)) - 1) * side
        u = np.concatenate([u, side * np.sign(u), (x[:, None] - xi).reshape(-1, dimension)])
        error = np.cos(root * u @ w.T).mean(1) - np.exp(-temperature * (u * u).sum(1) / 2)
        away = x[:, None] - xi
        k = np.exp(-temperature * (away**2).sum(-1) / 2)
        mass = k.sum(1)
        true = (k[..., None] * away).sum(1) / mass[:, None]
        total, slope = kernel_sum(remember(xi, temperature, features, number), x, temperature, number)
        good = total > 0
        found = -slope[good] / total[good, None] / temperature
        gap = np.linalg.norm(true[good] - found, axis=-1) * mass[good]
        ratios.append(float(np.max(gap)) / (2 * count * float(np.max(np.abs(error)))))
        negative.append(float(np.mean(~good)))
    return max(ratios), float(np.mean(negative))


@quantity("page_ratio", "largest |x_1 - x~_1| over its bound among 128 states, kernel error sampled")
def page_ratio(b: Instances) -> Array:
    sizes = (int(_scalar(b, v)) for v in (D, K, Y))
    return np.array([Real(_measured(*sizes, float(b.beta[0]))[0])], dtype=object)


@quantity("negative_share", "share of 128 states where <phi(x), T> is not positive")
def negative_share(b: Instances) -> Array:
    sizes = (int(_scalar(b, v)) for v in (D, K, Y))
    return np.array([Real(_measured(*sizes, float(b.beta[0]))[1])], dtype=object)


C_2 = 1 + 2 * K * beta * exp(beta / 2)
STEP = load / (L * C_2)
TRAJECTORY_BOUND = 2 * STEP * L * K / kernel_mass * kernel_error * (1 - load**L) / (1 - load)
ON_INTERVAL = Hypothesis(Le(page, 0), "D = 1, one draw of features, everything certified")
ON_PAGE = Hypothesis(Le(1, page), "random memories in the cube, kernel error sampled")
EMPTY = {"page": 0, "D": 1, "K": 1, "Y": 16, "seed": 0, "beta": 1, "x_start": 1, "L": 1, "a_L_C_2": "1/2"}
TRAJECTORY = Inequality(
    id="drdam2024.trajectory-bound",
    title="Gradient steps with features stay near those without",
    source=Source("drdam2024", "main theorem"),
    provenance="recalled; secondary (error grows with beta and D, falls with Y, small near memories)",
    printed=r"\|x^{(L)}-\tilde x^{(L)}\|\le2aLKe^{\beta E(x)}C_1\sqrt{\tfrac DY}\,\frac{1-(aLC_2)^L}{1-aLC_2},\quad"
    r"C_2=1+2K\beta e^{\beta/2}",
    arena=Points(
        (
            *(
                {**EMPTY, "beta": t, "Y": y, "seed": n, "x_start": x, "K": k}
                for t in ("1/10", "1", "5", "20")
                for y, n in ((16, 0), (64, 2))
                for x, k in (("1/4", 1), (1, 1), (1, 3))
            ),
            *(
                {**EMPTY, "beta": t, "Y": 16, "L": n, "a_L_C_2": c}
                for t in ("1/10", "5")
                for n, c in ((3, "1/10"), (3, "9/10"), (5, "2"))
            ),
            *(
                {**EMPTY, "page": 1, "D": d, "K": k, "Y": y, "beta": t}
                for d, k, y in ((8, 5, 256), (32, 20, 1024))
                for t in (1, 20, 60)
            ),
        )
    ),
    parts=(
        Part(
            "distance after L steps",
            Le(trajectory_gap, TRAJECTORY_BOUND),
            trivial=sp.Integer(1),
            given=(ON_INTERVAL, Hypothesis(Gt(feature_mass, 0), "the estimate has a logarithm")),
        ),
        Part(
            "one step on the grid of the page",
            Le(page_ratio, 1),
            given=(ON_PAGE,),
            headline=False,
            sampled=128,
        ),
        Part(
            "the estimate is positive", Le(negative_share, 0), given=(ON_PAGE,), headline=False, sampled=128
        ),
    ),
    controls=(
        scaled("1/20"),
        Control(
            "a hundredth of the bound", Le(page_ratio, Rational(1, 100)), "one step on the grid of the page"
        ),
    ),
    related=("restated.drdam-energy-error", "restated.sincos-variance"),
    notices=(
        "Read with C_1 sqrt(D/Y) as a bound on the kernel error for all pairs in the cube. In dimension 1 with memories "
        "0, 1/8, ... such a bound is certified for given frequencies; it is inserted in the place of C_1 sqrt(D/Y).",
        "A small error of the kernel does not make its gradient accurate: for small beta the kernel error is of order "
        "beta and the gradient of E~ errs by order 1/sqrt(Y), whatever beta is.",
        "The corollary with a tuned step has an unspecified constant and is not tested.",
    ),
)


# -- the error of the energy --------------------------------------------------------------------------------

FEATURES = 48


def _mass(b: Instances) -> Array:
    away = b.memories - b.query[:, None, :]
    return np.exp(-b.beta[:, None] * np.sum(away * away, axis=-1) / 2)


@quantity("S_x", "sum of the K kernels at x", positive=True)
def S_x(b: Instances) -> Array:
    return np.sum(_mass(b), axis=-1)


@quantity("S_features", f"<phi(x), T> with {FEATURES} sin-cos features", real=True)
def S_features(b: Instances) -> Array:
    return kernel_sum(remember(b.memories, b.beta, FEATURES, 0), b.query, b.beta, 0)[0]


@quantity("delta_kernel", "largest kernel error among the memories at x")
def delta_kernel(b: Instances) -> Array:
    d = b.memories.shape[-1]
    w = np.array(frequencies(FEATURES, d, 0))
    w = exact_array(w) if b.exact else w
    away = b.memories - b.query[:, None, :]
    angle = np.sum(away[:, :, None, :] * w, axis=-1) * np.sqrt(b.beta)[:, None, None]
    return largest(np.abs(np.sum(np.cos(angle), axis=-1) / FEATURES - _mass(b)))


ENERGY_GAP = sp.Abs(sp.log(S_features) - sp.log(S_x)) / beta
SMALL = Hypothesis(Lt(M * delta_kernel, S_x), "K delta < S")
ENERGY_ERROR = Inequality(
    id="restated.drdam-energy-error",
    title="Error of the energy in random features",
    source=OWN,
    provenance="derived",
    printed=r"|\tilde S-S|\le K\delta,\qquad|\tilde E-E|\le\frac1\beta\,\frac{K\delta}{S-K\delta}",
    arena=Patterns(
        sizes=((1, 1), (1, 3), (2, 2), (3, 5), (8, 5), (8, 20)),
        beta_m2=(0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0, 60.0),
        search=False,
    ),
    hypotheses=(SMALL,),
    parts=(
        Part("sum", Le(sp.Abs(S_features - S_x), M * delta_kernel), scale=M),
        Part("energy", Le(ENERGY_GAP, M * delta_kernel / (S_x - M * delta_kernel) / beta)),
    ),
    controls=(
        scaled("99/100", "sum"),
        Control("relative error alone", Le(ENERGY_GAP, M * delta_kernel / S_x / beta), "energy"),
    ),
    related=("drdam2024.trajectory-bound",),
    notices=(
        f"Frequencies: {FEATURES} of one draw, the same for all instances of a dimension; delta is measured at x.",
    ),
)


# -- the variance of sin-cos features -------------------------------------------------------------------------

squared = sp.Symbol("beta_r2", nonnegative=True)


def cos_variance(ratio: Fraction) -> Real:
    """Variance of cos(g), g normal with variance ``ratio``, by integration in balls.

    Integrals run over [-16, 16] standard deviations; what is beyond is below exp(-128).
    """
    root = Real(ratio).sqrt().ball

    def mean(power: int) -> arb:
        def density(z: Any, _analytic: bool) -> Any:
            return (root * z).cos() ** power * (-z * z / 2).exp()

        whole = acb.integral(density, acb(-16), acb(16)).real / (2 * arb.pi()).sqrt()
        return whole + arb(0, (-arb(128)).exp())

    return Real(mean(2) - mean(1) ** 2)


def _gap_to(name: str, formula: Any) -> Any:
    """The symbol of |variance of an estimate - formula|, both sides at 256 bits."""

    def measure(b: Instances) -> Array:
        values = {str(v): b.scalars[str(v)][0] for v in (squared, Y)}
        with precision(256):
            found = abs(cos_variance(_scalar(b, squared)) / values[str(Y)] - expr.ball(formula, values))
        return np.array([found], dtype=object)

    return quantity(f"variance_gap_{name}", f"|variance of one estimate - {formula}|")(measure)


def _moments() -> dict[str, Any]:
    """E cos^2 - (E cos)^2 of a normal angle, minus the formula."""
    z = sp.Symbol("z", real=True)
    s = sp.Symbol("s", positive=True)
    weight = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)

    def mean(f: Any) -> Any:
        return sp.integrate(sp.expand(f) * weight, (z, -sp.oo, sp.oo))

    first, second = mean(sp.cos(s * z)), (1 + mean(sp.cos(2 * s * z))) / 2
    return {"variance of the cosine": sp.simplify(second - first**2 - (1 - sp.exp(-(s**2))) ** 2 / 2)}


VARIANCE = (1 - exp(-squared)) ** 2 / (2 * Y)
SINCOS = Identity(
    id="restated.sincos-variance",
    title="Variance of sin-cos features",
    source=OWN,
    provenance="derived",
    printed=r"\mathrm{Var}\Big(\tfrac1Y\sum_k\cos\langle w_k,x-y\rangle\Big)="
    r"\frac{(1-e^{-\beta\|x-y\|^2})^2}{2Y}",
    arena=Points(
        tuple(
            {"beta_r2": r, "Y": y}
            for r in ("0", "1/10", "1", "4", "20")
            for y in (64, 256, 4096)
            if r != "0" or y == 64
        )
    ),
    parts=(Part("variance, to thirty digits", Le(_gap_to("claimed", VARIANCE), Rational(1, 10**30))),),
    controls=(
        Control("without the factor 1/2", Le(_gap_to("double", 2 * VARIANCE), Rational(1, 10**30))),
        Control(
            "1 - exp(-2 beta r^2) for the square",
            Le(_gap_to("other", (1 - exp(-2 * squared)) / (2 * Y)), Rational(1, 10**30)),
        ),
    ),
    symbolic=_moments,
    symbolic_range="any beta |x - y|^2 and any number Y of independent frequencies",
    related=("drdam2024.trajectory-bound",),
)

STATEMENTS: tuple[Statement, ...] = (TRAJECTORY, ENERGY_ERROR, SINCOS)
