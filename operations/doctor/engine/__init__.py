"""The doctor's checks of Temporal, the keys and the machine."""
