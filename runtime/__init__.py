"""What every host shares: settings, keys, clock, logs, metrics, texts, and the one way to reach Temporal."""
