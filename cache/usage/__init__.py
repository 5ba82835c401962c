"""Usage: what a process is asked for, counted in bounded memory."""
