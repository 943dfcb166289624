"""The product without its rules: its workflows, Updates, signals, timers and activities, and one insert per append."""
