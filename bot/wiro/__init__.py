"""Wiro's API, without a word of Discord or of jobs."""
