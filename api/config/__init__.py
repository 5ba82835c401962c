"""Settings: the only package that reads configuration from the environment."""
