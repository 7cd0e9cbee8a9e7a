"""Export files as a shop could have them, good and bad, and a command run among them."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from segcli.__main__ import main

HEADER = "order_id,customer_id,email,order_date,revenue\n"
FOUR_ORDERS = """1,C1,ada@example.com,2026-01-05,100.00
2,C1,ada@example.com,2026-03-05,50.00
3,C2,bo@example.com,2026-05-20,20.00
4,C3,cy@example.com,2026-06-01,900.00
"""
SETTINGS = """shop: Small
timezone: Europe/Istanbul
currency: EUR
as_of: 2026-06-30T09:00
"""
SOURCES = "sources:\n  orders: orders.csv\n"
RECIPES = "recipes: [./recipes/mine]\n"
OPT_OUT = "consent: {default: us}\n"  # whoever has not said no may be written to
DESCRIPTION = "description: What the shop looks at.\n"
SEGMENTS = """segments:
  big: {where: spend > 100}
  recent: {where: recency_days < 60}
"""


def many_orders(count: int = 300) -> str:
    """Rows of sound orders of forty customers: beside them one bad row is less than one in a hundred."""
    return "".join(
        f"{row},C{row % 40},c{row % 40}@example.com,2026-0{1 + row % 6}-{10 + row % 15},{row}.50\n"
        for row in range(1000, 1000 + count)
    )


def write_shop(folder: Path) -> None:
    """A project with four orders and two segments."""
    (folder / "recipes" / "mine").mkdir(parents=True)
    (folder / "orders.csv").write_text(HEADER + FOUR_ORDERS)
    (folder / "segcli.yaml").write_text(SETTINGS + SOURCES + RECIPES)
    (folder / "recipes" / "mine" / "recipe.yaml").write_text(DESCRIPTION + SEGMENTS)


def digests(folder: Path) -> dict[str, str]:
    """Every file and link of a run's folder, hidden ones too, but for the lock."""
    return {
        path.relative_to(folder).as_posix(): (
            str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in sorted(folder.rglob("*"))
        if (path.is_file() or path.is_symlink()) and not path.name.startswith(".lock")
    }


@dataclass(frozen=True)
class Shop:
    """A shop's folder, which is the current one, with a run of the sound files in `out`."""

    folder: Path
    captured: pytest.CaptureFixture[str]

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def orders(self, content: str | bytes) -> None:
        self.write("orders.csv", content)

    def recipe(self, text: str) -> None:
        """A recipe below its first line, the description: the text begins on line 2."""
        self.write("recipes/mine/recipe.yaml", DESCRIPTION + text)

    def project(self, sources: str = SOURCES, more: str = "", without: str = "") -> None:
        """A segcli.yaml; `more` begins on line 8 where the sources are the usual ones."""
        settings = "".join(line for line in SETTINGS.splitlines(True) if not without or not line.startswith(without))
        self.write("segcli.yaml", settings + sources + RECIPES + more)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command; `segment .` without arguments."""
        code = int(main(list(arguments) or ["segment", "."]))
        out, err = self.captured.readouterr()
        return code, out, err

    def refused(self, code: int, *arguments: str) -> list[str]:
        """The problems of a command that has to end with this code and leave the run before as it was."""
        before = digests(self.folder / "out")
        found, out, err = self.run(*arguments)
        assert (found, out) == (code, ""), err
        assert digests(self.folder / "out") == before
        return [
            line.removeprefix("error ") for line in err.splitlines() if not re.match(r"warning |\d+ errors?, ", line)
        ]

    def done(self, *arguments: str) -> str:
        """What a command that has to end well says on stderr."""
        code, _, err = self.run(*arguments)
        assert code == 0, err
        return err

    def list_of(self, segment: str) -> str:
        """The send list of a segment in the latest run."""
        return (self.folder / "out" / "latest" / "segments" / f"{segment}.csv").read_text(encoding="utf-8")

    def rejected(self) -> list[str]:
        return (self.folder / "out" / "latest" / "rejected.csv").read_text(encoding="utf-8").splitlines()[1:]


def copied(finished: Path, target: Path) -> Path:
    """A copy of a shop with its run."""
    shutil.copytree(finished, target, symlinks=True)
    return target
