"""The commands allowed to each role in each status, computed from the rules, beside the articles of law."""
