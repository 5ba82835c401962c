"""The metrics of all workers: what each counts, how they share it, and its form for Prometheus."""
