"""How a command ends early: with one clear sentence and an exit code, never with a traceback."""

USAGE = 2
CHECK_FAILED = 1


class RefusedError(Exception):
    """Bad usage or input that cannot be read: one sentence for the person, exit code 2."""

    exit_code = USAGE


class CheckFailedError(RefusedError):
    """The command did its work and the answer is no: one sentence, exit code 1."""

    exit_code = CHECK_FAILED


def os_reason(error: OSError) -> str:
    """Why the system refused, without the number and the path: "No such file or directory"."""
    return error.strerror or str(error)
