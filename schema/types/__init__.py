"""GraphQL types: the objects that clients read and the inputs that they send."""
