"""A shop's history that the tests may copy, and what lies in a folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.history.committing import commit, moment

BEFORE = 5  # runs, five hours apart: enough that files of older ones have been deleted


@pytest.fixture(scope="session")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with BEFORE committed runs. To be copied, never written to."""
    shop = tmp_path_factory.mktemp("shop") / "before"
    for number in range(BEFORE):
        commit(shop, moment(number))
    return shop


@pytest.fixture
def new_shop(shop_before: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copies of it by name."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(shop_before, tmp_path / name, symlinks=True))

    return copy
