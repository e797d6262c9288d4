"""Write all reports of a run into a folder, each file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from reports import evidence_csv, html, junit, markdown
from reports.schema import Record, dump, load

RECORD = "record.json"
RENDERERS: dict[str, Callable[[Record], str]] = {
    "report.html": html.render,
    "report.md": markdown.render,
    "junit.xml": junit.render,
    "evidence.csv": evidence_csv.render,
}


def write_all(record: Record, out_dir: str | Path) -> dict[str, Path]:
    """Write record.json and every report; return file name -> path.

    The record goes first: when a report cannot be made, the run is not lost. Raises OSError when the folder
    cannot be written.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {RECORD: write_atomically(folder / RECORD, dump(record))}
    for name, render in RENDERERS.items():
        paths[name] = write_atomically(folder / name, render(record))
    return paths


def render_from(folder: str | Path) -> dict[str, Path]:
    """Make the reports of a folder anew from its record.json. Raises RecordError or OSError."""
    return write_all(load(Path(folder) / RECORD), folder)


def write_atomically(path: Path, text: str) -> Path:
    """Write UTF-8 text beside `path` and rename it into place, so that no reader sees half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
