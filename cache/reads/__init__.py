"""Reads of one request: pages, tasks by id, search."""
