"""What every load generator has."""

import machine


class Tool:
    """A program on this machine. Subclasses say how it is asked and how its output is read."""

    name = ""

    def __init__(self, program):
        self.program = program

    @classmethod
    def found(cls, folder):
        """The tool from this folder or the PATH; None when it is not installed."""
        program = machine.find(cls.name, [folder])
        return cls(program) if program else None

    def supports(self, load):
        """Whether the tool can make this load at all."""
        return True

    def command(self, load, folder):
        """The command line; files that it needs or leaves are in the folder."""
        raise NotImplementedError

    def read(self, load, folder):
        """What it reported. `stdout.txt` in the folder holds what it printed."""
        raise NotImplementedError

    def went_well(self, exit_code):
        """Whether a run that ended like this was made as it was asked for."""
        return exit_code == 0
