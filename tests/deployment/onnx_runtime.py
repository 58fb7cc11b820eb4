"""Models in onnxruntime, beside mtlearn."""

import json

import numpy as np
import onnx
import onnxruntime

from mtlearn.deployment.onnx import to_onnx


def session_of(model, X, **options):
    """A session of the converted model, on one thread."""
    converted = to_onnx(model, X, **options)
    onnx.checker.check_model(converted, full_check=True)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        converted.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )


def run(session, X):
    """Outputs by name."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": X})))


def tasks_of(session):
    """What the metadata say of each task: a list of dicts."""
    return json.loads(session.get_modelmeta().custom_metadata_map["mtlearn"])


def by_task(outputs):
    """The outputs of a method of mtlearn as a list, one entry per task."""
    if isinstance(outputs, list):
        return outputs
    return list(outputs.T) if outputs.ndim == 2 else [outputs]


def assert_agrees(model, X, atol=1e-5, rows=None):
    """Labels are the same, numbers and probabilities up to ``atol``.

    Returns
    -------
    dict of outputs by name
    """
    session = session_of(model, X[:2])
    found = run(session, X)
    tasks = tasks_of(session)
    predicted = by_task(model.predict(X))
    assert len(predicted) == len(tasks)
    for t, task in enumerate(tasks):
        ours, theirs = np.array(predicted[t].tolist()), found[task["outputs"][0]]
        assert theirs.shape == (len(X),)
        if task["classes"]:
            assert (ours == theirs).all()
        else:
            np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=atol)
        for name in task["outputs"][1:]:
            is_proba = name.endswith("_probability")
            method = model.predict_proba if is_proba else model.decision_function
            scores = method(X)
            ours = scores[t] if isinstance(scores, list) else scores
            assert found[name].shape == ours.shape
            assert found[name].dtype == np.float64
            np.testing.assert_allclose(found[name], ours, rtol=0, atol=atol)
    return found
