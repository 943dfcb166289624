"""The comparison of acts that others list as done in our name with the events that order them."""
