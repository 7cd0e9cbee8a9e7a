"""What the shop sells, and its stores: 150 products in eight categories of nine invented brands."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass

from generator.clock import AS_OF, DAY, OPENED


@dataclass(frozen=True)
class Product:
    product_id: str
    name: str
    category: str
    brand: str
    cents: int
    stock: int
    rating: float
    review: str
    created_at: int
    accessory_of: str | None
    popularity: float

    @property
    def page(self) -> str:
        """The path of the product's page in the shop."""
        return f"/products/{slug(self.name)}"


# Letters that Unicode does not take apart into a letter and an accent.
UNDECOMPOSED = str.maketrans("ıłøđŁØĐ", "ilodLOD")


def slug(text: str) -> str:
    """Lowercase ASCII words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text.translate(UNDECOMPOSED)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


ROASTERS = ("Varnholt", "Kessanda", "Halvenny")
TEA_HOUSES = ("Osmarra", "Lumavane")
MAKERS = ("Tindrel", "Quillbrew", "Brixby & Rowe", "Morrowkettle")

COFFEES = (
    "Sunrise House Blend", "Midnight Espresso Blend", "Harbour Decaf", "Highland Yirgacheffe",
    "Sidamo Natural",
    "Huila Washed", "Antioquia Reserve", "Minas Gerais Classic", "Cerrado Pulped", "Antigua Volcano",
    "Huehue Micro Lot", "Tarrazu Honey", "Kilimanjaro Peaberry", "Nyeri AA", "Kirinyaga Lot 7",
    "Lake Kivu Bourbon",
    "Mandheling Wet Hulled", "Java Old Estate", "Dalat Arabica", "Buon Ma Robusta",
    "Traditional Turkish Grind",
    "Cardamom Turkish Grind", "Slow Sunday Filter Roast", "Winter Spice Roast", "Cold Brew Coarse Grind",
    "Half-Caf Everyday", "Maragogipe Giant Bean", "Geisha Tiny Lot", "Espresso Forte", "Espresso Crema",
    "Breakfast Beans 1 kg", "Office Beans 2 kg", "Sampler of Three", "Sampler of Six",
    "Swiss Water Decaf Espresso",
    "Papua Blue Hills", "Monsoon Malabar Style", "Yemen Mountain Mocha", "Single Estate Limon",
    "Summer Iced Roast",
)  # fmt: skip
TEAS = (
    "Rize Black Tea", "Rize Second Flush", "Earl Grey Bergamot", "English Breakfast Leaves",
    "Assam Strong Cup",
    "Darjeeling First Flush", "Ceylon Orange Pekoe", "Sencha Spring", "Genmaicha Roasted Rice",
    "Matcha Kitchen Grade",
    "Matcha Ceremony Grade", "Jasmine Pearls", "Lotus Green Tea", "Thai Nguyen Green", "Oolong Iron Kettle",
    "Milk Oolong", "Lapsang Smoke", "Pu-erh Cake 2019", "White Peony", "Rooibos Vanilla", "Chamomile Evening",
    "Mint and Lemon", "Hibiscus Cold Brew", "Masala Chai Mix", "Tea Sampler of Eight",
)  # fmt: skip
# Category, SKU prefix, brands, names, price from and to.
RANGES = (
    ("coffee", "COF", ROASTERS, COFFEES, 11, 34),
    ("tea", "TEA", TEA_HOUSES, TEAS, 7, 36),
    ("brewers", "BRW", MAKERS, ("Pour Over Dripper", "Glass Drip Server", "French Press 350 ml",
        "French Press 1 l", "Moka Pot 3 Cup", "Moka Pot 6 Cup", "Copper Cezve Small", "Copper Cezve Large",
        "Phin Filter Solo", "Phin Filter Duo", "Cold Brew Tower", "Cold Brew Bottle", "Press Travel Mug",
        "Siphon Brewer", "Immersion Dripper", "Double Tea Urn", "Glass Teapot", "Cast Iron Teapot"), 12, 140),
    ("grinders", "GRD", MAKERS, ("Hand Grinder Mini", "Hand Grinder Steel", "Hand Grinder Pro",
        "Turkish Brass Mill", "Burr Grinder Home", "Burr Grinder Plus", "Burr Grinder Zero", "Flat Burr 64",
        "Travel Grinder", "Spice and Tea Mill", "Grinder for Cafés", "Conical Classic", "Conical Quiet",
        "Dosing Grinder"), 29, 420),
    ("espresso machines", "ESP", MAKERS, ("Lever One", "Compact Pump", "Thermo Duo", "Dual Boiler Home",
        "Bean to Cup", "Capsule Refill Press", "Portable Espresso", "Steam Master", "Studio Two Group",
        "Retro Lever", "Compact Pump Red", "Milk Frother Station"), 79, 980),
    ("kettles", "KET", MAKERS, ("Gooseneck Stove Kettle", "Gooseneck Electric", "Gooseneck with Scale",
        "Whistling Kettle", "Enamel Kettle Sage", "Enamel Kettle Rust", "Travel Kettle", "Variable Kettle",
        "Glass Kettle", "Samovar Electric", "Kettle for Two", "Kettle Heirloom"), 24, 190),
    ("cups", "CUP", MAKERS, ("Tulip Tea Glass Set", "Espresso Cup Pair", "Cappuccino Cup Pair",
        "Latte Glass Pair", "Double Wall Glass", "Stoneware Mug Sage", "Stoneware Mug Rust",
        "Stoneware Mug Night", "Porcelain Cup Set", "Turkish Cup Set", "Gaiwan", "Matcha Bowl",
        "Keep Cup Small", "Keep Cup Large", "Camping Mug", "Saucer Set", "Gift Mug Box"), 9, 68),
    ("care", "CAR", MAKERS, ("Paper Filters 100", "Phin Spare Press", "Grinder Brush",
        "Grinder Cleaning Tablets", "Milk Jug 350", "Milk Jug 600", "Tamper 58 mm", "Knock Box", "Descaler",
        "Kettle Thermometer", "Bean Jar", "Bamboo Whisk"), 5, 44),
)  # fmt: skip
# What would look odd at a random price.
PRICES = {
    "Milk Frother Station": 89, "Portable Espresso": 119, "Capsule Refill Press": 49, "Bean to Cup": 649,
    "Dual Boiler Home": 879, "Studio Two Group": 949, "Retro Lever": 529, "Hand Grinder Mini": 34,
    "Travel Grinder": 59, "Flat Burr 64": 389, "Grinder for Cafés": 419, "Breakfast Beans 1 kg": 29,
    "Office Beans 2 kg": 49, "Geisha Tiny Lot": 44, "Sampler of Six": 39,
}  # fmt: skip
# An accessory, and the product that it goes with.
ACCESSORIES = {
    "Paper Filters 100": "Pour Over Dripper", "Phin Spare Press": "Phin Filter Solo",
    "Grinder Brush": "Burr Grinder Home",
    "Grinder Cleaning Tablets": "Burr Grinder Plus", "Milk Jug 350": "Compact Pump",
    "Milk Jug 600": "Dual Boiler Home",
    "Tamper 58 mm": "Lever One", "Knock Box": "Thermo Duo", "Descaler": "Bean to Cup",
    "Kettle Thermometer": "Gooseneck Stove Kettle", "Bamboo Whisk": "Matcha Bowl",
    "Saucer Set": "Turkish Cup Set",
    "Glass Drip Server": "Immersion Dripper", "Milk Frother Station": "Retro Lever",
}  # fmt: skip
REVIEWS = (
    "Exactly what my mornings were missing.", "Well made, and it arrived a day early.",
    "Third time I order it.",
    "Smells wonderful; the bag closes well.", "Sturdy, easy to clean, no regrets.",
    "A gift that was really used.",
    "Good, though I would like a larger size.", "Tastes of chocolate, as promised.",
    "Lovely colour, even nicer than the photo.",
    "My guests always ask where it is from.", "Took two tries to learn, now I love it.",
    "Fair price for what it does.",
)  # fmt: skip


def build_catalogue(seed: int) -> list[Product]:
    """All products, in the order of their ids."""
    rng = random.Random(f"{seed}:catalogue")
    drawn: list[tuple[str, str, str, str, int]] = []
    for category, prefix, brands, names, low, high in RANGES:
        for number, name in enumerate(names, start=1):
            # Most prices lie in the lower part of the range, and all end in .90.
            price = PRICES.get(name, low + (high - low) * rng.random() ** 1.8)
            drawn.append((f"{prefix}-{number:03d}", name, category, rng.choice(brands), int(price) * 100 + 90))
    ids = {name: product_id for product_id, name, *_ in drawn}
    new = set(rng.sample([row[0] for row in drawn], 14))
    old = sorted(row[0] for row in drawn if row[0] not in new)
    sold_out, scarce = set(rng.sample(old, 6)), set(rng.sample(old, 24))
    products = []
    for product_id, name, category, brand, cents in drawn:
        launch = AS_OF - rng.randrange(2, 45) * DAY if product_id in new else OPENED - 30 * DAY
        if product_id not in new and rng.random() < 0.25:
            launch = OPENED + rng.randrange(30, 900) * DAY
        stock = 0 if product_id in sold_out else rng.randint(1, 5) if product_id in scarce else rng.randint(12, 400)
        products.append(
            Product(
                product_id, name, category, brand, cents, stock, round(min(5.0, rng.gauss(4.4, 0.35)), 1),
                rng.choice(REVIEWS), launch - launch % DAY + 7 * 3600,
                ids[ACCESSORIES[name]] if name in ACCESSORIES else None,
                1 / (1 + rng.randrange(len(drawn)) / 16),
            )
        )  # fmt: skip
    return products


PRODUCT_HEADER = ("product_id", "name", "category", "brand", "price", "image_url", "url", "stock", "rating",
    "review", "created_at", "accessory_of")  # fmt: skip
STORE_HEADER = ("store_id", "name", "city", "region", "country", "latitude", "longitude")
STORES = (
    ("S01", "Sample Kettle Galata", "Istanbul", "Istanbul", "TR", 41.0256, 28.9744),
    ("S02", "Sample Kettle Moda", "Istanbul", "Istanbul", "TR", 40.9819, 29.0257),
    ("S03", "Sample Kettle Kavaklıdere", "Ankara", "Ankara", "TR", 39.9060, 32.8600),
    ("S04", "Sample Kettle Alsancak", "Izmir", "Izmir", "TR", 38.4380, 27.1420),
    ("S05", "Sample Kettle District 1", "Ho Chi Minh City", "Ho Chi Minh", "VN", 10.7769, 106.7009),
    ("S06", "Sample Kettle Mitte", "Berlin", "Berlin", "DE", 52.5260, 13.4020),
    ("S07", "Sample Kettle Soho", "London", "England", "GB", 51.5137, -0.1337),
    ("S08", "Sample Kettle Brooklyn", "New York", "NY", "US", 40.6950, -73.9890),
    ("S09", "Sample Kettle Silver Lake", "Los Angeles", "CA", "US", 34.0870, -118.2700),
    ("S10", "Sample Kettle Queen West", "Toronto", "ON", "CA", 43.6470, -79.4040),
)
