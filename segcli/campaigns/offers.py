"""What each due message offers: the first offer whose condition holds, its value, its code and how long it is valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from segcli.campaigns.code_pools import Pool, allot
from segcli.campaigns.codes import WHOSE, check_distinct, unique_codes
from segcli.problems import Problems
from segcli.project.campaign_models import Campaign, Offer, Step
from segcli.project.durations import duration_text

PERCENT, AMOUNT, FREE_SHIPPING = "percent", "amount", "free_shipping"
USED: Mapping[str, pl.DataType] = dict.fromkeys(("code", "code_pool", *WHOSE), pl.String())
_RULES: Mapping[str, pl.DataType] = {
    "campaign": pl.String(), "step": pl.String(), "offer": pl.Int64(), "reward": pl.String(), "fixed": pl.String(),
    "pool": pl.String(), "prefix": pl.String(), "valid": pl.Duration("us"), "conditional": pl.Boolean(),
    "valued": pl.Boolean(),
}  # fmt: skip
_STEP = ("campaign", "step")


@dataclass(frozen=True)
class CodeSources:
    """Where codes come from: the secret key, the files of codes by path, and what of them was ever given (USED)."""

    key: bytes | None = None
    pools: Mapping[str, Pool] = field(default_factory=dict)
    used: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=USED))


def needs_key(campaigns: Iterable[Campaign]) -> bool:
    """Whether an offer has a unique code."""
    return any(offer.code is not None and offer.code.prefix is not None for _, _, offer in _offers(campaigns))


def attach_offers(due: pl.DataFrame, campaigns: Iterable[Campaign], sources: CodeSources) -> pl.DataFrame:
    """The due rows with what their messages offer, in the order of `due`.

    `due` has campaign, step, series, customer_id, send_at, and of the series' state offer_since and offer_code: when
    its last offer was first sent, and with which code. Where offer n of a step (from 0) has a `when` or a `value`,
    the columns `offer_<n>` (Boolean) and `value_<n>` hold them; they are dropped.

    Adds reward, offer_value, code, code_pool and code_expires_at, all null without an offer; code_uses (1, or null
    for a code that all share); and no_code where a pool has run out. offer_since and offer_code become those of the
    state after this message. Raises DataError if two customers would get the same code.
    """
    rules = _rules(campaigns)
    rows = _with_rule(due, rules)
    rows = _with_codes(rows, sources)
    offered = pl.col("reward").is_not_null()
    again = pl.col("code").eq_missing(pl.col("offer_code")) & pl.col("offer_since").is_not_null()
    rows = rows.with_columns(
        offer_since=pl.when(offered & ~again).then("send_at").otherwise("offer_since"),
        offer_code=pl.when(offered).then("code").otherwise("offer_code"),
        no_code=pl.col("pool").is_not_null() & pl.col("code").is_null(),
        code_uses=pl.when(pl.col("pool").is_not_null() | pl.col("prefix").is_not_null()).then(pl.lit(1, pl.Int64)),
    ).with_columns(code_expires_at=pl.when(offered).then(pl.col("offer_since") + pl.col("valid")))
    return rows.rename({"pool": "code_pool"}).drop("fixed", "prefix", "valid")


def _rules(campaigns: Iterable[Campaign]) -> pl.DataFrame:
    rows = []
    for campaign in campaigns:
        for step in campaign.steps:
            for number, offer in enumerate(step.offers):
                kinds = _kind_of_code(offer)
                conditions = (offer.when is not None, offer.value is not None)
                rows.append((campaign.name, step.name, number, offer.reward, *kinds, offer.valid, *conditions))
    return pl.DataFrame(rows, _RULES, orient="row")


def _with_rule(due: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """The columns of the rule that each row gets, and offer_value."""
    numbers = rules["offer"].unique().sort().to_list()
    rows = due
    holds, values = [], []
    for number in numbers:
        asked = rules.filter(offer=number)
        there, free = f"__there_{number}", f"__free_{number}"
        flags = asked.select(*_STEP, pl.lit(value=True).alias(there), (~pl.col("conditional")).alias(free))
        rows = rows.join(flags, on=_STEP, how="left", maintain_order="left")
        met = pl.col(free) | pl.col(f"offer_{number}").fill_null(value=False) if asked["conditional"].any() else free
        holds.append(pl.when(pl.col(there) & met).then(number))
        value = pl.col(f"value_{number}").cast(pl.Float64) if asked["valued"].any() else pl.lit(None, pl.Float64)
        values.append(pl.when(pl.col("offer") == number).then(value))
    nothing = pl.lit(None, pl.Int64)
    rows = rows.with_columns(offer=pl.coalesce(*holds, nothing).cast(pl.Int64))
    rows = rows.with_columns(offer_value=pl.coalesce(*values, pl.lit(None, pl.Float64)))
    rows = rows.join(rules.drop("conditional", "valued"), on=[*_STEP, "offer"], how="left", maintain_order="left")
    inputs = {f"{kind}_{number}" for kind in ("offer", "value", "__there", "__free") for number in numbers}
    return rows.drop("offer", *(inputs & set(rows.columns)))


def _with_codes(rows: pl.DataFrame, sources: CodeSources) -> pl.DataFrame:
    code = [pl.col("fixed")]
    if rows["prefix"].is_not_null().any():
        if sources.key is None:
            raise ValueError("unique codes need a key")
        code.append(pl.when(pl.col("prefix").is_not_null()).then(unique_codes(sources.key, pl.col("prefix"))))
    rows = rows.join(_allotted(rows, sources), on=[*WHOSE, "pool"], how="left", maintain_order="left")
    rows = rows.with_columns(code=pl.coalesce(*code, "allotted")).drop("allotted")
    check_distinct(rows.filter(pl.col("fixed").is_null()))
    return rows


def _allotted(rows: pl.DataFrame, sources: CodeSources) -> pl.DataFrame:
    """campaign, series, customer_id, pool, allotted. What one pool gives, no other gives in the same run."""
    used = sources.used.select(*USED)
    given = []
    for path in rows["pool"].drop_nulls().unique().sort():
        codes = allot(sources.pools[path], rows.filter(pool=path).select(WHOSE), used)
        codes = codes.with_columns(code_pool=pl.lit(path))
        used = pl.concat([used, codes.select(*USED).drop_nulls("code")])
        given.append(codes.select(*WHOSE, pool="code_pool", allotted="code").unique())
    empty = pl.DataFrame(schema=dict.fromkeys((*WHOSE, "pool", "allotted"), pl.String()))
    return pl.concat([empty, *given])


def check_offers(campaigns: Iterable[Campaign], problems: Problems) -> None:
    """Adds what a shop could not carry out: a code that would be two discounts, percentages that are none, and offers
    that are over before they are sent.
    """
    shared: dict[str, tuple[str, str | None]] = {}
    unique: dict[tuple[str, str], tuple[Step, tuple[str, str | None]]] = {}
    for campaign, step, offer in _offers(campaigns):
        key = f"campaigns.{campaign.name}.{step.name}"
        _check_value(offer, key, problems)
        _check_expiry(campaign, step, offer, key, problems)
        discount = (offer.reward, offer.value.text if offer.value else None)
        if offer.code is not None and offer.code.fixed is not None:
            if shared.setdefault(offer.code.fixed.upper(), discount) != discount:
                message = f"the code {offer.code.fixed} would be two discounts, and a shop knows it as one."
                problems.error(message, offer.code.place, key, "Give one of the offers another code.")
            elif offer.reward in (PERCENT, AMOUNT) and _number(offer) is None:
                message = f"the code {offer.code.fixed} is the same for all, so its value must be one number."
                hint = "For a value of each customer's own, make codes unique: `code: {prefix: ...}`."
                problems.error(message, offer.code.place, key, hint)
        if offer.code is not None and offer.code.prefix is not None:
            first, same = unique.setdefault((campaign.name, offer.code.prefix), (step, discount))
            if first.name != step.name and same != discount:
                message = f"a customer's code is the same as in step '{first.name}', where it is another discount."
                problems.warn(message, offer.code.place, key, "Give this offer another `prefix`.")


def _check_value(offer: Offer, key: str, problems: Problems) -> None:
    number = _number(offer)
    if offer.reward in (PERCENT, AMOUNT) and offer.value is None:
        problems.warn(f"a reward of {offer.reward} has no value.", offer.place, key, "Add it: `value: 20`.")
    if number is not None and (number <= 0 or (offer.reward == PERCENT and number > 100)):
        bounds = "more than 0 and at most 100" if offer.reward == PERCENT else "more than 0"
        place = offer.value.place if offer.value else offer.place
        problems.error(f"a reward of {offer.reward} is {bounds}, not {number:g}.", place, key)


def _check_expiry(campaign: Campaign, step: Step, offer: Offer, key: str, problems: Problems) -> None:
    """Warns where the time of a code, which counts from its first sending, is over before a later step shows it."""
    first = _first_sending(campaign, step, offer)
    if first is None or offer.valid is None or step.after - first.after < offer.valid:
        return
    apart, valid = duration_text(step.after - first.after), duration_text(offer.valid)
    message = (
        f"this offer has run out when step '{step.name}' sends it: it is valid for {valid} from step '{first.name}' "
        f"on, which goes out {apart} before."
    )
    hint = f"Make it `valid` for longer than {apart}, or give this step an offer with another `prefix`."
    problems.warn(message, offer.place, key, hint)


def _first_sending(campaign: Campaign, step: Step, offer: Offer) -> Step | None:
    """The step before that sends the same code first, unless a step between the two puts another in its place."""
    first = None
    for earlier in reversed(campaign.steps[: step.number]):
        if any(_kind_of_code(each) == _kind_of_code(offer) for each in earlier.offers):
            first = earlier
        elif earlier.when is None and any(each.when is None for each in earlier.offers):
            break
    return first


def _kind_of_code(offer: Offer) -> tuple[str | None, ...]:
    return (offer.code.fixed, offer.code.pool, offer.code.prefix) if offer.code else (None, None, None)


def _number(offer: Offer) -> float | None:
    try:
        return float(offer.value.text) if offer.value else None
    except ValueError:
        return None


def _offers(campaigns: Iterable[Campaign]) -> Iterator[tuple[Campaign, Step, Offer]]:
    for campaign in campaigns:
        for step in campaign.steps:
            for offer in step.offers:
                yield campaign, step, offer
