"""All the SQL of the domain, each piece next to the function that runs it: one module for a noun."""
