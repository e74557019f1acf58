"""The commands, a module for each noun, and the table of them.

A command's module is imported when it is asked for and not before: an operator waits for
each command, and most of that time is imports.
"""

from assignchat.namedtuples import NamedTuple


class Command(NamedTuple):
    """A function or a Typer app in a module of this package, and the first line of its help.

    The rest of the help is the function's docstring: examples, and then details.
    """

    module: str
    name: str
    summary: str


SECTIONS = {
    "Hand over": {
        "assign": Command("requests", "assign", "Ask a colleague to take over a chat."),
        "withdraw": Command("settle", "withdraw", "Take your request back, with a reason."),
        "wait": Command("wait", "wait", "Wait until a request is settled."),
    },
    "Answer": {
        "inbox": Command("inbox", "inbox", "Show what waits for you."),
        "accept": Command("settle", "accept", "Take over the chat that you are asked to take."),
        "reject": Command("settle", "reject", "Turn a request down, with a reason."),
        "take": Command("queues", "take", "Take chats of a queue."),
        "away": Command("presence", "away", "Be away: nobody asks you."),
        "back": Command("presence", "back", "Be back."),
    },
    "Many at once": {
        "bulk-assign": Command(
            "batches", "bulk_assign", "Assign many chats directly, all or nothing."
        ),
        "undo": Command("batches", "undo", "Give the chats of a batch back."),
        "run": Command("run", "run", "Run many commands in one process."),
        "batches": Command("batches", "batches", "List batches."),
    },
    "Look": {
        "status": Command("inbox", "status", "Show where you stand, and what to do next."),
        "requests": Command("request_list", "app", "List requests, or show one with its chain."),
        "tracking": Command(
            "tracking", "tracking", "Show what happened, row by row or as records."
        ),
        "stats": Command("stats", "stats", "Show the team in numbers."),
    },
    "The team": {
        "user": Command("users", "app", "Add, change, list, activate and deactivate users."),
        "chat": Command("chats", "app", "Add, list, show, close and reopen chats."),
        "import": Command("imports", "app", "Bring users and chats in from a CRM."),
        "changes": Command("changes", "changes", "List what the CRM does not know yet."),
    },
    "Around it": {
        "init": Command("init", "init", "Make the database."),
        "config": Command("config", "app", "Show and change the configuration."),
        "sweep-timeouts": Command(
            "sweep", "sweep_timeouts", "Time out requests past their deadline."
        ),
        "notify": Command("notifications", "notify", "Deliver unsent notifications."),
        "check": Command("check", "check", "Check the database for damage."),
        "backup": Command("backup", "backup", "Copy the database, while others write."),
        "export": Command("export", "export", "Write every table and view to a folder."),
        "help": Command("help", "help_", "Explain a command, or a topic."),
    },
}
"""The commands in the order and under the titles of the help."""

COMMANDS = {name: command for section in SECTIONS.values() for name, command in section.items()}
