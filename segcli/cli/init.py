"""`segcli init`: a new project beside the export files that lie in a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from segcli.cli import options


def init(
    folder: Annotated[Path, typer.Argument(help="The folder with the export files.")] = Path(),
    shop: Annotated[str | None, typer.Option(help="The shop's name. Default: the folder's.")] = None,
    country: Annotated[
        str | None, typer.Option(help="As TR: for phone numbers, seasons and the law. Default: most customers'.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="As EUR. Default: most orders'.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The shop's IANA time zone. Default: the country's.")] = None,
    language: Annotated[str | None, typer.Option(help="Of the messages, as en. Default: most customers'.")] = None,
    platform: Annotated[str | None, typer.Option(help="Where the files come from, as shopify.")] = None,
    esp: Annotated[str | None, typer.Option(help="The email service to write send lists for, or none.")] = None,
    sender: Annotated[str | None, typer.Option(metavar="EMAIL", help="The address that messages come from.")] = None,
    address: Annotated[str | None, typer.Option(help="The shop's postal address, for the foot of emails.")] = None,
    shop_link: Annotated[str | None, typer.Option(metavar="URL", help="The shop's website.")] = None,
    unsubscribe_link: Annotated[str | None, typer.Option(metavar="URL", help="Where recipients say stop.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take what the files and options say.")] = False,
    as_json: options.Json = False,
) -> None:
    """Make a project: a commented segcli.yaml, with the recipes whose files are there, and a key file.

    On a terminal it asks for what no option says; Enter takes what the files say.
    """
    from segcli.cli.init_answers import questions
    from segcli.cli.init_files import look_into
    from segcli.cli.init_questions import ask, given_answers, proposed_answers, waiting_answers, without_none
    from segcli.cli.init_recipes import RecipeChoice, choose_recipes
    from segcli.cli.init_report import Made, answer, show_files, show_made
    from segcli.cli.output import print_json, progress, stdout_console
    from segcli.cli.project_text import project_text
    from segcli.pipeline import scratch_folder

    target = _target(folder)
    given = {
        "shop": shop, "country": country, "currency": currency, "timezone": timezone, "language": language,
        "platform": platform, "esp": esp, "sender": sender, "address": address, "shop_link": shop_link,
        "unsubscribe_link": unsubscribe_link,
    }  # fmt: skip
    asked = questions()
    known = given_answers(asked, given)
    console = stdout_console()
    asking = not (yes or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
    with scratch_folder() as scratch:
        with progress(quiet=as_json) as say:
            files = look_into(folder, scratch, say)
        if not as_json:
            show_files(files, console)
        waiting = waiting_answers(asked, known, files)
        answers, reasons = proposed_answers(asked, known, files, folder)
        if asking:
            answers, reasons = ask(asked, known, files, folder, console), {}
        recipes = RecipeChoice()
        if files.used:
            with progress(quiet=as_json) as say:
                say("Choosing recipes")
                recipes = choose_recipes(files.project, files.events)
    settled = without_none({**answers, **dict.fromkeys(waiting)})
    text = project_text(settled, files.files, recipes, files.values.get("currency", ()), waiting)
    _write(folder, target, text)
    made = Made(target, folder, settled, reasons, files, recipes, waiting)
    if as_json:
        print_json(answer(made))
    else:
        show_made(made, console)


# Who was written to is personal, and `segcli forget` has to erase it: git would keep it.
_NOT_INTO_GIT = "# Not to be thrown away: back these up, but not in git, which keeps what `segcli forget` erases."


def _target(folder: Path) -> Path:
    """The file to write. Raises RecipeError where there is one, or no place for one."""
    from segcli.problems import Problem, RecipeError

    target = folder / "segcli.yaml"
    if target.exists():
        hint = (
            "Change it, or move it away to begin again; `segcli check` says what is wrong with it. Nothing was changed."
        )
        raise RecipeError([Problem(f"{target} is there already.", hint=hint)])
    if folder.exists() and not folder.is_dir():
        hint = f"Type 'segcli init {folder.parent}' for the folder that it lies in."
        raise RecipeError([Problem(f"{folder} is no folder.", hint=hint)])
    return target


def _write(folder: Path, target: Path, text: str) -> None:
    """Writes the project, its key and what git has to ignore: all of it, or nothing that was not there before."""
    from segcli.campaigns.secret_key import make_key
    from segcli.project import load_project
    from segcli.project.projects import KEY_FILE

    with ExitStack() as undo:
        for new in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
            undo.callback(new.rmdir)
        folder.mkdir(parents=True, exist_ok=True)
        key, ignored = folder / KEY_FILE, folder / ".gitignore"
        for file in (key, ignored, target):
            if not file.exists():
                undo.callback(file.unlink, missing_ok=True)
        target.write_text(text, encoding="utf-8")
        load_project([target])
        make_key(key)
        _ignore(ignored, ("out/", _NOT_INTO_GIT, "history/", KEY_FILE))
        undo.pop_all()


def _ignore(path: Path, names: Sequence[str]) -> None:
    present = path.read_text("utf-8").splitlines() if path.exists() else []
    missing = [name for name in names if name not in present]
    if missing:
        path.write_text("\n".join([*present, *missing]) + "\n", encoding="utf-8")
