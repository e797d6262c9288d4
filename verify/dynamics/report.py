"""What the battery found, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.table import Table
from rich.text import Text

from verify.dynamics.problem import Problem, Slack
from verify.dynamics.properties import STATEMENTS

Status = Literal["pass", "fail", "undecided", "not applicable"]
STYLES: dict[str, str] = {
    "pass": "green",
    "fail": "bold red",
    "undecided": "yellow",
    "not applicable": "dim",
}
COLUMNS = ("property", "status", "worst margin", "tolerance", "examples", "searched", "note")


@dataclass(frozen=True, eq=False)
class Finding:
    """What is known of one property.

    Attributes:
        property: its name, a key of ``STATEMENTS``.
        status: "fail" with a witness; "pass": no violation was found; "undecided": at more than a quarter
            of the examples rounding may be larger than what the property speaks of; "not applicable".
        slack: the worst margin seen (negative where the property is violated) and its forward error.
        witness: the problem with the worst margin; for a failure the smallest one that shrinking reached.
        code: runnable Python whose last assertion fails; empty unless the status is "fail".
        examples: corners and drawn problems at which the property said something.
        evaluations: problems the optimisation looked at.
        undecided: examples at which rounding may hide a violation of 1/1000 (float32: 1/10) of the scale.
        reason: why a property is not applicable or undecided.
    """

    property: str
    status: Status
    slack: Slack | None = None
    witness: Problem | None = None
    code: str = ""
    examples: int = 0
    evaluations: int = 0
    undecided: int = 0
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Report:
    """The findings of one run, by property."""

    name: str
    findings: tuple[Finding, ...]

    def __getitem__(self, name: str) -> Finding:
        """The finding on a property. Raises KeyError if it was not asked for."""
        for finding in self.findings:
            if finding.property == name:
                return finding
        raise KeyError(name)

    @property
    def passed(self) -> bool:
        """Whether nothing failed, nothing stayed undecided, and something was tested at all."""
        tested = [f for f in self.findings if f.status != "not applicable"]
        return bool(tested) and all(f.status == "pass" for f in tested)

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.status == "fail")

    def rows(self) -> list[tuple[str, ...]]:
        """The table, one row per property."""
        return [_row(f) for f in self.findings]

    def table(self) -> Table:
        """The table for a terminal."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in COLUMNS:
            table.add_column(name, overflow="fold")
        for finding, row in zip(self.findings, self.rows(), strict=True):
            cells = [Text(cell) for cell in row]
            cells[1].stylize(STYLES[finding.status])
            table.add_row(*cells)
        return table

    def plain(self) -> str:
        """The table as aligned text."""
        rows = [COLUMNS, *self.rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
        return "\n".join(
            "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
        )

    def reproductions(self) -> str:
        """Every failure: what was claimed, by how much it is missed, and code that shows it."""
        return "\n".join(
            f"{f.property}: {STATEMENTS[f.property]}\n"
            f"  missed by {-f.slack.value:.3g} (rounding {f.slack.tolerance:.1g}); to reproduce:\n\n{f.code}"
            for f in self.failures
            if f.slack is not None
        )

    def text(self) -> str:
        """Table and reproductions."""
        return f"{self.name}\n\n{self.plain()}\n\n{self.reproductions()}".rstrip() + "\n"


def _row(f: Finding) -> tuple[str, ...]:
    number = f"{f.slack.value + 0.0:.2e}" if f.slack else "-"
    tolerance = f"{f.slack.tolerance:.1e}" if f.slack else "-"
    note = f.reason or STATEMENTS[f.property]
    if f.undecided and not f.reason:
        note += f" ({f.undecided} within rounding)"
    return f.property, f.status, number, tolerance, str(f.examples), str(f.evaluations), note
