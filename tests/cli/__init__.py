"""One file a command, and what holds of all of them: output, errors, terminals, completion."""
