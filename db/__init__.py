"""PostgreSQL: SQL, rows and migrations. Knows nothing of ours."""
