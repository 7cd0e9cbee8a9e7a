import hashlib
import hmac
import re
from pathlib import Path

import polars as pl
import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from segcli.messages.landing import (
    PATH,
    landing_urls,
    page_paths,
    recipients_pages,
    shared_pages,
    without_parameter,
)
from segcli.messages.landing_html import POLICY, Page, compile_landing_page, finish_page
from segcli.messages.layout import Layout, load_layout
from segcli.messages.model import Source
from segcli.problems import Place, Problems

KEY = b"0123456789abcdef0123456789abcdef"
BASE = "https://shop.example/l/"
HEAD = "<head><title>Shoes</title></head>"


def recipients(*customers: str, **columns: object) -> pl.DataFrame:
    frame = pl.DataFrame({"customer_id": customers}, {"customer_id": pl.String})
    same = {"campaign": "winback", "step": "first", "series": "s1", "locale": "tr_TR", **columns}
    return frame.with_columns(
        pl.Series(name, value) if isinstance(value, list) else pl.lit(value).alias(name) for name, value in same.items()
    )


def finished(text: str, folder: Path = Path(), *, per_recipient: bool = False) -> tuple[Page | None, list[str]]:
    places = tuple(Place("page.html", line + 1, 1) for line in range(text.count("\n") + 1))
    problems = Problems()
    page = finish_page(Source(text, True, places), folder, problems, per_recipient=per_recipient)
    return page, [str(problem) for problem in problems]


def refused(text: str, folder: Path = Path(), *, per_recipient: bool = False) -> list[str]:
    page, problems = finished(text, folder, per_recipient=per_recipient)
    assert page is None
    return problems


def page_of(text: str, folder: Path = Path(), *, per_recipient: bool = False) -> Page:
    page, problems = finished(text, folder, per_recipient=per_recipient)
    assert page is not None, problems
    return page


def test_a_recipients_page_has_a_name_that_nobody_can_guess() -> None:
    digest = hmac.new(KEY, b"landing:7:winback2:s12:c15:first", hashlib.sha256).hexdigest()
    path = f"{digest[0]}/{digest[1:3]}/{digest[3:32]}.html"
    assert page_paths(recipients("c1"), KEY).to_list() == [path]
    assert landing_urls(recipients("c1"), BASE, KEY).to_list() == [BASE + path]
    assert landing_urls(recipients("c1"), BASE.rstrip("/"), KEY).to_list() == [BASE + path]
    assert re.match(PATH, path)


def test_the_same_message_has_the_same_page_and_every_other_another() -> None:
    frames = [recipients("a", "b"), recipients("a", series="s2"), recipients("a", step="last"), recipients("", "a:1")]
    paths = [path for frame in frames for path in page_paths(frame, KEY)]
    assert len(set(paths)) == 6
    assert page_paths(recipients("b", "a"), KEY).to_list() == paths[1::-1]
    assert not set(paths) & set(page_paths(recipients("a", "b"), KEY[::-1]))


def test_a_shared_page_is_called_by_campaign_step_and_locale() -> None:
    frame = recipients("a", "b", "c", locale=["tr_TR", None, "../x"])
    paths = page_paths(frame).to_list()
    assert paths == ["winback/first.tr_TR.html", "winback/first.html", "winback/first.___x.html"]
    assert all(re.match(PATH, path) for path in paths)
    assert landing_urls(frame, BASE)[0] == f"{BASE}winback/first.tr_TR.html"


def test_what_says_who_somebody_is_never_reaches_a_page() -> None:
    private = {"first_name": "Ayşe", "email": "a@shop.example", "unsubscribe_url": "https://shop.example/u?t=1"}
    context = recipients(
        "c1", **private, token="t", shop="Shop", coupon_code="BACK-1", referral_url="https://r.example"
    )
    mine = recipients_pages(context, page_paths(context, KEY))
    names = {"customer_id", "path", "campaign", "step", "locale", "shop", "coupon_code", "referral_url"}
    assert set(mine.columns) == names
    shared = shared_pages(context, page_paths(context))
    assert set(shared.columns) == names - {"customer_id", "referral_url"}


def test_a_shared_page_shows_what_its_recipients_have_in_common() -> None:
    context = recipients(
        "a", "b", "c", locale=["tr_TR", "tr_TR", "en_GB"], offer_reward=["percent"] * 3, offer_value=[10.0, 20.0, 5.0],
        coupon_code=["ALL", "ALL", "MINE"],
        shop_url=[f"https://shop.example/?utm_source=segcli&t={token}#top" for token in ("1", "2", "3")],
    )  # fmt: skip
    pages = shared_pages(context, page_paths(context), token="t")
    english, turkish = pages.to_dicts()
    assert turkish["path"] == "winback/first.tr_TR.html"
    assert (turkish["offer_reward"], turkish["offer_value"], turkish["coupon_code"]) == ("percent", None, "ALL")
    assert turkish["shop_url"] == "https://shop.example/?utm_source=segcli#top"
    assert english["coupon_code"] is None  # of one alone it may be their own
    assert english["shop_url"] == turkish["shop_url"]


def test_a_shared_page_shows_the_products_that_most_have() -> None:
    def products(*ids: str) -> list[dict[str, str]]:
        return [
            {"product_id": each, "url": f"https://shop.example/{each}?t={number}"} for number, each in enumerate(ids)
        ]

    context = recipients("a", "b", "c", "d", products=[products("x", "y"), products("y", "z"), products("w", "y"), []])
    paths = page_paths(context)
    (page,) = shared_pages(context, paths, token="t").to_dicts()
    assert page["products"] == [
        {"product_id": each, "url": f"https://shop.example/{each}"} for each in ("y", "w")
    ]  # w before x, which has the same place
    assert [each["product_id"] for each in shared_pages(context, paths, products=3)["products"][0]] == ["y", "w", "x"]
    none = context.filter(pl.col("customer_id") == "d")
    assert shared_pages(none, page_paths(none))["products"].to_list() == [[]]
    shuffled = context.reverse()
    assert shared_pages(shuffled, page_paths(shuffled), token="t").to_dicts() == [page]


def test_one_parameter_is_taken_out_of_a_link() -> None:
    links = [
        "https://a.example/?t=1",
        "https://a.example/?t=1&u=2#x",
        "https://a.example/?u=2&t=1",
        "https://a.example/?at=1",
    ]
    frame = pl.DataFrame({"url": [*links, None]}).select(without_parameter(pl.col("url"), "t"))
    assert frame["url"].to_list() == [
        "https://a.example/", "https://a.example/?u=2#x", "https://a.example/?u=2", "https://a.example/?at=1", None,
    ]  # fmt: skip


def test_a_page_that_names_its_reader_is_refused_with_the_place() -> None:
    (message,) = refused(f"<html>{HEAD}\n<p>Hello {{{{ first_name | default('you') }}}}</p></html>")
    assert message.startswith(
        "page.html:2:13: a landing page may not name 'first_name': whoever has its link can read it. It may name "
    )
    assert refused(f"{HEAD}\n{{% for p in product %}}{{{{ p.name }}}}{{% endfor %}}") == [
        "page.html:2:13: a landing page has no name 'product'. Did you mean 'products'? "
        "A page says nothing of one customer, since whoever has its link can read it."
    ]
    assert "'referral_url'" in refused(f"{HEAD}{{{{ referral_url }}}}")[0]
    page_of(f"{HEAD}{{{{ referral_url }}}}", per_recipient=True)
    page_of(
        f"{HEAD}{{% for p in products %}}{{{{ loop.index }}}}{{{{ p.name }}}}{{% endfor %}}{{% set x = 1 %}}{{{{ x }}}}"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<script src="https://cdn.example/a.js"></script>', "<script> loads what is not the page's own"),
        ('<script src="//cdn.example/a.js"></script>', "<script> loads what is not the page's own"),
        ('<script src="{{ shop_url }}/a.js"></script>', "<script> loads what is not the page's own"),
        ('<link rel="stylesheet" href="https://fonts.example/css">', "<link> loads what is not the page's own"),
        ('<link rel="preconnect" href="https://fonts.example">', "<link> loads what is not the page's own"),
        ("<script>track()</script>", "a script is to be a file beside the page"),
        ("<style>h1 { color: {{ campaign }} }</style>", "nothing of Jinja's goes into <style>"),
        ("<style>@import 'https://fonts.example/css';</style>", "styles and fonts of others"),
        ("<style>@font-face { src: url(https://f.example/a.woff2) }</style>", "styles and fonts of others"),
        ('<iframe src="https://video.example"></iframe>', "<iframe> is not for a landing page"),
        ('<base href="https://shop.example">', "<base> is not for a landing page"),
        ('<a href="#" onclick="track()">x</a>', "'onclick' is a script"),
        ('<a href="javascript:alert(1)">x</a>', "a link that is a script"),
        ('<img src="gone.png" alt="">', "'gone.png' is no file beside the page"),
        ('<img src="../secret.png" alt="">', "'../secret.png' is outside of the recipe's folder"),
        ('<a href="recipe.yaml">x</a>', "'recipe.yaml' is of a kind that pages do not load"),
    ],
)
def test_what_others_would_learn_from_or_run_is_refused_with_its_place(tmp_path: Path, body: str, message: str) -> None:
    folder = tmp_path / "recipe"
    folder.mkdir()
    (tmp_path / "secret.png").touch()
    (folder / "recipe.yaml").touch()
    (problem,) = refused(f"<html>{HEAD}\n  {body}</html>", folder)
    assert problem.startswith("page.html:2:")
    assert message in problem


def test_a_page_without_a_head_or_with_a_broken_tag_is_refused() -> None:
    assert "has no <head>" in refused("<p>Shoes</p>")[0]
    assert refused(f"{HEAD}\n{{% if coupon_code %}}")[0].startswith("page.html:2:1: ")


def test_images_without_words_and_links_in_the_clear_are_warned_of() -> None:
    page, problems = finished(f'{HEAD}<img src="https://shop.example/a.png"><a href="http://shop.example">x</a>')
    assert page is not None
    assert ["no alt text" in problems[0], "begins with http:" in problems[1]] == [True, True]


def test_a_page_keeps_engines_and_others_out_and_stays_in_its_lines() -> None:
    text = "<!doctype html>\n<html>\n<head>\n<title>{{ shop }}</title>\n</head>\n<p>{{ shop }}</p></html>"
    page = page_of(text)
    lines = page.source.text.split("\n")
    assert len(lines) == len(text.split("\n"))
    assert lines[2].startswith('<head><meta charset="utf-8"><meta name="viewport"')
    assert 'name="robots" content="noindex' in lines[2]
    assert 'name="referrer" content="no-referrer"' in lines[2]
    assert POLICY in lines[2]
    known = '<html><head><meta charset="utf-8"><meta name="viewport" content="x"></head></html>'
    assert page_of(known).source.text.count("charset") == page_of(known).source.text.count("viewport") == 1


def test_relative_links_lead_to_the_files_that_are_published_with_the_page(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "my logo.PNG").write_bytes(b"picture")
    (tmp_path / "page.css").write_bytes(b"h1 {}")
    digests = [hashlib.sha256(content).hexdigest()[:12] for content in (b"picture", b"h1 {}")]
    logo, style = f"assets/my-logo.{digests[0]}.png", f"assets/page.{digests[1]}.css"
    text = (
        '<head><link rel=stylesheet href=page.css></head>\n{% if coupon_code < "a" %}'
        '<img alt="a" src="img/my logo.PNG">{% endif %}<a href="{{ shop_url }}">x</a>'
        '<a href="#top">y</a><img alt="" src=\'img/my logo.PNG\'>'
    )
    shared = page_of(text, tmp_path)
    assert shared.assets == {logo: tmp_path / "img" / "my logo.PNG", style: tmp_path / "page.css"}
    assert f"href=../{style}>" in shared.source.text
    assert shared.source.text.count(f"../{logo}") == 2
    assert f'alt="a" src="../../{logo}">' in page_of(text, tmp_path, per_recipient=True).source.text


def test_values_are_escaped_in_a_finished_page() -> None:
    page = page_of(f'{HEAD}<h1 title="{{{{ shop }}}}">{{{{ shop }}}}</h1>')
    jinja = ImmutableSandboxedEnvironment(autoescape=page.source.escape, undefined=StrictUndefined)
    shown = jinja.from_string(page.source.text).render(shop='"><script>alert(1)</script>')
    assert "<script>" not in shown


def layout() -> Layout:
    problems = Problems()
    found = load_layout(None, {"name": "Kestane", "font": "'Open Sans', Arial"}, problems)
    assert not problems.found
    return found


def test_a_page_of_the_shops_own_is_told_of_its_mistakes_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<html>{HEAD}\n<p>{{{{ shop }}}} <b>{{{{ email }}}}</b></p>\n{{{{ survey_link() }}}}</html>")
    problems = Problems()
    assert compile_landing_page(path, layout(), problems, per_recipient=True) is None
    assert [(str(problem.place), problem.message.split(":")[0]) for problem in problems] == [
        (f"{path}:2:21", "a landing page may not name 'email'"),
        (f"{path}:3:1", "a landing page may not name 'survey_url'"),
    ]
    path.write_text(f'<html>{HEAD}\n<p>{{{{ shop }}}}</p><script src="https://cdn.example/a.js"></script></html>')
    again = Problems()
    assert compile_landing_page(path, layout(), again, per_recipient=True) is None
    assert [problem.place for problem in again] == [Place(str(path), 2, 18)]


def test_every_mistake_of_a_page_has_its_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    (tmp_path / "end.html").write_text("<p>\n {{ prodcts }}\n<script>x</script>\n")
    path.write_text("<html>\n<p>{{ shop }}</p>\n{% include 'end.html' %}\n<a href='htps://a.example'>x</a></html>")
    problems = Problems()
    assert compile_landing_page(path, layout(), problems, per_recipient=False) is None
    assert [str(problem).replace(f"{tmp_path}/", "").split(". ")[0] for problem in problems] == [
        "end.html:2:5: a landing page has no name 'prodcts'",
        "end.html:3:1: a script is to be a file beside the page",
        "page.html:1:7: the page has no <head>",
        "page.html:4:1: there is no 'htps:'",
    ]


def test_filters_and_functions_of_a_page_are_left_to_the_check_of_its_template(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"{HEAD}{{{{ shop | mony }}}} {{{{ coupn() }}}} {{{{ shop is big }}}}")
    problems = Problems()
    assert compile_landing_page(path, layout(), problems, per_recipient=False) is not None
    assert not problems.found


@pytest.mark.parametrize("language", ["en", "tr", "de", "fr", "ar"])
def test_the_shipped_page_may_be_everybodys_and_one_recipients(language: str) -> None:
    path = layout().find("landing.html")
    assert path is not None
    for per_recipient in (True, False):
        problems = Problems()
        page = compile_landing_page(path, layout(), problems, per_recipient=per_recipient, language=language)
        assert page is not None
        assert not problems.found
        assert not page.assets
        assert f'lang="{language}"' in page.source.text
        assert len(page.source.text.encode()) < 12_000
