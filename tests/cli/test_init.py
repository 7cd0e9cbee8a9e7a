"""The first day with segcli: `segcli init` on folders as they are, and the commands that it says to type next."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from segcli.problems import Problems
from segcli.project import load_project, shipped_recipes
from segcli.sources import recognise
from tests.cli.small_shop import CUSTOMERS, ORDERS, ran
from tests.cli.test_init_files import SHOPIFY

Capture = pytest.CaptureFixture[str]
EMAILS = [
    "--sender", "hello@shop.example", "--address", "Tea, 1 Example Street", "--shop-link", "https://shop.example",
    "--unsubscribe-link", "https://shop.example/stop", "--currency", "EUR",
]  # fmt: skip


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("sh")
    assert program is not None
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    return subprocess.run([program, "-c", command], cwd=folder, env=environment, capture_output=True, text=True)


def small_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("started", ["python -m segcli", "segcli"])
def test_every_command_that_is_printed_works_as_it_is_printed(tmp_path: Path, started: str) -> None:
    small_folder(tmp_path / "my shop")
    made = shell(f"{started} init 'my shop' --json", tmp_path)
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    assert answer["next"] == [
        f"{started} check 'my shop'", f"{started} segment 'my shop'", f"{started} campaign --project 'my shop'",
    ]  # fmt: skip
    for command in answer["next"]:
        done = shell(command, tmp_path)
        assert done.returncode == 0, done.stderr + done.stdout
    # Cron starts in another folder, and knows no other PATH.
    segment, campaign = (line.split("  ", 1)[1].replace(r"\%", "%") for line in answer["cron"])
    for command in (segment, campaign):
        done = shell(f"PATH=/usr/bin:/bin; {command}", Path("/"))
        assert done.returncode == 0, done.stderr + done.stdout
    assert (tmp_path / "my shop/history").is_dir()


def test_with_a_sender_campaigns_are_finished_emails(tmp_path: Path, capsys: Capture) -> None:
    shop = small_folder(tmp_path / "shop")
    assert ran(capsys, "init", shop, *EMAILS)[0] == 0
    settings = load_project([shop]).messages
    assert settings.format == "eml"
    assert ran(capsys, "campaign", "--project", shop, "-q")[0] == 0


@pytest.mark.parametrize("without", ["--address", "--shop-link", "--unsubscribe-link"])
def test_a_sender_without_what_emails_need_waits_behind_a_mark(tmp_path: Path, capsys: Capture, without: str) -> None:
    shop = small_folder(tmp_path / "shop")
    at = EMAILS.index(without)
    code, out, _ = ran(capsys, "init", shop, *EMAILS[:at], *EMAILS[at + 2 :])
    assert code == 0
    assert "For finished emails, segcli.yaml has to say" in out
    assert load_project([shop]).messages.sender is None
    assert '# sender: {email: "hello@shop.example"' in (shop / "segcli.yaml").read_text("utf-8")
    assert ran(capsys, "campaign", "--project", shop, "-q")[0] == 0


def test_a_shop_with_one_export_is_told_what_more_would_give(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "export.csv").write_text(SHOPIFY, encoding="utf-8")
    code, out, _ = ran(capsys, "init", tmp_path)
    said = " ".join(out.split())
    assert code == 0
    assert "export.csv: Shopify orders, 4 rows → orders, order_items, customers" in said
    assert re.search(
        r"cart-abandoners.* cart-series[^:]*: carts \(Shopify: Orders > Abandoned checkouts > Export\)", said
    )
    assert re.search(r" birthday[^:]*: birth_date in customers", said)
    assert "Some orders are in EUR: say under rates" in said


def test_an_empty_folder_becomes_a_project_that_takes_what_is_put_there(tmp_path: Path, capsys: Capture) -> None:
    shop = tmp_path / "new"
    code, out, _ = ran(capsys, "init", shop, "--platform", "shopify")
    assert code == 0
    assert f"No export file is in {shop} yet" in " ".join(out.split())
    assert "orders: Shopify: Orders > Export" in out
    assert ran(capsys, "check", shop)[0] != 0
    small_folder(shop / "exports")
    assert ran(capsys, "check", shop)[0] == 0
    assert ran(capsys, "segment", shop, "-q")[0] == 0
    # It knows of no campaigns: which ones there are files for could not be told.
    assert re.search(r"Then delete segcli.yaml and type '[^']*init[^']*' again", " ".join(out.split()))
    (shop / "segcli.yaml").unlink()
    code, out, _ = ran(capsys, "init", shop)
    assert code == 0
    assert "winback" in out


def test_a_file_that_is_not_recognised_is_told_and_can_be_used_by_the_line_for_it(
    tmp_path: Path, capsys: Capture
) -> None:
    shop = small_folder(tmp_path / "shop")
    (shop / "weather.csv").write_text("country,weather\nTR,rain\n", encoding="utf-8")
    code, out, _ = ran(capsys, "init", shop)
    assert code == 0
    assert "weather.csv: left out (not recognised: its columns are country, weather" in " ".join(out.split())
    file = shop / "segcli.yaml"
    text, lines = re.subn(r"^  # (weather: \{.*\})$", r"  \1", file.read_text("utf-8"), flags=re.MULTILINE)
    assert lines == 1
    file.write_text(text, encoding="utf-8")
    catalog = recognise(load_project([shop]), frozenset(), Problems())
    assert "weather_weather" in catalog.tables["customers"].given


def test_a_folder_of_nothing_that_is_recognised_says_so_and_why(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    code, out, _ = ran(capsys, "init", tmp_path)
    assert code == 0
    assert "odd.csv: left out" in out
    assert "No file in" in out
    code, out, _ = ran(capsys, "check", tmp_path)
    assert code != 0
    assert "odd.csv is not recognised" in out


def test_many_files_of_one_kind_in_a_folder_are_named_by_a_pattern(tmp_path: Path, capsys: Capture) -> None:
    shop = small_folder(tmp_path / "shop")
    (shop / "monthly").mkdir()
    for month in range(1, 7):
        row = f"m{month},1,2026-0{month}-03,5.00\n"
        (shop / f"monthly/2026-0{month}.csv").write_text(ORDERS.partition("\n")[0] + f"\n{row}", encoding="utf-8")
    assert ran(capsys, "init", shop)[0] == 0
    [orders] = [source for source in load_project([shop]).sources if source.table == "orders"]
    assert orders.files == ("monthly/*.csv", "orders.csv")


def test_a_second_time_is_refused_with_the_way_out(tmp_path: Path, capsys: Capture) -> None:
    shop = small_folder(tmp_path / "shop")
    assert ran(capsys, "init", shop)[0] == 0
    before = {file: file.read_bytes() for file in shop.iterdir()}
    code, out, err = ran(capsys, "init", shop, "--shop", "Another")
    assert (code, out) == (2, "")
    assert "segcli.yaml is there already" in err
    assert "move it away" in err
    assert {file: file.read_bytes() for file in shop.iterdir()} == before


def test_a_file_is_no_folder(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    code, _, err = ran(capsys, "init", tmp_path / "orders.csv")
    assert code == 2
    assert f"Type 'segcli init {tmp_path}'" in err


def test_what_cannot_be_written_whole_is_not_written(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("segcli.campaigns.secret_key.make_key", full)
    code, _, err = ran(capsys, "init", tmp_path / "a/b")
    assert code == 1
    assert "the disk takes no more" in err
    assert list(tmp_path.iterdir()) == []


def test_json_tells_files_answers_recipes_and_commands(tmp_path: Path, capsys: Capture) -> None:
    shop = small_folder(tmp_path / "shop")
    (shop / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    code, out, err = ran(capsys, "init", shop, "--json", "--country", "Turkey")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["answers"]["country"] == "TR"
    files = {file["file"]: file for file in answer["files"]}
    assert (files["orders.csv"]["kind"], files["orders.csv"]["rows"]) == ("orders", 4)
    assert files["odd.csv"]["left_out"]
    assert "rfm" in answer["recipes"]
    assert {"recipe": "cart-series", "needs": ["carts"]} in answer["left_out"]


def test_what_is_missing_is_told_as_a_file_a_column_or_a_kind_of_event(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/orders.csv").write_text(ORDERS, encoding="utf-8")
    said = " ".join(ran(capsys, "init", tmp_path / "a")[1].split())
    assert re.search(r"birthday.* and .*: customers with .*birth_date.* \(a file with customer_id or email\)", said)
    shop = small_folder(tmp_path / "b")
    (shop / "events.csv").write_text("customer_id,at,event\n1,2026-06-20T10:00,visit\n", encoding="utf-8")
    left_out = json.loads(ran(capsys, "init", shop, "--json")[1])["left_out"]
    assert {"recipe": "best-hour", "needs": ["events.click", "events.open"]} in left_out


def test_every_recipe_is_in_the_file_or_named(tmp_path: Path, capsys: Capture) -> None:
    small_folder(tmp_path)
    (tmp_path / "products.csv").write_text("product_id,name,category\nP1,Tea,tea\n", encoding="utf-8")
    code, out, _ = ran(capsys, "init", tmp_path)
    text = (tmp_path / "segcli.yaml").read_text("utf-8")
    assert code == 0
    written = {*re.findall(r"^  (?:# )?- ([\w-]+)$", text, re.MULTILINE)}
    named = {*re.findall(r"[\w-]+", out[out.index("Left out for want") :])}
    assert {*shipped_recipes()} - written - named == set()
    assert written & {"leads", "first-time"}
    assert not re.search(r"\d more", out[out.index("Left out for want") :])


@pytest.mark.parametrize(
    ("esp", "lacks"),
    [("mailchimp", "Mailchimp needs email or email_consent, and no file gives it."),
     ("sendlane", "Sendlane needs 'Sign-up IP' in every row, and no file gives it.")],
)  # fmt: skip
def test_a_service_that_needs_what_the_files_lack_waits_behind_a_mark(
    tmp_path: Path, capsys: Capture, esp: str, lacks: str
) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("order_id,customer_id,ordered_at,amount\n1,a,2026-01-01 10:00,5\n", encoding="utf-8")
    code, out, _ = ran(capsys, "init", tmp_path, "--yes", "--esp", esp, "--platform", "shopify")
    said, text = " ".join(out.split()), (tmp_path / "segcli.yaml").read_text("utf-8")
    comment = " ".join(text.replace("\n# ", " ").split())
    assert code == 0
    assert f"warning --esp: {lacks}" in said
    for told in (said, comment):
        assert lacks in told
        assert "the export of your shop's customers (Shopify: Customers > Export)" in told
    assert f"'esp: {esp}' stands in segcli.yaml behind a #" in said
    assert f"\n# esp: {esp}\n" in text
    assert (load_project([tmp_path]).esp, ran(capsys, "segment", tmp_path)[0]) == (None, 0)


def test_a_service_that_waits_is_told_in_the_answer_as_json(tmp_path: Path, capsys: Capture) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("order_id,customer_id,ordered_at,amount\n1,a,2026-01-01 10:00,5\n", encoding="utf-8")
    code, out, _ = ran(capsys, "init", tmp_path, "--json", "--esp", "klaviyo")
    answer = json.loads(out)
    lacks = ["Klaviyo needs email or phone, and no file gives it. Add it to the customers."]
    assert (code, answer["waiting"]) == (0, {"esp": {"answer": "klaviyo", "lacks": lacks}})
    assert answer["answers"]["esp"] is None


def test_recipes_that_read_a_table_of_ones_own_say_which_with_its_columns(tmp_path: Path, capsys: Capture) -> None:
    shop = small_folder(tmp_path / "shop")
    said = " ".join(ran(capsys, "init", shop)[1].split())
    own = said[said.index("Left out for want of a table of your own:") :]
    words = (
        "support: {files: support.csv, time: opened_at} under sources, "
        "with the columns customer_id or email, opened_at, status and topic"
    )
    assert f" support-pause: {words} weather: weather: {{files: weather.csv, by: city}} under sources" in own
    assert "with the columns city, weather and temperature_c, and city in customers" in own
    (shop / "segcli.yaml").unlink()
    answer = json.loads(ran(capsys, "init", shop, "--json")[1])
    assert {"recipe": "weather", "needs": ["weather", "customers.city"]} in answer["left_out"]
    assert answer["own_tables"].keys() == {"loyalty", "support", "weather"}
    assert answer["own_tables"]["support"] == words


def test_commands_and_lines_for_cron_are_never_broken_over_lines(tmp_path: Path, capsys: Capture) -> None:
    shop = small_folder(tmp_path / "a shop with a very long name" / ("x" * 80))
    code, out, _ = ran(capsys, "init", shop)
    assert code == 0
    lines = out.splitlines()
    ends = [" check", " segment", " campaign --project"]
    assert [end for end in ends if not any(line.endswith(f"{end} '{shop}'") for line in lines)] == []
    crons = [line.strip() for line in lines if "umask" in line]
    assert [line.split(" && ")[1] for line in crons] == [f"cd '{shop}'"] * 2
    assert all(line.endswith("--quiet") for line in crons)
