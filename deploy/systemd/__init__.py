"""Units of systemd for servers without a cluster, generated from the table of processes."""
