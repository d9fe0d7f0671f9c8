"""What Discord shows of a job, and the messenger that puts it there. All words that members read are here."""
