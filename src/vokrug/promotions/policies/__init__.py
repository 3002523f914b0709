"""The policy in force, its versions and presets; and the calendars that offers may name."""
