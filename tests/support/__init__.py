"""What the tests stand on: a team, processes, terminals, and what a machine may lack."""
