"""Units of systemd for servers without a cluster, made of the table of processes."""
