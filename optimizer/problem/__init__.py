"""The waist: primitives, the problem made of them, and an engine's answer."""
