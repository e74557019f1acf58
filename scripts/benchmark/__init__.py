"""The benchmark, a group of jobs in each module. It is started by `scripts/bench`."""
