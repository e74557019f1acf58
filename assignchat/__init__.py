"""Hand WhatsApp chats over to colleagues, by request or in bulk, over one SQLite file."""

__version__ = "0.1.0"
