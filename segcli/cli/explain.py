"""`segcli explain`: why a customer is in a segment or not, clause by clause."""

from __future__ import annotations

from typing import Annotated

import typer

from segcli.cli import options


def explain(
    customer: Annotated[str, typer.Argument(help="A customer_id, an email address or a phone number.")],
    segment: Annotated[str, typer.Argument(help="A segment, as lapsed or rfm-champions.")],
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    as_json: options.Json = False,
) -> None:
    """Show why a customer is in a segment or not, clause by clause, with the values."""
    import polars as pl

    from segcli.cli.customers import find_customer
    from segcli.cli.output import print_json, stdout_console
    from segcli.pipeline import compute, prepare, scratch_folder
    from segcli.problems import Problems, RecipeError, nearest
    from segcli.project import load_project

    project = load_project(paths or [], as_of=as_of, recipes=recipe, maps=map_ or [])
    with scratch_folder() as scratch:
        run = compute(prepare(project, Problems()), scratch)
        frame = run.computed.customers
        found = {item.name: item for item in run.members}
        if segment not in found:
            raise RecipeError(f"no segment named '{segment}'. {nearest(segment, found) or ''}".rstrip())
        person = find_customer(frame, customer)
        condition = found[segment].condition(frame.collect_schema()[found[segment].column])
        inside = bool(
            frame.filter(pl.col("customer_id") == person).select(condition.alias("in")).collect().item()
        )
    if as_json:
        print_json({"customer": person, "segment": segment, "in": inside})
    else:
        stdout_console().print(f"{person} is {'' if inside else 'not '}in {segment}", markup=False)
