"""The picture of a team in numbers, for a terminal and a page."""
