"""Attention over a random context: convergence to the optimal denoiser, its rate, and concentration.

M. Smart, A. Bietti, A. M. Sengupta, ICML 2025: Theorem 3.1, Propositions 5 and 6.
"""

from __future__ import annotations

from sympy import Rational, Symbol

from simulations import events_denoising
from verify.controls import scaled
from verify.statement import Control, Probability, ScalingLaw, Source, Statement

size = Symbol("size", integer=True, positive=True)
load = Symbol("load", integer=True, nonnegative=True)
delta = Symbol("delta", positive=True)

FACTORS = tuple(Rational(k, 8) for k in (2, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 24))
ARGUMENTS = {"L": load, "dim": 2, "n": 16, "noise": 1, "tolerance": 1 / size}

THM31 = ScalingLaw(
    id="icd2025.thm3.1",
    title="Attention over a long context is the optimal denoiser",
    source=Source("icd2025", "Thm 3.1"),
    provenance="primary",
    printed=r"\textstyle\sum_l\mathrm{softmax}_l(\langle X_l,\tilde x\rangle/s_Z^2)X_l\to f_{opt}(\tilde x)\quad"
    r"(L\to\infty)\text{ almost surely}",
    event=events_denoising.context_close,
    sizes=(5, 12, 24),
    nominal=size**2,
    factors=FACTORS,
    arguments=ARGUMENTS,
    slope=(1, 3),
    trials=480,
    controls=(
        Control("an error independent of L", (5, 50)),
        Control("an error that falls at once", (0, Rational(1, 2))),
    ),
    related=("icd2025.prop5", "icd2025.prop3"),
    notices=(
        "X is uniform on a sphere of dimension 2 and radius 1 in R^16, sZ^2 = 1; the error is the largest over "
        "five inputs of length up to 2.  The law says that any tolerance 1/size is reached at a finite L.",
        "A limit cannot be refuted at finite size; almost sure convergence is read as convergence in probability.",
    ),
)

PROP5 = ScalingLaw(
    id="icd2025.prop5",
    title="Rate of convergence in the context length",
    source=Source("icd2025", "Prop. 5"),
    provenance="primary (constant unspecified)",
    printed=r"\|\text{attention}-f_{opt}\|\le C\,L^{-1/2}\text{ with an unspecified constant}",
    event=events_denoising.context_close,
    sizes=(5, 12, 24),
    nominal=size**2,
    factors=FACTORS,
    arguments=ARGUMENTS,
    slope=(Rational(3, 2), Rational(5, 2)),
    trials=480,
    controls=(
        Control("an error of order 1/L", (Rational(1, 2), Rational(6, 5))),
        Control("an error of order L^(-1/4)", (Rational(7, 2), Rational(9, 2))),
    ),
    related=("icd2025.thm3.1",),
    notices=(
        "Only the slope can be tested; the rate is read as L^(-1/2), so the median error is 1/size at an L "
        "proportional to size^2.",
    ),
)

PROP6 = Probability(
    id="icd2025.prop6",
    title="Concentration of numerator and denominator",
    source=Source("icd2025", "Prop. 6"),
    provenance="primary",
    printed=(
        r"|\mathrm{den}-E\,\mathrm{den}|<\sinh\big(\tfrac{R\|\tilde x\|}{s_Z^2}\big)\sqrt{\tfrac2L\ln\tfrac2\delta},"
        r"\quad|\mathrm{num}_k-E\,\mathrm{num}_k|<R\,e^{R\|\tilde x\|/s_Z^2}\sqrt{\tfrac2L\ln\tfrac{2d}\delta}"
    ),
    event=events_denoising.far_from_mean,
    points=tuple(
        {"n": n, "L": length, "noise": c, "norm": t, "delta": p, "numerator": which, "pair": law}
        for n, length, c, t, p, law in (
            (2, 100, "1/10", 1, "1/20", 1),
            (2, 100, "1/10", 1, "1/2", 1),
            (2, 500, 1, "13/10", "1/2", 1),
            (1, 100, 1, "1/2", "1/2", 1),
            (2, 100, "1/10", "13/10", "1/20", 0),
            (8, 500, "1/10", 1, "1/20", 0),
            (32, 500, 1, "1/2", "1/20", 0),
            (8, 100, 1, 1, "1/2", 0),
        )
        for which in (0, 1)
    ),
    arguments={
        name: Symbol(name, nonnegative=True) for name in ("n", "L", "noise", "norm", "numerator", "pair")
    }
    | {"delta": delta},
    bound=delta,
    trials=2000,
    controls=(scaled("1/10"),),
    related=("icd2025.thm3.1",),
    notices=(
        "Each of the two bounds separately.  X is uniform on the unit sphere, or on an antipodal pair along x~, for "
        "which the denominator is a binomial variable.",
        "When X is uniform in high dimension the bound is below the mean of the denominator only for L of order "
        "exp(2 R |x~|/sZ^2).",
    ),
)

STATEMENTS: tuple[Statement, ...] = (THM31, PROP5, PROP6)
