"""The life of a job. Knows neither Discord nor HTTP nor SQL, only the ports."""
