"""The inbox as a page that stays on the screen and changes."""
