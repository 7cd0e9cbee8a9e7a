"""How recipients of marketing texts refuse further ones: the words of their country, and the sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml
import yamlcore

RULES = Path(__file__).with_name("opt_out.yaml")
FALLBACK = "en"
END = 80  # characters: where in a text a way out is looked for
_LANGUAGE = r"^([A-Za-z]{2,3})"
_PAIR = ("country", "language")


@dataclass(frozen=True)
class OptOut:
    """What holds in some countries; `labels` are beginnings of which a marketing text must have one."""

    word: str
    law: str
    source: str
    countries: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    words: Mapping[str, str] | None = None  # by language, where it is not `word`
    label: str | None = None
    labels: tuple[str, ...] = ()
    custom: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """Every answer that is a refusal, the word of the sentence first."""
        return tuple(dict.fromkeys((self.word, *(self.words or {}).values(), *self.also)))

    def word_in(self, language: str) -> str:
        """The word that a text in this language names."""
        return (self.words or {}).get(language, self.word)


def opt_out_of(country: str | None) -> OptOut:
    """The rule of a country (ISO 3166 code), or the one for elsewhere."""
    return _rules().get(country or "", _elsewhere())


def with_opt_out(texts: pl.DataFrame, number: str | None = None) -> pl.DataFrame:
    """Marketing texts with the label that their country asks for, and a way to refuse where they name none.

    `texts` has text (null where it could not be rendered), country, language, and maybe unsubscribe_url. A way out is
    the country's word in capital letters or the link within the last 80 characters. The sentence names the `number`
    to write to, else the link, else it asks for an answer.
    """
    absent = [name for name in (*_PAIR, "unsubscribe_url") if name not in texts.columns]
    rows = texts.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    rows = rows.with_columns(pl.col("language").str.extract(_LANGUAGE, 1).str.to_lowercase().alias("__language"))
    pairs = rows.select("country", "__language").unique(maintain_order=True)
    said = pl.DataFrame(
        [(country, language, *_said(country, language, number)) for country, language in pairs.iter_rows()],
        dict.fromkeys(("country", "__language", *_SAID), pl.String),
        orient="row",
    )
    rows = rows.join(said, on=["country", "__language"], how="left", nulls_equal=True, maintain_order="left")
    link = pl.col("unsubscribe_url")
    end = pl.col("text").str.slice(-END)
    named = end.str.contains(pl.col("__pattern")) | pl.col("text").str.contains(link, literal=True).fill_null(
        value=False
    )
    by_link = pl.concat_str("__before", link, "__after") if number is None else pl.lit(None, pl.String)
    sentence = pl.coalesce(by_link, "__sentence")
    text = pl.when(named).then("text").otherwise(pl.concat_str("text", pl.lit("\n"), sentence))
    labelled = pl.col("text").str.contains(pl.col("__labelled")).fill_null(value=True)
    text = pl.when(labelled).then(text).otherwise(pl.concat_str("__label", pl.lit(" "), text))
    return rows.with_columns(text.alias("text")).select(texts.columns)


_SAID = ("__pattern", "__sentence", "__before", "__after", "__label", "__labelled")


def _said(country: str | None, language: str | None, number: str | None) -> tuple[str | None, ...]:
    """What texts of one country and language look for and say, in the order of _SAID."""
    rule = opt_out_of(country)
    sentences = _sentences()
    spoken = language if language is not None and language in sentences else FALLBACK
    sentence, word = sentences[spoken], rule.word_in(spoken)
    pattern = rf"\b(?:{'|'.join(re.escape(each) for each in (rule.word, *(rule.words or {}).values()))})\b"
    answer = sentence["answer"] if number is None else sentence["number"]
    before, _, after = sentence["link"].partition("{link}")
    labelled = rf"^\s*(?:{'|'.join(re.escape(each) for each in rule.labels)})" if rule.labels else None
    return pattern, answer.format(word=word, number=number), before, after, rule.label, labelled


@cache
def _read() -> dict[str, Any]:
    found = yaml.load(RULES.read_text(encoding="utf-8"), Loader=yamlcore.CCoreLoader)
    return dict(found)


@cache
def _rules() -> Mapping[str, OptOut]:
    rules = [_rule(each) for each in _read()["rules"]]
    return {country: rule for rule in rules for country in rule.countries}


@cache
def _elsewhere() -> OptOut:
    return _rule(_read()["elsewhere"])


def _sentences() -> Mapping[str, Mapping[str, str]]:
    sentences: Mapping[str, Mapping[str, str]] = _read()["sentences"]
    return sentences


def _rule(values: Mapping[str, Any]) -> OptOut:
    lists = {name: tuple(values.get(name, ())) for name in ("countries", "also", "labels")}
    return OptOut(**{**values, **lists})
