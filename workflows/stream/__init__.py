"""The common part of the workflows of all kinds of streams: records events, waits, hands over and takes over."""
