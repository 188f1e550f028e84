"""InSpec results as Prometheus metrics and as pages a person can read."""

__version__ = "1.0.0"
