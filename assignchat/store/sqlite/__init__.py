"""The SQLite engine: it alone knows a driver, a pragma, a path and what lies beside a file."""

APPLICATION_ID = 0x41434854
"""`ACHT`, in the header of every assignchat database."""

SCHEMA_VERSION = 5
"""In `user_version`: the number of migrations in `schema`."""
