"""The only place with SQL.

`database` says what an engine offers, and `engines` chooses the engine of a location; each engine
has a package. The other modules hold the statements, one module for each table. Every engine runs
the same ones; what engines have different words for (JSON, temporary tables) they are asked for.
"""
