"""Changes one place of the protocol or of a limit at a time, and looks whether a test fails."""
