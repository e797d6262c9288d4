"""Statements of Hu et al. 2023 (sparse model), in the order of the paper, related ones beside them."""

from verify.papers.hu2023 import capacity, dynamics, error_bounds, noise, retrieval

_BY_ID = {
    s.id: s for module in (dynamics, retrieval, error_bounds, noise, capacity) for s in module.STATEMENTS
}

STATEMENTS = tuple(_BY_ID.values())
