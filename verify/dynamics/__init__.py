"""Property tests of retrieval dynamics: of the shipped variants and of anybody's own layer.

A dynamics is any callable ``(memories (M, d), query (d,), beta) -> new query (d,)``, perhaps with an energy::

    from verify.dynamics import assert_dynamics

    def test_my_layer():
        assert_dynamics(my_layer, like="dense")
"""

from verify.dynamics.battery import assert_dynamics, check_dynamics, check_variant
from verify.dynamics.callables import DynamicsError, adapt, load
from verify.dynamics.metastability import Metastability, memory_ensemble, metastability
from verify.dynamics.problem import Problem, Slack
from verify.dynamics.properties import EXTRA, STATEMENTS
from verify.dynamics.report import Finding, Report
from verify.dynamics.strategies import inverse_temperatures, memory_sets, problems, queries

__all__ = [
    "EXTRA",
    "STATEMENTS",
    "DynamicsError",
    "Finding",
    "Metastability",
    "Problem",
    "Report",
    "Slack",
    "adapt",
    "assert_dynamics",
    "check_dynamics",
    "check_variant",
    "inverse_temperatures",
    "load",
    "memory_ensemble",
    "memory_sets",
    "metastability",
    "problems",
    "queries",
]
