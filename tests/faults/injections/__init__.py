"""The injections: each module breaks one part of the system, and knows which failed reads that excuses."""
