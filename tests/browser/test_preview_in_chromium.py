"""The preview page in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from segcli.exports.preview_page import preview_page
from tests.exports.preview_messages import MESSAGES, html, mail

pytestmark = pytest.mark.slow

WIDTHS = (320, 375, 1280)
DARK_CARD, LIGHT_CARD = "rgb(38, 33, 26)", "rgb(255, 255, 255)"


class Preview:
    """A page open in the browser, with every error of its script."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(path.as_uri())

    def choose(self, customer_id: str) -> None:
        self.page.locator("nav button", has_text=customer_id).click()

    def frame(self, name: str) -> Any:
        """The mail as one of the devices shows it, once it is there."""
        inner = self.page.frame_locator(f"#{name}")
        inner.locator("#greeting").wait_for(state="attached")
        return inner

    def card(self, name: str) -> str:
        colour: str = self.frame(name).locator(".card").evaluate("card => getComputedStyle(card).backgroundColor")
        return colour

    def shown(self, name: str) -> bool:
        visible: bool = self.page.locator(f"#{name}").is_visible()
        return visible


@pytest.fixture
def open_preview(browser: Any, tmp_path: Path) -> Iterator[Any]:
    contexts = []

    def opened(messages: Any = MESSAGES, width: int = 1280, scheme: str = "light", guarded: bool = True) -> Preview:
        text = preview_page("winback: we miss you", messages)
        path = tmp_path / "preview.html"
        path.write_text(text if guarded else text.replace("Content-Security-Policy", "no-policy"), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        context.set_default_timeout(10_000)
        contexts.append(context)
        return Preview(context.new_page(), path)

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_needs_sideways_scrolling_and_both_devices_keep_their_layout(open_preview: Any, width: int) -> None:
    preview = open_preview(width=width)
    for message in MESSAGES:
        preview.choose(message.customer_id)
        for tab in preview.page.get_by_role("tab").all():
            tab.click()
            assert preview.page.evaluate("document.documentElement.scrollWidth") == width
            box = preview.page.locator('[role="tabpanel"]:visible').bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    preview.choose("c-1001")
    preview.page.get_by_role("tab", name="Message").click()
    for name, layout in (("mobile", 375), ("desktop", 640)):
        assert preview.frame(name).locator("body").evaluate("() => window.innerWidth") == layout
        box = preview.page.locator(f"#{name}").bounding_box()
        assert box["x"] + box["width"] <= width
    assert preview.errors == []


@pytest.fixture
def shop() -> Iterator[tuple[str, list[str]]]:
    """A web server's address, and the paths that it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


GREEDY = """<!doctype html><html><head>
<base href="{shop}/base/"><meta http-equiv="refresh" content="0;url={shop}/refresh">
<link rel="stylesheet" href="{shop}/sheet.css"><link rel="prefetch" href="{shop}/prefetch">
<link rel="icon" href="/icon">
<style>@import "{shop}/import.css"; @font-face {{ font-family: F; src: url({shop}/font.woff) }}
p {{ font-family: F; background: url({shop}/paper.png) }}</style></head>
<body background="{shop}/wall.png"><p id="greeting">Hello</p>
<img src="{shop}/open.gif" alt=""><img src="relative.gif" alt="">
<iframe src="{shop}/frame"></iframe><object data="{shop}/object"></object>
<video src="{shop}/film" poster="{shop}/still">
</video><script src="{shop}/script.js"></script><script>document.getElementById("greeting").textContent = "ran"</script>
<form action="{shop}/form"><button autofocus>Send</button></form></body></html>"""


def test_nothing_is_asked_of_the_network_and_no_script_of_a_mail_runs(open_preview: Any, shop: Any) -> None:
    address, asked = shop
    messages = [mail("c1", "Ann", "greedy", html=GREEDY.format(shop=address)), *MESSAGES]
    preview = open_preview(messages)
    for name in ("mobile", "desktop"):
        preview.frame(name).get_by_text("Send").click()
        preview.page.wait_for_timeout(300)
        assert preview.frame(name).locator("#greeting").inner_text() == "Hello"
    assert asked == []
    open_preview(messages, guarded=False).page.wait_for_timeout(500)
    assert "/open.gif" in asked, "the policy is what kept the page quiet"


def test_links_of_a_mail_go_nowhere(open_preview: Any) -> None:
    preview = open_preview()
    for words in ("Return to the shop", "Unsubscribe"):
        preview.frame("desktop").get_by_text(words).click()
        preview.page.wait_for_timeout(200)
        assert preview.frame("desktop").locator("#greeting").inner_text() == "Hello Çiğdem"
    assert len(preview.page.context.pages) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_decides_the_scheme_of_a_mail_and_not_this_computer(open_preview: Any, scheme: str) -> None:
    preview = open_preview(scheme=scheme)
    for label, colour in (("Light", LIGHT_CARD), ("Dark", DARK_CARD), ("Light", LIGHT_CARD), ("Inverted", LIGHT_CARD)):
        preview.page.get_by_label(label).check()
        for name in ("mobile", "desktop"):
            preview.page.wait_for_function(f"document.getElementById('{name}').srcdoc.includes('color-scheme:')")
            preview.page.wait_for_timeout(100)
            assert preview.card(name) == colour
    inverted = preview.frame("mobile").locator("html").evaluate("root => getComputedStyle(root).filter")
    assert inverted.startswith("invert(1)")
    preview.choose("c-1002")
    assert preview.page.get_by_label("Inverted").is_checked()


def test_a_mail_without_a_head_or_html_element_is_shown_as_it_is(open_preview: Any) -> None:
    bare = '<p id="greeting">Hello</p><p>$& $1 costs 5 $</p>'
    standard = "<!DOCTYPE html><body><p id='greeting'>Hi</p></body>"
    preview = open_preview([mail("c1", "Ann", "bare", html=bare), mail("c2", "Bo", "body", html=standard)])
    assert preview.frame("mobile").get_by_text("$& $1 costs 5 $").is_visible()
    preview.choose("c2")
    preview.page.wait_for_timeout(100)
    assert preview.frame("mobile").locator("body").evaluate("body => body.ownerDocument.compatMode") == "CSS1Compat"


def test_the_keyboard_reaches_every_message_and_part(open_preview: Any) -> None:
    preview = open_preview()
    keyboard = preview.page.keyboard
    focused = "document.activeElement.textContent"
    keyboard.press("Tab")
    assert preview.page.evaluate(focused) == "Skip to the message"
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert preview.page.get_by_label("Dark").is_checked()
    keyboard.press("Tab")
    keyboard.press("ArrowDown")
    assert "c-1002" in preview.page.evaluate(focused)
    assert preview.page.locator('nav [aria-current="true"]').inner_text() == preview.page.evaluate(
        "document.activeElement.innerText"
    )
    keyboard.press("End")
    assert "c-1010" in preview.page.evaluate(focused)
    keyboard.press("ArrowDown")
    assert "c-1001" in preview.page.evaluate(focused)
    preview.page.get_by_role("tab", name="Message").focus()
    keyboard.press("ArrowRight")
    assert preview.page.evaluate(focused) == "Text"
    assert preview.shown("text")
    keyboard.press("End")
    assert preview.shown("fields")
    assert not preview.shown("text")


def test_each_kind_of_message_shows_its_parts(open_preview: Any) -> None:
    preview = open_preview()
    assert not preview.shown("clipped")
    preview.choose("c-1005")
    assert preview.page.locator("#clipped").inner_text() == "131.1 kB: Gmail cuts a mail off at 102 kB."
    preview.choose("c-1006")
    assert not preview.shown("tab-frames")
    assert "We kept your favourites warm." in preview.page.locator("#text").inner_text()
    preview.choose("c-1007")
    assert preview.page.get_by_role("alert").inner_text() == "This message would not be sent: first_name is missing"
    assert preview.page.locator("#fields td").first.inner_text() == "missing"
    preview.choose("c-1008")
    assert preview.page.locator("#bubble").inner_text() == MESSAGES[7].text
    facts = preview.page.locator("#facts").inner_text().split()
    assert facts[facts.index("Segments") + 1] == "2"
    assert facts[facts.index("Encoding") + 1] == "UCS-2"
    assert preview.errors == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_landing_page_is_shown_beside_its_mail_in_the_schemes_that_pages_have(open_preview: Any, width: int) -> None:
    preview = open_preview(width=width)
    assert not preview.shown("tab-landing")
    preview.choose("c-1009")
    preview.page.get_by_role("tab", name="Landing").click()
    colours = {"Light": "rgb(255, 255, 255)", "Dark": "rgb(22, 22, 21)", "Inverted": "rgb(255, 255, 255)"}
    for label, colour in colours.items():
        preview.page.get_by_label(label).check()
        for name, layout in (("landing-mobile", 375), ("landing-desktop", 960)):
            inner = preview.page.frame_locator(f"#{name}")
            inner.locator("#offer").wait_for()
            preview.page.wait_for_timeout(100)
            assert inner.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == colour
            assert inner.locator("body").evaluate("() => window.innerWidth") == layout
            assert inner.locator("html").evaluate("root => getComputedStyle(root).filter") == "none"
            box = preview.page.locator(f"#{name}").bounding_box()
            assert box["x"] + box["width"] <= width
    inner.get_by_text("Sandals").press("Enter")
    preview.page.wait_for_timeout(200)
    assert inner.locator("#offer").inner_text() == "20 % off"
    preview.choose("c-1010")
    assert not preview.shown("tab-landing")
    assert preview.errors == []


def test_a_call_list_is_said_to_be_one_and_shows_its_columns(open_preview: Any) -> None:
    preview = open_preview()
    preview.choose("c-1010")
    assert preview.page.locator("#subject").inner_text() == "Call list"
    assert "this is a row of call_list.csv" in preview.page.locator("#kind").inner_text()
    rows = [row.inner_text().split("\t") for row in preview.page.locator("#cells tbody tr").all()]
    assert rows[1:] == [["Phone", "+905550000002"], ["Looked at", "Boot; Sandal"], ["Notes", "empty"]]
    assert [tab.inner_text() for tab in preview.page.locator('[role="tab"]:visible').all()] == ["Row"]
    preview.choose("c-1008")
    assert not preview.shown("kind")
    assert not preview.shown("tab-cells")


def test_the_links_of_a_mail_are_listed_with_their_words(open_preview: Any) -> None:
    preview = open_preview()
    preview.page.get_by_role("tab", name="Links").click()
    rows = [row.inner_text().split("\t") for row in preview.page.locator("#links tbody tr").all()]
    assert ["Return to the shop", "https://shop.example/back?utm_source=segcli"] in rows
    assert ["Unsubscribe", "https://shop.example/unsubscribe/t0k3n"] in rows


def test_hostile_words_stay_words(open_preview: Any) -> None:
    words = "</script><img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    hostile = mail(
        "c1", words, words, subject=words, text=words, fields=((words, words),), html=html(words, words, "x")
    )
    preview = open_preview([hostile])
    preview.page.wait_for_timeout(200)
    assert preview.page.title() == "winback: we miss you: preview"
    assert preview.page.locator("#subject").inner_text() == words
    assert preview.errors == []


def test_a_page_without_messages_says_so(open_preview: Any) -> None:
    preview = open_preview([])
    assert preview.page.get_by_text("No message is due").is_visible()
    assert preview.errors == []
