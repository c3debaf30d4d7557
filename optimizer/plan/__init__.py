"""The chosen contacts, what is proven about them, their audit, and the folder they are published in."""
