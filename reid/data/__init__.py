"""Images of people: Market-1501 folders and names, batches of them, what training changes about them."""
