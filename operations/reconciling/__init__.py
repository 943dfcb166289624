"""The comparison of partners' own lists of acts in our name with the events of the log that requested these acts."""
