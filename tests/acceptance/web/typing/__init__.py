"""The typing campaign: random typing sessions with random faults. No keystroke may be lost."""
