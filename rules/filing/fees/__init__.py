"""The fee of a filing: its assessment, its inputs, the request to pay, the difference after a change."""
