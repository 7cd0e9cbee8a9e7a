import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segcli.campaigns.code_pools import Pool
from segcli.campaigns.codes import unique_codes
from segcli.campaigns.offers import USED, CodeSources, attach_offers, check_offers, needs_key
from segcli.problems import Place, Problems
from segcli.project.campaign_models import Campaign, Code, Offer, Step
from segcli.project.models import Expression

PLACE = Place("recipes/shop/recipe.yaml", 3, 5)
KEY = b"0123456789abcdef0123456789abcdef"
FIXED, UNIQUE, POOL = Code(PLACE, fixed="SPRING"), Code(PLACE, prefix="BACK"), Code(PLACE, pool="codes.csv")
DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 6, 30, 12)


def offer(
    reward: str = "percent", value: str | None = "20", code: Code | None = None, valid: dt.timedelta | None = None,
    when: str | None = None,
) -> Offer:  # fmt: skip
    def expression(text: str | None) -> Expression | None:
        return Expression(text, PLACE) if text else None

    return Offer(reward, PLACE, expression(value), code, valid, expression(when))


def campaign(*steps: tuple[Offer, ...], name: str = "winback") -> Campaign:
    made = tuple(Step(f"s{number}", number, PLACE, "hello", DAY, offers=offers) for number, offers in enumerate(steps))
    return Campaign(name, PLACE, name, Expression("true"), made)


def due(
    *customers: str, step: str = "s0", name: str = "winback", since: dt.datetime | None = None,
    code: str | None = None, **columns: list[object],
) -> pl.DataFrame:  # fmt: skip
    count = len(customers)
    frame = pl.DataFrame(
        {
            "customer_id": list(customers), "campaign": [name] * count, "step": [step] * count,
            "series": [f"of-{customer}" for customer in customers], "send_at": [NOON] * count,
            "offer_since": [since] * count, "offer_code": [code] * count,
        },
        schema={
            **dict.fromkeys(("customer_id", "campaign", "step", "series"), pl.String), "send_at": pl.Datetime("us"),
            "offer_since": pl.Datetime("us"), "offer_code": pl.String,
        },
    )  # fmt: skip
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())


def attached(frame: pl.DataFrame, *campaigns: Campaign, pools: dict[str, list[str]] | None = None) -> pl.DataFrame:
    made = {path: Pool(path, pl.Series("code", codes, dtype=pl.String)) for path, codes in (pools or {}).items()}
    return attach_offers(frame, campaigns, CodeSources(KEY, made))


def test_a_step_without_an_offer_offers_nothing() -> None:
    rows = attached(due("a", "b"), campaign(()))
    assert (
        rows.select("reward", "offer_value", "code", "code_pool", "code_expires_at", "code_uses").null_count().row(0)
        == (2,) * 6
    )
    assert rows["no_code"].to_list() == [False, False]
    assert rows["customer_id"].to_list() == ["a", "b"]


def test_columns_have_their_types_whatever_is_offered() -> None:
    schema = attached(due("a"), campaign(())).schema
    assert schema == attached(due("a", value_0=[20.0]), campaign((offer(code=UNIQUE, valid=DAY),))).schema
    assert schema == attached(due(), campaign(())).schema
    assert [schema[name] for name in ("reward", "offer_value", "code", "code_pool", "code_expires_at")] == [
        pl.String, pl.Float64, pl.String, pl.String, pl.Datetime("us"),
    ]  # fmt: skip
    assert (schema["code_uses"], schema["no_code"]) == (pl.Int64, pl.Boolean)


def test_the_first_offer_whose_condition_holds_is_made() -> None:
    offers = (offer("percent", "30", when="gold"), offer("amount", "spend", when="silver"), offer("gift", None))
    frame = due(
        "a", "b", "c", "d", offer_0=[True, False, None, None], offer_1=[True, True, None, False],
        value_0=[30.0] * 4, value_1=[1.0, 2.0, 3.0, 4.0],
    )  # fmt: skip
    rows = attached(frame, campaign(offers))
    assert rows.select("reward", "offer_value").rows() == [
        ("percent", 30.0), ("amount", 2.0), ("gift", None), ("gift", None),
    ]  # fmt: skip
    assert not [name for name in rows.columns if name.startswith(("offer_0", "offer_1", "value_", "__"))]


def test_nobody_gets_an_offer_whose_condition_is_not_met() -> None:
    rows = attached(due("a", "b", offer_0=[False, None], value_0=[1.0, 1.0]), campaign((offer(code=FIXED, when="x"),)))
    assert rows["reward"].to_list() == rows["code"].to_list() == [None, None]


def test_steps_of_several_campaigns_have_their_own_offers() -> None:
    frame = pl.concat(
        [due("a", value_0=[20.0]), due("a", name="welcome", value_0=[5.0]), due("b", step="s1", value_0=[None])]
    )
    rows = attached(frame, campaign((offer(code=FIXED),), ()), campaign((offer("amount", "5"),), name="welcome"))
    assert rows.select("campaign", "reward", "offer_value", "code", "code_uses").rows() == [
        ("winback", "percent", 20.0, "SPRING", None), ("welcome", "amount", 5.0, None, None),
        ("winback", None, None, None, None),
    ]  # fmt: skip


def test_a_unique_code_is_the_same_in_every_run() -> None:
    first = attached(due("a", "b", value_0=[20.0] * 2), campaign((offer(code=UNIQUE),)))
    alone = attached(due("b", value_0=[20.0]), campaign((offer(code=UNIQUE),)))
    assert first["code"][1] == alone["code"][0]
    assert first["code"].to_list() == first.select(unique_codes(KEY, "BACK")).to_series().to_list()
    assert first["code_uses"].to_list() == [1, 1]


def test_unique_codes_without_a_key_are_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        attach_offers(due("a", value_0=[1.0]), [campaign((offer(code=UNIQUE),))], CodeSources())


def test_a_code_expires_after_its_first_sending() -> None:
    asked = campaign((offer(code=FIXED, valid=2 * DAY),))
    rows = attached(due("a", value_0=[20.0]), asked)
    assert rows.select("offer_since", "offer_code", "code_expires_at").row(0) == (NOON, "SPRING", NOON + 2 * DAY)
    again = attached(due("a", value_0=[20.0], since=NOON - DAY, code="SPRING"), asked)
    assert again.select("offer_since", "offer_code", "code_expires_at").row(0) == (NOON - DAY, "SPRING", NOON + DAY)


def test_another_code_of_the_same_series_has_a_validity_of_its_own() -> None:
    rows = attached(
        due("a", value_0=[20.0], since=NOON - 60 * DAY, code="TEN"), campaign((offer(code=FIXED, valid=DAY),))
    )
    assert rows.select("offer_since", "offer_code", "code_expires_at").row(0) == (NOON, "SPRING", NOON + DAY)


def test_a_message_without_offer_leaves_the_state_of_the_last_one() -> None:
    rows = attached(due("a", since=NOON - DAY, code="TEN"), campaign(()))
    assert rows.select("offer_since", "offer_code", "code_expires_at").row(0) == (NOON - DAY, "TEN", None)


def test_an_offer_without_code_is_valid_from_its_first_sending_too() -> None:
    asked = campaign((offer(valid=DAY),))
    assert attached(due("a", value_0=[20.0]), asked)["code_expires_at"].item() == NOON + DAY
    again = attached(due("a", value_0=[20.0], since=NOON - DAY / 2), asked)
    assert again["code_expires_at"].item() == NOON + DAY / 2


def test_codes_of_one_pool_are_shared_out_among_all_steps_and_files() -> None:
    frame = pl.concat([due("a", "b"), due("a", name="welcome")])
    other = Code(PLACE, pool="./codes.csv")
    rows = attached(
        frame,
        campaign((offer("gift", None, POOL),)),
        campaign((offer("gift", None, other),), name="welcome"),
        pools={"codes.csv": ["A1", "B2", "C3"], "./codes.csv": ["A1", "B2", "C3"]},
    )
    assert sorted(rows["code"]) == ["A1", "B2", "C3"]
    assert rows.select("code_pool", "code_uses", "no_code").rows() == [
        ("codes.csv", 1, False), ("codes.csv", 1, False), ("./codes.csv", 1, False),
    ]  # fmt: skip


def test_a_pool_that_has_run_out_is_told() -> None:
    rows = attached(due("a", "b"), campaign((offer("gift", None, POOL),)), pools={"codes.csv": ["A1"]})
    assert rows.select("code", "no_code").rows() == [("A1", False), (None, True)]


def test_history_keeps_codes_of_a_pool_from_being_given_again() -> None:
    used = pl.DataFrame([("A1", "codes.csv", "winback", "of-z", "z")], dict(USED), orient="row")
    pool = Pool("codes.csv", pl.Series("code", ["A1", "B2"]))
    sources = CodeSources(None, {"codes.csv": pool}, used)
    rows = attach_offers(due("a", "z"), [campaign((offer("gift", None, POOL),))], sources)
    assert rows["code"].to_list() == ["B2", "A1"]


def test_the_order_of_the_rows_decides_nothing() -> None:
    asked = campaign((offer("gift", None, POOL, when="x"), offer(code=UNIQUE)))
    frame = due("a", "b", "c", "d", offer_0=[True, False, True, True], value_1=[1.0, 2.0, 3.0, 4.0])
    pools = {"codes.csv": ["A1", "B2"]}
    expected = attached(frame, asked, pools=pools)
    assert_frame_equal(attached(frame[::-1], asked, pools=pools)[::-1], expected)


def found(*campaigns: Campaign) -> list[str]:
    problems = Problems()
    check_offers(campaigns, problems)
    return [f"{problem.severity}: {problem.key}: {problem.message}" for problem in problems]


def test_sound_offers_are_no_problem() -> None:
    assert found(campaign((offer(code=FIXED),), (offer(code=FIXED),))) == []
    assert found(campaign((offer(value="points / 10", code=UNIQUE), offer("gift", None, POOL)))) == []


def test_one_code_for_two_discounts_is_a_problem() -> None:
    lower = Code(PLACE, fixed="spring")
    (problem,) = found(campaign((offer(code=FIXED),)), campaign((offer(value="10", code=lower),), name="other"))
    assert problem == "error: campaigns.other.s0: the code spring would be two discounts, and a shop knows it as one."


def test_a_code_of_all_with_a_value_of_each_is_a_problem() -> None:
    (problem,) = found(campaign((offer(value="spend / 10", code=FIXED),)))
    assert "its value must be one number" in problem
    assert found(campaign((offer("points", "spend / 10", FIXED),))) == []


def test_one_prefix_for_two_discounts_of_a_series_is_warned_of() -> None:
    (problem,) = found(campaign((offer(value="10", code=UNIQUE),), (offer(code=UNIQUE),)))
    assert problem.startswith("warning: campaigns.winback.s1: a customer's code is the same as in step 's0'")
    other = Code(PLACE, prefix="LAST")
    assert found(campaign((offer(value="10", code=UNIQUE),), (offer(code=other),))) == []


def test_an_offer_that_is_over_before_a_later_step_sends_it_is_warned_of() -> None:
    def days(*steps: tuple[int, Offer | None]) -> Campaign:
        made = tuple(
            Step(f"s{number}", number, PLACE, "hello", after * DAY, offers=(each,) if each else ())
            for number, (after, each) in enumerate(steps)
        )
        return Campaign("winback", PLACE, "winback", Expression("true"), made)

    three_days = offer(code=UNIQUE, valid=3 * DAY)
    problems = Problems()
    check_offers([days((0, three_days), (2, three_days), (7, three_days))], problems)
    assert [str(problem) for problem in problems] == [
        "recipes/shop/recipe.yaml:3:5: campaigns.winback.s2: this offer has run out when step 's2' sends it: "
        "it is valid for 3d from step 's0' on, which goes out 7d before. "
        "Make it `valid` for longer than 7d, or give this step an offer with another `prefix`."
    ]
    assert len(found(days((0, three_days), (3, three_days)))) == 1  # over in the moment of its sending
    assert len(found(days((0, offer(code=FIXED, valid=3 * DAY)), (4, None), (9, offer(code=FIXED, valid=DAY))))) == 1
    other = offer(code=Code(PLACE, prefix="LAST"), valid=3 * DAY)
    for sound in (
        days((0, three_days), (7, None)),
        days((0, three_days), (7, other)),
        days((0, three_days), (4, other), (8, three_days)),  # another code between the two: it counts anew
        days((0, three_days), (7, offer(code=UNIQUE, valid=8 * DAY))),
        days((0, three_days), (7, offer(code=UNIQUE))),
    ):
        assert found(sound) == []


def test_what_is_warned_of_is_what_customers_would_see() -> None:
    first_sent = NOON - 7 * DAY
    asked = campaign((offer("gift", None, UNIQUE, valid=3 * DAY),))
    again = due("a", since=first_sent, code=attached(due("a"), asked)["code"].item())
    (row,) = attached(again, asked).iter_rows(named=True)
    assert row["code_expires_at"] == first_sent + 3 * DAY < row["send_at"]


@pytest.mark.parametrize(
    ("reward", "value", "said"),
    [
        ("percent", "0", "a reward of percent is more than 0 and at most 100, not 0."),
        ("percent", "120", "not 120."),
        ("amount", "-5", "a reward of amount is more than 0, not -5."),
        ("percent", None, "a reward of percent has no value."),
    ],
)
def test_a_discount_that_is_none_is_told(reward: str, value: str | None, said: str) -> None:
    (problem,) = found(campaign((offer(reward, value),)))
    assert problem.endswith(said)


def test_a_key_is_needed_for_unique_codes_alone() -> None:
    assert needs_key([campaign((offer(code=FIXED),), (offer(code=UNIQUE),))])
    assert needs_key([campaign((offer(code=Code(PLACE, prefix="")),))])
    assert not needs_key([campaign((offer(code=FIXED), offer(code=POOL), offer()))])
