"""The machine below us: files, signals, identity, a sandbox and text files."""
