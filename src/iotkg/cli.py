"""The command line: parse, call, print, exit code.

Exit codes, everywhere: 0 good, 1 violations found, 2 wrong usage, 3 input cannot be read or parsed or output cannot be
written, 4 shapes are broken or nothing was checked, 5 internal failure.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from iotkg import errors
from iotkg.cli_validate import Command, validate
from iotkg.console import err, fail, out
from iotkg.findings import Finding, Severity
from iotkg.layout import Layout, find_release
from iotkg.store import Source, Table

app = typer.Typer(
    name="iotkg",
    help="China's ten IoT special action plans (2013-2015) as a knowledge graph, every statement tied to its words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How an answer is printed."""

    table = "table"
    csv = "csv"
    tsv = "tsv"
    json = "json"


Output: TypeAlias = Annotated[
    Format | None, typer.Option("--format", help="Default: a table on a terminal, else TSV.")
]
Endpoint: TypeAlias = Annotated[
    str | None, typer.Option(help="Ask this SPARQL endpoint instead of the release.")
]


def main() -> None:
    """Run the command line; every failure of ours ends in one message and its exit code."""
    try:
        try:
            app()
        except SystemExit:  # how every command ends
            _flush()
            raise
    except errors.IotkgError as error:
        sys.exit(fail(error))
    except (
        OSError
    ) as error:  # a full disk at standard output, mostly: files are read and written with words of ours
        _drop_output()
        where = error.filename or "standard output"
        sys.exit(fail(errors.OutputError(f"{where}: {error.strerror or error}")))
    except Exception:  # noqa: BLE001 - the outermost handler: 1 means violations, so a bug must not exit with it
        err.print_exception()
        sys.exit(5)


@app.command()
def build() -> None:
    """Check the data, infer what follows and write the release to dist/."""
    from iotkg import build as pipeline
    from iotkg import examining, indexing, release, validated

    layout = Layout.find(Path.cwd())
    steps = pipeline.Steps()
    with steps.step("read"):
        inputs = pipeline.read(layout)
    with steps.step("validate as written"):
        found = pipeline.check(layout, inputs, inputs.written, "written")
        _stop_at_violations(found)
    derived: pipeline.Derived = {}
    graphs = pipeline.assemble(inputs, steps, derived)
    with steps.step("validate complete"):
        triples = pipeline.merged(graphs)
        found += pipeline.check(layout, inputs, triples, "complete")
        _stop_at_violations(found)
    with steps.step("write"), _without_collector():
        record = validated.to_json(examining.record(layout, found, len(triples)))
        more = {**release.reasons(inputs, derived), validated.VALIDATION: record}
        written = release.write(graphs, _canned(layout), layout.dist, more)
    with steps.step("index"):
        indexing.of_release(layout.dist)
    from rich.table import Table as Grid  # not what `iotkg serve` would wait for

    grid = Grid("graph", "triples", title=f"release {written.hash[:16]}", title_justify="left")
    for name, count in written.graphs.items():
        grid.add_row(name.rpartition("/graph/")[2], str(count))
    out.print(grid)
    out.print("  ".join(f"{name} {seconds:.2f} s" for name, seconds in steps.seconds.items()))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Leave off looking for cycles among millions of small objects that all live to the end: a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


app.command(cls=Command)(validate)


@app.command()
def fmt(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")
    ] = False,
) -> None:
    """Lay out every Turtle file of the checkout canonically."""
    from iotkg.loading import read_text, write_text
    from iotkg.turtle import format_turtle

    layout = Layout.find(Path.cwd())
    faults, changed = [], []
    for path in layout.turtle:
        shown = layout.relative(path)
        try:
            text = read_text(path, shown)
            laid_out = format_turtle(text, name=shown)
        except errors.InputError as error:
            faults.append(str(error))
            continue
        if text != laid_out:
            changed.append((path, laid_out))
    if faults:
        raise errors.TurtleError("\n".join(faults))
    for path, laid_out in changed:
        out.print(f"{'would change' if check else 'laid out'} {layout.relative(path)}")
        if not check:
            write_text(path, laid_out, layout.relative(path))
    sys.exit(1 if check and changed else 0)


@app.command()
def query(
    file: Annotated[str, typer.Argument(help="A file with a SPARQL query, or - for standard input.")],
    output: Output = None,
    endpoint: Endpoint = None,
) -> None:
    """Answer a SPARQL query from the release in dist/, or from another endpoint."""
    from iotkg.loading import decoded, read_text
    from iotkg.store import measured

    text = decoded(sys.stdin.buffer.read(), "standard input") if file == "-" else read_text(Path(file), file)
    _show(_open(endpoint).select(measured(text)), output)


@app.command()
def coverage(
    bare: Annotated[bool, typer.Option("--bare", help="List the sentences that nothing supports.")] = False,
    output: Output = None,
) -> None:
    """Measure how much of each text the release says: sentences supported, characters anchored."""
    from iotkg import coverage as measuring
    from iotkg.catalogue import Catalogue
    from iotkg.store import open_release

    measured = measuring.coverages(Catalogue(open_release(find_release())))
    _show((measuring.bare_table if bare else measuring.to_table)(measured), output)


class Grain(StrEnum):
    """How closely a difference is told."""

    graph = "graph"
    thing = "thing"
    triple = "triple"


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The folder of a release.")],
    new: Annotated[Path, typer.Argument(help="The folder of another.")],
    by: Annotated[
        Grain, typer.Option(help="Count by graph or by thing, or list every triple.")
    ] = Grain.thing,
    output: Output = None,
) -> None:
    """Tell what differs between two releases; exit 1 when anything does."""
    from iotkg import diff as differing

    found = differing.difference(old, new)
    table = {
        Grain.graph: differing.by_graph,
        Grain.thing: differing.by_thing,
        Grain.triple: differing.changes,
    }[by](found)
    _show(table, output)
    sys.exit(0 if found.same else 1)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A canned query; without one, all are listed.")] = None,
    output: Output = None,
    endpoint: Endpoint = None,
    explain: Annotated[
        bool, typer.Option("--help", help="Show this, or what a canned query is and takes.")
    ] = False,
) -> None:
    """Answer a canned query; its parameters are options: iotkg run owner-and-deadline --plan standards."""
    from iotkg import describing
    from iotkg.answering import open_answers

    if explain and name is None:
        out.print(context.get_help(), markup=False)
        return
    answers = open_answers(find_release(), _open(endpoint, probed=True))
    if name is None:
        out.print(describing.listing(answers), markup=False)
    elif explain:
        out.print(describing.usage(answers, name), markup=False)
    else:
        _show(answers.select(answers.bound(name, _options(context.args))), output)


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(help="Words, Chinese or English; all of them are looked for.")],
    kind: Annotated[str, typer.Option(help="Only this kind: task, actor, sector, passage …")] = "",
    plan: Annotated[str, typer.Option(help="Only this plan: standards, talent …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many answers are shown.")] = 20,
    output: Output = None,
) -> None:
    """Search names, definitions and the sentences of the texts; the best answers come first."""
    from iotkg import indexing
    from iotkg import search as searching

    question = searching.tidy(" ".join(text))
    if len(question) > searching.LONGEST:
        raise errors.InvalidParameter(
            f"the text has {len(question)} characters; {searching.LONGEST} at most are looked for"
        )
    index = indexing.of_release(find_release())
    found = index.search(question, kind=index.kind(kind), plan=index.plan(plan), limit=limit)
    err.print(f"{len(found.hits)} of {found.total}", markup=False)
    _show(searching.to_table(found), output)


@app.command()
def explain(
    subject: Annotated[
        str, typer.Argument(metavar="S", help="A prefixed name like task:iot-2013_standards_2, or an IRI.")
    ],
    predicate: Annotated[
        str, typer.Argument(metavar="P", help="A property, such as iotkg:effectiveOwner, or a.")
    ],
    value: Annotated[
        str, typer.Argument(metavar="O", help="As S, or a literal as in Turtle, such as '\"无锡\"@zh'.")
    ],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell why a triple holds: where it is stated, or the rules it follows by, down to the words of the text."""
    import json

    from iotkg import telling
    from iotkg.explain import parts_of
    from iotkg.spelling import read_triple
    from iotkg.store import open_release
    from iotkg.terms import Names

    dist = find_release()
    triple = read_triple(subject, predicate, value)
    explainer = telling.open_explainer(dist, Names(open_release(dist)))
    try:
        found = explainer.explain(triple)
    except errors.UnknownEntity as error:
        near = [" ".join(parts_of(it)) for it in explainer.near(triple)]
        holds = "".join(f"\n  {line}" for line in near)
        raise errors.UnknownEntity(f"{error}{f'; what does:{holds}' if near else ''}") from error
    if json_:
        sys.stdout.write(json.dumps(telling.to_dict(found), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{line_}\n" for line_ in telling.to_lines(found))


@app.command()
def publish(
    to: Annotated[str, typer.Option(help="The store's SPARQL endpoint, such as http://host:7878/query.")],
    graphs: Annotated[
        str,
        typer.Option(help="Its Graph Store Protocol address; guessed for Oxigraph (/store) and Virtuoso."),
    ] = "",
    deadline: Annotated[float, typer.Option(min=1, help="Seconds that one graph may take.")] = 600,
) -> None:
    """Load the release in dist/ into a SPARQL store: graph by graph, verified, and older ones removed last.

    Credentials are read from IOTKG_STORE_USER and IOTKG_STORE_PASSWORD, or IOTKG_STORE_TOKEN.
    """
    from iotkg import publish as publishing
    from iotkg.transport import Credentials

    store = publishing.GraphStore(
        to, graphs or publishing.graph_store_of(to), Credentials.of(os.environ), deadline
    )
    with err.status("asking the store") as status:
        for step in publishing.publish(Layout.find(Path.cwd()).dist, store, status.update):
            out.print(f"{step.done}\t{step.triples}\t{step.graph}", markup=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that evaluate queries.")] = None,
) -> None:
    """Serve the release in dist/: pages, canned queries and SPARQL."""
    from iotkg_api.launching import launch_early
    from iotkg_api.settings import from_environment, unheeded

    given = {"IOTKG_HOST": host, "IOTKG_PORT": port, "IOTKG_WORKERS": workers}
    settings = from_environment(
        os.environ | {name: str(value) for name, value in given.items() if value is not None}
    )
    for warning in unheeded(os.environ):
        err.print(f"warning: {warning}", markup=False)
    err.print(
        f"iotkg serves {settings.dist} at http://{settings.host}:{settings.port} (stop with Ctrl-C)",
        markup=False,
    )
    launched = launch_early(settings)  # so that the release is loaded while the rest is imported
    from iotkg_api.server import run as serve_app

    serve_app(settings, launched)


def _flush() -> None:
    """Send what is held back for standard output while a failure can still be told; a reader may have left."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()


def _drop_output() -> None:
    """Send standard output nowhere: the interpreter flushes it at its end, and would fail again in its own words."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open(endpoint: str | None, *, probed: bool = False) -> Source:
    """Open the release of the checkout, or an endpoint; one that is probed refuses what it would get wrong."""
    if endpoint is None:
        from iotkg.store import open_release

        return open_release(find_release())
    from iotkg.endpoint import RemoteStore
    from iotkg.probing import Probed

    return Probed(RemoteStore(endpoint)) if probed else RemoteStore(endpoint)


def _options(arguments: list[str]) -> dict[str, str]:
    """Read ``--name value`` and ``--name=value`` pairs.

    Raises: InvalidParameter when an argument is neither, or a parameter stands twice.
    """
    options: dict[str, str] = {}
    waiting = iter(arguments)
    for argument in waiting:
        name, equals, value = argument.removeprefix("--").partition("=")
        found = value if equals else next(waiting, None)
        if not argument.startswith("--") or found is None:
            raise errors.InvalidParameter(f"{argument}: write parameters as --name value")
        name = name.replace("-", "_")
        if name in options:
            raise errors.InvalidParameter(f"--{name} stands more than once; a parameter takes one value")
        options[name] = found
    return options


def _show(table: Table, output: Format | None) -> None:
    """Print an answer: as asked for, else for the eye on a terminal and as TSV in a pipe."""
    from rich.table import Table as Grid
    from rich.text import Text

    from iotkg import tables

    chosen = output or (Format.table if sys.stdout.isatty() else Format.tsv)
    if chosen is Format.table:
        grid = Grid(*table.columns)
        for row in table.rows:
            grid.add_row(*(Text(tables.short(term)) for term in row))
        out.print(grid)
    else:
        write = {Format.csv: tables.to_csv, Format.tsv: tables.to_tsv, Format.json: tables.to_json}[chosen]
        sys.stdout.write(write(table))


def _canned(layout: Layout) -> dict[str, str]:
    """Read the canned queries.

    Raises: InputError when there is none; QueryFileError when one's header is wrong or it gives no table.
    """
    from pyoxigraph import Store

    from iotkg.loading import load_queries
    from iotkg.store import LocalStore

    empty = LocalStore(Store())
    queries = load_queries(layout, layout.answers)
    if not queries:
        raise errors.InputError(
            "queries/answers/: holds no canned query, so a release would answer none; restore it"
        )
    for name, query in queries.items():
        try:
            empty.select(query.text)
        except errors.InputError as error:
            raise errors.QueryFileError(f"queries/answers/{name}.rq: {error}") from error
    return {name: query.text for name, query in queries.items()}


def _stop_at_violations(found: list[Finding]) -> None:
    """End the run when there is a violation, with all that was found."""
    if any(finding.severity is Severity.VIOLATION for finding in found):
        from iotkg.reports.text import line

        for finding in found:
            if finding.severity is not Severity.INFO:
                out.print(line(finding, "en"), markup=False)
        number = sum(finding.severity is Severity.VIOLATION for finding in found)
        out.print(f"{number} violation{'' if number == 1 else 's'}: nothing was written")
        sys.exit(1)
