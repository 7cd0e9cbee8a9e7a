"""What `segcli init` says: the files that it found, what it made of them, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segcli.cli.declared_words import table_words
from segcli.cli.init_answers import OF_EMAILS, Answers, Waiting, language_name
from segcli.cli.init_commands import cron_command, next_command
from segcli.cli.init_files import FoundFile, ShopFiles
from segcli.cli.init_platforms import customers_from, platforms, where_from
from segcli.cli.init_recipes import LeftOut, RecipeChoice
from segcli.cli.output import counted, on_one_line
from segcli.fields.findings import listed
from segcli.messages.message_files import shipped_languages
from segcli.problems import Problem
from segcli.sources.tables import CANONICAL

MOST_FILES = 30  # are shown one by one
MOST_NEEDS = 6  # of the files and columns that are not there, those that would enable most

WORDS = {
    "sender": "the address that messages come from", "address": "the postal address", "shop_link": "a link to the shop",
    "unsubscribe_link": "a page to unsubscribe at", "currency": "the currency",
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A project that was just written: its answers, why those that nobody gave are as they are, and its recipes.

    `waiting` are answers that stand in it behind a #, since the files lack something.
    """

    file: Path
    folder: Path
    answers: Answers
    reasons: Mapping[str, str]
    files: ShopFiles
    recipes: RecipeChoice
    waiting: Mapping[str, Waiting]

    @property
    def campaigns(self) -> bool:
        """Whether the project begins with campaigns."""
        return any(recipe.campaigns for recipe in self.recipes.chosen)

    def commands(self) -> list[str]:
        """What to type next, in order."""
        commands = [next_command(self.folder, "check"), next_command(self.folder, "segment")]
        return [*commands, next_command(self.folder, "campaign", "--project")] if self.campaigns else commands

    def crons(self) -> list[str]:
        """The lines for crontab: every morning, one after the other."""
        lines = [f"0 7 * * *  {cron_command(self.folder, 'segment')}"]
        return [*lines, f"30 7 * * *  {cron_command(self.folder, 'campaign --commit')}"] if self.campaigns else lines


def answer(made: Made) -> dict[str, Any]:
    """The answer of `--json`."""
    return {
        "project": str(made.file),
        "answers": dict(made.answers),
        "files": [
            {
                "file": file.path, "kind": file.title, "platform": file.platform or None, "tables": list(file.tables),
                "rows": file.rows, "rows_exact": file.exact, "notes": list(file.notes), "left_out": not file.title,
            }
            for file in made.files.files
        ],
        "recipes": [recipe.name for recipe in made.recipes.chosen],
        "offered": [recipe.name for recipe in made.recipes.offered],
        "left_out": [{"recipe": each.name, "needs": list(each.needs)} for each in made.recipes.left_out],
        "own_tables": {
            name: table_words(table) for each in made.recipes.left_out for name, table in each.declared.items()
        },
        "waiting": {
            name: {"answer": each.answer, "lacks": [_in_a_line(lack) for lack in each.lacks]}
            for name, each in made.waiting.items()
        },
        "next": made.commands(),
        "cron": made.crons(),
    }  # fmt: skip


def show_files(files: ShopFiles, console: Console) -> None:
    """What each file was taken for, and which could not be used, and why."""
    used, others = files.used, [file for file in files.files if not file.title]
    for file in used[:MOST_FILES]:
        tables = f" → {', '.join(file.tables)}" if file.tables != (file.title,) else ""
        console.print(Text.assemble((on_one_line(file.path), "bold"), f": {file.title}, {rows_of(file)}{tables}"))
        if file.notes:
            console.print(f"  {on_one_line(file.why)}", style="dim", markup=False)
    if len(used) > MOST_FILES:
        console.print(f"... and {counted(len(used) - MOST_FILES, 'more file')}, {_kinds(used[MOST_FILES:])}")
    for file in others[:MOST_FILES]:
        why = f" ({on_one_line(file.why)})"
        console.print(Text.assemble((on_one_line(file.path), "bold"), ": ", ("left out", "yellow"), why))
    if len(others) > MOST_FILES:
        console.print(f"... and {counted(len(others) - MOST_FILES, 'more file')} left out")


def rows_of(file: FoundFile) -> str:
    """`1,399 rows`; of a file too long to be read whole an estimate of two digits."""
    rows = file.rows or 0
    if file.exact:
        return counted(rows, "row")
    unit = 10 ** max(len(str(rows)) - 2, 0)
    return f"about {counted(round(rows / unit) * unit, 'row')}"


def _kinds(files: Iterable[FoundFile]) -> str:
    return ", ".join(dict.fromkeys(file.title or "" for file in files))


def show_made(made: Made, console: Console) -> None:
    """What was written, what would enable more, and the commands to type next."""
    if made.reasons:
        taken = [
            f"{name.replace('_', ' ')} {made.answers[name]} ({reason})"
            for name, reason in made.reasons.items()
            if made.answers.get(name)
        ]
        words = f"Taken, and to change in {made.file.name}: {'; '.join(taken)}."
        console.print(words, style="dim", markup=False)
    console.print()
    _show_written(made, console)
    _show_waiting(made, console)
    _show_needs(made, console)
    _show_currencies(made, console)
    if any(file.header and not file.title for file in made.files.files):
        console.print(f"\nHow the files that were left out could be used stands in {made.file.name}, behind a #.")
    language = made.answers.get("language")
    if made.campaigns and language and language not in shipped_languages():
        name = language_name(language)
        text = f"The campaigns' messages have no {name} yet: those who read it would get them in English."
        console.print(f"\n{text} Copy a recipe's folder and write <message>.{language}.md in it.", markup=False)
    lacking = [name for name in OF_EMAILS if not made.answers.get(name)]
    if made.campaigns and lacking:
        words = listed([WORDS[name] for name in lacking])
        text = f"Campaigns write lists. For finished emails, {made.file.name} has to say {words}."
        console.print(f"\n{text}", markup=False)
    console.print("\nNext:")
    for command in made.commands():
        console.print(f"  {command}", markup=False, soft_wrap=True, style="bold")
    _show_crons(made, console)


def _show_written(made: Made, console: Console) -> None:
    recipes = made.recipes
    console.print(f"[bold]{escape(str(made.file))}[/bold] written: {counted(len(made.files.used), 'file')}, ", end="")
    segments = [recipe.name for recipe in recipes.chosen if not recipe.campaigns]
    campaigns = [recipe.name for recipe in recipes.chosen if recipe.campaigns]
    console.print(f"{counted(len(recipes.chosen), 'recipe')}.")
    if segments:
        console.print(f"  segments: {', '.join(segments)}", markup=False)
    if campaigns:
        console.print(f"  campaigns: {', '.join(campaigns)}", markup=False)
    if recipes.offered:
        console.print(f"  {counted(len(recipes.offered), 'more recipe')} that your files can answer, behind a # in it")
    if not made.files.used:
        _show_no_files(made, console)


def _show_waiting(made: Made, console: Console) -> None:
    """What was asked for and is not in force: the project is there all the same."""
    for name, each in made.waiting.items():
        console.print()
        for lack in each.lacks:
            console.print(f"warning --{name}: {_in_a_line(lack)}", markup=False, style="yellow")
        words = (
            f"Where to get it: {customers_from(made.answers.get('platform'))}. Until then lists are plain CSV, and "
            f"'{name}: {each.answer}' stands in {made.file.name} behind a #."
        )
        console.print(words, markup=False, style="yellow")


def _in_a_line(problem: Problem) -> str:
    return str(Problem(problem.message, hint=problem.hint))


def _show_no_files(made: Made, console: Console) -> None:
    """Where to get files from, and where to put them: the project takes every file in its folder."""
    place = made.folder.absolute()
    if made.files.files:
        words = f"No file in {place} could be used: say in it what their columns mean, or put others there."
    else:
        words = f"No export file is in {place} yet: put them there."
    console.print(f"\n{words}", markup=False)
    platform = made.answers.get("platform")
    known = platforms().get(platform or "")
    for table in known.exports if known else ("orders", "customers", "events"):
        console.print(f"  {table}: {where_from(table, platform)}", markup=False)
    if not made.files.files:
        again = next_command(made.folder, "init")
        words = f"Then delete segcli.yaml and type '{again}' again: it chooses recipes, and campaigns, by the files."
        console.print(words, markup=False)


def _show_needs(made: Made, console: Console) -> None:
    """The files that would enable the most useful of the recipes that were left out, and each table of one's own."""
    if not made.files.used:
        return
    left_out = [each for each in made.recipes.left_out if not each.declared]
    if left_out:
        console.print("\nLeft out for want of a file:")
    groups = _by_need(left_out, made.files)
    for missing, recipes in groups[:MOST_NEEDS]:
        console.print(f"  {_all_of(recipes)}: {_in_words(missing, recipes, made)}", markup=False)
    if rest := [recipe for _, recipes in groups[MOST_NEEDS:] for recipe in recipes]:
        console.print(f"  {_all_of(rest)}: what each reads stands in recipes/README.md", markup=False)
    _show_own_tables([each for each in made.recipes.left_out if each.declared], console)


def _all_of(recipes: Sequence[LeftOut]) -> str:
    """Every name: what is named nowhere is never found."""
    return listed([recipe.name for recipe in recipes], most=len(recipes))


def _show_own_tables(left_out: Sequence[LeftOut], console: Console) -> None:
    """What to write for the recipes that read a table which no header tells: the shop has to name it."""
    if left_out:
        console.print("\nLeft out for want of a table of your own:")
    for each in left_out:
        words = [table_words(table) for table in each.declared.values()]
        words += [_in_file(need) for need in each.needs if need.partition(".")[0] not in each.declared]
        console.print(f"  {each.name}: {', and '.join(words)}", markup=False)


def _by_need(left_out: Sequence[LeftOut], files: ShopFiles) -> list[tuple[str, list[LeftOut]]]:
    """What is missing and the recipes that it would enable, those with the most useful recipes first."""
    there = {table for file in files.used for table in file.tables}
    groups: dict[str, list[LeftOut]] = {}
    for each in left_out:
        tables = [need.partition(".")[0] for need in each.needs]
        absent = next((table for table in tables if table not in there), None)
        groups.setdefault(absent or " and ".join(each.needs[:2]), []).append(each)
    return sorted(groups.items(), key=lambda item: (-sum(each.useful for each in item[1]), -len(item[1]), item[0]))


def _in_words(missing: str, recipes: Sequence[LeftOut], made: Made) -> str:
    """A file, with the columns that the recipes ask of it, or the columns that a file lacks."""
    if "." in missing:
        return listed([*dict.fromkeys(_in_file(need) for need in missing.split(" and "))])
    parts = [need.partition(".") for recipe in recipes for need in recipe.needs]
    wanted = sorted({column for table, _, column in parts if table == missing and column in CANONICAL.get(table, {})})
    columns = f" with {listed(wanted)}" if wanted else ""
    return f"{missing}{columns} ({where_from(missing, made.answers.get('platform'))})"


def _in_file(need: str) -> str:
    """`birth_date in customers`; of a kind of event `open events`; of a whole table `carts`."""
    table, _, column = need.partition(".")
    if not column:
        return table
    return f"{column} events" if table == "events" and column not in CANONICAL[table] else f"{column} in {table}"


def _show_currencies(made: Made, console: Console) -> None:
    others = [each for each in made.files.values.get("currency", ()) if each != made.answers.get("currency")]
    if others and made.answers.get("currency"):
        words = (
            f"Some orders are in {listed(others)}: say under rates what one of each is worth, or no run can count them."
        )
        console.print(f"\n{words}", markup=False, style="yellow")


def _show_crons(made: Made, console: Console) -> None:
    segment, *campaign = made.crons()
    console.print("\nEvery morning at seven, as a line for crontab -e:")
    console.print(f"  {segment}", markup=False, soft_wrap=True)
    for line in campaign:
        console.print(
            "\nAnd half an hour later, once `segcli campaign` shows what you want (its messages then count as sent):"
        )
        console.print(f"  {line}", markup=False, soft_wrap=True)
        console.print("Then back up history/ and .segcli.key: they say what was sent to whom, with which code.")
