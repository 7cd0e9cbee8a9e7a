"""Templates compiled to Polars expressions: every message of a frame at once, the same bytes as Jinja's."""
