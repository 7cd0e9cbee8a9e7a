"""`segcli campaign` with messages: finished emails, texts and pages, and what becomes of one that cannot be made."""

from __future__ import annotations

import csv
import email
import email.policy
import json
import mailbox
import stat
from email.message import EmailMessage
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from segcli import campaign_outputs, campaign_recipients
from tests.cli import message_shop as message_shop_module
from tests.cli.message_shop import CUSTOMERS, HELLO, HELLO_TR, RECIPE, SENDER, message_shop
from tests.cli.small_shop import ran

Capture = pytest.CaptureFixture[str]
STEP = "campaigns/thanks/hello"


def campaign(capsys: Capture, shop: Path, *options: object) -> Path:
    """The folder of a run that succeeds."""
    code, out, err = ran(capsys, "campaign", "--project", shop, "--json", *options)
    assert code == 0, err
    return Path(json.loads(out)["run"])


def parsed(path: Path) -> EmailMessage:
    policy = email.policy.SMTP.clone(raise_on_defect=True)
    message = email.message_from_bytes(path.read_bytes(), policy=policy)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def in_mailbox(path: Path) -> list[mailbox.mboxMessage]:
    box = mailbox.mbox(path)
    try:
        return [*box]
    finally:
        box.close()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_recipient_has_a_finished_email_in_their_language_which_only_the_owner_reads(tmp_path, capsys) -> None:
    run = campaign(capsys, message_shop(tmp_path))
    index = {row["customer_id"]: row for row in rows_of(run / STEP / "eml/index.csv")}
    assert len(index) == CUSTOMERS
    english, turkish = (parsed(run / STEP / "eml" / index[who]["file"]) for who in ("c2", "c1"))
    assert english["Subject"] == "Thank you, Ada2"
    assert turkish["Subject"] == "Teşekkürler Çağla"
    assert "Merhaba Çağla, 1 siparişin için" in body(turkish, "plain")
    assert "Hello Ada2, you have ordered 1 times." in body(english, "html")
    assert english["To"] == "Ada2 <c2@example.com>"
    assert english["List-Unsubscribe"].strip().startswith("<https://kettle.example/stop?t=")
    assert "1 Example Street" in body(english, "html")
    tokens = {row["customer_id"]: row["token"] for row in rows_of(run / STEP / "recipients.csv")}
    assert f"https://kettle.example/stop?t={tokens['c2']}>" in english["List-Unsubscribe"]
    nameless = parsed(run / STEP / "eml" / index["c3"]["file"])
    assert nameless["Subject"] == "Thank you, friend"
    files = [path for path in (run / STEP / "eml").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_code_in_the_email_is_that_of_the_send_list_and_the_coupons(tmp_path, capsys) -> None:
    run = campaign(capsys, message_shop(tmp_path))
    listed = {row["customer_id"]: row["coupon_code"] for row in rows_of(run / STEP / "send_list.csv")}
    coupons = {row["code"] for row in rows_of(run / STEP / "coupons.csv")}
    for row in rows_of(run / STEP / "eml/index.csv")[:20]:
        assert listed[row["customer_id"]] in body(parsed(run / STEP / "eml" / row["file"]), "html")
    assert set(listed.values()) == coupons


@pytest.mark.slow
def test_a_mailbox_holds_the_same_emails_in_one_file(tmp_path, capsys) -> None:
    single = campaign(capsys, message_shop(tmp_path / "a"))
    whole = campaign(capsys, message_shop(tmp_path / "b", SENDER + "messages: {format: mbox, encoding: 8bit}\n"))
    messages = in_mailbox(whole / STEP / "messages.mbox")
    subjects = sorted(str(email.header.make_header(email.header.decode_header(each["Subject"]))) for each in messages)
    index = rows_of(single / STEP / "eml/index.csv")
    assert subjects == sorted(row["subject"] for row in index)
    assert len(messages) == CUSTOMERS


@pytest.mark.slow
@pytest.mark.parametrize("form", ["eml", "mbox"])
def test_many_emails_are_written_by_several_processes_to_the_same_files(form, tmp_path, capsys, monkeypatch) -> None:
    # A part from the end, which only Jinja takes, and somebody whose message cannot be made.
    hello = HELLO.replace("{{ orders }}", "{{ orders }} {{ (birthday | date)[-4:] }}")
    settings = f"{SENDER}messages: {{format: {form}, landing_per_recipient: true}}\n"
    monkeypatch.setattr(message_shop_module, "CUSTOMERS", 2500)
    shop = message_shop(tmp_path, settings, hello_md=hello)
    alone = contents(campaign(capsys, shop))
    monkeypatch.setattr(campaign_recipients, "MANY_IN_JINJA", 1000)
    monkeypatch.setattr(campaign_recipients, "SLICE", 1000)
    monkeypatch.setattr(campaign_outputs, "SHARE", 1000)
    monkeypatch.setattr(campaign_recipients, "usable_cores", lambda: 2)
    started = []
    monkeypatch.setattr(SpawnProcess, "start", lambda process: started.append(process) or start(process))
    together = contents(campaign(capsys, shop))
    assert len(started) == 2  # one tries the messages beside this one, and one writes them
    assert sum(name.endswith(".eml") for name in together) == (2498 if form == "eml" else 0)
    assert together == alone


start = SpawnProcess.start


def contents(run: Path) -> dict[str, bytes]:
    """The files of a run but for its manifest, in which times and the run's folder stand."""
    found = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != "manifest.json"}


def test_as_columns_they_stand_in_the_send_list(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path, SENDER + "messages: {format: columns}\n")
    customers = (shop / "customers.csv").read_text("utf-8")
    (shop / "customers.csv").write_text(customers.replace(",Ada4,", ',"Ada\nBcc: x@example.com",'), encoding="utf-8")
    run = campaign(capsys, shop)
    rows = {row["customer_id"]: row for row in rows_of(run / STEP / "send_list.csv")}
    assert rows["c2"]["subject"] == "Thank you, Ada2"
    assert rows["c2"]["preheader"] == "10 % off"
    assert rows["c4"]["subject"] == "Thank you, Ada Bcc: x@example.com"
    assert "you have ordered 1 times" in rows["c2"]["html"]
    assert rows["c2"]["coupon_code"] in rows["c2"]["text"]
    assert not (run / STEP / "eml").exists()


def test_without_a_sender_there_are_lists_alone(tmp_path, capsys) -> None:
    run = campaign(capsys, message_shop(tmp_path, ""))
    assert sorted(path.name for path in (run / STEP).iterdir()) == ["coupons.csv", "send_list.csv"]


@pytest.mark.slow
def test_the_same_run_again_writes_the_same_bytes(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path)
    contents = []
    for _ in range(2):
        run = campaign(capsys, shop)
        contents.append({path.name: path.read_bytes() for path in (run / STEP).rglob("*") if path.is_file()})
    assert contents[0] == contents[1]
    assert len(contents[0]) > CUSTOMERS


def test_who_lacks_what_the_message_names_stays_due_and_the_rest_go_out(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", "{{ birthday | date }} {{ orders }}"))
    run = campaign(capsys, shop, "--commit")
    excluded = [row for row in rows_of(run / "excluded.csv") if row["customer_id"] in ("c5", "c7")]
    assert [row["reason"] for row in excluded] == ["the message cannot be made: birthday is missing"] * 2
    assert len(rows_of(run / STEP / "eml/index.csv")) == CUSTOMERS - 2
    # They are not remembered as written to: once their birthday is known they get it.
    customers = (shop / "customers.csv").read_text("utf-8")
    (shop / "customers.csv").write_text(customers.replace("en,DE,\n", "en,DE,1991-01-01\n"), encoding="utf-8")
    later = campaign(capsys, shop, "--commit", "--as-of", "2026-07-01T09:00")
    assert [row["customer_id"] for row in rows_of(later / STEP / "eml/index.csv")] == ["c5", "c7"]


def test_one_customer_alone_holds_up_nobody_else_of_a_small_step(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(message_shop_module, "CUSTOMERS", 7)  # of whom c5 has no birthday
    shop = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", "{{ birthday | date }} {{ orders }}"))
    run = campaign(capsys, shop)
    assert {row["customer_id"] for row in rows_of(run / STEP / "eml/index.csv")} == {f"c{n}" for n in range(7)} - {"c5"}
    assert "c5,thanks,hello" in (run / "excluded.csv").read_text("utf-8")


def test_a_message_that_fails_for_many_goes_to_nobody(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", "{{ phone }}"))
    code, out, err = ran(capsys, "campaign", "--project", shop, "--json")
    assert code == 1
    assert "thanks.hello goes to nobody: it cannot be made for 90.0% of its recipients (phone is missing)." in err
    run = Path(json.loads(out)["run"])
    reasons = {row["reason"] for row in rows_of(run / "excluded.csv") if row["step"] == "hello"}
    assert reasons == {
        "the message cannot be made: phone is missing",
        "the message cannot be made for too many (90.0%)",
    }
    assert not (run / STEP).exists()


def test_addresses_that_no_mail_can_be_sent_to_keep_nobody_else_from_theirs(tmp_path, capsys, monkeypatch) -> None:
    shop = message_shop(tmp_path)
    customers = (shop / "customers.csv").read_text("utf-8")
    for number in (2, 4, 6):
        customers = customers.replace(f"c{number}@example.com", f"ç{number}@example.com")
    (shop / "customers.csv").write_text(customers, encoding="utf-8")
    run = campaign(capsys, shop)
    assert len(rows_of(run / STEP / "eml/index.csv")) == CUSTOMERS - 3
    excluded = [row for row in rows_of(run / "excluded.csv") if row["customer_id"] in ("c2", "c4", "c6")]
    assert {row["reason"].partition(" which")[0] for row in excluded} == {
        "the message cannot be made: the address has letters outside ASCII before the @,"
    }
    monkeypatch.chdir(shop)
    _, out, _ = ran(capsys, "check")
    assert "it goes to nobody" not in out


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ({"hello_md": HELLO.replace("{{ orders }}", "{{ ordres }}")}, "recipes/mine/hello.md:7:64: "),
        ({"hello_md": HELLO.replace("{{ orders }}", "{{ ordres }}")}, "orders"),
        ({"hello_md": HELLO.replace("{{ orders }}", "{{ orders")}, "recipes/mine/hello.md:7:"),
        ({"again_md": ""}, "the message 'again' has no file."),
        ({"hello_md": HELLO.replace("---\n#", "landing: p.html\n---\n#"), "p_html": "<head>{{ shop | mony }}"}, "mony"),
        ({"hello_tr_html": "<p>Merhaba</p>", "hello_tr_md": "", "hello_md": "", "hello_txt": "Hello"}, "hello"),
    ],
)
def test_what_is_wrong_with_a_message_is_told_before_anything_is_read(
    tmp_path, capsys, monkeypatch, messages, said
) -> None:
    shop = message_shop(tmp_path, **messages)
    monkeypatch.chdir(shop)
    (shop / "customers.csv").unlink()
    for command in (["campaign"], ["check"]):
        code, out, err = ran(capsys, *command)
        assert code == 2
        assert said in out + err
    assert not (shop / "out").exists()


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("{{ birthday | date }}", "hello.md:7:64: thanks.hello: birthday is missing for 0.9% of the audience"),
        ("{{ phone }}", "phone is missing for 90.0% of the audience, who would not get this."),
        ("{{ survey_url }}", "nobody has a survey_url, so nobody gets this. Write `links: {survey: https://...}`"),
    ],
)
def test_check_tells_how_many_lack_what_a_message_names(tmp_path, capsys, monkeypatch, shown, said) -> None:
    shop = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", shown))
    monkeypatch.chdir(shop)
    code, out, _ = ran(capsys, "check")
    assert code == 0
    assert said in out


def test_news_of_an_order_invite_who_gets_none_and_need_no_consent(tmp_path, capsys) -> None:
    settings = SENDER.replace("links: {", "links: {subscribe: 'https://kettle.example/join', ")
    recipe = RECIPE.replace("    steps:", "    class: transactional\n    steps:")
    shop = message_shop(tmp_path, settings, recipe, hello_md=HELLO.replace("{{ coupon() }}", "{{ invitation() }}"))
    text = (shop / "segcli.yaml").read_text("utf-8").replace("DE: us", "DE: strict")
    (shop / "segcli.yaml").write_text(text, encoding="utf-8")
    run = campaign(capsys, shop)
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    assert len(index) == CUSTOMERS
    german = parsed(run / STEP / "eml" / index["c2"])
    assert "https://kettle.example/join?utm_source=segcli" in body(german, "html")
    assert "https://kettle.example/join?utm_source=segcli" in body(german, "plain")
    assert german["List-Unsubscribe"] is None


BY_ROW = RECIPE.replace("first_order_at", "{from: orders, at: ordered_at}").replace("    again_after: never\n", "")
BY_ROW = BY_ROW.replace("      - {message: again, after: 2d}\n", "")
OF_ROW = HELLO.replace(
    "{{ orders }} times.", "{{ row.order_id }} for {{ row.amount | money }}, {{ row.track_url | default('soon') }}."
)


def _with_second_orders(shop: Path) -> Path:
    """c2 orders again on the last day; only that order can be followed."""
    head, *orders = (shop / "orders.csv").read_text("utf-8").splitlines()
    again = "late,c2,2026-06-29,25.50,https://post.example/late"
    text = "\n".join([f"{head},Track URL", *(f"{order}," for order in orders), again])
    (shop / "orders.csv").write_text(text + "\n", encoding="utf-8")
    return shop


def test_a_message_names_the_row_that_started_its_series(tmp_path, capsys) -> None:
    shop = _with_second_orders(message_shop(tmp_path, SENDER, BY_ROW, hello_md=OF_ROW))
    settings = (shop / "segcli.yaml").read_text("utf-8")
    (shop / "segcli.yaml").write_text(settings.replace("06-30T09:00", "06-23T09:00"), encoding="utf-8")
    first = campaign(capsys, shop, "--commit")
    (shop / "segcli.yaml").write_text(settings, encoding="utf-8")
    second = campaign(capsys, shop)
    said = {}
    for run in (first, second):
        index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
        said[run] = body(parsed(run / STEP / "eml" / index["c2"]), "plain")
    assert "o2 for 10,00\xa0€, soon." in said[first]
    assert "late for 25,50\xa0€, https://post.example/late." in said[second]


def test_a_preview_shows_the_newest_row_of_a_customer(tmp_path, capsys) -> None:
    shop = _with_second_orders(message_shop(tmp_path, SENDER, BY_ROW, hello_md=OF_ROW))
    people = (shop / "customers.csv").read_text("utf-8")
    (shop / "customers.csv").write_text(people.replace(",Ada2,", ",Adalberta-Maximiliana,"), encoding="utf-8")
    page = tmp_path / "preview.html"
    code, _, err = ran(capsys, "preview", "thanks", "--project", shop, "--out", page)
    assert code == 0, err
    shown = page.read_text("utf-8")
    assert "row.order_id" in shown
    assert "Hello Adalberta-Maximiliana, you have ordered late for " in shown
    assert "ordered o2 for" not in shown


def test_a_row_may_have_a_column_called_like_what_segcli_keeps_of_a_series(tmp_path, capsys) -> None:
    message = HELLO.replace("{{ orders }} times", "{{ row.series }}, {{ row.start }}")
    shop = message_shop(tmp_path, SENDER, BY_ROW, hello_md=message)
    head, *orders = (shop / "orders.csv").read_text("utf-8").splitlines()
    text = "\n".join([f"{head},Series,Start", *(f"{order},autumn,at once" for order in orders)])
    (shop / "orders.csv").write_text(text + "\n", encoding="utf-8")
    run = campaign(capsys, shop)
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    assert "you have ordered autumn, at once." in body(parsed(run / STEP / "eml" / index["c2"]), "plain")


@pytest.mark.parametrize(
    ("recipe", "shown", "said"),
    [
        (BY_ROW, "{{ row.oder_id }}", "row has no 'oder_id'. Did you mean 'order_id'"),
        (RECIPE, "{{ row.order_id }}", "nothing provides the name 'row'. A row is what starts a series where"),
        (BY_ROW, "{{ row }}", "row is several values and cannot be shown as it is."),
    ],
)
def test_check_knows_what_a_row_has(tmp_path, capsys, monkeypatch, recipe, shown, said) -> None:
    shop = message_shop(tmp_path, SENDER, recipe, hello_md=HELLO.replace("{{ orders }}", shown))
    monkeypatch.chdir(shop)
    code, out, _ = ran(capsys, "check")
    assert code == 2
    assert said in out
    assert "recipes/mine/hello.md:7:6" in out


TEXTS = RECIPE.replace("    steps:", "    channel: sms\n    steps:")


def test_texts_are_a_list_of_numbers_with_their_segments_and_a_way_to_stop(tmp_path, capsys) -> None:
    settings = SENDER + "limits: {quiet_hours: {from: '02:00', until: '03:00'}}\n"
    shop = message_shop(
        tmp_path, settings, TEXTS, hello_md="", hello_tr_md="", again_md="",
        hello_txt="Hello {{ first_name }}, {{ coupon_code }} is {{ offer_value | number }} % off.", again_txt="Again.",
    )  # fmt: skip
    consent = (shop / "customers.csv").read_text("utf-8").replace("birthday\n", "birthday,sms_consent\n")
    lines = [line + ("" if number == 0 else ",true") for number, line in enumerate(consent.splitlines())]
    (shop / "customers.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = campaign(capsys, shop)
    rows = rows_of(run / STEP / "sms.csv")
    assert len(rows) == CUSTOMERS // 10
    assert rows[0]["phone"].startswith("+90555")
    assert rows[0]["text"].startswith("Hello Çağla, HI-")
    assert (rows[0]["encoding"], rows[0]["segments"]) == ("UCS-2", "2")


def test_a_landing_page_says_what_the_message_offers_and_not_whose_it_is(tmp_path, capsys) -> None:
    hello = HELLO.replace("---\n# Thank", "landing: landing.html\n---\n# Thank").replace("shop_url", "landing_url")
    shop = message_shop(tmp_path, SENDER + "messages: {landing_per_recipient: true}\n", hello_md=hello)
    run = campaign(capsys, shop)
    pages = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "landing.csv")}
    assert len(set(pages.values())) == CUSTOMERS
    page = (run / STEP / pages["c2"]).read_text("utf-8")
    assert "noindex" in page
    assert "Ada2" not in page
    assert "c2@example.com" not in page
    code = {row["customer_id"]: row["coupon_code"] for row in rows_of(run / STEP / "send_list.csv")}["c2"]
    assert code in page
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    link = f"https://kettle.example/l/{pages['c2'].removeprefix('landing/')}"
    assert link in body(parsed(run / STEP / "eml" / index["c2"]), "html")


def test_a_landing_page_for_all_shows_what_they_share(tmp_path, capsys) -> None:
    hello = HELLO.replace("---\n# Thank", "landing: page.html\n---\n# Thank").replace("shop_url", "landing_url")
    page = "<html><head><title>x</title></head><body>{{ (offer_value / 4) | number }} % {{ shop }}</body></html>"
    shop = message_shop(tmp_path, SENDER, hello_md=hello, page_html=page)
    people = (shop / "customers.csv").read_text("utf-8").replace(",en,DE,", ",de,DE,")
    (shop / "customers.csv").write_text(people, encoding="utf-8")
    run = campaign(capsys, shop)
    pages = sorted(path.relative_to(run / STEP).as_posix() for path in (run / STEP / "landing").rglob("*.html"))
    assert pages == ["landing/thanks/hello.de_DE.html", "landing/thanks/hello.tr_TR.html"]
    # The page has no German version: its numbers are written as its words are.
    assert "2.5 % Kettle" in (run / STEP / pages[0]).read_text("utf-8")
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    assert "https://kettle.example/l/thanks/hello.de_DE.html" in body(parsed(run / STEP / "eml" / index["c2"]), "html")


@pytest.mark.parametrize("own", [True, False])
def test_nobody_is_led_to_a_landing_page_that_cannot_be_made(own, tmp_path, capsys) -> None:
    again = "---\nsubject: Once more\npreheader: Only this once\nlanding: page.html\n---\n[Look]({{ landing_url }})\n"
    page = "<html><head><title>x</title></head><body>Code {{ coupon_code }}</body></html>"
    settings = SENDER + f"messages: {{landing_per_recipient: {str(own).lower()}}}\n"
    only_again = RECIPE.replace("      - {message: hello", "      # - {message: hello")
    shop = message_shop(tmp_path, settings, only_again, hello_md="", hello_tr_md="", again_md=again, page_html=page)
    code, _, err = ran(capsys, "campaign", "--project", shop)
    assert code == 1
    assert "thanks.again goes to nobody: it cannot be made for 100.0% of its recipients (the landing page:" in err
    assert "coupon_code is missing" in err
    (run,) = (shop / "out").glob("*-rehearsal")
    assert not (run / "campaigns").exists()


def test_numbers_are_written_as_the_words_around_them(tmp_path, capsys) -> None:
    hello = HELLO.replace("{{ orders }}", "{{ (orders / 4) | number }}")
    shop = message_shop(tmp_path, hello_md=hello, hello_tr_md=hello)
    people = (shop / "customers.csv").read_text("utf-8").replace(",Ada2,en,", ",Ada2,de,")
    (shop / "customers.csv").write_text(people, encoding="utf-8")
    run = campaign(capsys, shop)
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    german, turkish = (body(parsed(run / STEP / "eml" / index[who]), "plain") for who in ("c2", "c1"))
    assert "0.25 times" in german
    assert "0,25 times" in turkish


def test_a_field_that_only_a_message_names_is_worked_out_also_where_it_is_filtered(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path, hello_md=HELLO.replace("{{ orders }}", "{{ orders_90d | number }}"))
    run = campaign(capsys, shop)
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    assert "you have ordered 1 times" in body(parsed(run / STEP / "eml" / index["c2"]), "plain")


def test_a_version_has_its_own_sender_and_address_for_answers(tmp_path, capsys) -> None:
    turkish = HELLO_TR.replace("---\nsubject", "---\nfrom_name: Çaydanlık\nreply_to: yardim@kettle.example\nsubject", 1)
    run = campaign(capsys, message_shop(tmp_path, hello_tr_md=turkish))
    index = {row["customer_id"]: row["file"] for row in rows_of(run / STEP / "eml/index.csv")}
    english, own = (parsed(run / STEP / "eml" / index[who]) for who in ("c2", "c1"))
    assert (english["From"], english["Reply-To"]) == ("Kettle <hello@kettle.example>", None)
    assert (own["From"], own["Reply-To"]) == ("Çaydanlık <hello@kettle.example>", "yardim@kettle.example")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["eml", "mbox"])
def test_who_is_forgotten_is_taken_out_of_the_emails_too(tmp_path, capsys, form) -> None:
    shop = message_shop(tmp_path, SENDER + f"messages: {{format: {form}}}\n")
    run = campaign(capsys, shop, "--commit")
    assert ran(capsys, "preview", "thanks", "-q", "-p", shop)[0] == 0
    assert ran(capsys, "forget", "c12", "-q", "-p", shop)[0] == 0
    for path in (path for path in run.rglob("*") if path.is_file()):
        assert "c12@example.com" not in path.read_text("utf-8", errors="replace"), path
        assert "Ada12," not in path.read_text("utf-8", errors="replace"), path
        assert "c12." not in path.name
    assert not [*(shop / "out").glob("preview-*")]
    left = in_mailbox(run / STEP / "messages.mbox") if form == "mbox" else [*(run / STEP / "eml").rglob("*.eml")]
    assert len(left) == CUSTOMERS - 1


def test_a_campaign_that_is_taken_back_takes_its_emails_along(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path)
    run = campaign(capsys, shop, "--commit")
    code, _, err = ran(capsys, "undo", "2026-06-30T0900", "-p", shop)
    assert code == 0, err
    assert not [*shop.rglob("*.eml")]
    assert not run.exists()


@pytest.mark.slow
def test_one_campaign_that_is_taken_back_takes_its_own_emails_along(tmp_path, capsys) -> None:
    first = RECIPE.replace("orders > 0", "country = 'TR'")
    second = RECIPE.partition("campaigns:\n")[2].replace("thanks:", "more:").replace("orders > 0", "country = 'DE'")
    run = campaign(capsys, message_shop(tmp_path, SENDER, first + second), "--commit")
    assert {path.relative_to(run).parts[1] for path in run.rglob("*.eml")} == {"more", "thanks"}
    code, _, err = ran(capsys, "undo", "2026-06-30T0900", "more", "-p", tmp_path)
    assert code == 0, err
    left = {path.relative_to(run).parts[1] for path in run.rglob("*") if len(path.relative_to(run).parts) > 1}
    assert left == {"thanks"}


@pytest.mark.slow
def test_verify_makes_the_same_emails_again(tmp_path, capsys) -> None:
    shop = message_shop(tmp_path)
    campaign(capsys, shop, "--commit")
    code, out, err = ran(capsys, "verify", "2026-06-30T0900", "-p", shop)
    assert code == 0, out + err
    assert "byte for byte" in out
