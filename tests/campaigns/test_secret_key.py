import os
import stat
from pathlib import Path

import pytest

from segcli.campaigns.secret_key import ENVIRONMENT, fingerprint, make_key, read_key
from segcli.problems import DataError

GIVEN = "0123456789abcdef0123456789abcdef"


def problem(path: Path, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read_key(path, environment or {})
    return str(caught.value)


def test_a_new_key_is_random_and_its_owners_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first.key", tmp_path / "second.key"
    make_key(first)
    make_key(second)
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert len(read_key(first, {})) == 64
    assert read_key(first, {}) != read_key(second, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.key", "second.key"]


def test_a_key_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "key"
    make_key(path)
    before = path.read_bytes()
    make_key(path)
    assert path.read_bytes() == before


def test_a_file_system_without_links_gets_its_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    make_key(tmp_path / "key")
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    assert len(read_key(tmp_path / "key", {})) == 64


def test_another_that_made_the_key_meanwhile_is_not_overruled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    link = os.link

    def be_faster(draft: Path, target: Path) -> None:
        path.write_text("theirs")
        link(draft, target)

    monkeypatch.setattr(os, "link", be_faster)
    make_key(path)
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    assert read_key(tmp_path / "key", {ENVIRONMENT: f" {GIVEN}\n"}) == GIVEN.encode()
    assert read_key(tmp_path / "none", {ENVIRONMENT: GIVEN}) == GIVEN.encode()
    assert read_key(tmp_path / "key", {ENVIRONMENT: ""}) == read_key(tmp_path / "key", {})


def test_the_same_key_is_the_same_from_a_file_and_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(GIVEN + "\n")
    path.chmod(0o600)
    assert read_key(path, {}) == read_key(tmp_path / "none", {ENVIRONMENT: GIVEN})


@pytest.mark.skipif(os.name == "nt", reason="file modes are those of POSIX")
def test_a_key_that_others_can_read_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "key"
    make_key(path)
    path.chmod(0o640)
    assert problem(path) == (
        f"others can read the key {path} (mode 0640), and with it guess every code. Type: chmod 600 {path}"
    )
    path.chmod(0o400)
    assert len(read_key(path, {})) == 64


def test_a_missing_key_is_not_made_in_silence(tmp_path: Path) -> None:
    assert f"{tmp_path / 'key'} is not there. Put back the key" in problem(tmp_path / "key")
    assert not (tmp_path / "key").exists()


def test_a_key_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    assert f"the key in {ENVIRONMENT} has 6 characters" in problem(tmp_path / "key", {ENVIRONMENT: "secret"})
    path = tmp_path / "key"
    path.touch(0o600)
    assert "has 0 characters" in problem(path)


def test_a_key_that_is_no_text_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff" * 32)
    path.chmod(0o600)
    assert "is not text" in problem(path)
    assert "cannot be read" in problem(tmp_path)


def test_a_fingerprint_tells_keys_apart_and_does_not_show_them() -> None:
    mark = fingerprint(GIVEN.encode())
    assert mark == fingerprint(GIVEN.encode())
    assert mark != fingerprint(GIVEN[::-1].encode())
    assert len(mark) == 8
    assert mark not in GIVEN
