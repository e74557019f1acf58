"""The only place with SQL.

`database` says what an engine offers, and `engines` chooses the engine of a location; each engine
has a package. The other modules hold the statements, one module for each table. They are portable
where that costs nothing (named parameters, `RETURNING`, `ON CONFLICT`, window functions), because
a second engine is coming.
"""
