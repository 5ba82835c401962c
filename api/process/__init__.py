"""Processes: the supervisor, its workers, their logs and the checks before the start."""
