"""The comparison of acts that partners list as done in our name with the events that ordered these acts."""
