"""The covering bound in high dimension.

C. Chabauty, C. R. Acad. Sci. Paris 236 (1953); C. E. Shannon, Bell Syst. Tech. J. 38 (1959); A. D. Wyner, Bell Syst. Tech.
J. 44 (1965).
"""

from __future__ import annotations

from sympy import Ge, Gt, Le, Lt

from verify.arena import Points
from verify.papers.splag.growth import n, ratio, s
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement

PAPER = {
    "key": "csw",
    "title": "Probability of error for optimal codes in a Gaussian channel",
    "authors": "C. E. Shannon (with C. Chabauty 1953, A. D. Wyner 1965)",
    "year": 1959,
    "arxiv": "",
    "venue": "Bell Syst. Tech. J. 38",
}

ERROR = 1 / (n * s**2)
CSW = Inequality(
    id="csw.asymptotic",
    title="Chabauty, Shannon, Wyner",
    source=Source("csw", "Chabauty 1953; Shannon 1959; Wyner 1965"),
    provenance="recalled",
    printed=r"A(n,\theta)\ge(1+o(1))\,\frac{\sqrt{2\pi n}\,\cos\theta}{\sin^{n-1}\theta}\quad(0<\theta<\tfrac\pi2\text{ fixed})",
    arena=Points(
        tuple(
            {"n": d, "s": c}
            for c in ("87/100", "7/10", "1/2", "17/100")
            for d in (10, 30, 100, 300, 1000, 3000, 10000)
        )
    ),
    hypotheses=(Hypothesis(Gt(s, 0)), Hypothesis(Lt(s, 1))),
    parts=(
        Part("covering bound at least 1 - 1/(n cos^2) of the leading term", Ge(ratio, 1 - ERROR)),
        Part("at most 1 + 1/(n cos^2) of it", Le(ratio, 1 + ERROR)),
    ),
    controls=(
        Control(
            "one percent more",
            Ge(ratio, 1 + 1 / (100 * s**2)),
            "covering bound at least 1 - 1/(n cos^2) of the leading term",
        ),
        Control("error 1/n^2", Le(ratio, 1 + ERROR / n), "at most 1 + 1/(n cos^2) of it"),
    ),
    related=("cap.covering", "restated.a15.csw", "jjp2018"),
    notices=(
        "A(n, theta) >= 1/sigma_n(theta) is cap.covering; its quotient by the right-hand side is certified to n = 10^4 with a "
        "declared error that vanishes.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (CSW,)
