"""What stays on the screen and changes: the inbox that is watched."""
