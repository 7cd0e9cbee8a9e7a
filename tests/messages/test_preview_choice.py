import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcli.messages.preview_choice import choose_previews

PRODUCTS = pl.List(pl.Struct({"name": pl.String}))


def audience(**columns) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    types = {"products": PRODUCTS, "coupon_code": pl.String, "language": pl.String, "first_name": pl.String}
    ids = [f"c{number}" for number in range(height)]
    return pl.DataFrame(
        {"customer_id": ids} | {name: pl.Series(values, dtype=types.get(name)) for name, values in columns.items()}
    )


def reasons(frame: pl.DataFrame, most: int = 12) -> dict[str, str]:
    return dict(choose_previews(frame, most).select("customer_id", "reason").iter_rows())


def test_the_longest_name_and_a_missing_one_are_shown():
    frame = audience(first_name=["Ann", " ", "Bo", "Cem"], last_name=["Lee", "Berg", None, "Karaosmanoğlu"])
    assert reasons(frame) == {"c0": "nothing special", "c1": "no first name", "c3": "longest name"}


def test_most_and_fewest_products_are_shown_and_missing_members_do_not_count():
    shoe = {"name": "Shoe"}
    frame = audience(products=[[shoe, None, None], [shoe, shoe], None, [shoe]])
    shown = reasons(frame)
    assert (shown["c1"], shown["c2"]) == ("most products", "fewest products")


def test_each_language_step_and_variant_is_shown():
    frame = audience(language=["tr", "tr", "de", None], step=["one", "one", "one", "two"], variant=["a", "b", "a", "a"])
    assert reasons(frame) == {
        "c0": "step one, variant a, language tr",
        "c1": "step one, variant b, language tr",
        "c2": "step one, variant a, language de",
        "c3": "step two, variant a, no language",
    }


def test_messages_with_and_without_a_coupon_and_the_longest_subject_are_shown():
    frame = audience(coupon_code=["A1", None, None], subject=["Hi", "Hello again", "Hello"])
    assert reasons(frame) == {
        "c0": "with a coupon",
        "c1": "without a coupon, longest subject",
        "c2": "without a coupon",
    }


def test_the_longest_sms_and_each_encoding_are_shown():
    frame = audience(segments=[1, 1, 2, 1], encoding=["GSM", "UCS-2", "GSM", "GSM"])
    shown = reasons(frame)
    assert (shown["c1"], shown["c2"]) == ("in UCS-2", "most SMS segments, in GSM")


def test_each_reason_for_a_failure_comes_first():
    frame = audience(failure=[None, None, "first_name is missing"], language=["tr", "de", "en"])
    assert reasons(frame, most=1) == {"c2": "fails: first_name is missing, language en"}


def test_what_all_have_is_no_reason():
    frame = audience(language=["tr", "tr"], coupon_code=["A", "A"], products=[[], []])
    assert reasons(frame) == {"c0": "nothing special", "c1": "nothing special"}


def test_one_row_without_anything_but_its_customer_is_shown():
    assert reasons(pl.DataFrame({"customer_id": ["c0"]})) == {"c0": "nothing special"}


def test_no_message_gives_no_row_and_keeps_the_columns():
    empty = choose_previews(audience(first_name=["Ann"], products=[[]]).clear())
    assert empty.columns == ["customer_id", "first_name", "products", "reason"]
    assert empty.height == 0


@pytest.mark.parametrize("most", [0, 1, 5])
def test_never_more_than_wanted(most):
    frame = audience(language=[f"l{number}" for number in range(40)])
    assert choose_previews(frame, most).height == most


ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "", "Ann", "Çiğdem Nur"]),
        st.sampled_from([None, "tr", "de"]),
        st.sampled_from(["a", "b"]),
        st.integers(0, 3),
        st.sampled_from([None, "X1"]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=30)
@given(rows=ROWS, seed=st.integers(0, 100))
def test_the_order_of_the_rows_changes_nothing_and_every_case_is_shown(rows, seed):
    names, languages, variants, counts, codes = map(list, zip(*rows, strict=True))
    products = [[{"name": "Shoe"}] * count for count in counts]
    frame = audience(first_name=names, language=languages, variant=variants, products=products, coupon_code=codes)
    shown = choose_previews(frame)
    assert shown.equals(choose_previews(frame.sample(fraction=1, shuffle=True, seed=seed)))
    assert set(shown["language"]) == set(languages)
    assert set(shown["variant"]) == set(variants)
    assert shown["products"].list.len().max() == max(counts)
    assert shown["products"].list.len().min() == min(counts)
