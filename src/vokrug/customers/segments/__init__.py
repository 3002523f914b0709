"""People who are alike, by a rule or by a list. Kept up to date by whoever changed."""
