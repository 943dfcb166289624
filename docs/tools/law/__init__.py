"""The commands that each role may give in each status, computed from the rules, beside the articles of law."""
