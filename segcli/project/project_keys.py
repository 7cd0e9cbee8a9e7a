"""Every key that a segcli.yaml may have: read by the validation, and by the schema for editors."""

from __future__ import annotations

from segcli.project.limit_keys import CONSENT, LIMITS
from segcli.project.localities import check_currency
from segcli.project.message_keys import BRAND, LINKS, MESSAGES, SENDER
from segcli.project.names import NAME_PATTERN
from segcli.project.quantities import Number, Share, Whole
from segcli.project.shapes import EitherOf, Key, ListOf, MappingOf, Placed, Shape
from segcli.project.values import Choice, Duration, Text

_PATH = Text("a path", r"^[^\u0000]+$")
_PATHS = EitherOf(single=_PATH, several=ListOf(_PATH, "a list of paths"))
_COLUMN = Text("a column's name, as the file has it")

# How a file has to be read, where its header and its rows do not tell.
_READING = (
    Key(
        "preset",
        Text(),
        "The platform that made the files, such as shopify_orders, when the header does not tell.",
    ),
    Key("timezone", Text(), "The time zone of times without one, when it is not the project's."),
    Key("date_format", Text(pattern="%"), "How dates are spelt, such as %d/%m/%Y, when the rows do not tell."),
    Key("decimal", Choice((".", ",")), "The sign before decimals, when the rows do not tell."),
)
_FILES = Key("files", _PATHS, "Where they lie: paths, folders, globs or URLs.", required=True)

SOURCE = Shape(
    "a source", "Where a table's files lie, and what their columns mean.",
    (_FILES,
     Key("columns", MappingOf(_COLUMN, "segcli's columns and the file's"),
         "segcli's name of a column -> the file's name of it."),
     *_READING,
     Key("by", Text("a column of customers", NAME_PATTERN), "For a lookup: what joins it to customers."),
     Key("time", Text("a column's name"), "For a table of your own: the column that says when.")),
)  # fmt: skip
_NEEDS_TABLE = "It needs to know the table: write 'sources:' as a mapping, such as orders: {...}."
RECOGNISED_SOURCE = Shape(
    "files to be recognised", "Files whose table is known by their header.",
    (_FILES, *_READING),
    moved={"columns": _NEEDS_TABLE, "by": _NEEDS_TABLE, "time": _NEEDS_TABLE},
)  # fmt: skip


def _one_or_more(shape: Shape) -> EitherOf:
    several = ListOf(EitherOf(single=_PATH, keyed=shape), "a list of paths")
    return EitherOf(single=_PATH, several=several, keyed=shape)


TABLE_SOURCES = _one_or_more(SOURCE)

OUTPUT = Shape(
    "the output", "Where runs are written, and for how long they are kept.",
    (Key("folder", _PATH, "The folder of the runs."),
     Key("keep", Duration(), "How long runs are kept, such as 30d; for ever if absent."),
     Key("columns", ListOf(Placed(Text("a field or column of customers", r"\S")), "a list of fields"),
         "Fields that each send list has besides the usual ones, such as [first_purchase_month].")),
)  # fmt: skip
EXPECT = Shape(
    "expectations", "A run on half an export stops instead of going on.",
    (Key("newest_order", Duration(), "How old the newest order may be, such as 2d."),
     Key("rows", MappingOf(Whole(1), "tables and numbers of rows"),
         "How many rows a table has at least."),
     Key("messages", Whole(1), "How many messages may be due at most.")),
)  # fmt: skip

PROJECT = Shape(
    "a project", "A shop: its files, its recipes, and what they need to know of it.",
    (Key("shop", Text(), "The shop's name; the folder's if absent."),
     Key("timezone", Text(), "The time zone of the shop, such as Europe/Istanbul; UTC if absent."),
     Key("currency", Text(), "The currency that amounts are counted in, such as TRY."),
     Key("locale", Text(), "The language and country for names and numbers, such as tr_TR; en if absent."),
     Key("country", Text(), "The country of phone numbers without a country code, such as TR."),
     Key("as_of", Text("a moment such as 2026-06-30T09:00"), "The moment of the run; now if absent."),
     Key("delivery_days", Whole(0, 365), "How many days after shipping an order has arrived; 5 if absent."),
     Key("max_rejected", Share(), "The share of rows that may be unreadable, such as 1 %."),
     Key("rates", MappingOf(Number(positive=True), "currencies and numbers", check_currency, "^[A-Z]{3}$"),
         "What one unit of another currency is worth, such as USD: 32.5."),
     Key("sources", EitherOf(
            single=_PATH,
            several=ListOf(EitherOf(single=_PATH, keyed=RECOGNISED_SOURCE), "a list of paths"),
            keyed=MappingOf(TABLE_SOURCES, "tables and paths")),
         "The export files: by table, or a list of paths that are recognised by their headers."),
     Key("recipes", ListOf(Placed(Text("a folder or a shipped recipe", r"\S")), "a list of recipes"),
         "Recipe folders and names of shipped recipes; the default set if absent."),
     Key("output", EitherOf(single=_PATH, keyed=OUTPUT), "Where runs are written; out if absent."),
     Key("history", _PATH, "The folder of what was sent to whom; history if absent."),
     Key("limits", LIMITS, "How often customers are written to, and when not."),
     Key("consent", CONSENT, "Whose consent is needed to be written to."),
     Key("sender", SENDER, "Who messages come from: with it runs write finished emails."),
     Key("brand", BRAND, "How messages look: logo, colours, font."),
     Key("links", LINKS, "Where the links of messages lead."),
     Key("messages", MESSAGES, "As what rendered messages are written."),
     Key("esp", Text(), "The email service provider that send lists are written for, such as klaviyo."),
     Key("expect", EXPECT, "What has to be true of the data for a run to go on.")),
)  # fmt: skip

# recipes/default.yaml: the recipes of a project that names none.
DEFAULT_SET = Shape(
    "the default set", "The recipes of a project that names none.",
    (Key("recipes", ListOf(Placed(Text()), "a list of recipes"), "Shipped recipes.", required=True),
     Key("campaigns", ListOf(Placed(Text()), "a list of recipes"), "Those with campaigns that `init` begins with.")),
)  # fmt: skip
