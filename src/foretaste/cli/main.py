"""The command line: words in, one call of `loop.Foretaste`, what it says out. No logic of its own.

The loop is imported inside the commands, so that `foretaste --help` does not wait for PyTorch.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from foretaste import __version__
from foretaste.cli import (
    audit_command,
    console,
    import_command,
    inspect_command,
    model_card_command,
    pseudonyms_command,
    settings_command,
)
from foretaste.cli import backup as backup_cli
from foretaste.cli import batch as batch_cli
from foretaste.cli import canary as canary_cli
from foretaste.cli import catalogue as catalogue_cli
from foretaste.cli import chat as chat_cli
from foretaste.cli import classify as classify_cli
from foretaste.cli import consume as consume_cli
from foretaste.cli import doctor as doctor_cli
from foretaste.cli import generate as generate_cli
from foretaste.cli import imports as imports_cli
from foretaste.cli import lists as lists_cli
from foretaste.cli import mcp as mcp_cli
from foretaste.cli import migrate as migrate_cli
from foretaste.cli import plan as plan_cli
from foretaste.cli import privacy as privacy_cli
from foretaste.cli import profile as profile_cli
from foretaste.cli import scrub as scrub_cli
from foretaste.cli import serve as serve_cli
from foretaste.cli import tune as tune_cli
from foretaste.cli import verify as verify_cli
from foretaste.cli import worker as worker_cli
from foretaste.cli.common import (
    CURRENT_FOLDER,
    DEBUG,
    Json,
    Ray,
    Workspace,
    command,
    intake,
    open_loop,
    require_writable,
)
from foretaste.domain.files import PRIVATE_UMASK
from foretaste.errors import InputError

HELP = """A self-hosted recommender whose model is a language model.

Behaviour goes in, a ranked and explained list comes out, and what people do with the list goes
back in. Each command works on a workspace: one folder with settings, store, caches and models.

Begin with:  foretaste demo
"""
app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(help="The trained versions: list, promote, roll back.")
app.add_typer(models, name="models", no_args_is_help=True)


def main() -> None:
    """What `foretaste` runs."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack the letters of a title
    os.umask(os.umask(PRIVATE_UMASK) | PRIVATE_UMASK)  # one that is stricter stays
    if os.getpid() == 1:  # in a container; the system then does nothing by itself at a signal
        signal.signal(signal.SIGTERM, _exit_terminated)
    app()


def _exit_terminated(*_: object) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        print(f"foretaste {__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """What holds for every command."""
    DEBUG["on"] = debug


@command(app, "demo")
def demo(
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            "-w",
            envvar="FORETASTE_WORKSPACE",
            help="The folder of the demo; demo, or with a recipe demo-news and so on.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="RECIPE", help="shop, video, news or music, on invented data."),
    ] = None,
    open_page: Annotated[
        bool,
        typer.Option(
            "--open", help="Serve it and open its page in the browser; trains only the first time."
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the page, with --open.")] = 8000,
) -> None:
    """The whole loop on bundled film ratings, or on invented data of a trade, in a few minutes."""
    from foretaste.cli import demo as story

    folder = workspace or Path("demo" if recipe is None else f"demo-{recipe}")
    if recipe is not None:
        from foretaste.cli import trade_demo
        from foretaste.recipes import check_name

        check_name(recipe)
        if not (open_page and story.is_trained(folder, trade_demo.demo_name(recipe))):
            trade_demo.run(recipe, folder)
    elif not (open_page and story.is_trained(folder)):
        story.run(folder)
    if open_page:
        from foretaste.cli.browser import serve_and_open

        serve_and_open(folder, port)


@command(app, "init")
def init(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="shop, video, news or music.")],
    workspace: Workspace = CURRENT_FOLDER,
    force: Annotated[bool, typer.Option("--force", help="Replace the settings there are.")] = False,
) -> None:
    """Write settings that suit a kind of service.

    They go to foretaste.toml in the workspace, each with a comment that says why.
    """
    from foretaste.recipes import write

    path = write(recipe, workspace, force=force)
    console.say(f"wrote {path}; read it, then run 'foretaste import' on your files")


@command(app, "report")
def report(
    workspace: Workspace = CURRENT_FOLDER,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a page with plots as well; needs foretaste[plots]."
        ),
    ] = None,
) -> None:
    """Check the data.

    Prints what there is and what of it will harm recommendations; then what is wrong with the
    lists of the live model, if there is one.
    """
    from foretaste.online.list_health import checks_of_live

    if html is not None:
        import foretaste.prepare.page  # noqa: F401  # without matplotlib it ends here, not later

    with open_loop(workspace) as loop:
        quality = loop.quality()
        checks = checks_of_live(loop.models)
    console.print_wrapped(quality.text())
    if checks is not None:
        console.print_heading("Lists of the live model")
        console.print_checks(checks)
        if not checks:
            console.say("nothing wrong found; 'foretaste doctor' looks anew")
    if html is not None:
        quality.html(html, list_checks=checks or ())
        console.note(f"wrote {html}")


@command(app, "train")
def train(workspace: Workspace = CURRENT_FOLDER, ray: Ray = None) -> None:
    """Train a model and make it the live one."""
    from foretaste.cli.sample_list import print_sample_list
    from foretaste.training.media_report import media_lines

    with open_loop(workspace, ray=ray) as loop:
        version = loop.train()
        seconds = version.metrics["wall_seconds"]
        console.say(f"model {version.name} is live; trained in {seconds:.0f} s")
        for line in media_lines(version.metrics.get("media", {})):
            console.say(line)
        console.print_checks(version.metrics["checks"])
        print_sample_list(loop)


@command(app, "evaluate")
def evaluate(
    workspace: Workspace = CURRENT_FOLDER,
    protocol: Annotated[
        str, typer.Option(help="leave-one-out or time: how behaviour is held out.")
    ] = "leave-one-out",
    json: Json = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page for a meeting as well, e.g. report.html."),
    ] = None,
) -> None:
    """Measure the model on behaviour that it has not seen.

    The whole model and each expert alone, with intervals. A new model is trained on the rest; the
    live one is neither used nor changed.
    """
    if report is not None:
        require_writable(report)
    with open_loop(workspace) as loop:
        evaluation = loop.evaluate(protocol)
        if report is not None:
            from foretaste.training.evaluation_report import report_of

            report_of(loop, evaluation).html(report)
    if json:
        console.print_json(evaluation.summary())
    else:
        console.print_evaluation(evaluation)
    if report is not None:
        console.note(f"wrote {report}")


@command(app, "record")
def record(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who did it.")],
    item: Annotated[str | None, typer.Argument(metavar="ITEM", help="With what.")] = None,
    workspace: Workspace = CURRENT_FOLDER,
    event_type: Annotated[
        str | None,
        typer.Option("--event-type", "--kind", help="view, click, purchase, …"),
    ] = None,
    value: Annotated[float | None, typer.Option(help="A rating, a price or seconds.")] = None,
    text: Annotated[str | None, typer.Option(help="The words of a review.")] = None,
    query: Annotated[str | None, typer.Option(help="The words of a search.")] = None,
) -> None:
    """Record what a user did just now. The next list takes it into account."""
    row = {
        "user": user,
        "item": item,
        "event_type": event_type,
        "value": value,
        "text": text,
        "query": query,
    }
    from foretaste.behaviour.consent_rows import UNRECORDED

    with open_loop(workspace) as loop:
        summary = intake(loop).events([row], loop.clock())
    for reject in summary.rejected:
        raise InputError(f"{reject.problem}; {reject.remedy}")
    if summary.unrecorded:
        console.say(f"not recorded: {UNRECORDED.problem}; see 'foretaste users consent {user}'")
        return
    console.say(f"recorded as event {summary.ids[0]}")


@command(app, "take-back")
def take_back(
    event_ids: Annotated[list[str], typer.Argument(metavar="EVENT…", help="The events' ids.")],
    workspace: Workspace = CURRENT_FOLDER,
) -> None:
    """Take events back, such as a refund: later lists are as if they had never been."""
    with open_loop(workspace) as loop:
        receipt = loop.take_back_events(event_ids)
    console.print_take_back(receipt)


@command(models, "list")
def models_list(workspace: Workspace = CURRENT_FOLDER, json: Json = False) -> None:
    """Every version there is, the live one marked."""
    with open_loop(workspace) as loop:
        versions = loop.models.versions()
    if json:
        from foretaste.cli.json_output import model_json

        console.print_json({"models": [model_json(version) for version in versions]})
    elif versions:
        console.print_models(versions)
    else:
        console.say("there is no model yet; run 'foretaste train'")


@command(models, "promote")
def models_promote(
    version: Annotated[str, typer.Argument(metavar="VERSION")],
    workspace: Workspace = CURRENT_FOLDER,
) -> None:
    """Make a version the live one."""
    with open_loop(workspace) as loop:
        loop.models.promote(version)
    console.say(f"model {version} is live")


@command(models, "rollback")
def models_rollback(workspace: Workspace = CURRENT_FOLDER) -> None:
    """Make the version before the live one live again."""
    with open_loop(workspace) as loop:
        version = loop.models.rollback()
    console.say(f"model {version} is live again")


for group in (
    import_command,
    inspect_command,
    settings_command,
    imports_cli,
    lists_cli,
    batch_cli,
    catalogue_cli,
    generate_cli,
    profile_cli,
    chat_cli,
    mcp_cli,
    classify_cli,
    serve_cli,
    worker_cli,
    consume_cli,
    backup_cli,
    doctor_cli,
    audit_command,
    model_card_command,
    migrate_cli,
    verify_cli,
    privacy_cli,
    scrub_cli,
    pseudonyms_command,
    plan_cli,
    tune_cli,
):
    group.register(app)
canary_cli.register(models)
