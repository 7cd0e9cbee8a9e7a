import base64
import hashlib
import html
import json
import re
from dataclasses import asdict

import pytest

from segcli.exports.preview_page import CLIPPED_AT, preview_page
from tests.exports.preview_messages import MESSAGES, mail

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


def data_of(page: str) -> dict:
    found = DATA.search(page)
    assert found is not None
    return json.loads(found[1])


def policy_of(page: str) -> dict[str, str]:
    found = POLICY.search(page)
    assert found is not None
    return dict(rule.split(" ", 1) for rule in html.unescape(found[1]).split("; "))


def test_the_page_carries_every_message_as_it_is():
    data = data_of(preview_page("winback", MESSAGES))
    assert data["clipped_at"] == CLIPPED_AT
    assert data["messages"] == json.loads(json.dumps([asdict(message) for message in MESSAGES]))


def test_the_page_loads_nothing_and_runs_only_its_own_script():
    page = preview_page("winback", MESSAGES)
    policy = policy_of(page)
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert policy["script-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == policy["frame-src"] == policy["form-action"] == "'none'"
    assert policy["img-src"] == "data:"
    assert not re.search(r'\s(?:src|href)="(?!#)', DATA.sub("", page))


def test_pictures_are_all_that_may_be_loaded_on_request():
    closed, opened = (policy_of(preview_page("winback", MESSAGES, pictures=each)) for each in (False, True))
    assert opened.pop("img-src") == "data: https:"
    assert opened.items() < closed.items()


@pytest.mark.parametrize("words", ["</script><script>alert(1)</script>", "<!--<script>", "\u2028\x00", "{{ 7 * 7 }}"])
def test_nothing_in_a_message_or_title_is_markup_or_a_template(words):
    page = preview_page(words, [mail("c1", words, words, html=words, text=words, fields=((words, words),))])
    assert page.count("<script") == preview_page("winback", MESSAGES).count("<script")
    (message,) = data_of(page)["messages"]
    assert message["reason"] == message["html"] == words
    assert f'<h1 dir="auto">{html.escape(words).replace("&#x27;", "&#39;")}</h1>' in page


def test_the_same_messages_give_the_same_page():
    assert preview_page("winback", MESSAGES) == preview_page("winback", list(MESSAGES))


def test_frames_are_sandboxed_and_may_do_nothing():
    page = preview_page("winback", [])
    assert page.count("<iframe") == page.count('sandbox=""') == 4
    assert data_of(page)["messages"] == []
