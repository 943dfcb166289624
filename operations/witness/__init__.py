"""A witness of logs: it stores the size of each, and cosigns only checkpoints that extend it (C2SP tlog-witness)."""
