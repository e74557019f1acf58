"""The command line, from top to bottom: `main`, `app`, `commands`, and modules that they share."""

from assignchat.cli.main import main as main
