"""Memory capacity of the sparse-structured model.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: Lemma 4.2, and a statement of this project beside it.
"""

from __future__ import annotations

from sympy import Ge, Gt, Integer, LambertW, Le, Symbol, cos, exp, floor, log, sqrt

from bounds.functions import CapArea
from simulations.events import not_all_stored
from simulations.events_structured import sparse_not_all_stored
from verify.controls import scaled
from verify.statement import Control, Hypothesis, Part, Probability, Source

PAPER = "np2024"
p, d, b2, share, zeta, k = (Symbol(n, positive=True) for n in ("p", "d", "beta_m2", "share", "zeta", "k"))
N, C, a, b = (Symbol(n, positive=True) for n in ("N", "C", "a", "b"))

CAPACITY = Probability(
    id="np2024.lemma4.2-capacity",
    title="Memory capacity of the sparse-structured model",
    source=Source(PAPER, "Lemma 4.2"),
    provenance="secondary (shape), recalled low (constants)",
    printed=r"M_{Sparse}\ge\sqrt p\,C^{\frac{d-1}4},\ C=\frac b{W_0(\exp(a+\ln b))},\ b=\frac{4m^2\beta}{5(d-1)},\ "
    r"a=\frac4{d-1}\{\ln[\frac{m(\sqrt p+k-1)}R]+1\}",
    event=sparse_not_all_stored,
    arguments={"d": d, "M": N, "m": Integer(1), "beta": b2, "k": k},
    points=tuple(
        {"p": prob, "d": dim, "k": count, "beta_m2": beta, "share": part}
        for prob in ("1/1000", "1/100", "1/10", "1/2", "9/10", "1")
        for dim in (8, 20, 40)
        for count in (1, 2, 10, 50)
        for beta in (10, 50, 200)
        for part in ("1/10", "3/10", "1/2")
    ),
    hypotheses=(
        Hypothesis(Ge(N, 2), "R and Delta_mu speak of two patterns"),
        Hypothesis(Le(k, N), "S is a set of k of the M patterns"),
        Hypothesis(
            Ge(2 * share**2, log((N + k - 2) / share) / b2 + 2 * share),
            "well-separation; on a sphere the smallest Delta_mu is 2 R^2, R = share * m with m = 1",
        ),
    ),
    derive={
        "a": 4 / (d - 1) * (log((sqrt(p) + k - 1) / share) + 1),
        "b": 4 * b2 / (5 * (d - 1)),
        "C": b / LambertW(exp(a + log(b))),
        "N": floor(sqrt(p) * C ** ((d - 1) / 4)),
    },
    bound=p,
    controls=(scaled("1/2"),),
    related=("np2024.well-separation", "restated.capacity-random-zeta", "hu2023.lemma3.1-capacity"),
    notices=(
        "The claimed number depends on R, half the smallest distance of the very sample it speaks of; R is entered as a "
        "share of m.  p is read as the failure probability, all patterns stored at once.",
        "One note prints p in place of sqrt(p).  The condition of np2024.well-separation is not met by any R < m, "
        "whatever the number is.",
    ),
)

ZETA = Probability(
    id="restated.capacity-random-zeta",
    title="Capacity of random patterns on a sphere, by the smallest angle",
    source=Source(PAPER, "a related statement of this project"),
    provenance="derived",
    printed=r"1-\cos\tfrac1\zeta\ge\frac{1+\ln(4\beta m^2(M-1))}{\beta m^2},\ 4\beta m^2(M-1)>1\ \Rightarrow\ "
    r"P[\text{all }M=\lfloor\sqrt p\,\zeta^{(d-1)/2}\rfloor\text{ patterns }\tfrac1{2\beta m}\text{-stored}]\ge1-p",
    event=not_all_stored,
    arguments={"model": "dense", "d": d, "M": N, "m": Integer(1), "beta": b2, "radius": 1 / (2 * b2)},
    points=tuple(
        {"p": prob, "d": dim, "beta_m2": dim * factor, "zeta": z}
        | ({} if dim < 40 else {"profile": "standard"})
        for prob in ("1/20", "1/10")
        for dim in (8, 16, 20, 32, 40, 64)
        for factor in (1, 2, 4)
        for z in ("5/4", "3/2", "7/4", "2")
    ),
    hypotheses=(
        Hypothesis(Ge(N, 2), "a smallest angle needs two patterns"),
        Hypothesis(Gt(4 * b2 * (N - 1), 1)),
        Hypothesis(Ge(1 - cos(1 / zeta), (1 + log(4 * b2 * (N - 1))) / b2)),
    ),
    derive={"N": floor(sqrt(p) * zeta ** ((d - 1) / 2))},
    bound=p,
    simulate_if=Le(N, 100),
    trials=1500,
    parts=(
        Part(
            "the smallest angle is at least 1/zeta with that probability",
            Le(N * (N - 1) / 2 * CapArea(d, 1 / zeta), p),
        ),
    ),
    controls=(
        Control(
            "an angle larger by a third",
            Le(N * (N - 1) / 2 * CapArea(d, 4 / (3 * zeta)), p),
            "the smallest angle is at least 1/zeta with that probability",
        ),
    ),
    related=("np2024.lemma4.2-capacity", "restated.ball-contraction"),
    notices=(
        "A set counts as stored if bounds over the balls show it, as not stored if a start in a ball leaves it.",
    ),
)

STATEMENTS = (CAPACITY, ZETA)
