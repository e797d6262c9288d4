"""Universal optimality.

H. Cohn, A. Kumar, "Universally optimal distribution of points on spheres", J. Amer. Math. Soc. 20 (2007), 99-148.
"""

from __future__ import annotations

from verify.papers.ck2007.optimal import OPTIMAL
from verify.papers.ck2007.universal import UNIVERSAL
from verify.statement import Statement

PAPER = {
    "key": "ck2007",
    "title": "Universally optimal distribution of points on spheres",
    "authors": "H. Cohn, A. Kumar",
    "year": 2007,
    "arxiv": "math/0607446",
    "venue": "Journal of the American Mathematical Society 20",
}

STATEMENTS: tuple[Statement, ...] = (UNIVERSAL, OPTIMAL)
