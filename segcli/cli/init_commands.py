"""The commands that `segcli init` says to type next, and the lines for cron: as this segcli was started."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def next_command(folder: Path, command: str, option: str | None = None) -> str:
    """What to type here for a command on the project in `folder`; `option` names the folder where it is no argument."""
    if folder.absolute() == Path.cwd():
        return f"{_as_typed()} {command}"
    place = str(folder) if not str(folder).startswith("-") else f"./{folder}"
    return " ".join([_as_typed(), command, *([option] if option else []), shlex.quote(place)])


def cron_command(folder: Path, command: str) -> str:
    """What cron can run: its PATH is short, so the program is named in full; a % would end the line."""
    place = shlex.quote(str(folder.resolve()))
    return f"umask 077 && cd {place} && {_in_full()} {command} --quiet".replace("%", r"\%")


def _as_typed() -> str:
    """How segcli was started, as short as it works in this terminal."""
    if _by_module():
        found = shutil.which("python")
        # Not resolve(): the python of an environment is a link to one that has no segcli.
        short = found is not None and Path(found).parent == Path(sys.executable).parent
        return f"{'python' if short else shlex.quote(sys.executable)} -m segcli"
    script = _script()
    found = shutil.which("segcli")
    return "segcli" if found and Path(found).samefile(script) else shlex.quote(script)


def _in_full() -> str:
    if not _by_module():
        return shlex.quote(str(Path(_script()).absolute()))
    try:
        version("segcli")
    except PackageNotFoundError:  # in a clone that is not installed: found from its own folder only
        home = str(Path(__file__).parents[2])
        return f"PYTHONPATH={shlex.quote(home)} {shlex.quote(sys.executable)} -m segcli"
    return f"{shlex.quote(sys.executable)} -m segcli"


def _by_module() -> bool:
    """Whether it was `python -m segcli`, or something else that is no command to type again."""
    return not _script()


def _script() -> str:
    """The path of the `segcli` script that was started; nothing if it was none."""
    typed = sys.argv[0]
    if Path(typed).stem != "segcli" or not os.access(typed, os.X_OK):
        return ""
    return typed if os.sep in typed else shutil.which(typed) or ""
