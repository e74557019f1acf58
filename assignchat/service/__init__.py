"""The use cases, one function for each action of an operator, named as the command is.

Each takes the open database first and runs as one transaction. `actor` is the id of the
user on whose behalf it runs. Whatever refuses raises one of `assignchat.errors` and has
changed nothing, but for a deadline that had passed and was recorded.
"""
