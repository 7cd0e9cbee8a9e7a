"""`segcli check` of messages: one line for one mistake, however many messages it spoils, and unsent files."""

from __future__ import annotations

from pathlib import Path

import pytest

from segcli.project.recipe_choice import shipped_folder
from tests.cli.message_shop import AGAIN, HELLO, HELLO_TR, RECIPE, SENDER, message_shop
from tests.cli.small_shop import ran

Capture = pytest.CaptureFixture[str]
SHOP = 'links: {shop: "https://kettle.example", unsubscribe: "https://kettle.example/stop"}\n'
LAYOUT = shipped_folder() / "_layout" / "layout.mjml"


def checked(shop: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    monkeypatch.chdir(shop)
    code, out, err = ran(capsys, "check")
    assert err == ""
    return code, out.splitlines()


def test_a_sender_without_an_address_is_told_of_once_with_the_number_of_emails(tmp_path, capsys, monkeypatch) -> None:
    shop = message_shop(tmp_path, "sender: {email: hello@kettle.example}\n" + SHOP)
    code, lines = checked(shop, capsys, monkeypatch)
    assert code == 2
    assert lines[:-1] == [
        "error segcli.yaml:9:9: sender: 2 emails show the sender's postal address, and there is none. "
        "Write `sender: {address: ...}`: the laws of many countries ask for it in every mail."
    ]


def test_news_of_an_order_need_the_address_that_the_layout_shows(tmp_path, capsys, monkeypatch) -> None:
    recipe = RECIPE.replace("    start:", "    class: transactional\n    start:")
    shop = message_shop(tmp_path, "sender: {email: hello@kettle.example}\n" + SHOP, recipe)
    code, lines = checked(shop, capsys, monkeypatch)
    assert code == 2
    assert lines[0].startswith("error segcli.yaml:9:9: sender: 2 emails show the sender's postal address")
    (shop / "_layout").mkdir()
    own = LAYOUT.read_text("utf-8").replace(
        "{{ sender_address }}", "{% if sender_address %}{{ sender_address }}{% endif %}"
    )
    (shop / "_layout" / "layout.mjml").write_text(own, "utf-8")
    (shop / "_layout" / "layout.txt").write_text("{{ content }}\n{{ sender_address | default('') }}\n", "utf-8")
    assert checked(shop, capsys, monkeypatch)[0] == 0


@pytest.mark.parametrize(
    ("settings", "place", "needs"),
    [
        ('sender: {email: a@kettle.example, address: "1 Example Street"}\n', "9:9", True),
        ('sender: {email: a@kettle.example, address: "1 Example Street"}\nmessages: {format: columns}\n', "9:9", False),
        ("messages: {format: columns}\n", "1:1", True),
    ],
)
def test_a_missing_page_to_unsubscribe_at_is_told_of_once(
    tmp_path, capsys, monkeypatch, settings, place, needs
) -> None:
    shop = message_shop(tmp_path, settings + 'links: {shop: "https://kettle.example"}\n')
    _, lines = checked(shop, capsys, monkeypatch)
    found = [line.split(". ")[0] for line in lines if "unsubscribe" in line]
    expected = f"error segcli.yaml:{place}: links: 2 marketing emails need a page to unsubscribe at"
    assert found == ([expected] if needs else [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{{ content }}", "", "1:1: the layout has no '{{ content }}'."),
        ("<mj-divider", "<mj-divder", "MJML has no <mj-divder>."),
        ("words.unsubscribe", "words.unsubscrib", "no 'words.unsubscrib'. Did you mean 'unsubscribe'?"),
        ("unsubscribe_url", "unsubscribe_link", "nothing provides the name 'unsubscribe_link'. Did you mean"),
        ("{{ sender_address }}", "", "1:1: the layout has no postal address for marketing messages."),
        ("{{ unsubscribe_url }}", "/stop", "'/stop' is no whole address, so it leads nowhere from a mail."),
        ("as it is shipped", "it has no fault", ""),
    ],
)  # fmt: skip
def test_a_fault_of_a_shops_own_layout_is_told_of_once_in_the_layout(
    tmp_path, capsys, monkeypatch, old, new, expected
) -> None:
    shop = message_shop(tmp_path)
    (shop / "_layout").mkdir()
    text = LAYOUT.read_text("utf-8")
    (shop / "_layout" / "layout.mjml").write_text(text.replace(old, new) if expected else text, "utf-8")
    code, lines = checked(shop, capsys, monkeypatch)
    found = [line for line in lines if expected and expected in line]
    assert len(found) == (1 if expected else 0), lines
    assert all("_layout/layout.mjml:" in line for line in lines[:-1])
    assert code == (2 if expected else 0)


def test_files_that_nobody_is_sent_are_told_of_with_the_nearest_message(tmp_path, capsys, monkeypatch) -> None:
    shop = message_shop(
        tmp_path, recipe=RECIPE.replace("{prefix: HI}", "{pool: recipes/mine/codes.txt}"),
        again_md='---\nsubject: "Once more"\npreheader: "News"\nbody: base\nlanding: page.html\n---\n',
        base_md=HELLO + "\n{% include 'end.md' %}\n", end_md="Bye\n",
        page_html="<head></head>{% include 'foot.html' %}", foot_html="<p>Bye</p>",
        helo_md=AGAIN, old_txt="Hello\n", README_md="Notes\n",
        codes_txt="".join(f"CODE{number}\n" for number in range(300)), hello_b_md=AGAIN, hello_tr_txt="Merhaba\n",
    )  # fmt: skip
    code, lines = checked(shop, capsys, monkeypatch)
    assert code == 0
    assert lines[:-1] == [
        "warning recipes/mine/hello.b.md:1:1: no step that sends 'hello' has a variant 'b', and there is no such "
        "language. Write `variants: {a: 50, b: 50}` into the step, or a language such as tr.",
        "warning recipes/mine/helo.md:1:1: no step sends this file. Did you mean 'hello'?",
        "warning recipes/mine/old.txt:1:1: no step sends this file. The steps of the recipe send again, hello.",
    ]


def test_a_variant_of_a_step_is_sent(tmp_path, capsys, monkeypatch) -> None:
    recipe = RECIPE.replace("{message: again, ", "{message: again, variants: {a: 50, b: 50}, ")
    shop = message_shop(tmp_path, SENDER, recipe, again_b_md=AGAIN)
    code, lines = checked(shop, capsys, monkeypatch)
    assert (code, len(lines)) == (0, 1), lines


def test_variants_that_are_one_and_the_same_message_are_told_of(tmp_path, capsys, monkeypatch) -> None:
    recipe = RECIPE.replace("{message: again, ", "{message: again, variants: {a: 50, b: 40, c: 10}, ")
    shop = message_shop(tmp_path, SENDER, recipe, again_c_md=AGAIN)
    code, lines = checked(shop, capsys, monkeypatch)
    assert (code, len(lines)) == (0, 2), lines
    assert "variants: the variants a, b of 'again' are one and the same message. Write again.b.md;" in lines[0]


def test_a_page_is_named_by_the_message_without_a_language(tmp_path, capsys, monkeypatch) -> None:
    turkish = HELLO_TR.replace("---\nMerhaba", "landing: sayfa.html\n---\nMerhaba")
    shop = message_shop(tmp_path, hello_tr_md=turkish)
    code, lines = checked(shop, capsys, monkeypatch)
    assert code == 2
    assert lines[0] == (
        "error recipes/mine/hello.tr.md:4:10: landing: the page 'sayfa.html' is made for nobody. "
        "Write it in the message without a language in its name: its page is made in every language."
    )
    named = HELLO.replace("---\n# Thank", "landing: page.html\n---\n# Thank")
    (shop / "recipes" / "mine" / "hello.md").write_text(named, encoding="utf-8")
    (shop / "recipes" / "mine" / "hello.tr.md").write_text(turkish.replace("sayfa", "page"), encoding="utf-8")
    code, lines = checked(shop, capsys, monkeypatch)
    assert code == 2
    assert lines[0].startswith("error recipes/mine/hello.md:4:10: landing: there is no page 'page.html'.")


def test_shipped_messages_that_are_not_in_the_shops_language_are_told_of_once_for_a_recipe(
    tmp_path, capsys, monkeypatch
) -> None:
    shop = message_shop(tmp_path)
    project = (shop / "segcli.yaml").read_text("utf-8").replace("[./recipes/mine]", "[./recipes/mine, winback]")
    told = "its messages are not written in the shop's language, 'de'"
    for locale, times in (("de_DE", 1), ("tr_TR", 0)):
        (shop / "segcli.yaml").write_text(project.replace("locale: en_IE", f"locale: {locale}"), "utf-8")
        _, lines = checked(shop, capsys, monkeypatch)
        found = [line for line in lines if told in line]
        assert len(found) == times, lines
        assert all("recipes/winback" in line for line in found)
