"""The promises of assignchat, one file for each command or module."""
