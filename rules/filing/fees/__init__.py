"""What a filing costs: how it is worked out, what it depends on, the request to pay, the difference a change makes."""
