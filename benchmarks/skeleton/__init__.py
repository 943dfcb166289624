"""The product without its rules: the same workflows, Updates, signals, timers and activities, one insert per append."""
