"""The config file and the file of addresses: keys, loading, editing."""
