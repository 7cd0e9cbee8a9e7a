"""segcli: from a shop's export files to segments and send lists."""

__version__ = "0.1.0"
