r"""Critical loads of the log-sum-exp memory with exponentially many patterns.

C. Lucibello, M. Mezard, "Exponential Capacity of Dense Associative Memories", PRL 2024, arXiv 2304.14964, and closed
forms of this project beside it.  N-dimensional patterns of norm about sqrt(N), P = exp(alpha N) of them; pattern 1 is
retrieved from x if its softmax weight at inverse temperature lambda tends to 1.

The closed forms are compared with loads that are solved from the definition (:mod:`bounds.critical_loads`), and with rigorous
bounds on the probability of retrieval at N = 101; simulations of N = 20 are a reading of their own.
"""

from verify.papers.lucibello2024.basins import LM_BASIN
from verify.papers.lucibello2024.loads import LM_BINARY, LM_GAUSSIAN, LM_SPHERICAL
from verify.papers.lucibello2024.thresholds import ALL_GAUSSIAN, ALL_SPHERICAL
from verify.statement import Statement

PAPER = {
    "key": "lucibello2024",
    "title": "Exponential Capacity of Dense Associative Memories",
    "authors": "C. Lucibello, M. Mezard",
    "year": 2024,
    "arxiv": "2304.14964",
    "venue": "Physical Review Letters 132",
}
STATEMENTS: tuple[Statement, ...] = (
    ALL_SPHERICAL,
    ALL_GAUSSIAN,
    LM_SPHERICAL,
    LM_GAUSSIAN,
    LM_BINARY,
    LM_BASIN,
)
