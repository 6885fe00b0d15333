"""Does: persistence and e-mail, one transaction each, safe to run twice."""
