"""The config file and the file of addresses: keys, loading, editing."""

SOURCES = "sources"
"""The table of the config file in which CRMs are described."""
