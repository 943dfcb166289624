"""A witness of logs: it remembers how far each has grown, and cosigns only what adds to that (C2SP tlog-witness)."""
