"""Hosts the processes: builds what they need, and runs them against Temporal. `python -m worker`."""
