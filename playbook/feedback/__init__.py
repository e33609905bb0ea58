"""Was this useful? Readers' four buttons, and what editors see of them."""
