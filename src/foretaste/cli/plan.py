"""`foretaste plan`: what a shop of a size takes, from what was measured."""

from typing import Annotated

import typer

from foretaste.cli import console
from foretaste.cli.common import Json, command


def register(app: typer.Typer) -> None:
    """Add the command to the others."""
    command(app, "plan")(plan)


def plan(
    users: Annotated[int, typer.Option(help="People who come back.")],
    items: Annotated[int, typer.Option(help="Of the catalogue.")],
    events_per_day: Annotated[float, typer.Option(help="Views, purchases, ratings, …")],
    requests_per_second: Annotated[float, typer.Option(help="Lists at the busiest time.")],
    history_days: Annotated[int, typer.Option(help="How long events are kept.")] = 365,
    list_days: Annotated[int, typer.Option(help="How long lists that were shown are kept.")] = 90,
    json: Json = False,
) -> None:
    """Estimate cores, memory, disk and training time of a shop before there is one.

    Each figure is an interval, from the curves that the benches measured; docs/scale.md has them.
    """
    from foretaste.workspace.capacity import Load, plan_capacity

    load = Load(users, items, events_per_day, requests_per_second, history_days, list_days)
    capacity = plan_capacity(load)
    if json:
        console.print_json(capacity.as_dict())
        return
    rows = [(estimate.title, estimate.text(), estimate.note) for estimate in capacity.estimates]
    console.print_table(("what", "estimate", ""), rows)
    for line in capacity.advice:
        console.note(f"- {line}")
    console.note(f"measured on {capacity.machine}")
