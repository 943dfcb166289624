"""The life of a filing (hồ sơ): who may do what, what then happens, which clocks run."""
