"""The SQLite engine, which alone knows drivers, pragmas, paths and the files beside them."""

APPLICATION_ID = 0x41434854
"""`ACHT`, in the header of every assignchat database."""

SCHEMA_VERSION = 5
"""In `user_version`: the number of migrations in `schema`."""

SCHEMA_MARK = 0x53601639
"""The checksum of the tables that the migrations make: see `opening.is_as_made`."""
