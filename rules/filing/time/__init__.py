"""The clocks of a filing, and the events that restart them."""
