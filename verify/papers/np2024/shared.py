"""What the statements on sparse-structured maps share: arenas, hypotheses, the two readings in words."""

from __future__ import annotations

from sympy import Ge, Le

from verify.arena import Patterns
from verify.papers.np2024.supports import (
    SUPPORT,
    top_share,
)
from verify.statement import Hypothesis, Source
from verify.vocabulary import (
    R,
    dist,
    m,
    norm_x,
)

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")
FREE = Patterns(query="free", min_memories=2, params=SUPPORT, max_size=2000)
BALL = Patterns(query="ball", min_memories=2, params=SUPPORT, max_size=2000)
IN_BALL = Hypothesis(Le(dist, R), "x in S_mu")
IN_TOP = Hypothesis(Ge(top_share, 1), "the target is among the K best scores")
READINGS = (
    "Reading A is the formula as printed (softmax over all memories, the sum truncated to S), reading B the softmax "
    "over S alone; the target is in S, which is chosen by the share k/M and by three orders of the others."
)
SQUARES = m**2 + norm_x**2
