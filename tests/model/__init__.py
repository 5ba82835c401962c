"""The protocol between PostgreSQL and Redis as a small state machine, explored exhaustively."""
