"""The team's numbers as charts, on a terminal and as an HTML page."""
