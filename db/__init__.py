"""PostgreSQL: connections, SQL statements, rows and migrations. Imports no other layer."""
