"""Catalogues that are only half in step: what shops call the centre's goods, and the files that tell of both."""
