"""What differs between two versions, and for whom."""
