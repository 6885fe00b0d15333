"""Clients for the services outside: a Protocol each, and its real implementations."""
