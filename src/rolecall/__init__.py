"""Rolecall: identity providers push users and groups, and the account is governed in SQL."""

__version__ = "0.1.0"
