"""Rows of the suite `views`."""
