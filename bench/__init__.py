"""Bench: how fast Rolecall is beside its peers, on one machine, in one run."""
