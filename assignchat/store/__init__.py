"""The only place with SQL and with a database driver.

`database` opens the file and runs transactions; the other modules hold the statements,
one module for each table. They are portable where that costs nothing (named parameters,
`RETURNING`, `ON CONFLICT`, window functions), because a second engine is coming.
"""
