"""`segcli check`: everything that is wrong with a project, and what its recipes do on its data."""

from __future__ import annotations

from segcli.cli import options


def check(
    paths: options.Paths = None,
    as_of: options.AsOf = None,
    recipe: options.Recipes = None,
    map_: options.Map = None,
    as_json: options.Json = False,
) -> None:
    """Find every problem of a project, its recipes and its files' headers, each with its place."""
    from segcli.cli.output import print_json, print_problems
    from segcli.pipeline import prepare
    from segcli.problems import Problems, RecipeError
    from segcli.project import load_project

    project = load_project(paths or [], as_of=as_of, recipes=recipe, maps=map_ or [])
    problems = Problems(list(project.warnings))
    prepare(project, problems)
    problems.stop_on_errors(RecipeError)
    if as_json:
        print_json({"problems": [str(problem) for problem in problems]})
    else:
        print_problems(problems)
