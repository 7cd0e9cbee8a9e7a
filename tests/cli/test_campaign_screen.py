"""What `segcli campaign` shows, and the lists of shops that lack this or that."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from segcli.campaign_outlook import Outlook
from segcli.cli.campaign_tables import busiest_day, outlook_table, span
from tests.cli.small_shop import CUSTOMERS, PROJECT, RECIPE, ran, small_shop

Capture = pytest.CaptureFixture[str]
THANKS = """campaigns:
  thanks:
    audience: orders > 0
    start: last_order_at
    grace: 400d
    steps:
      - {message: hello, after: 4d}
      - {message: again, after: 60d}
  leads:
    audience: orders = 0
    steps: [{message: first-order}]
"""


def listed(folder: Path, step: str) -> list[dict[str, str]]:
    """The rows of a step's list in the newest rehearsal."""
    [run] = (folder / "out").glob("*-rehearsal")
    with (run / "campaigns" / step / "send_list.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_shows_the_steps_with_their_messages_and_what_was_left_out(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS)
    (folder / "customers.csv").write_text(CUSTOMERS.replace("cem@example.com", ""))
    code, out, err = ran(capsys, "campaign", "-p", folder)
    assert code == 0
    assert [line.rstrip() for line in out.splitlines()] == [
        "Rehearsal as of 2026-06-30 09:00 Europe/Istanbul",
        "campaign  messages  held out  left out  sending",
        "thanks",
        "  hello          2         ·         1  06-30 09:00",
        "Nothing due: leads.",
        "Left out: no address 1",
    ]
    assert "leads: 2 customers in its audience at its first run were there already" in err
    assert "2026-06-30T0900-rehearsal written in" in err
    assert "With --commit it becomes history" in err


@pytest.mark.parametrize(("as_of", "told"), [("2026-08-23", False), ("2026-08-24", True)])
def test_a_run_on_old_exports_says_so(tmp_path: Path, capsys: Capture, as_of: str, told: bool) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS)
    for command in ("campaign", "segment"):
        code, _, err = ran(capsys, command, *(["-p"] if command == "campaign" else []), folder, "--as-of", as_of)
        assert code == 0
        assert ("The newest order is 60 days old" in err) == told, command
        assert ("--as-of 2026-06-26" in err) == told, command


def test_quiet_says_nothing_and_json_is_all_that_stdout_has(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS)
    assert ran(capsys, "campaign", "-p", folder, "-q") == (0, "", "")
    code, out, err = ran(capsys, "campaign", "-p", folder, "--json")
    answer = json.loads(out)
    assert (code, err, answer["as_of"], answer["already"]) == (0, "", "2026-06-30T09:00", False)
    assert answer["steps"][0] == {
        "campaign": "thanks", "step": "hello", "channel": "email", "messages": 3, "held_out": 0, "left_out": 0,
        "first": "2026-06-30 09:00:00", "last": "2026-06-30 09:00:00",
    }  # fmt: skip


def test_a_campaign_of_which_nothing_is_due_writes_no_list(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS)
    code, out, _ = ran(capsys, "campaign", "leads", "-p", folder)
    assert (code, out.splitlines()[1:]) == (0, ["Nothing due: leads."])
    [run] = (folder / "out").glob("*-rehearsal")
    assert not (run / "campaigns" / "leads").exists()


@pytest.mark.parametrize("column", ["country", "gender,country"])
def test_customers_without_a_country_or_a_timezone_are_written_to_on_the_shops_clock(
    column: str, tmp_path: Path, capsys: Capture
) -> None:
    folder = small_shop(tmp_path, "description: x\n" + THANKS.replace("    grace", '    send: "10:00"\n    grace'))
    keep = [name for name in CUSTOMERS.splitlines()[0].split(",") if name not in column]
    pl.read_csv(folder / "customers.csv").select(keep).write_csv(folder / "customers.csv")
    code, _, err = ran(capsys, "campaign", "-p", folder)
    assert code == 0, err
    assert {row["send_at"] for row in listed(folder, "thanks/hello")} == {"2026-06-30T10:00:00"}


@pytest.mark.parametrize(
    ("esp", "shops", "local", "utc"),
    [
        (None, "2026-06-30T09:00:00", "2026-06-30T08:00:00", "2026-06-30T06:00:00Z"),
        ("klaviyo", "2026-06-30T06:00:00Z", "2026-06-30T08:00:00", "2026-06-30T06:00:00Z"),
        ("customerio", "2026-06-30T06:00:00", "2026-06-30T08:00:00", "2026-06-30T06:00:00Z"),
        ("mautic", "2026-06-30 09:00:00", "2026-06-30 08:00:00", "2026-06-30 06:00:00"),
    ],
)
def test_each_time_of_sending_is_the_same_moment_whatever_the_importer(
    esp: str | None, shops: str, local: str, utc: str, tmp_path: Path, capsys: Capture
) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS, PROJECT + (f"esp: {esp}\n" if esp else ""))
    assert ran(capsys, "campaign", "thanks", "-p", folder, "-q")[0] == 0
    rows = [
        {name.lower().replace(" ", "_"): cell for name, cell in row.items()} for row in listed(folder, "thanks/hello")
    ]
    [of_berlin] = [row for row in rows if row["email"] == "ben@example.com"]
    assert [of_berlin[name] for name in ("send_at", "send_at_local", "send_at_utc")] == [shops, local, utc]


def test_a_list_for_an_importer_of_json_says_of_utc_that_it_is(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS, PROJECT + "esp: listmonk\n")
    assert ran(capsys, "campaign", "thanks", "-p", folder, "-q")[0] == 0
    told = json.loads(listed(folder, "thanks/hello")[1]["attributes"])
    assert (told["send_at_local"], told["send_at_utc"]) == ("2026-06-30T08:00:00", "2026-06-30T06:00:00Z")


def test_texts_go_to_numbers_in_their_international_form_and_not_at_night(tmp_path: Path, capsys: Capture) -> None:
    sms = THANKS.replace("    grace", "    channel: sms\n    class: transactional\n    grace")
    project = PROJECT.replace("09:00", "23:00")
    folder = small_shop(tmp_path, RECIPE + sms, project)
    phones = ("phone", "0532 123 45 67", "+49 1512 3456789", "12", "", "")
    people = [f"{line},{phone}" for line, phone in zip(CUSTOMERS.splitlines(), phones, strict=True)]
    (folder / "customers.csv").write_text("\n".join(people) + "\n")
    code, out, _ = ran(capsys, "campaign", "-p", folder)
    assert code == 0
    rows = listed(folder, "thanks/hello")
    assert [(row["customer_id"], row["phone"]) for row in rows] == [("1", "+905321234567"), ("2", "+4915123456789")]
    # At 23:00 in Istanbul the quiet hours have begun; in Berlin it is 22:00.
    assert {row["send_at"] for row in rows} == {"2026-07-01T09:00:00", "2026-07-01T10:00:00"}
    assert "Left out: no address 1" in out


def test_nobody_is_to_be_called_at_night(tmp_path: Path, capsys: Capture) -> None:
    calls = THANKS.replace("    grace", "    channel: list\n    grace")
    folder = small_shop(tmp_path, RECIPE + calls, PROJECT.replace("09:00", "22:30"))
    assert ran(capsys, "campaign", "thanks", "-p", folder, "-q")[0] == 0
    [path] = (folder / "out").glob("*-rehearsal/campaigns/thanks/hello/call_list.csv")
    rows = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-16"), newline=""), delimiter="\t")
    # In Istanbul the quiet hours have begun; in Berlin it is 21:30.
    assert {row["Call at (their time)"] for row in rows} == {"2026-07-01 09:00"}


def test_the_held_out_are_in_no_list_and_are_counted(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS.replace("    grace", "    holdout: 99.9 %\n    grace"))
    code, out, _ = ran(capsys, "campaign", "-p", folder, "--json")
    first = json.loads(out)["steps"][0]
    assert (code, first["messages"], first["held_out"]) == (0, 0, 3)


def test_a_recipe_with_a_fault_makes_no_folder(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS.replace("orders > 0", "ordrs > 0"))
    before = sorted(folder.rglob("*"))
    for options in ((), ("--commit",), ("--days", "2")):
        assert ran(capsys, "campaign", "-p", folder, *options)[0] == 2
    assert sorted(folder.rglob("*")) == before


def test_days_ahead_are_a_table_and_neither_a_key_nor_a_folder_is_made(tmp_path: Path, capsys: Capture) -> None:
    recipe = THANKS.replace("after: 4d", "after: 4d, offer: {reward: gift, code: {prefix: HI}}")
    folder = small_shop(tmp_path, RECIPE + recipe)
    before = sorted(folder.rglob("*"))
    code, out, err = ran(capsys, "campaign", "-p", folder, "--days", "3")
    assert code == 0
    assert [line.rstrip() for line in out.splitlines()] == [
        "3 days from 2026-06-30 09:00 on, with one run a day",
        "campaign, by day  06-30  07-01  07-02  all",
        "thanks                3      ·      ·    3",
        "all                   3      ·      ·    3",
        "No message of leads.",
        "Busiest day: Tue 06-30 with 3 messages.",
    ]
    assert "Nothing was written." in err
    assert sorted(folder.rglob("*")) == before


def test_the_same_run_again_says_that_it_was_done(tmp_path: Path, capsys: Capture) -> None:
    folder = small_shop(tmp_path, RECIPE + THANKS)
    code, out, _ = ran(capsys, "campaign", "--commit", "-p", folder)
    assert (code, out.splitlines()[0]) == (0, "Committed as of 2026-06-30 09:00 Europe/Istanbul")
    code, out, err = ran(capsys, "campaign", "--commit", "-p", folder)
    assert (code, out) == (0, "")
    assert err.endswith("was committed before. Nothing was done.\n")


def outlook(days: int, campaigns: int) -> Outlook:
    """So many campaigns with long names, each with messages on every day."""
    first = dt.datetime(2026, 6, 30, 9)
    rows = [
        {"day": (first + dt.timedelta(days=day)).date(), "campaign": f"campaign_number_{number:02}", "messages": 1234}
        for day in range(days)
        for number in range(campaigns)
    ]
    left_out = [{"day": row["day"], "reason": "beaten by a campaign of higher priority", "messages": 5} for row in rows]
    return Outlook(first, days, pl.DataFrame(rows), pl.DataFrame(left_out))


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("days", [1, 5, 30, 90, 366])
def test_an_outlook_of_25_campaigns_fits_the_terminal_with_every_name_whole(days: int, width: int) -> None:
    screen = io.StringIO()
    Console(width=width, file=screen).print(outlook_table(outlook(days, 25), width))
    text = screen.getvalue()
    assert all(f"campaign_number_{number:02}" in text for number in range(25))
    assert f"{1234 * days:,}" in text and f"{1234 * days * 25:,}" in text
    assert text.count("…") <= 1  # of the reason alone, which is the longest name
    assert all(len(line.rstrip()) <= width for line in text.splitlines())


def test_the_busiest_day_is_the_first_of_those_with_the_most() -> None:
    assert busiest_day(outlook(3, 2)) == "Busiest day: Tue 06-30 with 2,468 messages."
    assert busiest_day(Outlook(dt.datetime(2026, 6, 30), 1, outlook(1, 1).messages.clear(), pl.DataFrame())) is None


def test_a_span_of_sending_is_as_short_as_it_can_be() -> None:
    nine, ten, tomorrow = (dt.datetime(2026, 6, 30, 9), dt.datetime(2026, 6, 30, 10), dt.datetime(2026, 7, 1, 8))
    assert [span(nine, nine), span(nine, ten), span(nine, tomorrow), span(None, None)] == [
        "06-30 09:00", "06-30 09:00-10:00", "06-30 09:00 to 07-01", "",
    ]  # fmt: skip
