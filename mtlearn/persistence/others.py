"""What model files may hold of scikit-learn, NumPy, SciPy and Python, name by name.

Of scikit-learn those are here that answer with NumPy and SciPy alone. Trees, nearest
neighbours, libsvm's machines and k-means hand arrays to compiled code that believes
them, so a forged file could crash a process by them, as could coordinate descent that
starts from given coefficients; text vectorizers read files when they are told to.
"""

# By the module where users find them.
PUBLIC_OTHERS = {
    "sklearn.calibration": ("CalibratedClassifierCV",),
    "sklearn.compose": ("ColumnTransformer", "TransformedTargetRegressor"),
    "sklearn.decomposition": (
        "FactorAnalysis", "FastICA", "IncrementalPCA", "KernelPCA", "PCA",
        "TruncatedSVD",
    ),
    "sklearn.dummy": ("DummyClassifier", "DummyRegressor"),
    "sklearn.feature_selection": (
        "GenericUnivariateSelect", "RFE", "RFECV", "SelectFdr", "SelectFpr",
        "SelectFromModel", "SelectFwe", "SelectKBest", "SelectPercentile",
        "SequentialFeatureSelector", "VarianceThreshold", "chi2", "f_classif",
        "f_regression", "mutual_info_classif", "mutual_info_regression", "r_regression",
    ),
    "sklearn.frozen": ("FrozenEstimator",),
    "sklearn.impute": ("MissingIndicator", "SimpleImputer"),
    "sklearn.kernel_approximation": (
        "AdditiveChi2Sampler", "Nystroem", "PolynomialCountSketch", "RBFSampler",
        "SkewedChi2Sampler",
    ),
    "sklearn.linear_model": (
        "LinearRegression", "LogisticRegression", "LogisticRegressionCV", "Ridge",
        "RidgeCV", "RidgeClassifier", "RidgeClassifierCV",
    ),
    "sklearn.mixture": ("GaussianMixture",),
    "sklearn.model_selection": (
        "FixedThresholdClassifier", "GridSearchCV", "GroupKFold", "GroupShuffleSplit",
        "KFold", "LeaveOneGroupOut", "LeaveOneOut", "PredefinedSplit",
        "RandomizedSearchCV", "RepeatedKFold", "RepeatedStratifiedKFold",
        "ShuffleSplit", "StratifiedGroupKFold", "StratifiedKFold",
        "StratifiedShuffleSplit", "TimeSeriesSplit", "TunedThresholdClassifierCV",
    ),
    "sklearn.multiclass": ("OneVsRestClassifier",),
    "sklearn.multioutput": (
        "ClassifierChain", "MultiOutputClassifier", "MultiOutputRegressor",
        "RegressorChain",
    ),
    "sklearn.pipeline": ("FeatureUnion", "Pipeline"),
    "sklearn.preprocessing": (
        "Binarizer", "FunctionTransformer", "KBinsDiscretizer", "KernelCenterer",
        "LabelEncoder", "MaxAbsScaler", "MinMaxScaler", "Normalizer", "OneHotEncoder",
        "OrdinalEncoder", "PolynomialFeatures", "PowerTransformer",
        "QuantileTransformer", "RobustScaler", "StandardScaler", "TargetEncoder",
    ),
    "sklearn.random_projection": (
        "GaussianRandomProjection", "SparseRandomProjection",
    ),
    "sklearn.svm": ("LinearSVC", "LinearSVR"),
}  # fmt: skip

# By the name that files have.
PRIVATE = (
    "sklearn._loss.link.Interval",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.isotonic.IsotonicRegression",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._MultimetricScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
    "sklearn.model_selection._split._CVIterableWrapper",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)

_BUILTINS = (
    "bool", "bytearray", "bytes", "complex", "dict", "float", "int", "list", "set",
    "slice", "str", "tuple",
)  # fmt: skip
_NUMPY_TYPES = (
    "bool", "bool_", "bytes_", "complex128", "complex64", "datetime64", "float16",
    "float32", "float64", "int16", "int32", "int64", "int8", "intp", "longlong",
    "object_", "str_", "timedelta64", "uint16", "uint32", "uint64", "uint8",
    "ulonglong",
)  # fmt: skip
# For FunctionTransformer.
NUMPY_FUNCTIONS = tuple(
    f"numpy.{name}"
    for name in (
        "absolute", "cbrt", "exp", "expm1", "log", "log10", "log1p", "log2", "negative",
        "reciprocal", "sign", "sqrt", "square", "tanh",
    )
)  # fmt: skip
_TYPES = tuple(
    [f"builtins.{name}" for name in _BUILTINS]
    + [f"numpy.{name}" for name in _NUMPY_TYPES]
)

# The ways in which skops puts together what is no object of a class of ours, and what
# may be made in each: some of them call whatever the file names. Ways that are not
# here, for methods, partials and compiled classes, are refused.
LOADERS = {
    "BytearrayNode": ("builtins.bytearray",),
    "BytesNode": ("builtins.bytes",),
    "DTypeNode": ("numpy.dtype",),
    "DictNode": (
        "builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch",
        "mtlearn.metrics.scorer.TaskScorers",
    ),
    "JsonNode": _TYPES,
    "ListNode": ("builtins.list",),
    "MaskedArrayNode": ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
    "NdArrayNode": ("numpy.ndarray", *_TYPES[len(_BUILTINS) :]),
    "RandomStateNode": ("numpy.random.mtrand.RandomState",),
    "SetNode": ("builtins.set",),
    "SliceNode": ("builtins.slice",),
    "SparseMatrixNode": ("scipy.sparse._csr.csr_array", "scipy.sparse._csr.csr_matrix"),
    "TupleNode": ("builtins.tuple",),
    "TypeNode": _TYPES,
}  # fmt: skip
PLAIN = tuple({name for names in LOADERS.values() for name in names})
