"""A model of the protocol between PostgreSQL and Redis: a state machine that is explored exhaustively."""
