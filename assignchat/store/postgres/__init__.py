"""The PostgreSQL engine, which alone knows the server's driver, its catalogue and its messages."""

SCHEMA_VERSION = 1
"""In the table `_version`."""

LOCK = 0x41434854
"""`ACHT`, the number of the advisory lock that every writer takes."""

CHANNEL = "assignchat"
"""What every transaction that has changed something notifies."""

NUMBERED = ("requests", "batches", "engagement_tracking", "notifications")
"""The tables whose ids are given in order and without gaps."""

AS_ONESELF = "_as_oneself"
"""How the names of the policies end which let nobody act for another."""
