"""The parts of a template for every row of a frame at once.

A block becomes columns of pieces (a coded value may be several) that are joined once, so that a message's bytes are
copied once, and those within loops twice. A row in which a value to be shown is null is null as a whole.

What every row needs of its own (the pieces) is worked out for many rows at once; whole texts are joined when they are
asked for, of few rows at a time, so that the memory of those before is used again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import cast

import polars as pl

from segcli.messages.coding import (
    BOUNDARY,
    EIGHT_BIT,
    LONGEST_LINE,
    Coding,
    coded_columns,
    encode_constant,
    single_blank_lines,
    with_single_blank_lines,
    wrapped,
)
from segcli.messages.columnar.distinct import distinct_rows
from segcli.messages.columnar.line_lengths import Lines, OneOf, Repeated, longest_line
from segcli.messages.columnar.tree import Block, Choice, Constant, Loop, Value
from segcli.messages.texts import EveryRow, JoinedTexts, Texts

_MOST_COLUMNS = 24  # of one loop; lists that are longer are joined by row
_NEVER = pl.lit(value=False)
_numbers = count()  # of pieces: those of an email's text and of its HTML stand in one frame


@dataclass(frozen=True)
class _Own:
    """What a row has of its own: a text, and whether it is missing (None: in no row)."""

    text: pl.Expr
    missing: pl.Expr | None = None


_Piece = _Own | str


@dataclass(frozen=True)
class Coder:
    """How constants and values are written."""

    coding: Coding
    escape: bool
    one_blank_line: bool = False  # as a source has it

    def constant(self, text: str) -> str:
        return encode_constant(text, self.coding, self.escape)


def evaluated(block: Block, frame: pl.DataFrame, coder: Coder) -> Texts:
    """The texts of a block for each row of the frame, null where one of its values is."""
    level = _Level(frame, coder)
    merged = _merged(level.pieces(block))
    wrap = coder.coding is EIGHT_BIT and longest_line(level.shape) > LONGEST_LINE
    if not any(isinstance(piece, _Own) for piece in merged):
        text = "".join(str(piece) for piece in merged)
        text = with_single_blank_lines(text, coder.coding) if coder.one_blank_line else text
        return EveryRow(wrapped(text) if wrap else text, frame.height)
    columns = pl.DataFrame(level.columns, height=frame.height)
    missing = _missing(merged)
    lacking = None if missing is None else columns.select(missing=missing).to_series()
    joined = _concat(merged)
    joined = single_blank_lines(joined, coder.coding) if coder.one_blank_line else joined
    return JoinedTexts(columns, joined, lacking, level.bounded, wrapped if wrap else None)


@dataclass
class _Level:
    """The pieces of one frame: of the recipients, or of the elements of a loop."""

    frame: pl.DataFrame
    coder: Coder
    columns: dict[str, pl.Series] = field(default_factory=dict)
    shown: dict[str, list[_Piece]] = field(default_factory=dict)  # the pieces of values, by their key
    widths: dict[str, int] = field(default_factory=dict)  # the most bytes of a value, by its key
    shape: list[Lines | OneOf | Repeated] = field(default_factory=list)  # for 8bit
    bounded: bool = False  # whether a boundary may stand in a text; for 8bit

    def add(self, series: pl.Series) -> _Own:
        name = f"piece {next(_numbers)}"
        self.columns[name] = series
        return _Own(pl.col(name), pl.col(name).is_null() if series.has_nulls() else None)

    def joined(self, pieces: list[_Piece]) -> pl.Series:
        height = self.frame.height
        merged = _merged(pieces)
        if not any(isinstance(piece, _Own) for piece in merged):
            return pl.repeat("".join(str(piece) for piece in merged), height, dtype=pl.String, eager=True)
        return pl.DataFrame(self.columns, height=height).select(text=_concat(merged))["text"]

    def pieces(self, block: Block) -> list[_Piece]:
        self._evaluate_values(block)
        return self._pieces(block)

    def _evaluate_values(self, block: Block) -> None:
        wanted = {value.key: value for value in _values(block)}
        texts = self.frame.select(value.expr.alias(key) for key, value in wanted.items()) if wanted else pl.DataFrame()
        escaped = [key for key, value in wanted.items() if self.coder.escape and not value.marked]
        coded = coded_columns(texts, self.frame.height, self.coder.coding, escaped)
        for key, pieces in coded.items():
            self.shown[key] = [piece if isinstance(piece, str) else self.add(piece) for piece in pieces]
        if self.coder.coding is EIGHT_BIT:
            self._measure(coded)

    def _measure(self, coded: dict[str, list[pl.Series | str]]) -> None:
        """How long values are, and whether a boundary may stand in one; all are looked at in one pass."""
        columns = [piece for pieces in coded.values() for piece in pieces if isinstance(piece, pl.Series)]
        frame = pl.DataFrame({str(number): column for number, column in enumerate(columns)})
        width, bounded = pl.all().str.len_bytes().max(), _bounded_column(pl.all()).any()
        seen = frame.select(width.name.prefix("width "), bounded.name.prefix("bounded ")).row(0) if columns else ()
        self.bounded = self.bounded or any(seen[len(columns) :])
        widths = iter(seen)
        for key, pieces in coded.items():
            texts = [piece for piece in pieces if isinstance(piece, str)]
            self.bounded = self.bounded or any(map(_bounded, texts))
            own = sum(next(widths) or 0 for piece in pieces if isinstance(piece, pl.Series))
            self.widths[key] = own + sum(len(text.encode()) for text in texts)

    def _pieces(self, block: Block) -> list[_Piece]:
        pieces: list[_Piece] = []
        for part in block.parts:
            match part:
                case Constant():
                    text = self.coder.constant(part.text)
                    self.shape.append(Lines(tuple(len(line) for line in text.encode().split(b"\r\n"))))
                    self.bounded = self.bounded or _bounded(text)
                    pieces.append(text)
                case Value():
                    self.shape.append(Lines((self.widths.get(part.key, 0),)))
                    pieces += self.shown[part.key]
                case Choice():
                    pieces.append(self._choice(part))
                case Loop():
                    pieces += self._loop(part)
        return pieces

    def _branch(self, block: Block) -> tuple[_Own, list[Lines | OneOf | Repeated]]:
        """A block as one piece, and its shape."""
        before, self.shape = self.shape, []
        merged = _merged(self._pieces(block))
        shape, self.shape = self.shape, before
        return _Own(_concat(merged), _missing(merged)), shape

    def _choice(self, part: Choice) -> _Own:
        tests = self.frame.select(test.alias(str(number)) for number, (test, _) in enumerate(part.branches))
        branches = [self._branch(block) for _, block in part.branches]
        chosen, last = self._branch(part.otherwise)
        for number, (text, _) in reversed(list(enumerate(branches))):
            test = tests[str(number)]
            flag = test if len(test) == self.frame.height else test.new_from_index(0, self.frame.height)
            chosen = _either(self.add(flag).text, text, chosen)
        self.shape.append(OneOf((*(shape for _, shape in branches), last)))
        return chosen

    def _loop(self, part: Loop) -> list[_Piece]:
        height = self.frame.height
        lists = self.frame.select(items=part.items)["items"]
        counts = lists.list.len().fill_null(0).cast(pl.Int64)
        starts = counts.cum_sum() - counts
        rows = pl.DataFrame({"row": pl.int_range(0, height, dtype=pl.UInt32, eager=True), "items": lists})
        flat = rows.filter(counts > 0).explode("items")
        row = flat["row"]
        inner = pl.DataFrame(
            {
                part.item: flat["items"],
                part.count: counts.gather(row),
                part.place: pl.int_range(0, len(row), eager=True) - starts.gather(row),
            }
        )
        if part.needs:
            inner = inner.hstack(self.frame.select(pl.col(sorted(part.needs)).gather(row)).get_columns())
        level, bodies = self._bodies(part, inner)
        most = cast(int, counts.max() or 0)
        pieces = self._by_place(bodies, counts, starts, most)
        otherwise, shape = self._branch(part.otherwise)
        self.shape += [Repeated(level.shape, most), OneOf(((), shape))]
        if part.otherwise.parts:
            pieces.append(_either(self.add(counts == 0).text, otherwise, _Own(pl.lit(""))))
        return pieces

    def _bodies(self, part: Loop, inner: pl.DataFrame) -> tuple[_Level, pl.Series]:
        """The body for each element; where elements (the products of a catalogue) come again, once for each of them."""
        same = distinct_rows(inner.select(*sorted(part.read), *part.members)) if part.members is not None else None
        level = _Level(inner if same is None else inner.select(pl.all().gather(same.first)), self.coder)
        bodies = level.joined(level.pieces(part.body))
        self.bounded = self.bounded or level.bounded
        return level, bodies if same is None else bodies.gather(same.positions)

    def _by_place(self, bodies: pl.Series, counts: pl.Series, starts: pl.Series, most: int) -> list[_Piece]:
        """The first bodies of all rows, their second ones, and so on."""
        if len(bodies) == most * len(counts):
            return [self.add(bodies.gather_every(most, place)) for place in range(most)]
        bodies = pl.concat([bodies, pl.Series([""], dtype=pl.String)]).rechunk()
        if most > _MOST_COLUMNS:
            return [self.add(_joined_by_row(bodies, counts, starts))]
        nothing = len(bodies) - 1
        places = pl.DataFrame({"count": counts, "start": starts})
        pieces: list[_Piece] = []
        for place in range(most):
            there = pl.when(pl.col("count") > place).then(pl.col("start") + place).otherwise(nothing)
            pieces.append(self.add(bodies.gather(places.select(there.alias("at"))["at"])))
        return pieces


def _joined_by_row(bodies: pl.Series, counts: pl.Series, starts: pl.Series) -> pl.Series:
    """The bodies of each row joined; the last of `bodies` is the empty text."""
    rows = pl.int_range(0, len(counts), dtype=pl.UInt32, eager=True)
    row = pl.DataFrame({"row": rows, "count": counts}).select(pl.col("row").repeat_by("count").explode())["row"]
    flat = pl.DataFrame({"row": row.drop_nulls(), "body": bodies.head(len(bodies) - 1)})
    joined = flat.group_by("row").agg(
        pl.col("body").str.join("", ignore_nulls=False), missing=pl.col("body").has_nulls()
    )
    joined = joined.with_columns(pl.when(~pl.col("missing")).then("body"), there=True)
    texts = pl.DataFrame({"row": rows}).join(joined, on="row", how="left", maintain_order="left")
    return texts.select(pl.when("there").then("body").otherwise(pl.lit("")))["body"]


def _values(block: Block) -> list[Value]:
    """The values that a block shows for rows of its own frame."""
    found: list[Value] = []
    for part in block.parts:
        match part:
            case Value():
                found.append(part)
            case Choice():
                for inner in (*(block for _, block in part.branches), part.otherwise):
                    found += _values(inner)
            case Loop():
                found += _values(part.otherwise)
    return found


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    """Neighbouring constants as one, and none that is empty."""
    merged: list[_Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif not isinstance(piece, str) or piece:
            merged.append(piece)
    return merged


def _concat(pieces: list[_Piece]) -> pl.Expr:
    exprs = [pl.lit(piece) if isinstance(piece, str) else piece.text for piece in pieces]
    if not exprs:
        return pl.lit("")
    return exprs[0] if len(exprs) == 1 else pl.concat_str(exprs)


def _missing(pieces: list[_Piece]) -> pl.Expr | None:
    """Whether any of the pieces is missing."""
    found = [piece.missing for piece in pieces if isinstance(piece, _Own) and piece.missing is not None]
    return pl.any_horizontal(found) if found else None


def _either(flag: pl.Expr, first: _Own, second: _Own) -> _Own:
    missing = None
    if first.missing is not None or second.missing is not None:
        missing = pl.when(flag).then(_or_never(first.missing)).otherwise(_or_never(second.missing))
    return _Own(pl.when(flag).then(first.text).otherwise(second.text), missing)


def _or_never(missing: pl.Expr | None) -> pl.Expr:
    return _NEVER if missing is None else missing


def _bounded(text: str) -> bool:
    """Whether a boundary may begin in a piece, or end in it after having begun in the one before."""
    return BOUNDARY in text or text.startswith(BOUNDARY[1:])


def _bounded_column(pieces: pl.Expr) -> pl.Expr:
    """The same for each of a column's."""
    return pieces.str.contains(BOUNDARY, literal=True) | pieces.str.starts_with(BOUNDARY[1:])
