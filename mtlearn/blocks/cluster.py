"""A client of Dask whose joblib tasks outlive their workers; needs the extra `dask`."""

try:
    import distributed
except ImportError as error:
    raise ImportError(
        "clusters need dask.distributed: pip install 'scikit-mtlearn[dask]'"
    ) from error


class Client(distributed.Client):
    """``dask.distributed.Client``, for ``parallel_config(backend="dask")``.

    joblib hands large arguments to a worker, and if that worker is lost, so are they:
    the run ends with an error. Here they are results of a task, which the scheduler has
    done again on another worker. They are kept in the scheduler's memory for that.

    Parameters
    ----------
    address, **kwargs : see ``dask.distributed.Client``

    Examples
    --------
    >>> from joblib import parallel_config
    >>> from mtlearn.blocks.cluster import Client
    >>> with Client("tcp://scheduler:8786"):  # doctest: +SKIP
    ...     with parallel_config(backend="dask"):
    ...         search.fit(X, Y)
    """

    def scatter(self, data, *args, asynchronous=None, broadcast=False, **kwargs):
        """As of ``dask.distributed.Client``, but for what joblib hands over."""
        if asynchronous and not broadcast:
            return self._as_result(data)
        return super().scatter(
            data, *args, asynchronous=asynchronous, broadcast=broadcast, **kwargs
        )

    async def _as_result(self, data):
        return self.submit(_itself, data, pure=False)


def _itself(data):
    return data
