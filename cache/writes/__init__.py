"""Writes: edits of tasks, and the steps that keep Redis consistent with the rows."""
