"""Where the customers live: cities, languages, invented names, phone numbers, consent habits.

Phone numbers come only from ranges that nobody can have,
since regulators keep them for films and books: 555-0100
to 555-0199 (US, Canada), Ofcom's 07700 900000-900999, the Bundesnetzagentur's 030 23125 000-999, Arcep's
06 39 98 00 00-99 99, and PTS' 070-174 06 05 to 06 99. Where there is no such range, customers have no phone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    name: str
    region: str
    postal_code: str
    latitude: float
    longitude: float
    timezone: str
    weight: float = 1


@dataclass(frozen=True)
class Country:
    code: str
    people: int  # of 3,000
    language: str
    cities: tuple[City, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]  # household words and invented ones: nobody's name
    email_yes: float  # share that agrees to email; `email_no` refuses, the rest was never asked
    email_no: float
    sms_yes: float
    tax: tuple[str, float]
    phone: tuple[str, int, int, int] | None = None  # prefix, first, last, digits; None: no range is kept for fiction
    other_languages: tuple[str, ...] = ()


def _cities(timezone: str, *rows: tuple[str, str, str, float, float, float]) -> tuple[City, ...]:
    return tuple(City(name, region, code, lat, lon, timezone, weight) for name, region, code, lat, lon, weight in rows)


TURKEY = _cities(
    "Europe/Istanbul",
    ("Istanbul", "Istanbul", "34000", 41.01, 28.98, 9), ("Ankara", "Ankara", "06000", 39.93, 32.86, 4),
    ("Izmir", "Izmir", "35000", 38.42, 27.14, 3), ("Bursa", "Bursa", "16000", 40.19, 29.06, 2),
    ("Antalya", "Antalya", "07000", 36.90, 30.70, 2), ("Adana", "Adana", "01000", 37.00, 35.32, 1),
    ("Eskisehir", "Eskisehir", "26000", 39.78, 30.52, 1), ("Trabzon", "Trabzon", "61000", 41.00, 39.72, 0.7),
)  # fmt: skip
VIETNAM = _cities(
    "Asia/Ho_Chi_Minh",
    ("Ho Chi Minh City", "Ho Chi Minh", "70000", 10.78, 106.70, 4), ("Hanoi", "Hanoi", "10000", 21.03,
        105.85, 3),
    ("Da Nang", "Da Nang", "50000", 16.05, 108.22, 1.5), ("Can Tho", "Can Tho", "94000", 10.03, 105.78, 0.7),
)  # fmt: skip
GERMANY = _cities(
    "Europe/Berlin",
    ("Berlin", "Berlin", "10115", 52.52, 13.40, 3), ("Hamburg", "Hamburg", "20095", 53.55, 9.99, 2),
    ("Munich", "Bavaria", "80331", 48.14, 11.58, 2), ("Cologne", "North Rhine-Westphalia", "50667", 50.94,
        6.96, 1.5),
    ("Leipzig", "Saxony", "04109", 51.34, 12.37, 1),
)  # fmt: skip
BRITAIN = _cities(
    "Europe/London",
    ("London", "England", "EC1A 1AA", 51.51, -0.13, 4), ("Manchester", "England", "M1 1AE", 53.48, -2.24, 2),
    ("Edinburgh", "Scotland", "EH1 1YZ", 55.95, -3.19, 1.3), ("Cardiff", "Wales", "CF10 1EP", 51.48, -3.18,
        1),
    ("Bristol", "England", "BS1 4ST", 51.45, -2.59, 1),
)  # fmt: skip
AMERICA = (
    *_cities(
        "America/Los_Angeles",
        ("Los Angeles", "CA", "90001", 34.05, -118.24, 3), ("San Francisco", "CA", "94103", 37.77, -122.42,
            2),
        ("San Diego", "CA", "92101", 32.72, -117.16, 1), ("Sacramento", "CA", "95814", 38.58, -121.49, 0.7),
        ("Seattle", "WA", "98101", 47.61, -122.33, 1.2), ("Portland", "OR", "97201", 45.52, -122.68, 1),
    ),
    *_cities(
        "America/New_York",
        ("New York", "NY", "10001", 40.71, -74.01, 3), ("Boston", "MA", "02110", 42.36, -71.06, 1.2),
        ("Miami", "FL", "33130", 25.76, -80.19, 1), ("Atlanta", "GA", "30303", 33.75, -84.39, 0.8),
    ),
    *_cities(
        "America/Chicago",
        ("Chicago", "IL", "60601", 41.88, -87.63, 1.4), ("Austin", "TX", "78701", 30.27, -97.74, 1.2),
    ),
    *_cities("America/Denver", ("Denver", "CO", "80202", 39.74, -104.99, 0.8)),
)  # fmt: skip
CANADA = (
    *_cities(
        "America/Toronto",
        ("Toronto", "ON", "M5H 2N2", 43.65, -79.38, 2), ("Montreal", "QC", "H2Y 1C6", 45.50, -73.57, 1.4),
        ("Ottawa", "ON", "K1P 1J1", 45.42, -75.70, 0.7),
    ),
    *_cities("America/Vancouver", ("Vancouver", "BC", "V6B 1A1", 49.28, -123.12, 1.2)),
)  # fmt: skip
ARCTIC = City("Iqaluit", "NU", "X0A 0H0", 63.75, -68.52, "America/Iqaluit")  # Canada's north: cold in June, too

_ENGLISH_WOMEN = ("Ada", "Beth", "Cora", "Dana", "Elsie", "Faye", "Gwen", "Hope", "Iris", "June", "Kit",
    "Lena", "Mia", "Nell", "Opal", "Poppy", "Ruth", "Tess", "Uma", "Wren")  # fmt: skip
_ENGLISH_MEN = ("Abel", "Ben", "Cal", "Dean", "Eli", "Finn", "Gus", "Hal", "Ian", "Jude", "Kurt", "Leo",
    "Max", "Ned", "Otis", "Perry", "Rex", "Sam", "Theo", "Walt")  # fmt: skip
_ENGLISH_SURNAMES = ("Kettlewick", "Beanworthy", "Mugsby", "Saucerton", "Teapotter", "Grindlewood",
    "Samplesworth", "Spoonley", "O'Placeholder", "Filterby-Cupp", "Ladlemoor", "Exampleton")  # fmt: skip

COUNTRIES = (
    Country(
        "TR", 900, "tr", TURKEY,
        ("Ayça", "Begüm", "Ceren", "Defne", "Elif", "Gül", "İpek", "Lale", "Meltem", "Nehir", "Özge",
            "Pınar", "Selin", "Şule", "Tuğba", "Yağmur"),
        ("Alp", "Barış", "Can", "Deniz", "Emre", "Görkem", "Ilgaz", "Kaan", "Mert", "Ozan", "Ömer",
            "Rüzgar", "Sarp", "Tolga", "Umut", "Yiğit"),
        ("Çaydanlık", "Fincanoğlu", "Cezveli", "Demlikçi", "Örnekoğlu", "Kaşıkoğlu", "Bardaksız",
            "Şekersiz", "Köpüklü", "Telveli"),
        0.62, 0.14, 0.35, ("KDV 20%", 0.20),
    ),
    Country(
        "VN", 250, "vi", VIETNAM,
        ("Ánh", "Bích", "Chi", "Dung", "Hạnh", "Lan", "Mai", "Ngọc", "Phương", "Thảo", "Trâm", "Yến"),
        ("An", "Bảo", "Cường", "Đạt", "Hiếu", "Khoa", "Long", "Minh", "Nam", "Quang", "Tuấn", "Việt"),
        ("Ấm Trà", "Phin", "Tách", "Muỗng", "Ly Sứ", "Ví Dụ", "Hạt Rang"),
        0.60, 0.10, 0.30, ("VAT 10%", 0.10),
    ),
    Country(
        "DE", 300, "de", GERMANY,
        ("Anke", "Britta", "Dörte", "Elke", "Frieda", "Greta", "Heike", "Ida", "Jule", "Käthe", "Lotte",
            "Mareike"),
        ("Arne", "Bernd", "Detlef", "Emil", "Fiete", "Götz", "Hauke", "Jörg", "Klaas", "Lutz", "Malte",
            "Sören"),
        ("Mustertasse", "Kannengießerlein", "Beispielmann", "Löffelstiel", "Teesieb", "Mahlwerk",
            "Untertässle", "Kessel-Muster"),
        0.50, 0.14, 0.15, ("MwSt 19%", 0.19), ("+493023125", 0, 999, 3),
    ),
    Country(
        "FR", 150, "fr", _cities("Europe/Paris", ("Paris", "Île-de-France", "75001", 48.86, 2.35, 3),
            ("Lyon", "Auvergne-Rhône-Alpes", "69001", 45.76, 4.84, 1.5), ("Marseille",
                "Provence-Alpes-Côte d'Azur", "13001", 43.30, 5.37, 1)),
        ("Amélie", "Brune", "Chloé", "Élodie", "Fleur", "Inès", "Jade", "Léonie", "Maëlle", "Zoé"),
        ("Aurélien", "Bastien", "Cyril", "Édouard", "Gaël", "Hugo", "Joël", "Loïc", "Noé", "Rémi"),
        ("Théière", "Tassefine", "Cuillerée", "Moulinet-Café", "Exemplaire", "Soucoupe", "D'Infusion"),
        0.52, 0.15, 0.20, ("TVA 20%", 0.20), ("+3363998", 0, 9999, 4),
    ),
    Country(
        "NL", 100, "nl", _cities("Europe/Amsterdam", ("Amsterdam", "North Holland", "1012 AB", 52.37, 4.90,
            2), ("Rotterdam", "South Holland", "3011 AA", 51.92, 4.48, 1.3), ("Utrecht", "Utrecht",
            "3511 AA", 52.09, 5.12, 1)),
        ("Anouk", "Bregje", "Femke", "Hanneke", "Jorien", "Lotje", "Marit", "Sanne"),
        ("Bram", "Daan", "Gijs", "Jelle", "Koen", "Luuk", "Sjoerd", "Wout"),
        ("van der Theepot", "Koffiekan", "de Lepel", "Voorbeeld", "van Schotel", "Bonenmaler"),
        0.52, 0.14, 0.18, ("BTW 21%", 0.21),
    ),
    Country(
        "IT", 100, "it", _cities("Europe/Rome", ("Milan", "Lombardy", "20121", 45.46, 9.19, 2), ("Rome",
            "Lazio", "00184", 41.90, 12.50, 2), ("Turin", "Piedmont", "10121", 45.07, 7.69, 1)),
        ("Bianca", "Caterina", "Donatella", "Fiorella", "Giada", "Ilaria", "Luce", "Noemi"),
        ("Alvise", "Bruno", "Corrado", "Dario", "Elio", "Niccolò", "Renzo", "Tullio"),
        ("Tazzina", "Macinino", "Esempio", "Cucchiarini", "Dell'Infuso", "Zuccheriera"),
        0.55, 0.12, 0.22, ("IVA 22%", 0.22),
    ),
    Country(
        "ES", 100, "es", _cities("Europe/Madrid", ("Madrid", "Madrid", "28001", 40.42, -3.70, 2),
            ("Barcelona", "Catalonia", "08001", 41.39, 2.17, 2), ("Valencia", "Valencia", "46001", 39.47,
                -0.38, 1)),
        ("Begoña", "Carmina", "Estela", "Jimena", "Lucía", "Marisol", "Nieves", "Rocío"),
        ("Álvaro", "Bruno", "Efraín", "Gael", "Íñigo", "Julián", "Nicolás", "Raúl"),
        ("Tetera", "Cucharón", "Ejemplar", "Molinillo", "De la Taza", "Platillo"),
        0.55, 0.12, 0.22, ("IVA 21%", 0.21),
    ),
    Country(
        "PL", 80, "pl", _cities("Europe/Warsaw", ("Warsaw", "Masovia", "00-001", 52.23, 21.01, 2),
            ("Krakow", "Lesser Poland", "31-001", 50.06, 19.94, 1.3), ("Gdansk", "Pomerania", "80-001",
                54.35, 18.65, 1)),
        ("Bożena", "Celina", "Grażyna", "Jagna", "Łucja", "Małgosia", "Róża", "Żaneta"),
        ("Błażej", "Czesław", "Gustaw", "Jędrzej", "Kacper", "Łukasz", "Mściwoj", "Zdzisław"),
        ("Filiżanka", "Przykład", "Czajnik", "Łyżeczka", "Młynek", "Spodek"),
        0.52, 0.14, 0.18, ("VAT 23%", 0.23),
    ),
    Country(
        "SE", 50, "sv", _cities("Europe/Stockholm", ("Stockholm", "Stockholm", "111 20", 59.33, 18.07, 2),
            ("Gothenburg", "Västra Götaland", "411 03", 57.71, 11.97, 1)),
        ("Åsa", "Ebba", "Freja", "Maj", "Signe", "Tuva"),
        ("Åke", "Björn", "Göran", "Love", "Nils", "Östen"),
        ("Tekanna", "Kaffekvarn", "Exempelsson", "Skedmark", "Koppström"),
        0.58, 0.12, 0.25, ("Moms 25%", 0.25), ("+46701740", 605, 699, 3),
    ),
    Country("GB", 300, "en", BRITAIN, _ENGLISH_WOMEN, _ENGLISH_MEN, _ENGLISH_SURNAMES,
            0.60, 0.15, 0.25, ("VAT 20%", 0.20), ("+447700900", 0, 999, 3)),
    Country("US", 600, "en", AMERICA, _ENGLISH_WOMEN, _ENGLISH_MEN, _ENGLISH_SURNAMES,
            0.84, 0.08, 0.40, ("Sales tax 8%", 0.08), ("+1{area}5550", 100, 199, 3), ("es",)),
    Country("CA", 120, "en", CANADA, _ENGLISH_WOMEN, _ENGLISH_MEN, _ENGLISH_SURNAMES,
            0.60, 0.10, 0.30, ("HST 13%", 0.13), ("+1{area}5550", 100, 199, 3), ("fr",)),
)  # fmt: skip

# 555-0100 to 555-0199 are kept for fiction in every area code of the North American plan.
AREA_CODES = {
    "Los Angeles": "213", "San Francisco": "415", "San Diego": "619", "Sacramento": "916", "Seattle": "206",
    "Portland": "503", "New York": "212", "Boston": "617", "Miami": "305", "Atlanta": "404", "Chicago": "312",
    "Austin": "512", "Denver": "303", "Toronto": "416", "Montreal": "514", "Ottawa": "613",
    "Vancouver": "604",
}  # fmt: skip
