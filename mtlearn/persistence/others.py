"""What model files may hold of scikit-learn, NumPy, SciPy and Python, name by name.

Of scikit-learn those are here that answer with NumPy and SciPy alone. Trees, nearest
neighbours, libsvm's machines and k-means hand arrays to compiled code that believes
them, so a forged file could crash a process by them; text vectorizers read files when
they are told to.
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
        "ElasticNet", "Lasso", "LinearRegression", "LogisticRegression",
        "LogisticRegressionCV", "Ridge", "RidgeCV", "RidgeClassifier",
        "RidgeClassifierCV", "SGDClassifier", "SGDRegressor",
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
        "LabelBinarizer", "LabelEncoder", "MaxAbsScaler", "MinMaxScaler",
        "MultiLabelBinarizer", "Normalizer", "OneHotEncoder", "OrdinalEncoder",
        "PolynomialFeatures", "PowerTransformer", "QuantileTransformer",
        "RobustScaler", "StandardScaler", "TargetEncoder",
    ),
    "sklearn.random_projection": (
        "GaussianRandomProjection", "SparseRandomProjection",
    ),
    "sklearn.svm": ("LinearSVC", "LinearSVR"),
}  # fmt: skip

# By the name that files have.
PRIVATE = (
    "scipy.sparse._csr.csr_array",
    "scipy.sparse._csr.csr_matrix",
    "sklearn._loss.link.Interval",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.isotonic.IsotonicRegression",
    "sklearn.metrics._scorer._MultimetricScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._search_successive_halving.HalvingGridSearchCV",
    "sklearn.model_selection._search_successive_halving.HalvingRandomSearchCV",
    "sklearn.model_selection._split._CVIterableWrapper",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)

_BUILTINS = (
    "bool", "bytearray", "bytes", "complex", "dict", "float", "int", "list", "set",
    "slice", "str", "tuple", "type",
)  # fmt: skip
_NUMPY_TYPES = (
    "bool", "bool_", "bytes_", "complex128", "complex64", "datetime64", "dtype",
    "float16", "float32", "float64", "int16", "int32", "int64", "int8", "intp",
    "longlong", "ndarray", "object_", "str_", "timedelta64", "uint16", "uint32",
    "uint64", "uint8", "ulonglong", "void",
)  # fmt: skip
# For FunctionTransformer.
_NUMPY_FUNCTIONS = (
    "absolute", "cbrt", "exp", "expm1", "log", "log10", "log1p", "log2", "negative",
    "reciprocal", "sign", "sqrt", "square", "tanh",
)  # fmt: skip
PLAIN = (
    *(f"builtins.{name}" for name in _BUILTINS),
    *(f"numpy.{name}" for name in (*_NUMPY_TYPES, *_NUMPY_FUNCTIONS)),
    "collections.OrderedDict",
    "collections.defaultdict",
    "numpy.ma.MaskedArray",
    "numpy.ma.core.MaskedArray",
    "numpy.random._generator.Generator",
    "numpy.random.mtrand.RandomState",
)

# Ways in which skops puts objects together; those that call what the file names, or
# fill compiled classes, are not here.
LOADERS = (
    "BytearrayNode", "BytesNode", "DTypeNode", "DefaultDictNode", "DictNode",
    "FunctionNode", "JsonNode", "ListNode", "MaskedArrayNode", "NdArrayNode",
    "ObjectNode", "RandomStateNode", "SetNode", "SliceNode", "SparseMatrixNode",
    "TupleNode", "TypeNode",
)  # fmt: skip
