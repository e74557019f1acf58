"""The SQLite engine: it alone knows a driver, a pragma, a path and what lies beside a file."""
