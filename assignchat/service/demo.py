"""A small team to try things out on."""

from assignchat.model import Chat, ChatStatus, Role, User
from assignchat.service.chats import create_chat
from assignchat.service.users import create_user
from assignchat.store import users
from assignchat.store.database import Database

USERS = (
    User("mark", "Mark", Role.USER, True, None),
    User("martha", "Martha", Role.USER, True, None),
    User("omar", "Omar", Role.USER, True, None),
    User("maria", "Maria", Role.MANAGER, True, None),
)

CUSTOMERS = (
    ("chat-1", "Priya Nair", "mark"),
    ("chat-2", "José Álvarez", "mark"),
    ("chat-3", "田中 美咲", "mark"),
    ("chat-4", "Лариса Петрова", "martha"),
    ("chat-5", "محمد الفارسي", "omar"),
)


def fill(database: Database, *, actor: str) -> bool:
    """Insert Mark, Martha and a few chats into an empty database. Returns whether it was empty."""
    with database.write():
        if users.every(database):
            return False
        for user in USERS:
            create_user(database, user, actor)
        for chat_id, customer, owner_id in CUSTOMERS:
            chat = Chat(chat_id, customer, owner_id, ChatStatus.OPEN, database.now, None)
            create_chat(database, chat, actor)
        return True
