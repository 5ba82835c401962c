"""The injections: each module breaks one part of the system, and says which reads may fail as a result."""
