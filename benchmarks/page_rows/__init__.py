"""The rows of the suite `page`."""
