"""How long what is kept: rules with periods, a nightly job, and its report."""
