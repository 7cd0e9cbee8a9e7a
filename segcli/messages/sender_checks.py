"""What a project has to say of itself for its emails: who writes them from where, and how they are refused."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import TemplateSyntaxError

from segcli.messages.context import OF_MESSAGE
from segcli.messages.jinja_environment import MessageEnvironment
from segcli.messages.model import Source
from segcli.messages.step_messages import StepMessage
from segcli.messages.template_checking import TemplateChecker
from segcli.problems import Place, Problems
from segcli.project.models import Project
from segcli.project.yaml_text import shown_path


def check_sender(project: Project, messages: Sequence[StepMessage], problems: Problems) -> None:
    """Adds a missing postal address and a missing page to unsubscribe at, once for all emails that need them."""
    sender, settings = project.messages.sender, project.messages
    file = project.file or project.root
    place = sender.place if sender else Place(shown_path(file), 1, 1)
    emails = [message for message in messages if message.step.channel == "email"]
    marketing = [message for message in emails if message.step.marketing]
    finished = settings.format in ("eml", "mbox")
    if marketing and settings.links.unsubscribe is None and (finished or sender is None):
        text = (
            f"{_counted(len(marketing), 'a marketing email needs', 'marketing emails need')} a page to unsubscribe at."
        )
        hint = "Write `links: {unsubscribe: https://...}`: the laws ask for it, and so do the mail providers."
        problems.error(text, place, "links", hint)
    if sender is None or sender.address is None:
        needing = [message for message in emails if message.step.marketing or _shows(message, "sender_address")]
        if needing:
            shown = _counted(len(needing), "an email shows", "emails show")
            text = f"{shown} the sender's postal address, and there is none."
            hint = "Write `sender: {address: ...}`: the laws of many countries ask for it in every mail."
            problems.error(text, place, "sender", hint)


def _counted(count: int, one: str, many: str) -> str:
    return one if count == 1 else f"{count} {many}"


def _shows(message: StepMessage, name: str) -> bool:
    """Whether a version cannot be made without a name."""
    return any(_needs(source, name) for version in message.versions.values() for _, source in version.sources)


def _needs(source: Source, name: str) -> bool:
    try:
        tree = MessageEnvironment(source.escape).parse(source.text)
    except TemplateSyntaxError:
        return False  # told with its place when the template is checked
    checker = TemplateChecker(source, OF_MESSAGE, Problems(), None)
    checker.body(tree.body)
    return any(each.column == name for each in checker.nullable)
