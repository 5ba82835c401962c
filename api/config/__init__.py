"""The settings of the service: the one reader of the environment."""
