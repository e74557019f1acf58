"""The only place with SQL and with a database driver.

`opening` opens database files, `making` makes and copies them, `database` runs transactions;
the other modules hold the statements, one module for each table. They are portable where that
costs nothing (named parameters, `RETURNING`, `ON CONFLICT`, window functions), because a
second engine is coming.
"""

APPLICATION_ID = 0x41434854
"""`ACHT`, in the header of every assignchat database."""

SCHEMA_VERSION = 2
"""In `user_version`: the number of migrations in `schema`."""
