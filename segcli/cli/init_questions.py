"""Asks on the terminal what no option says, each question with a proposal that Enter accepts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from segcli.cli.init_answers import NONE, Answers, Question, Waiting, propose
from segcli.cli.init_files import ShopFiles
from segcli.problems import Problem, Problems, RecipeError

LEFT_OPEN = "-"
ONLY_WITH_SENDER = ("address", "shop_link", "unsubscribe_link")


def given_answers(asked: Sequence[Question], options: Mapping[str, str | None]) -> dict[str, str | None]:
    """The answers that options gave, as a project has them. Raises RecipeError with everything that is wrong."""
    wrong: list[Problem] = []
    given: dict[str, str | None] = {}
    for question in asked:
        text = options.get(question.name)
        if text is None:
            continue
        problems = Problems()
        given[question.name] = None if text == LEFT_OPEN else question.read(text, problems)
        wrong += _of_option(question, problems)
    if wrong:
        raise RecipeError(wrong)
    return given


def waiting_answers(asked: Sequence[Question], given: Answers, files: ShopFiles) -> dict[str, Waiting]:
    """The answers of options that need what the files do not have yet."""
    waiting: dict[str, Waiting] = {}
    for question in asked:
        answer, problems = given.get(question.name), Problems()
        if answer is not None and question.check is not None:
            question.check(answer, files, problems)
            if problems.errors:
                waiting[question.name] = Waiting(answer, tuple(problems.errors))
    return waiting


def _of_option(question: Question, problems: Problems) -> list[Problem]:
    option = f"--{question.name.replace('_', '-')}"
    return [Problem(each.message, key=option, hint=each.hint) for each in problems.errors]


def proposed_answers(
    asked: Sequence[Question], given: Answers, files: ShopFiles, folder: Path
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Every answer without asking, and of those that were proposed the reasons."""
    answers: dict[str, str | None] = dict(given)
    reasons: dict[str, str] = {}
    for question in asked:
        if question.name not in given:
            proposal = propose(question.name, files, answers, folder)
            answers[question.name] = proposal.value
            if proposal.value and proposal.reason:
                reasons[question.name] = proposal.reason
    return answers, reasons


def ask(
    asked: Sequence[Question], given: Answers, files: ShopFiles, folder: Path, console: Console
) -> dict[str, str | None]:
    """Every answer, of the user where no option gave it. Ctrl-C and the end of input are KeyboardInterrupt."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (arrow keys and corrections in what is typed)
    answers: dict[str, str | None] = dict(given)
    if any(question.name not in given for question in asked):
        console.print(
            f"\nEnter takes the answer in brackets, {LEFT_OPEN} leaves it open, Ctrl-C ends and writes nothing.\n",
            markup=False,
        )
    for question in asked:
        if question.name in given:
            continue
        if question.name in ONLY_WITH_SENDER and not answers["sender"]:
            answers[question.name] = None
            continue
        if question.name == "sender":
            words = "For finished emails, four questions more. Enter at the first leaves them all for later."
            console.print(f"\n{words}", style="dim")
        answers[question.name] = _answer(question, files, answers, folder, console)
    return answers


def _answer(question: Question, files: ShopFiles, answers: Answers, folder: Path, console: Console) -> str | None:
    proposal = propose(question.name, files, answers, folder)
    if question.choices:
        console.print(f"[dim]{escape(', '.join(question.choices))}[/dim]")
    reason = f", {proposal.reason}" if proposal.reason else ""
    shown = f" [{proposal.value}{reason}]" if proposal.value else ""
    while True:
        text = _line(f"{question.words}{shown}: ").strip()
        if not text:
            return proposal.value
        if text == LEFT_OPEN:
            return None
        problems = Problems()
        answer = question.read(text, problems)
        if answer is not None and question.check is not None:
            question.check(answer, files, problems)
        if answer is not None and not problems.errors:
            return answer
        for problem in problems.errors:
            said = str(Problem(problem.message, hint=problem.hint))
            console.print(f"  {said[:1].upper()}{said[1:]}", style="yellow", markup=False)


def _line(prompt: str) -> str:
    try:
        return input(prompt)
    except (EOFError, KeyboardInterrupt):
        sys.stdout.write("\nNothing was written.\n")
        raise KeyboardInterrupt from None


def without_none(answers: Answers) -> dict[str, str | None]:
    """The answers as a project has them: no email service is no answer."""
    return {name: None if name == "esp" and value == NONE else value for name, value in answers.items()}
