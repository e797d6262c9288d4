"""The command `hopcheck`: a thin layer over :mod:`verify.runner` and :mod:`reports`."""

from __future__ import annotations

import math
import os
import sys
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from sympy import sympify

from bounds import expr
from reports import render, schema, terminal
from simulations.backends import LIBRARIES, Backend, BackendError
from simulations.memories_file import MemoryFileError, load_memories
from simulations.variants import FAMILIES, VariantError, variant
from verify import calculator_commands, codes, feature_command, known
from verify.dynamics.command import dynamics, metastability
from verify.loader import InputError, find, select
from verify.record import citation, grid_lines
from verify.replay import certify_again, simulate_again
from verify.runner import (
    STORE,
    Outcome,
    Progress,
    Settings,
    choose_backend,
    execute,
    exit_code,
    tool_version,
)
from verify.statement import Probability, ScalingLaw
from verify.store import ResultStore, StoreError
from verify.tasks import Task, run_task

BAD_INPUT, INTERRUPTED = 2, 130
ERRORS = (BackendError, InputError, MemoryFileError, StoreError, VariantError, schema.RecordError)


class Group(click.Group):
    """Turns what users can get wrong into one sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ERRORS as error:
            click.echo(f"hopcheck: {error}", err=True)
            ctx.exit(BAD_INPUT)
        except BrokenPipeError:
            raise  # the reader of a pipe has left: click ends quietly
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"hopcheck: {where}{error.strerror or error}", err=True)
            ctx.exit(BAD_INPUT)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tool_version(), prog_name="hopcheck")
def main() -> None:
    """Check the published theory of modern Hopfield models: bound against simulation, with witnesses."""


def _console() -> Console:
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


@main.command("list")
@click.option("--paper", "papers", multiple=True, metavar="KEY", help="Only statements of this paper.")
@click.option("--kind", type=click.Choice(["identity", "inequality", "probability", "scaling", "definition"]))
@click.option("--variant", "variants", multiple=True, metavar="NAME", help="Those that apply to this model.")
def list_statements(papers: tuple[str, ...], kind: str | None, variants: tuple[str, ...]) -> None:
    """List the statements of the catalogue."""
    chosen = select((), papers, variants)
    table = known.load()
    rows = [s.statement for s in chosen.values() if kind is None or s.statement.kind == kind]
    width = max((len(s.id) for s in rows), default=10)
    for s in rows:
        verdict = table.get(s.id, {}).get("verdict", "-")
        click.echo(f"{s.id:<{width}}  {s.kind:<11}  {verdict:<13}  {s.title}")
    click.echo(f"{len(rows)} statements", err=True)


@main.command("variants")
def list_variants() -> None:
    """List the model variants: parameters, citation, what they support and what their theory promises."""
    for name, family in FAMILIES.items():
        model = variant(name)
        parameters = ",".join(f"{k}={v}" for k, v in family.defaults.items())
        click.echo(f"{name}{':' if parameters else ''}{parameters}\n    {model.citation}")
        click.echo(f"    supports {', '.join(sorted(model.supports)) or 'nothing beyond NumPy arrays'}")
        click.echo(f"    promises {', '.join(sorted(model.promises)) or 'nothing'}")
        if model.statements:
            click.echo(f"    statements {', '.join(model.statements)}")
    click.echo(f"{len(FAMILIES)} families", err=True)


@main.command()
@click.argument("identifier", metavar="ID")
def show(identifier: str) -> None:
    """Show one statement: citation, provenance, hypotheses, formula, grid, controls."""
    s = find(identifier).statement
    click.echo(f"{s.id}  ({s.kind})\n{s.title}\n\n{citation(s)}\nprovenance: {s.provenance}")
    if s.printed:
        click.echo(f"as printed: {s.printed}")
    if s.hypotheses:
        click.echo("\nhypotheses")
    for h in s.hypotheses:
        text = " [stands only in the text around the statement]" if h.in_text_only else ""
        click.echo(_indent(expr.plain(h.relation)) + (f"\n      {h.note}" if h.note else "") + text)
    if isinstance(s, Probability):
        click.echo(f"\nclaim: P({s.event.__name__}) <= bound")
        for name, formula in s.derive.items():
            click.echo(f"  {name} =\n{_indent(expr.plain(formula))}")
        click.echo(f"  bound =\n{_indent(expr.plain(s.bound))}")
    if isinstance(s, ScalingLaw):
        click.echo(f"\nclaim: where P({s.event.__name__}) crosses {s.level}, the slope of")
        click.echo(_indent(expr.plain(sympify(s.ordinate))) + "\n  against")
        click.echo(_indent(expr.plain(sympify(s.abscissa))) + f"\n  lies in [{s.slope[0]}, {s.slope[1]}]")
    for part in s.parts:
        reading = "" if part.headline else "  (a reading; it does not decide the verdict)"
        click.echo(f"\n{part.name}{reading}\n{_indent(expr.plain(part.relation))}")
    click.echo("\ngrid (quick profile)")
    for line in grid_lines(s, "quick"):
        click.echo(f"    {line}")
    click.echo("\ncontrols")
    for c in s.controls:
        click.echo(f"    {c.name}{': ' + c.description if c.description else ''}")
    for label, lines in (("notices", s.notices), ("related", s.related)):
        if lines:
            click.echo(f"\n{label}\n" + "\n".join(f"    {line}" for line in lines))


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


@main.command()
@click.argument("statements", nargs=-1, metavar="[ID | GLOB | FILE.py]...")
@click.option("--paper", "papers", multiple=True, metavar="KEY", help="Only statements of this paper.")
@click.option(
    "--profile", type=click.Choice(["quick", "standard", "full"]), default="quick", show_default=True
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--memories",
    metavar="FILE",
    default="",
    help="Run on these vectors (.npy, .npz, .csv; one memory per row).",
)
@click.option("--beta", "betas", multiple=True, type=float, help="Inverse temperature(s) for --memories.")
@click.option(
    "--variant",
    "variants",
    multiple=True,
    metavar="NAME",
    help="Run what applies to this model, such as entmax:alpha=1.5; may be given several times.",
)
@click.option("--backend", type=click.Choice(list(LIBRARIES)), default="numpy", show_default=True)
@click.option(
    "--device", default=None, metavar="NAME", help="cpu, cuda, or several: cuda:0,cuda:1 (a worker each)."
)
@click.option("--dtype", default="float64", show_default=True, metavar="float64|float32")
@click.option(
    "--draws",
    type=click.Choice(["host", "device"]),
    default="host",
    show_default=True,
    help="Where random memory sets are drawn: the same numbers for every backend, or volume.",
)
@click.option(
    "--out", metavar="DIR", default=None, help="Run folder; naming an unfinished one goes on with it."
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=None, help="Worker processes.  [default: number of cores]"
)
@click.option("--shard", metavar="I/N", default="1/1", help="Only part I of N of the work; see merge.")
def run(
    statements: tuple[str, ...],
    papers: tuple[str, ...],
    profile: str,
    seed: int,
    memories: str,
    betas: tuple[float, ...],
    variants: tuple[str, ...],
    backend: str,
    device: str | None,
    dtype: str,
    draws: str,
    out: str | None,
    jobs: int | None,
    shard: str,
) -> None:
    """Check statements and write a run folder with record and report.

    Exit code 0: every verdict is the known one (without a known one: a pass).  On another variant than its
    own a statement may pass or fail; only errors and uncaught controls count there.
    """
    for value in betas:
        if not (value > 0 and math.isfinite(value)):
            raise InputError(f"--beta {value:g}: expected a finite number greater than 0")
    if betas and not memories:
        raise InputError("--beta: expected --memories FILE beside it; the catalogue has its own temperatures")
    chosen = select(statements, papers, variants)
    first, devices = choose_backend(backend, device or ("cuda" if backend == "cupy" else "cpu"), dtype)
    if memories:
        load_memories(memories)
    folder = _run_folder(out, profile)
    settings = Settings(
        profile=profile,
        seed=seed,
        jobs=jobs or os.cpu_count() or 1,
        memories=str(Path(memories).resolve()) if memories else "",
        betas=betas,
        shard=_shard(shard),
        command=("hopcheck", *sys.argv[1:]),
        backend=first,
        devices=devices,
        draws=draws,
    )
    console = _console()
    outcome = _with_progress(chosen, settings, folder, console)
    render.write_all(outcome.record, folder)
    proposal = known.proposal(outcome.record) if not statements and not papers else None
    if proposal is not None:
        (folder / "known_verdicts.proposed.json").write_text(proposal)
    terminal.show(outcome.record)
    click.echo(f"report: {folder / 'report.html'}")
    if outcome.interrupted:
        again = " ".join([*settings.command, *([] if out else ["--out", str(folder)])])
        click.echo(f"interrupted: {len(outcome.pending)} statements left; go on with: {again}", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(exit_code(outcome.record))


def _shard(text: str) -> tuple[int, int]:
    part, _, count = text.partition("/")
    if not (part.isdigit() and count.isdigit() and 1 <= int(part) <= int(count)):
        raise InputError(f"--shard {text}: expected I/N with 1 <= I <= N, such as 2/8")
    return int(part), int(count)


@main.command()
@click.argument("folders", nargs=-1, required=True, metavar="DIR...")
@click.option("--out", metavar="DIR", required=True, help="Run folder that takes the results over.")
def merge(folders: tuple[str, ...], out: str) -> None:
    """Take over the results of other run folders (shards) into the run folder --out."""
    target = _run_folder(out, "merged")
    for folder in folders:
        if not (Path(folder) / STORE).is_file():
            raise InputError(f"{folder}: expected a run folder with {STORE}, found none")
    with ResultStore(target / STORE) as store:
        for folder in folders:
            done = store.merge(Path(folder) / STORE)
            click.echo(f"{folder}: {done.added} results added, {done.known} known already")
            if done.conflicts:
                raise InputError(
                    f"{folder}: expected the results of one program, found {len(done.conflicts)} that differ "
                    f"from those in {out}, first {done.conflicts[0]}"
                )
    click.echo(f"complete the record with the command of the shards, without --shard, and --out {out}")


def _run_folder(out: str | None, profile: str) -> Path:
    folder = Path(out) if out else Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{profile}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-test"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"--out {folder}: expected a folder that can be written, found: {error.strerror}"
        ) from error
    return folder


def _with_progress(chosen: Any, settings: Settings, folder: Path, console: Console) -> Outcome:
    if not console.is_terminal:
        count = {"done": 0, "total": 0}

        def started(total: int, reused: int) -> None:
            count.update(total=total, done=reused)
            click.echo(
                f"{total} statements, {settings.profile} profile, seed {settings.seed}; {reused} reused"
            )

        def line(identifier: str, verdict: str, seconds: float) -> None:
            count["done"] += 1
            click.echo(f"[{count['done']}/{count['total']}] {identifier}: {verdict} ({seconds:.1f} s)")

        return execute(chosen, settings, folder, Progress(started, line))
    columns = (TextColumn("{task.description:<60}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        row = bar.add_task("starting", total=None)
        return execute(
            chosen,
            settings,
            folder,
            Progress(
                lambda total, reused: bar.update(row, total=total, completed=reused),
                lambda i, verdict, _s: bar.update(row, advance=1, description=f"{i}: {verdict}"[:60]),
            ),
        )


@main.command()
@click.argument("folder", metavar="DIR")
def report(folder: str) -> None:
    """Render the report again from the record alone."""
    render.render_from(Path(folder))
    click.echo(f"report: {Path(folder) / 'report.html'}")


@main.command()
@click.argument("folder", metavar="DIR")
@click.argument("identifier", metavar="ID")
@click.option("--file", default="", help="The statement's own file, if it came from one.")
def replay(folder: str, identifier: str, file: str) -> None:
    """Decide the witness of a statement again, from its inputs alone.

    Where a statement failed because nothing meets its hypotheses, look for such an input once more, with the
    seed and the profile of the run.
    """
    record = schema.load(Path(folder) / "record.json")
    entry = next((s for s in record.statements if s.id == identifier), None)
    if entry is None:
        raise InputError(f"{identifier}: expected a statement of the run in {folder}")
    if not file and entry.paper == "user":
        file = next((a for a in record.command if a.endswith(".py")), "")
    if entry.witness is not None and entry.witness.certified:
        found = certify_again(
            identifier, entry.witness.part, entry.witness.inputs, file=file, backend=_backend(record)
        )
        click.echo(f"{identifier}, {entry.witness.part}: {found.status}")
        click.echo(f"  left side   {found.lhs}\n  right side  {found.rhs}")
        sys.exit(0 if found.status == "violated" else 1)
    if entry.witness is not None:
        again = simulate_again(
            identifier,
            entry.witness.inputs,
            seed=record.seed,
            file=file,
            backend=_backend(record),
            draws=record.draws,
        )
        click.echo(again)
        click.echo(f"claimed: {entry.witness.relation}, {entry.witness.rhs}; in the run {entry.witness.lhs}")
        return
    if entry.domain is not None:
        part = next(p.name for p in entry.parts if p.verdict == "undefined")
        found = certify_again(identifier, part, entry.domain.example, file=file)
        click.echo(f"{identifier}, {part}: {found.status}: {found.detail}")
        sys.exit(0 if found.status == "undefined" else 1)
    if entry.verdict == "unsatisfiable" and record.memories is None:
        backend = Backend(*_backend(record))
        task = Task(identifier, file, record.profile, record.seed, "", (), math.inf, backend, record.draws)
        measured = run_task(task)["statement"]
        click.echo(f"{identifier}: {measured['verdict']}: {measured['reason']}")
        sys.exit(0 if measured["verdict"] == entry.verdict else 1)
    raise InputError(
        f"{identifier}: expected a statement with a witness, found the verdict {entry.verdict!r}"
    )


def _backend(record: schema.Record) -> tuple[str, str, str]:
    return record.backend, record.device.partition(",")[0], record.dtype


@main.command()
@click.argument("file", metavar="FILE.py")
def new(file: str) -> None:
    """Write a commented template of a statement of your own; it runs as it is."""
    path = Path(file)
    if path.suffix != ".py":
        raise InputError(f"{file}: expected a file name that ends in .py")
    if path.exists():
        raise InputError(f"{file}: expected a new file, found one that exists already")
    path.write_text(files("verify").joinpath("template.py.txt").read_text().replace("{name}", file))
    click.echo(f"written; try: hopcheck run {file}")


for command in (
    *calculator_commands.COMMANDS,
    codes.code_command,
    codes.certify_command,
    feature_command.features,
    dynamics,
    metastability,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
