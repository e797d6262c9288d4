r"""Universal Hopfield networks: similarity, separation, projection; their energies and retrieval rates.

B. Millidge, T. Salvatori, Y. Song, T. Lukasiewicz, R. Bogacz, "Universal Hopfield Networks: A General Framework for
Single-Shot Associative Memory Models", ICML 2022, arXiv 2202.04557, and statements of this project beside them.
"""

from verify.papers.uhn2022.energies import ENERGY_MAP, ENERGY_ODE
from verify.papers.uhn2022.factorisation import FACTORISATION
from verify.papers.uhn2022.retrieval import CAPACITY, DOT_EUCLIDEAN, MAX_SEPARATION
from verify.statement import Statement

PAPER = {
    "key": "uhn2022",
    "title": "Universal Hopfield Networks: A General Framework for Single-Shot Associative Memory Models",
    "authors": "B. Millidge, T. Salvatori, Y. Song, T. Lukasiewicz, R. Bogacz",
    "year": 2022,
    "arxiv": "2202.04557",
    "venue": "ICML 2022",
}
STATEMENTS: tuple[Statement, ...] = (
    FACTORISATION,
    ENERGY_ODE,
    ENERGY_MAP,
    CAPACITY,
    MAX_SEPARATION,
    DOT_EUCLIDEAN,
)
