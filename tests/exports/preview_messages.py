"""Messages for a preview: mails of a shop (too large, failing, of text alone, with a page), an SMS and a call."""

from __future__ import annotations

from segcli.exports.preview_page import PreviewMessage

MAIL = """<!doctype html>
<html lang="{language}">
<head>
<meta name="color-scheme" content="light dark">
<title>Shop</title>
<style>
  .page {{ background: #f4efe6; color: #222222; }}
  .card {{ background: #ffffff; }}
  @media (max-width: 480px) {{ .product {{ display: block !important; width: 100% !important; }} }}
  @media (prefers-color-scheme: dark) {{
    .page {{ background: #17130d !important; color: #f1ede6 !important; }}
    .card {{ background: #26211a !important; }}
  }}
</style>
</head>
<body style="margin: 0" class="page">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="font-family: Arial, sans-serif">
<tr><td align="center" style="padding: 24px 12px">
<table role="presentation" width="100%" class="card" style="max-width: 600px; border-radius: 8px">
<tr><td colspan="3" style="padding: 24px">
<img src="https://shop.example/logo.png" alt="Kumru Shoes" width="120" height="32">
<h1 id="greeting" style="font-size: 24px">{greeting}</h1>
<p style="line-height: 1.5">{sentence}</p></td></tr>
<tr>{products}</tr>
<tr><td colspan="3" align="center" style="padding: 12px 24px 28px"><a href="https://shop.example/back?utm_source=segcli"
 style="background: #9c3d10; color: #ffffff; padding: 14px 28px; border-radius: 6px; text-decoration: none;
 display: inline-block" target="_self">{button}</a></td></tr>
<tr><td colspan="3" style="padding: 0 24px 24px; font-size: 12px">Kumru Shoes, 1 Example Street.
<a href="https://shop.example/unsubscribe/t0k3n">Unsubscribe</a></td></tr>
</table></td></tr></table>
<script>document.getElementById("greeting").textContent = "a script ran"</script>
</body>
</html>"""

LANDING = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kumru Shoes</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'">
<style>body { background: #fff }
@media (prefers-color-scheme: dark) { body { background: #161615; color: #eee } }</style>
</head><body><h1 id="offer">20 % off</h1><p><a href="https://shop.example/sandals">Sandals</a></p></body></html>"""

PRODUCT = """<td class="product" width="33%" valign="top" style="display: table-cell; padding: 8px 24px">
<img src="https://shop.example/{name}.jpg" alt="{name}" width="150" height="110"><br>
<a href="https://shop.example/{name}" style="color: inherit"><b>{name}</b></a><br>{price}</td>"""

NAMES = (("Sandal", "349,90 TL"), ("Boot", "1.249,00 TL"), ("Sneaker", "899,00 TL"))


def html(greeting: str, sentence: str, button: str, products: int = 3, language: str = "en") -> str:
    cells = "".join(PRODUCT.format(name=name, price=price) for name, price in NAMES[:products])
    return MAIL.format(language=language, greeting=greeting, sentence=sentence, button=button, products=cells)


def mail(customer_id: str, name: str | None, reason: str, **others: object) -> PreviewMessage:
    shown = name or "there"
    subject = f"{shown}, it has been a while"
    values: dict[str, object] = {
        "customer_id": customer_id,
        "reason": reason,
        "to": f"{customer_id}@example.com",
        "subject": subject,
        "preheader": "The sandals that you looked at are back in your size",
        "html": html(f"Hello {shown}", "We kept your favourites warm.", "Return to the shop"),
        "text": f"Hello {shown}\n\nWe kept your favourites warm.\n\nSandal, 349,90 TL\nhttps://shop.example/Sandal\n",
        "headers": (
            ("From", "Kumru Shoes <hello@shop.example>"),
            ("To", f"{customer_id}@example.com"),
            ("Subject", subject),
            ("Date", "Tue, 30 Jun 2026 09:00:00 +0300"),
            ("Message-ID", "<4c1d8fa0b2e94d7f8a6b@shop.example>"),
            ("List-Unsubscribe", "<https://shop.example/unsubscribe/t0k3n>, <mailto:unsubscribe@shop.example>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        "size": 14_230,
        "fields": (
            ("first_name", name),
            ("orders", "7"),
            ("favourite_category", "sandals"),
            ("coupon_expires_at", "2026-07-07 09:00"),
            ("landing_url", "https://shop.example/p/winback?t=t0k3n"),
        ),
        "step": "we-miss-you",
        "language": "en",
        "variant": "a",
    }
    return PreviewMessage(**(values | others))  # type: ignore[arg-type]


LONG = "Prof. Dr. Maximiliane-Friederike von und zu Hohenstaufen-Oberwaldenburg"

MESSAGES = (
    mail("c-1001", "Çiğdem", "most products, language tr", language="tr"),
    mail("c-1002", LONG, "longest name, longest subject", variant="b"),
    mail("c-1003", None, "no first name"),
    mail(
        "c-1004",
        "ليلى",
        "language ar",
        language="ar",
        subject="ليلى، اشتقنا إليك",
        html=html("مرحبا ليلى", "احتفظنا لك بما تحب.", "العودة", 1, "ar").replace("<html ", '<html dir="rtl" '),
        text="مرحبا ليلى\n\nاحتفظنا لك بما تحب.\n",
    ),
    mail("c-1005", "Bo", "largest", size=131_072),
    mail("c-1006", "Minh", "text alone", html=None),
    mail(
        "c-1007",
        None,
        "fails",
        failure="first_name is missing",
        html=None,
        text="",
        headers=(),
        subject=None,
        preheader=None,
        size=0,
    ),
    PreviewMessage(
        customer_id="c-1008",
        reason="most SMS segments, in UCS-2",
        to="+905550000001",
        subject=None,
        preheader=None,
        html=None,
        text="Kumru: Çiğdem, 20 % on all sandals until Sunday: https://shop.example/s/t0k3n\nNo more texts: RET 4607",
        headers=(),
        size=108,
        fields=(("first_name", "Çiğdem"),),
        channel="sms",
        segments=2,
        encoding="UCS-2",
        step="text",
        language="tr",
    ),
    mail("c-1009", "Ada", "with a page", landing=LANDING),
    PreviewMessage(
        customer_id="c-1010",
        reason="nothing special",
        to="Ada Berg <+905550000002>",
        subject=None,
        preheader=None,
        html=None,
        text="",
        headers=(),
        size=0,
        fields=(),
        channel="list",
        step="call-them",
        cells=(("Customer id", "c-1010"), ("Phone", "+905550000002"), ("Looked at", "Boot; Sandal"), ("Notes", None)),
    ),
)
