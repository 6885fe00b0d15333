"""The system of record: tables, queries, and the one transaction that commits.

PostgreSQL, or SQLite when embedded.
"""
