"""What the oracle says to a scenario or a table that the product must refuse."""


class Refused(Exception):
    """The scenario file (stage ``scenario``) or a table (stage ``data``) is in error: nothing is solved."""

    def __init__(self, stage: str, what: str) -> None:
        super().__init__(f"{stage}: {what}")
        self.stage = stage
