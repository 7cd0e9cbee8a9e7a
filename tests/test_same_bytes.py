"""The same input gives the same bytes, whatever the threads, the shards, and the order of rows and files."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.shops import SAMPLE, shuffled_shop, small_shop

pytestmark = pytest.mark.slow  # whole shops

RUN = "2026-06-30T0900"


@dataclass(frozen=True)
class Outputs:
    """What a run wrote: the bytes of every file, and the manifest without what may differ."""

    files: dict[str, bytes]
    manifest: dict[str, Any]


def run_segment(
    paths: list[Path], out: Path, *, threads: int, shards: int, options: list[str] | None = None
) -> Outputs:
    """The outputs of `segcli segment` in a process of its own, since Polars takes its threads when it starts."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "SEGCLI_SHARDS": str(shards)}
    command = [sys.executable, "-m", "segcli", "segment", *map(str, paths), "--out", str(out), "--quiet"]
    done = subprocess.run([*command, *(options or [])], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return outputs_of(out / RUN)


def outputs_of(run: Path) -> Outputs:
    files = {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}
    manifest = json.loads(files.pop("manifest.json"))
    del manifest["timings"]
    return Outputs(files, manifest)


def assert_same(outputs: Outputs, expected: Outputs, *, inputs: bool = True) -> None:
    """Equal bytes and facts; without `inputs` the digests of the input files may differ."""
    assert list(outputs.files) == list(expected.files)
    assert [name for name in expected.files if outputs.files[name] != expected.files[name]] == []
    found, known = dict(outputs.manifest), dict(expected.manifest)
    for manifest in (found, known):
        files = manifest["inputs"]
        if not inputs:
            manifest["inputs"] = [{k: v for k, v in file.items() if k != "sha256"} for file in files]
    assert found == known


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_shop(SAMPLE, tmp_path_factory.mktemp("small") / "shop")


@pytest.fixture(scope="module")
def small_outputs(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    return run_segment([small], tmp_path_factory.mktemp("small-out"), threads=2, shards=1)


@pytest.mark.slow
def test_shuffled_rows_with_one_thread_in_three_shards_give_the_same_bytes(
    small: Path, small_outputs: Outputs, tmp_path: Path
) -> None:
    shop = shuffled_shop(small, tmp_path / "shop", seed=1)
    outputs = run_segment([shop], tmp_path / "out", threads=1, shards=3)
    assert outputs.manifest["inputs"] != small_outputs.manifest["inputs"]  # other bytes went in
    assert_same(outputs, small_outputs, inputs=False)


def test_the_manifest_has_the_digest_of_every_input(small: Path, small_outputs: Outputs) -> None:
    digests = {file["path"]: file["sha256"] for file in small_outputs.manifest["inputs"]}
    assert len(digests) == 9
    assert digests == {name: hashlib.sha256((small / name).read_bytes()).hexdigest() for name in digests}


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shards", [1, 3])
def test_five_runs_over_the_sample_shop_give_the_same_bytes(
    sample_outputs: Outputs, tmp_path: Path, attempt: int, threads: int, shards: int
) -> None:
    assert_same(run_segment([SAMPLE], tmp_path, threads=threads, shards=shards), sample_outputs)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_sample_shop_shuffled_gives_the_same_bytes(sample_outputs: Outputs, tmp_path: Path, seed: int) -> None:
    shop = shuffled_shop(SAMPLE, tmp_path / "shop", seed)
    outputs = run_segment([shop], tmp_path / "out", threads=1 + seed % 2, shards=1 + 2 * (seed % 2))
    assert_same(outputs, sample_outputs, inputs=False)


@pytest.fixture(scope="module")
def sample_outputs(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    return run_segment([SAMPLE], tmp_path_factory.mktemp("sample-out"), threads=2, shards=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_files_named_in_another_order_give_the_same_bytes(small: Path, tmp_path: Path, seed: int) -> None:
    # No order or customer stands in two of these files: then their order decides nothing.
    names = "customers.csv orders_export.csv checkouts_export.csv events.parquet products.csv stores.csv"
    files = [small / name for name in names.split()]
    options = ["--as-of", "2026-06-30T09:00"]
    expected = run_segment(files, tmp_path / "a", threads=2, shards=1, options=options)
    random.Random(seed).shuffle(files)
    outputs = run_segment(files, tmp_path / "b", threads=1, shards=2, options=options)
    for manifest in (outputs.manifest, expected.manifest):  # which lists them as they were named
        manifest["inputs"].sort(key=lambda file: file["path"])
    assert_same(outputs, expected)
