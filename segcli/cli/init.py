"""`segcli init`: a new project beside the export files that lie in a folder."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from segcli.campaigns.checked_campaigns import CheckedCampaign
    from segcli.pipeline import Prepared
    from segcli.sources.tables import Catalog


def init(
    folder: Annotated[Path, typer.Argument(help="The folder with the export files.")] = Path(),
    shop: Annotated[str | None, typer.Option(help="The shop's name. Default: the folder's.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The shop's IANA time zone. Default: this machine's.")] = None,
    currency: Annotated[str | None, typer.Option(help="Three letters, as EUR.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, as TR: for phone numbers and seasons.")] = None,
    esp: Annotated[str | None, typer.Option(help="The email service to write send lists for.")] = None,
) -> None:
    """Make a project: a commented segcli.yaml, the recipes whose files are there, and a key file."""
    from segcli.campaigns.secret_key import make_key
    from segcli.cli.output import counted, stdout_console
    from segcli.cli.project_text import project_text
    from segcli.problems import Problem, RecipeError
    from segcli.project.projects import KEY_FILE

    target = folder / "segcli.yaml"
    if target.exists():
        hint = "Remove it to begin again; nothing was changed."
        raise RecipeError([Problem(f"{target} is there already.", hint=hint)])
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "shop": shop or folder.resolve().name,
        "timezone": timezone or local_timezone(),
        "currency": currency,
        "country": country,
        "esp": esp,
    }
    prepared = _look(folder)
    chosen = available_recipes(prepared) if prepared else []
    campaigns = available_campaigns(folder) if prepared else []
    files = [file.path for file in prepared.catalog.files if file.tables] if prepared else []
    _write_checked(target, project_text(options, [os.path.relpath(file, folder) for file in files], chosen, campaigns))
    make_key(folder / KEY_FILE)
    _ignore(folder / ".gitignore", ("out/", _NOT_INTO_GIT, "history/", KEY_FILE))
    console = stdout_console()
    console.print(f"{target} written: {counted(len(files), 'file')}, {counted(len(chosen), 'recipe')}.")
    if not files:
        console.print(f"No export file was found in {folder.resolve()}: put them there, and name them under sources.")
    console.print("\nNext:")
    where = "" if folder.resolve() == Path.cwd() else f" {folder}"
    for line in (f"segcli check{where}", f"segcli segment{where}"):
        console.print(f"  {line}", markup=False)
    console.print("\nEvery morning at seven, as a line for crontab -e:")
    console.print(f"  0 7 * * *  {cron_command(folder, 'segment')}", markup=False, soft_wrap=True)
    if campaigns:
        console.print("\nOr, once a recipe with campaigns is chosen and `segcli campaign` shows what you want:")
        console.print(f"  0 7 * * *  {cron_command(folder, 'campaign --commit')}", markup=False, soft_wrap=True)
        console.print("Then back up history/ and .segcli.key: they say what was sent to whom, with which code.")


# Who was written to is personal, and `segcli forget` has to erase it: git would keep it.
_NOT_INTO_GIT = "# Not to be thrown away: back these up, but not in git, which keeps what `segcli forget` erases."


def _look(folder: Path) -> Prepared | None:
    """What the files in the folder are; None where there are none."""
    from segcli.pipeline import prepare
    from segcli.problems import Problems
    from segcli.project import load_project
    from segcli.sources.finding import find_files

    if not find_files([str(folder)], Path.cwd(), Problems()):
        return None
    return prepare(load_project([folder]), Problems())


def available_recipes(prepared: Prepared) -> list[str]:
    """The default recipes of which at least one segment can be answered from the files."""
    unavailable = prepared.plan.unavailable
    return [
        recipe.name
        for recipe in prepared.project.recipes
        if any(segment.name not in unavailable for segment in recipe.segments)
    ]


def available_campaigns(folder: Path) -> list[str]:
    """The shipped recipes of which at least one campaign can be planned from the files."""
    from segcli.campaign_preparing import prepare_campaigns
    from segcli.problems import Problems
    from segcli.project import load_project, shipped_recipes
    from segcli.project.recipes import load_recipe

    names = [
        name
        for name, path in shipped_recipes().items()
        if (recipe := load_recipe(path, Problems())) is not None and recipe.campaigns
    ]
    prepared = prepare_campaigns(load_project([folder], recipes=names), [], Problems(), lean=True)
    plan, tables = prepared.prepared.plan, prepared.prepared.catalog
    customers = tables.table("customers")
    lacking = plan.unavailable.keys() | (plan.customer_columns.keys() - (customers.given if customers else set()))
    able = {
        campaign.campaign.recipe
        for campaign in prepared.campaigns
        if not campaign.needs & lacking and _has_its_rows(campaign, tables)
    }
    return [name for name in names if name in able]


def _has_its_rows(campaign: CheckedCampaign, tables: Catalog) -> bool:
    """Whether there is the table whose rows start the campaign's series, if rows do."""
    from segcli.campaigns.checked_campaigns import CheckedRowStart

    if not isinstance(campaign.start, CheckedRowStart):
        return True
    table = tables.table(campaign.start.table)
    return table is not None and campaign.start.at in table.given


def cron_command(folder: Path, command: str) -> str:
    """What cron can run: its PATH is short, so the program is named in full; a % would end the line."""
    program = shutil.which(sys.argv[0]) or shutil.which("segcli") or "segcli"
    place, name = shlex.quote(str(folder.resolve())), shlex.quote(str(Path(program).absolute()))
    return f"umask 077 && cd {place} && {name} {command} --quiet".replace("%", r"\%")


def local_timezone() -> str:
    """This machine's time zone as an IANA name, UTC where it has none."""
    from zoneinfo import available_timezones

    name = os.environ.get("TZ") or str(Path("/etc/localtime").resolve()).rpartition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"


def _write_checked(target: Path, text: str) -> None:
    """Writes the file; a value that a project may not have leaves no file behind."""
    from segcli.project import load_project

    target.write_text(text, encoding="utf-8")
    try:
        load_project([target])
    except BaseException:
        target.unlink()
        raise


def _ignore(path: Path, names: Sequence[str]) -> None:
    present = path.read_text("utf-8").splitlines() if path.exists() else []
    missing = [name for name in names if name not in present]
    if missing:
        path.write_text("\n".join([*present, *missing]) + "\n", encoding="utf-8")
