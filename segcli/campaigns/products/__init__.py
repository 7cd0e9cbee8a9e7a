"""Product picks: which products a step shows to each customer, for the whole audience at once."""

from segcli.campaigns.products.catalogue import leading_nowhere
from segcli.campaigns.products.columns import product_columns
from segcli.campaigns.products.kinds import LOW_STOCK, PRODUCT, kinds_of, missing_columns, needed_tables
from segcli.campaigns.products.picking import PICKED, pick_products
from segcli.campaigns.products.shop import ShopProducts

__all__ = [
    "LOW_STOCK", "PICKED", "PRODUCT", "ShopProducts", "kinds_of", "leading_nowhere", "missing_columns",
    "needed_tables", "pick_products", "product_columns",
]  # fmt: skip
