"""What cannot be converted says so."""


def refuse(what, remedy):
    """Raise NotImplementedError that names a class, and says what can be done.

    Parameters
    ----------
    what : str or object
        An object stands for the name of its class.
    remedy : str
    """
    name = what if isinstance(what, str) else type(what).__name__
    raise NotImplementedError(f"{name} cannot be converted to ONNX: {remedy}")
