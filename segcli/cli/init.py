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
    from segcli.pipeline import Prepared


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
    files = [file.path for file in prepared.catalog.files if file.tables] if prepared else []
    _write_checked(target, project_text(options, [os.path.relpath(file, folder) for file in files], chosen))
    make_key(folder / KEY_FILE)
    _ignore(folder / ".gitignore", ("out/", KEY_FILE))
    console = stdout_console()
    console.print(f"{target} written: {counted(len(files), 'file')}, {counted(len(chosen), 'recipe')}.")
    if not files:
        console.print(f"No export file was found in {folder.resolve()}: put them there, and name them under sources.")
    console.print("\nNext:")
    where = "" if folder.resolve() == Path.cwd() else f" {folder}"
    for line in (f"segcli check{where}", f"segcli segment{where}"):
        console.print(f"  {line}", markup=False)
    console.print("\nEvery morning at seven, as a line for crontab -e:")
    console.print(f"  0 7 * * *  {cron_command(folder)}", markup=False, soft_wrap=True)


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


def cron_command(folder: Path) -> str:
    """What cron can run: its PATH is short, so the program is named in full."""
    program = shutil.which(sys.argv[0]) or shutil.which("segcli") or "segcli"
    return f"cd {shlex.quote(str(folder.resolve()))} && {shlex.quote(str(Path(program).absolute()))} segment --quiet"


def local_timezone() -> str:
    """This machine's time zone as an IANA name, UTC where it has none."""
    from zoneinfo import available_timezones

    name = os.environ.get("TZ") or str(Path("/etc/localtime").resolve()).rpartition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"


def project_text(options: dict[str, str | None], files: Sequence[str], recipes: Sequence[str]) -> str:
    """The commented segcli.yaml."""
    import json

    def line(key: str, example: str) -> str:
        value = options[key]
        return f"{key}: {json.dumps(value, ensure_ascii=False)}" if value else f"# {key}: {example}"

    return "\n".join(
        [
            "# What segcli has to know of the shop. Paths are relative to this file.",
            line("shop", "My shop"),
            "",
            "# Times without a zone are in this one, and days begin and end in it.",
            line("timezone", "Europe/Istanbul"),
            "",
            "# Orders in another currency need a rate: how much one of it is worth in this one.",
            line("currency", "EUR"),
            "# rates: {USD: 0.92}",
            "",
            "# Where phone numbers without a country code are from, and whose seasons count.",
            line("country", "TR"),
            "",
            "# Whose import format send lists have; without it, plain CSV.",
            line("esp", "klaviyo"),
            "",
            "# The export files. Each is recognised by its header; folders and globs work too. To say what a",
            "# column means:",
            "#   orders: {files: orders.csv, columns: {amount: revenue}}",
            *(
                ["sources:", *(f"  - {json.dumps(file, ensure_ascii=False)}" for file in files)]
                if files
                else ["# sources:", "#   - orders.csv"]
            ),
            "",
            "# Recipes: folders of yours, or names of shipped ones.",
            *(
                ["recipes:", *(f"  - {name}" for name in recipes)]
                if recipes
                else ["# recipes:", "#   - rfm", "#   - lifecycle"]
            ),
            "",
            "# Where runs are written. With `keep`, those written longer ago are deleted after a new one.",
            "# output: {folder: out, keep: 30d}",
            "",
            "# A run on half an export stops instead of writing lists.",
            "# expect: {newest_order: 2d, rows: {orders: 1000}}",
            "",
        ]
    )


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
