"""What each admin template gets, and nothing else: plain structs, made from what core answers."""
