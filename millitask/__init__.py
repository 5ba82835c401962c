"""The version of Millitask: of the service, of the loader, and of the Python package."""

__version__ = "0.1.0"
