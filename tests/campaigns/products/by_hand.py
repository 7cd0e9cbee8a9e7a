"""The picks of one customer in plain Python, row by row: what the columnar way has to agree with."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any

from segcli.project.campaign_models import Products

Row = dict[str, Any]
EVER = dt.timedelta(days=100_000)


@dataclass(frozen=True)
class ByHand:
    """A shop's rows. Ids of products are such that those on the list come before all others."""

    products: list[Row]
    lines: list[Row]
    events: list[Row]
    carts: list[Row]
    items: list[Row]
    as_of: dt.datetime

    def picks(self, person: str, of: str | None, series: str | None, asked: Products) -> list[str]:
        """The ids of the products that the customer is shown."""
        shown: list[str] = []
        for pick in asked.picks:
            bound = of if asked.of and pick.kind != "cart" else None
            bounded = asked.of is not None and pick.kind != "cart"
            found = self._found(pick.kind, person, series, asked.within, shown, bound, bounded)
            shown += found[: pick.count]
        for kind in asked.fill:
            shown += self._found(kind, person, series, None, shown, None, False)[: asked.count - len(shown)]
        return shown

    def _found(
        self, kind: str, person: str, series: str | None, within: dt.timedelta | None, shown: Sequence[str],
        of: str | None, bounded: bool,
    ) -> list[str]:  # fmt: skip
        find: Callable[..., list[str]] = getattr(self, f"_{kind}")
        found = find(person, within, series, of, bounded)
        if kind in ("cart", "viewed", "bought"):
            found = [item for item in found if self._name(item)]
        else:
            found = [item for item in found if self._sellable(item) and item not in self._times_bought(person, EVER)]
            if kind in ("accessories", "bought_together"):
                found = [item for item in found if item not in self._cart(person, EVER, series, None, False)]
        return [item for item in found if item not in shown and (not bounded or self._is_of(item, of))]

    def _product(self, item: str) -> Row | None:
        return next((row for row in self.products if row["product_id"] == item and row["name"]), None)

    def _name(self, item: str) -> str | None:
        row = self._product(item)
        return row["name"] if row else None  # in these shops rows say no names of their own

    def _sellable(self, item: str) -> bool:
        row = self._product(item)
        return row is not None and (row["stock"] is None or row["stock"] > 0)

    def _is_of(self, item: str, of: str | None) -> bool:
        row = self._product(item)
        if row is None or of is None:
            return False
        categories = {other["category"] for other in self.products if other["name"]}
        return bool(row["category"] == of if of in categories else row["brand"] == of)

    def _since(self, within: dt.timedelta | None) -> dt.datetime:
        return self.as_of - (within or EVER)

    def _times_bought(self, person: str, within: dt.timedelta | None) -> dict[str, dt.datetime]:
        times: dict[str, dt.datetime] = {}
        for line in self.lines:
            if line["customer_id"] == person and line["product_id"]:
                times[line["product_id"]] = max(times.get(line["product_id"], dt.datetime.min), line["ordered_at"])
        return {item: time for item, time in times.items() if time > self._since(within)}

    def _the_cart(self, person: str, series: str | None) -> Row | None:
        mine = [cart for cart in self.carts if cart["customer_id"] == person]
        named = [cart for cart in mine if series is not None and cart["cart_id"] == series]
        left = sorted(
            (cart for cart in mine if cart["abandoned"]),
            key=lambda cart: (-_seconds(cart["last_activity_at"]), cart["cart_id"]),
        )
        return next(iter([*named, *left]), None)

    def _cart(self, person: str, within: dt.timedelta | None, series: str | None, *_: object) -> list[str]:
        cart = self._the_cart(person, series)
        if cart is None or (cart["cart_id"] != series and cart["last_activity_at"] <= self._since(within)):
            return []
        prices = {}
        for item in self.items:
            if item["customer_id"] == person and item["cart_id"] == cart["cart_id"] and item["product_id"]:
                prices[item["product_id"]] = max(prices.get(item["product_id"], 0), item["price"])
        return sorted(prices, key=lambda item: (-prices[item], item))

    def _viewed(self, person: str, within: dt.timedelta | None, *_: object) -> list[str]:
        views = defaultdict(list)
        for event in self.events:
            is_view = event["event"] == "view" and event["product_id"]
            if event["customer_id"] == person and is_view and event["at"] > self._since(within):
                views[event["product_id"]].append(event["at"])
        return sorted(views, key=lambda item: (-len(views[item]), -_seconds(max(views[item])), item))

    def _bought(self, person: str, within: dt.timedelta | None, *_: object) -> list[str]:
        times = self._times_bought(person, within)
        return sorted(times, key=lambda item: (-_seconds(times[item]), item))

    def _baskets(self) -> list[set[str]]:
        baskets = defaultdict(set)
        for line in self.lines:
            if line["product_id"]:
                baskets[line["customer_id"], line["order_id"]].add(line["product_id"])
        return [basket for basket in baskets.values() if len(basket) <= 50]

    def _lifts(self) -> dict[str, dict[str, float]]:
        baskets = self._baskets()
        each = Counter(item for basket in baskets for item in basket)
        pairs = Counter(pair for basket in baskets for pair in combinations(sorted(basket), 2))
        lifts: dict[str, dict[str, float]] = defaultdict(dict)
        for (a, b), together in pairs.items():
            lift = (together / len(baskets)) / ((each[a] / len(baskets)) * (each[b] / len(baskets)))
            if together >= 5 and together * len(baskets) > each[a] * each[b]:
                lifts[a][b] = lifts[b][a] = round(lift, 9)  # these fractions are computed in another order
        return lifts

    def _bought_together(
        self, person: str, within: dt.timedelta | None, series: str | None, of: str | None, bounded: bool
    ) -> list[str]:
        anchors = self._times_bought(person, within)
        cart = self._the_cart(person, series)
        for item in self._cart(person, EVER, series):
            assert cart is not None
            anchors[item] = max(anchors.get(item, dt.datetime.min), cart["last_activity_at"])
        found = self._lifts()
        lifts = {
            anchor: {b: lift for b, lift in found.get(anchor, {}).items() if self._may(b, of, bounded)}
            for anchor in anchors
        }
        return self._gone_with(anchors, lifts)

    def _accessories(
        self, person: str, within: dt.timedelta | None, series: str | None, of: str | None, bounded: bool
    ) -> list[str]:
        parts: dict[str, dict[str, float]] = defaultdict(dict)
        for row in self.products:
            if row["accessory_of"] and self._may(row["product_id"], of, bounded):
                parts[row["accessory_of"]][row["product_id"]] = 1.0
        return self._gone_with(self._times_bought(person, within), parts)

    def _may(self, item: str, of: str | None, bounded: bool) -> bool:
        return self._sellable(item) and (not bounded or self._is_of(item, of))

    @staticmethod
    def _gone_with(anchors: dict[str, dt.datetime], lists: dict[str, dict[str, float]]) -> list[str]:
        lists = {anchor: entries for anchor, entries in lists.items() if entries}
        last = sorted((item for item in anchors if item in lists), key=lambda item: (-_seconds(anchors[item]), item))
        best: dict[str, tuple[float, float]] = {}
        for anchor in last[:5]:
            for item, lift in lists[anchor].items():
                best[item] = min(best.get(item, (0.0, 0.0)), (-lift, -_seconds(anchors[anchor])))
        return sorted(best, key=lambda item: (*best[item], item))

    def _units(self, within: dt.timedelta) -> dict[str, tuple[float, float]]:
        units: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for line in self.lines:
            if line["product_id"] and line["ordered_at"] > self._since(within):
                known = units[line["product_id"]]
                known[0] += line["quantity"]
                known[1] = max(known[1], _seconds(line["ordered_at"]))
        return {item: (round(sold, 3), latest) for item, (sold, latest) in units.items()}

    def _bestsellers(self, person: str, within: dt.timedelta | None, *_: object) -> list[str]:
        units = self._units(within or dt.timedelta(days=90))
        return sorted((item for item in units if units[item][0] > 0), key=lambda i: (-units[i][0], -units[i][1], i))

    def _new_arrivals(self, person: str, within: dt.timedelta | None, *_: object) -> list[str]:
        since = self.as_of - (within or dt.timedelta(days=60))
        came = {row["product_id"]: row["created_at"] for row in self.products if row["created_at"]}
        new = [item for item, time in came.items() if since < time <= self.as_of]
        return sorted(new, key=lambda item: (-_seconds(came[item]), item))

    def _most_searched(self, person: str, within: dt.timedelta | None, *_: object) -> list[str]:
        since = self.as_of - (within or dt.timedelta(days=90))
        direct: list[tuple[str, int, float]] = []
        queries: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
        ids = {row["product_id"] for row in self.products if row["name"]} | {
            row["product_id"] for rows in (self.lines, self.events, self.items) for row in rows
        }
        for event in self.events:
            if event["event"] == "search" and event["at"] > since:
                if event["product_id"] in ids and event["product_id"]:
                    direct.append((event["product_id"], 1_000_000, _seconds(event["at"])))
                elif words := " ".join(sorted(set(_words(event["query"] or "")))):
                    queries[words][0] += 1
                    queries[words][1] = max(queries[words][1], _seconds(event["at"]))
        scored = [*direct, *self._shared(queries)]
        score: Counter[str] = Counter()
        latest: dict[str, float] = {}
        for item, points, time in scored:
            score[item] += points
            latest[item] = max(latest.get(item, 0.0), time)
        return sorted((item for item in score if score[item]), key=lambda i: (-score[i], -latest[i], i))

    def _shared(self, queries: dict[str, list[float]]) -> Iterator[tuple[str, int, float]]:
        for words, (times, time) in queries.items():
            named = [
                row["product_id"]
                for row in self.products
                if self._sellable(row["product_id"]) and set(words.split()) <= set(_words(row["name"]))
            ]
            for item in named:
                yield item, int(times) * 1_000_000 // len(named), time

    def _upsell(
        self, person: str, within: dt.timedelta | None, series: str | None, of: str | None, bounded: bool
    ) -> list[str]:
        paid = [line["price"] for line in self.lines if line["customer_id"] == person and line["price"] > 0]
        if not paid:
            return []
        seen = [(-_seconds(time), 0, item) for item, time in self._times_bought(person, within).items()]
        seen += [
            (-_seconds(event["at"]), 1, event["product_id"])
            for event in self.events
            if event["customer_id"] == person and event["event"] == "view" and event["product_id"]
            and event["at"] > self._since(within)
        ]  # fmt: skip
        products = ((self._product(item) or {}).get("category") for _, _, item in sorted(seen))
        taste = of if bounded else next((category for category in products if category), None)
        usual = median(paid)
        units = self._units(within or dt.timedelta(days=90))
        dearer = [
            row["product_id"]
            for row in self.products
            if row["name"] and row["price"] and 11 * usual <= 10 * row["price"] and 10 * row["price"] <= 15 * usual
            and taste and (self._is_of(row["product_id"], of) if bounded else row["category"] == taste)
        ]  # fmt: skip
        return sorted(dearer, key=lambda i: (-units.get(i, (0, 0))[0], -units.get(i, (0, 0))[1], i))


def _seconds(time: dt.datetime) -> float:
    return (time - dt.datetime(1970, 1, 1)).total_seconds()


def _words(text: str) -> list[str]:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(sign))
    return plain.replace("ı", "i").split()
