"""One file, one command: `commands/<name>.py` holds a click command called `command`."""
