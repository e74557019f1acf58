"""The store, apart from what commands make of it."""
