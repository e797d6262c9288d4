"""Memory capacity of the kernelised model.

J. Y.-C. Hu, D. Wu, H. Liu, "Provably Optimal Memory Capacity for Modern Hopfield Models", NeurIPS 2024, arXiv 2410.23126.
"""

from __future__ import annotations

from sympy import Integer, LambertW, Symbol, exp, floor, log, sqrt

from simulations.events import not_all_stored
from verify.controls import scaled
from verify.statement import Probability, Source

p, D, beta, R = (Symbol(n, positive=True) for n in ("p", "D", "beta", "R"))
a, b, C, N = (Symbol(n, positive=True) for n in ("a", "b", "C", "N"))

CAPACITY = Probability(
    id="khm2024.capacity-lemma",
    title="Memory capacity of the kernelised model",
    source=Source("khm2024", "capacity lemma (kernelised Hopfield model)"),
    provenance="secondary",
    printed=r"M\ge\sqrt p\,C^{\frac{D-1}4},\ C=\frac b{W_0(\exp(a+\ln b))},\ a=\frac4{D-1}(\ln\frac{2\sqrt p-2}R+1),\ "
    r"b=\frac{4\beta}{5(D-1)}",
    event=not_all_stored,
    arguments={"model": "dense", "d": D, "M": N, "m": Integer(1), "beta": beta},
    points=tuple(
        {"p": prob, "D": dim, "beta": inverse, "R": radius}
        for prob in ("1/1000", "1/100", "1/20", "1/10", "1/2", "9/10", "99/100", "1")
        for dim in (5, 20, 40)
        for inverse in (1, 20, 200)
        for radius in ("1/10", "3/10", "1")
    ),
    derive={
        "a": 4 / (D - 1) * (log((2 * sqrt(p) - 2) / R) + 1),
        "b": 4 * beta / (5 * (D - 1)),
        "C": b / LambertW(exp(a + log(b))),
        "N": floor(sqrt(p) * C ** ((D - 1) / 4)),
    },
    bound=1 - p,
    controls=(scaled("1/2"),),
    related=("np2024.lemma4.2-capacity", "hu2023.lemma3.1-capacity", "restated.capacity-random-zeta"),
    notices=("p is described as a success probability: 2 sqrt(p) - 2 is 0 at p = 1 and negative below.",),
)

STATEMENTS = (CAPACITY,)
