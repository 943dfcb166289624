"""The product with nothing in it: its workflows, updates, signals, timers and activities, and one insert per append."""
