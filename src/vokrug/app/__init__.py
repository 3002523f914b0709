"""The wiring: what runs in this process, with which settings. The only place that knows everything."""
