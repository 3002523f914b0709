"""What `vokrug offers` does: offers on the command line, for marketers and for their scripts."""
