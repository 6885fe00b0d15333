"""Decides and waits: one process a file, whose run() reads as its story. No I/O here."""
