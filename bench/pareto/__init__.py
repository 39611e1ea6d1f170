"""Speed against quality of a teacher and its students: `make bench-pareto` (see `run`)."""
