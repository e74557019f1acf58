"""The use cases: one function for each command, with the command's name.

Each takes the open database first and runs as one transaction. `actor` is the id of the user for
whom it runs. A function that refuses raises one of `assignchat.errors` and changes nothing,
except that it may record a deadline that has passed.
"""
