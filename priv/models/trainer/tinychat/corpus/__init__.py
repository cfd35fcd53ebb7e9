"""The training text: facts, phrasings, stories and the conversations made of them."""
