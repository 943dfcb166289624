"""A witness of logs: it stores each log's size, and cosigns only checkpoints that extend it (C2SP tlog-witness)."""
