"""What the reader sees: a run record in; HTML, Markdown, JUnit XML, CSV and terminal text out.

The package knows the record (`reports.schema`) and nothing else of the project, so it can render a record
that another program wrote. Every renderer is a pure function of the record: the same record gives the same
bytes. Text from a record is never trusted: it is escaped for each target, control characters and characters
that reorder text are made visible, and MathML passes a list of allowed elements.

* `reports.schema`: the models, `load`, `dump`, `RecordError`, the JSON Schema (also in `schema/1.json`)
* `reports.render`: `write_all(record, folder)` and `render_from(folder)`
* `reports.html`, `reports.markdown`, `reports.junit`, `reports.evidence_csv`: `render(record) -> str`
* `reports.terminal`: `show(record)`, a table for people, plain text for pipes
"""
