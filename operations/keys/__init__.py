"""Master keys and rings of keys, changed while work goes on."""
