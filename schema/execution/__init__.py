"""Execution of documents: caches for parsed and validated documents, the executor, and the masking of errors."""
