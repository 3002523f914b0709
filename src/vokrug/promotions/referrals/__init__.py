"""Inviting friends: both are rewarded once the friend's purchase can no longer come back."""
