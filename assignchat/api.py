"""The functions for Python programs, under the names that the package `assignchat` gives them."""

from assignchat.model import Rules
from assignchat.service.batches import bulk_assign, list_batches, undo
from assignchat.service.changes import list_changes
from assignchat.service.chats import add_chat, close_chat, list_chats, reopen_chat, show_chat
from assignchat.service.check import check
from assignchat.service.imports import import_chats
from assignchat.service.inbox import inbox, status
from assignchat.service.lifecycle import sweep_timeouts
from assignchat.service.presence import come_back, go_away, set_away, set_back
from assignchat.service.queues import take
from assignchat.service.requests import assign, list_requests
from assignchat.service.settle import accept, reject, withdraw
from assignchat.service.stats import stats
from assignchat.service.tracking import list_records, list_tracking
from assignchat.service.userimports import import_users
from assignchat.service.users import (
    activate_user,
    add_user,
    deactivate_user,
    list_users,
    set_user,
)
from assignchat.store.database import Database
from assignchat.store.engines import copy_database, create_database, open_database
