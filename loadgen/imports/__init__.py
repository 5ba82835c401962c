"""Import of tasks from CSV and JSON Lines through mutations."""
