"""Why a message to one customer is kept back, in words: the rule and its law, the cap and its count, the winner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from segcli.campaigns import code_pools, gate
from segcli.campaigns.caps import cap_column
from segcli.contact import allowed_field, choose_policies
from segcli.contact.consent_fields import rule_text
from segcli.problems import Problems
from segcli.project.durations import duration_text
from segcli.project.models import Project

if TYPE_CHECKING:
    from segcli.campaign_pipeline import CampaignRun
    from segcli.project.campaign_models import Cap, Step

BEFORE_RANKING = (
    gate.SUPPRESSED, gate.NO_ADDRESS, gate.INVALID_ADDRESS, gate.NO_CONSENT, gate.NOTHING_TO_SHOW, gate.OUTRANKED,
)  # fmt: skip
ADDRESS = {"email": "email address", "sms": "phone number"}
COLUMN = {"email": "email", "sms": "phone"}

Values = Mapping[str, Any]  # every column of the customer


def kept_back(row: Mapping[str, Any], step: Step, run: CampaignRun, values: Values) -> str:
    """Why this due step of the customer does not go out; `row` is the step in the decided frame."""
    project, reason = run.prepared.prepared.project, str(row["reason"])
    match reason:
        case gate.SUPPRESSED if row["barred"] != gate.SUPPRESSED:
            return f"suppressed by the segment {row['suppressed_by']}"
        case gate.SUPPRESSED | gate.NO_ADDRESS | gate.INVALID_ADDRESS:
            return barred_words(values, step.channel)
        case gate.NO_CONSENT:
            return consent_words(values, project, step.channel, step.list)
        case gate.NOTHING_TO_SHOW:
            least = step.products.at_least if step.products else 0
            return f"nothing to show: {len(row['products'] or []):,} products, and it asks for at least {least:,}"
        case gate.OUTRANKED:
            return _outranked_words(row, run)
        case gate.OVER_CAP:
            return _cap_words(row, run)
        case gate.HELD_OUT:
            return f"held out: one of the {percent(row['holdout'])} of customers who get nothing of it, to compare with"
        case code_pools.NO_CODE_LEFT:
            return f"{reason} in {row['code_pool']}"
    return reason


def barred_words(values: Values, channel: str) -> str:
    """Why nothing at all may go to the customer over a channel; only where something bars it."""
    barred = values.get(f"{channel}_barred")
    if barred == gate.SUPPRESSED:
        return f"suppressed: {values.get('suppression') or f'the {ADDRESS[channel]} bounced'}"
    if barred == gate.INVALID_ADDRESS:
        return f"invalid address: {values.get(COLUMN[channel])}"
    return f"no address: no {ADDRESS[channel]} is known" if barred == gate.NO_ADDRESS else str(barred)


def consent_words(values: Values, project: Project, channel: str, list_: str | None = None) -> str:
    """Which rule of the consent policy says no, and the law it encodes; or that they left the list."""
    if list_ and values.get(f"{channel}_allowed") and values.get(allowed_field(channel, list_)) is not True:
        return f"no consent: they left the list {list_}"
    rule, policy = values.get(f"{channel}_consent_rule"), values.get("consent_policy")
    if rule is None:
        return f"no consent: no rule of the policy {policy} says yes"
    law = laws(project, channel).get(rule)
    return f"no consent ({rule}{f'; {law}' if law else ''})"


def laws(project: Project, channel: str) -> dict[str, str]:
    """`policy: rule`, as `<channel>_consent_rule` has it -> the law that the rule encodes."""
    choice = choose_policies(project.consent, project.country, Problems())
    return {rule_text(policy, rule): rule.law for policy in choice.used for rule in policy.rules[channel]}


def _outranked_words(row: Mapping[str, Any], run: CampaignRun) -> str:
    """The one message of the customer over this channel that was left after the ranking."""
    theirs = run.decided.filter(
        pl.col("customer_id") == row["customer_id"], pl.col("channel") == row["channel"], pl.col("marketing"),
        pl.col("channel") != gate.FOR_PEOPLE, pl.col("reason").is_null() | ~pl.col("reason").is_in(BEFORE_RANKING),
    )  # fmt: skip
    if theirs.is_empty():
        return gate.OUTRANKED
    best = theirs.row(0, named=True)
    if best["priority"] != row["priority"]:
        return f"beaten by {best['message']}, whose priority is {best['priority']} and not {row['priority']}"
    return f"beaten by {best['message']}, of the same priority and due since {best['moment']:%Y-%m-%d %H:%M}"


def _cap_words(row: Mapping[str, Any], run: CampaignRun) -> str:
    """The cap that is reached, and how many messages it counts."""
    theirs = run.recent.filter(pl.col("customer_id") == row["customer_id"], pl.col("channel") == row["channel"])
    sent = theirs.collect(engine="streaming").get_column("send_at")
    decided: set[tuple[str, Any]] = set()
    for number, cap in enumerate((each.cap for each in run.prepared.caps), 1):
        met = cap.when is None or bool(row.get(cap_column(number)))
        if cap.channel != row["channel"] or (cap.channel, cap.per) in decided or not met:
            continue
        decided.add((cap.channel, cap.per))
        near = sent.filter((sent - row["send_at"]).abs() < cap.per)
        if len(near) >= cap.most:
            when = ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in near.sort().tail(cap.most))
            return f"over the cap ({cap_text(cap)}): sent {when}"
    return gate.OVER_CAP


def cap_text(cap: Cap) -> str:
    """`at most 1 per 7d when engagement = 'cooling'`."""
    when = f" when {cap.when.text}" if cap.when else ""
    return f"at most {cap.most} per {duration_text(cap.per)}{when}"


def percent(share: float) -> str:
    """`10 %`, `2.5 %`."""
    return f"{share * 100:.4g} %"
