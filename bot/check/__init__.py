"""`sana-bot check`: tries everything that an owner can get wrong, and says how to mend what is.

`doctor` holds the list of checks; each is one function in the module of what it looks at. They start no job,
cost nothing, change nothing, and work beside a bot that runs.
"""
