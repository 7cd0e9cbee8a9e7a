"""Random templates that both ways of rendering know, and random recipients for them."""

from __future__ import annotations

import datetime

import polars as pl
from hypothesis import strategies as st

SCHEMA: dict[str, pl.DataType] = {
    "first_name": pl.String(), "city": pl.String(), "orders": pl.Int64(), "spend": pl.Float64(), "vip": pl.Boolean(),
    "born": pl.Date(), "send_at": pl.Datetime("us", "Europe/Istanbul"), "tags": pl.List(pl.String()),
    "locale": pl.String(), "currency": pl.String(),
    "products": pl.List(pl.Struct({"name": pl.String(), "price": pl.Float64(), "stock": pl.Int64()})),
}  # fmt: skip

_TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="ab .=&<>\"'\n\r\tşİıé中😀\ue000", max_size=160),
    st.sampled_from(
        ["", ".", "From me", "=", "x" * 80, "é" * 90, "a=b&c" * 40, "{{ city }}", "</b>", " \n", "word " * 300]
    ),
)
_NUMBERS = st.one_of(st.integers(-3, 3), st.integers(-(2**60), 2**60))
_FLOATS = st.one_of(st.sampled_from([0.0, 1.0, 0.2, 2.5, -1.5, 1e22, 1e-9]), st.floats(allow_infinity=False))
_MOMENTS = st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2040, 1, 1))


def _maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(values, values, values, st.none())


PRODUCTS = st.lists(
    _maybe(st.fixed_dictionaries({"name": _maybe(_TEXTS), "price": _maybe(_FLOATS), "stock": _maybe(_NUMBERS)})),
    max_size=4,
)
ROWS = st.fixed_dictionaries(
    {
        "first_name": _maybe(_TEXTS), "city": _maybe(_TEXTS), "orders": _maybe(_NUMBERS), "spend": _maybe(_FLOATS),
        "vip": _maybe(st.booleans()), "born": _maybe(_MOMENTS.map(datetime.datetime.date)), "send_at": _maybe(_MOMENTS),
        "tags": _maybe(st.lists(_maybe(_TEXTS), max_size=3)), "locale": st.sampled_from(["tr_TR", "en_US", "de"]),
        "currency": st.sampled_from(["TRY", "JPY"]), "products": _maybe(PRODUCTS),
    }
)  # fmt: skip


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Recipients as a frame of the schema; times are those of clocks in Istanbul."""
    schema = SCHEMA | {"send_at": pl.Datetime("us")}
    frame = pl.DataFrame(rows, schema)
    zoned = pl.col("send_at").dt.replace_time_zone("Europe/Istanbul", ambiguous="earliest", non_existent="null")
    return frame.with_columns(zoned)


def _texts_of(names: list[str]) -> st.SearchStrategy[str]:
    """Texts and nothing else: of another kind is only what nothing more is done with."""
    plain = st.sampled_from(names)
    filters = st.sampled_from(
        ["|upper", "|lower", "|title", "|capitalize", "|trim", "|truncate(9)", "|urlencode", "|replace('a', 'b<')",
         "|default('x & y')", "|default('z', true)", "|first", "|last", "|e"]
    )  # fmt: skip
    return st.builds(lambda name, some: name + "".join(some), plain, st.lists(filters, max_size=2))


def _shown_texts_of(names: list[str]) -> st.SearchStrategy[str]:
    ends = st.sampled_from(["", "", "|length", "|default(orders)"])
    return st.builds(lambda text, end: text + end, _texts_of(names), ends)


def _numbers_of(names: list[str]) -> st.SearchStrategy[str]:
    filters = st.sampled_from(
        ["|money", "|money('EUR')", "|number", "|number(1)", "|percent", "|round(1)", "|round", "|int"]
    )
    some = st.builds(lambda name, tail: name + tail, st.sampled_from(names), st.one_of(st.just(""), filters))
    sums = st.builds(
        "({} {} {})".format, st.sampled_from(names), st.sampled_from("+-*/"), st.sampled_from([*names, "3"])
    )
    return st.one_of(some, sums, sums.map(lambda text: f"{text}|number"), st.sampled_from(names).map("-{}".format))


def _conditions(texts: list[str], numbers: list[str]) -> st.SearchStrategy[str]:
    compared = st.builds("{} {} {}".format, st.sampled_from(numbers), st.sampled_from(["<", ">=", "==", "!="]),
                         st.sampled_from([*numbers, "1", "2.5"]))  # fmt: skip
    plain = st.one_of(
        compared,
        st.sampled_from([*texts, *numbers, "vip", "products", "tags"]),
        st.sampled_from(texts).map("{} in ['a', 'Ali', '']".format),
        st.sampled_from(texts).map("{} not in ('a', 'b')".format),
        st.sampled_from(texts).map("'a' in {}".format),
        st.sampled_from(texts).map("{} in tags".format),
        st.sampled_from([*texts, *numbers]).map("{} is none".format),
        st.sampled_from([*texts, *numbers]).map("{} is defined".format),
        st.just("1 < orders < 5"),
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            inner.map("not ({})".format),
            st.builds("({}) and ({})".format, inner, inner),
            st.builds("({}) or ({})".format, inner, inner),
        ),
        max_leaves=3,
    )


def _outputs(texts: list[str], numbers: list[str]) -> st.SearchStrategy[str]:
    shown = st.one_of(
        _shown_texts_of(texts),
        _shown_texts_of(texts),
        _numbers_of(numbers),
        st.sampled_from(["vip", "born", "send_at", "born|date", "send_at|date('long')", "send_at|time"]),
        st.sampled_from(["tags|join(', ')", "products|join('-', 'name')", "tags|length", "products|length", "tags[0]"]),
        st.sampled_from(["products[0].name", "products[5].price|default('-')", "tags|first", "products[-1].stock"]),
        st.sampled_from(["'<b>'", "first_name or city", "first_name and city"]),
        st.sampled_from(["50|money", "0.2|percent", "1.5", "1 / 2", "'ilk yaz'|title", "1.5 ~ city"]),
        st.builds("{} ~ '-' ~ {}".format, st.sampled_from(texts), st.sampled_from(numbers)),
        st.builds(
            "{} if {} else {}".format, st.sampled_from(texts), _conditions(texts, numbers), st.sampled_from(numbers)
        ),
        st.builds("{} if {}".format, st.sampled_from(texts), _conditions(texts, numbers)),
        _conditions(texts, numbers),
    )  # fmt: skip
    return st.one_of(shown.map("{{{{ ({})|default('none') }}}}".format), shown.map("{{{{ {} }}}}".format))


_DATA = st.one_of(
    st.sampled_from(
        ["Hello ", "\n", '<a href="x">', " = ", ".\n.", "From here", "ğüş ", "line \n", "x" * 100, "&amp;"]
    ),
    st.text(alphabet="ab .=\n<>é", max_size=100),
)


def _bodies(texts: list[str], numbers: list[str], loops: bool) -> st.SearchStrategy[str]:
    part = st.one_of(_DATA, _outputs(texts, numbers))
    some = st.lists(part, min_size=1, max_size=4).map("".join)
    choice = st.builds(
        "{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format,
        _conditions(texts, numbers), some, _conditions(texts, numbers), some, some,
    )  # fmt: skip
    parts = [part, part, choice]
    if loops:
        inner = _bodies(["p.name", "city"], ["p.price", "p.stock", "loop.index", "orders"], loops=False)
        tags = _bodies(["t", "first_name"], ["loop.length", "spend"], loops=False)
        products = st.sampled_from(["products", "products[:2]", "products[1:]"])
        parts += [
            st.builds(
                "{{% for p in {} %}}{}{{% if not loop.last %}}, {{% endif %}}{{% endfor %}}".format, products, inner
            ),
            st.builds("{{% for p in products %}}{}{{% else %}}{}{{% endfor %}}".format, inner, some),
            st.builds("{{% for t in tags %}}{}{{% endfor %}}".format, tags),
            st.builds("{{% for p in products %}}{{% for t in tags %}}{}{{% endfor %}}{{% endfor %}}".format, tags),
            st.builds("{{% set city = {} %}}".format, _texts_of(texts)),
        ]
    return st.lists(st.one_of(parts), max_size=5).map("".join)


TEMPLATES = _bodies(["first_name", "city"], ["orders", "spend"], loops=True)
