import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from segcli.exports import read_manifest, send_lists, write_run


def ids(run: Path, name: str) -> list[str]:
    with (run / "segments" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return [row["customer_id"] for row in csv.DictReader(file)]


def entry(run: Path, name: str) -> dict[str, object]:
    return next(item for item in read_manifest(run)["lists"] if item["name"] == name)


def files(run: Path) -> set[str]:
    return {path.name for path in (run / "segments").iterdir()}


def test_a_list_holds_the_contactable_members_in_the_order_of_their_ids(customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    assert ids(run, "lapsed") == ["c1", "c2"]
    assert entry(run, "lapsed")["customers"] == 3
    assert entry(run, "lapsed")["contactable"] == 2


def test_a_value_of_a_field_and_a_value_in_a_list_make_lists_too(customers, segment, contents, tmp_path) -> None:
    run = write_run(
        tmp_path,
        contents(customers, segment("rfm-Lost", "rfm_group", "Lost"), segment("interest-hats", "interest", "hats")),
    )
    assert ids(run, "rfm-Lost") == ["c2", "c3"]
    assert ids(run, "interest-hats") == ["c1", "c2"]


def test_a_segment_that_suppresses_keeps_its_list_and_takes_its_members_off_all_others(
    customers, segment, contents, tmp_path
) -> None:
    gone, lost = segment("gone", suppress=True), segment("rfm-Lost", "rfm_group", "Lost")
    also_gone = segment("also", "gone", suppress=True)
    run = write_run(tmp_path, contents(customers, gone, lost, also_gone))
    assert ids(run, "rfm-Lost") == ["c2"]
    assert ids(run, "gone") == ids(run, "also") == ["c3"]
    assert entry(run, "rfm-Lost")["suppressed"] == 1
    assert read_manifest(run)["excluded"] == {"not contactable": 1, "not importable": 0, "suppressed": 1}


def test_the_first_run_has_nothing_to_compare_with(customers, segment, contents, tmp_path) -> None:
    run = write_run(tmp_path, contents(customers, segment("lapsed")))
    assert files(run) == {"lapsed.csv"}
    assert entry(run, "lapsed")["compared_with"] is None


def test_who_entered_and_who_left_is_told_against_the_run_before(customers, segment, contents, tmp_path) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed")))
    now = customers.with_columns(lapsed=pl.Series([False, True, True, True]))
    run = write_run(tmp_path, contents(now, segment("lapsed"), day=2))
    assert (ids(run, "lapsed"), ids(run, "lapsed.entered"), ids(run, "lapsed.left")) == (
        ["c2", "c3"],
        ["c3"],
        ["c1"],
    )
    assert entry(run, "lapsed")["compared_with"] == "2026-01-01T0900"
    assert (entry(run, "lapsed")["entered"], entry(run, "lapsed")["left"]) == (1, 1)


def test_who_unsubscribed_or_is_no_longer_known_has_left_with_the_address_that_the_list_had(
    customers, segment, contents, tmp_path
) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed")))
    now = customers.filter(pl.col("customer_id") != "c1").with_columns(contactable=False)
    run = write_run(tmp_path, contents(now, segment("lapsed"), day=2), esp="mailchimp")
    assert ids(run, "lapsed.left") == ["c1", "c2"]
    assert "ann@shop.example" in (run / "segments" / "lapsed.left.csv").read_text()


def test_a_segment_is_compared_with_the_last_run_that_had_it(customers, segment, contents, tmp_path) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed")))
    write_run(tmp_path, contents(customers.drop("lapsed"), segment("gone"), day=2))
    now = customers.with_columns(lapsed=False)
    run = write_run(tmp_path, contents(now, segment("lapsed"), segment("gone"), day=3))
    assert entry(run, "lapsed")["compared_with"] == "2026-01-01T0900"
    assert entry(run, "gone")["compared_with"] == "2026-01-02T0900"
    assert ids(run, "lapsed.left") == ["c1", "c2"]


def test_a_value_that_nobody_has_any_more_is_left_by_all_and_then_forgotten(
    customers, segment, contents, tmp_path
) -> None:
    champions, lost = (segment(f"rfm-{value}", "rfm_group", value) for value in ("Champions", "Lost"))
    write_run(tmp_path, contents(customers, champions, lost))
    now = customers.with_columns(rfm_group=pl.lit("Lost"))
    run = write_run(tmp_path, contents(now, lost, day=2))
    assert (ids(run, "rfm-Champions"), ids(run, "rfm-Champions.left")) == ([], ["c1"])
    later = write_run(tmp_path, contents(now, lost, day=3))
    assert files(later) == {"rfm-Lost.csv", "rfm-Lost.entered.csv", "rfm-Lost.left.csv"}


def test_a_run_of_the_past_is_compared_with_runs_before_it_only(customers, segment, contents, tmp_path) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed"), day=5))
    run = write_run(tmp_path, contents(customers, segment("lapsed"), day=2))
    assert entry(run, "lapsed")["compared_with"] is None


def test_an_earlier_run_that_lost_its_files_is_passed_over(customers, segment, contents, tmp_path) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed")))
    broken = write_run(tmp_path, contents(customers, segment("lapsed"), day=2))
    (broken / "customers.parquet").unlink()
    run = write_run(tmp_path, contents(customers, segment("lapsed"), day=3))
    assert entry(run, "lapsed")["compared_with"] == "2026-01-01T0900"


def test_rejected_rows_are_always_a_file_and_cannot_be_run_by_a_spreadsheet(
    customers, segment, contents, tmp_path
) -> None:
    rejected = pl.DataFrame(
        {"file": ["a.csv"], "line": [3], "column": ["price"], "reason": ["not a number"], "value": ["=1,2"]}
    )
    clean = write_run(tmp_path, contents(customers))
    run = write_run(tmp_path, contents(customers, day=2, rejected=rejected))
    assert (clean / "rejected.csv").read_bytes() == b"file,line,column,reason,value\n"
    assert (run / "rejected.csv").read_text().splitlines()[1] == 'a.csv,3,price,not a number,"\'=1,2"'


def test_a_run_over_other_people_is_not_compared_with(customers, segment, contents, tmp_path) -> None:
    write_run(tmp_path, contents(customers, segment("lapsed")))
    others = customers.with_columns(customer_id="x" + pl.col("customer_id"))
    run = write_run(tmp_path, contents(others, segment("lapsed"), day=2))
    assert entry(run, "lapsed")["compared_with"] is None
    assert files(run) == {"lapsed.csv"}


def test_nobody_at_all_is_a_run_too(customers, segment, contents, tmp_path) -> None:
    segments = segment("lapsed"), segment("rfm-Lost", "rfm_group", "Lost")
    for day in (1, 2):
        run = write_run(tmp_path, contents(customers.clear(), *segments, day=day))
    assert ids(run, "lapsed") == ids(run, "lapsed.left") == []


flags = st.lists(st.tuples(*[st.booleans()] * 6), min_size=1, max_size=30)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(flags, flags, st.integers(1, 9))
def test_lists_entered_and_left_are_what_sets_say_whatever_the_batch(
    tmp_path_factory, segment_law, before, now, batch
) -> None:
    people, still = set(_frame(before)["customer_id"]), set(_frame(now)["customer_id"])
    assume(2 * len(people & still) >= len(people))  # else it is taken for another shop
    out, (contents, segments) = tmp_path_factory.mktemp("law"), segment_law
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send_lists, "BATCH", batch)
        write_run(out, contents(_frame(before), *segments))
        run = write_run(out, contents(_frame(now), *segments, day=2))
    for place, name in enumerate(("a", "b", "each-x"), start=1):
        was, is_now = _listed(before, place), _listed(now, place)
        assert ids(run, name) == sorted(is_now)
        assert ids(run, f"{name}.entered") == sorted(is_now - was)
        assert ids(run, f"{name}.left") == sorted(was - is_now)


@pytest.fixture(scope="module")
def segment_law():
    import datetime as dt

    from segcli.exports import RunContents, SegmentMembers

    def contents(customers, *segments, day=1):
        empty = pl.DataFrame(schema=["file"])
        return RunContents(dt.datetime(2026, 1, day), customers.lazy(), segments, empty, {})

    return contents, (
        SegmentMembers("a", "a", None, False, "r", None),
        SegmentMembers("b", "b", None, False, "r", None),
        SegmentMembers("each-x", "each", "x", False, "r", None),
        SegmentMembers("gone", "gone", None, True, "r", None),
    )


def _frame(rows) -> pl.DataFrame:
    """Customers who exist (first flag), with their flags."""
    kept = [(f"c{number:02}", *row[1:]) for number, row in enumerate(rows) if row[0]]
    names = ["customer_id", "a", "b", "x", "gone", "contactable"]
    frame = pl.DataFrame(kept, schema={n: pl.String if n == "customer_id" else pl.Boolean for n in names}, orient="row")
    each = pl.when("x").then(pl.lit(["y", "x"], pl.List(pl.String)))
    return frame.with_columns(each=each)


def _listed(rows, place) -> set[str]:
    return {f"c{n:02}" for n, row in enumerate(rows) if row[0] and row[place] and row[5] and not row[4]}
