/* Both products, for one type and one instruction set.
 * A template, see segments.h for its macros; hence no include guard.
 *
 * Where speed comes from: tiles of a few rows and columns, whose sums live in
 * registers, so that each number loaded is used more than once. A row ends with one
 * more vector that reaches back over what was done already; a mask hides that part.
 *
 * Where accuracy comes from: many short sums. Scores have one per lane, coefficients
 * one per ROW_BLOCK rows; plain C has neither lanes nor speed to lose, so it sums in
 * double.
 */

#if VECTOR_BYTES > 0
#define LANES (VECTOR_BYTES / (ptrdiff_t)sizeof(REAL))
typedef REAL NAME(lanes) __attribute__((vector_size(VECTOR_BYTES),
                                        aligned(sizeof(REAL)), may_alias));
typedef MASK NAME(masks) __attribute__((vector_size(VECTOR_BYTES),
                                        aligned(1), may_alias));
#define LANES_T NAME(lanes)
#define MASKS_T NAME(masks)
#define SUM_T LANES_T
#define LOAD(p) (*(const LANES_T *)(p))
#define ADD(p, v) (*(LANES_T *)(p) += (v))
#define KEEP(v, mask) ((LANES_T)((mask) & (MASKS_T)(v)))
#define ZERO ((SUM_T){0})
#else
#define LANES 1
#define LANES_T REAL
#define MASKS_T int
#define SUM_T double
#define LOAD(p) (*(p))
#define ADD(p, v) (*(p) = (REAL)(*(p) + (v)))
#define KEEP(v, mask) ((void)(mask), (v))
#define ZERO 0.0
#endif

#define TILE_ROWS 4
#define TILE_VECTORS 4
#define TILE_COLUMNS 2
#define ROW_BLOCK 32

/* A mask that hides the first lanes. */
FUNCTION MASKS_T NAME(hide)(ptrdiff_t lanes)
{
#if VECTOR_BYTES > 0
    return *(const MASKS_T *)(segments_window + (32 - lanes * sizeof(REAL)));
#else
    return lanes != 0;
#endif
}

FUNCTION REAL NAME(sum_lanes)(SUM_T v)
{
#if VECTOR_BYTES > 0
    REAL s[LANES];
    ptrdiff_t half, l;
    memcpy(s, &v, sizeof v);
    for (half = LANES / 2; half; half /= 2)
        for (l = 0; l < half; l++)
            s[l] += s[l + half];
    return s[0];
#else
    return (REAL)v;
#endif
}

/* Scores z[r, k] of some rows and columns. Inlined with constant numbers of them. */
FUNCTION void NAME(forward_tile)(int rows, int columns, const REAL *const *x,
                                 const REAL *w, ptrdiff_t d, MASKS_T mask, REAL *z,
                                 ptrdiff_t z_row)
{
    SUM_T sum[TILE_ROWS][TILE_COLUMNS];
    LANES_T u[TILE_ROWS], v;
    ptrdiff_t j;
    int r, k;
    for (r = 0; r < rows; r++)
        for (k = 0; k < columns; k++)
            sum[r][k] = ZERO;
    for (j = 0; j + LANES < d; j += LANES) {
        for (r = 0; r < rows; r++)
            u[r] = LOAD(x[r] + j);
        for (k = 0; k < columns; k++) {
            v = LOAD(w + k * d + j);
            for (r = 0; r < rows; r++)
                sum[r][k] += (SUM_T)u[r] * v;
        }
    }
    j = d - LANES;
    for (r = 0; r < rows; r++)
        u[r] = KEEP(LOAD(x[r] + j), mask);
    for (k = 0; k < columns; k++) {
        v = KEEP(LOAD(w + k * d + j), mask); /* both: 0 times infinity is not 0 */
        for (r = 0; r < rows; r++)
            sum[r][k] += (SUM_T)u[r] * v;
    }
    for (r = 0; r < rows; r++)
        for (k = 0; k < columns; k++)
            z[r * z_row + k] = NAME(sum_lanes)(sum[r][k]);
}

/* Adds to some columns of dw what a block of rows has for a few vectors of features.
 * The last of these vectors may reach back. */
FUNCTION void NAME(backward_tile)(int vectors, int columns, const REAL *X, ptrdiff_t d,
                                  const int *row, ptrdiff_t rows, const REAL *g,
                                  ptrdiff_t g_row, ptrdiff_t first, ptrdiff_t last,
                                  REAL *dw)
{
    const MASKS_T mask = NAME(hide)(first + (vectors - 1) * LANES - last);
    SUM_T sum[TILE_COLUMNS][TILE_VECTORS];
    LANES_T u[TILE_VECTORS];
    ptrdiff_t i;
    int j, k;
    for (k = 0; k < columns; k++)
        for (j = 0; j < vectors; j++)
            sum[k][j] = ZERO;
    for (i = 0; i < rows; i++) {
        const REAL *x = X + row[i] * d;
        for (j = 0; j < vectors; j++)
            u[j] = LOAD(x + (j < vectors - 1 ? first + j * LANES : last));
        for (k = 0; k < columns; k++) {
            const REAL share = g[i * g_row + k];
            for (j = 0; j < vectors; j++)
                sum[k][j] += (SUM_T)u[j] * share;
        }
    }
    for (k = 0; k < columns; k++) {
        for (j = 0; j < vectors - 1; j++)
            ADD(dw + k * d + first + j * LANES, sum[k][j]);
        ADD(dw + k * d + last, KEEP(sum[k][j], mask));
    }
}

/* Calls TILE(rows or vectors, columns) with constants. */
#define BY_COLUMNS(n, columns, TILE)                                            \
    if (columns == 1)                                                           \
        TILE(n, 1);                                                             \
    else                                                                        \
        TILE(n, 2);
#define BY_SIZE(n, columns, TILE)                                               \
    switch (n) {                                                                \
    case 1: BY_COLUMNS(1, columns, TILE) break;                                 \
    case 2: BY_COLUMNS(2, columns, TILE) break;                                 \
    case 3: BY_COLUMNS(3, columns, TILE) break;                                 \
    default: BY_COLUMNS(4, columns, TILE)                                       \
    }

ENTRY void NAME(forward)(const segments_plan *plan, const REAL *X, const REAL *W,
                         REAL *Z)
{
    const ptrdiff_t d = plan->n_features;
    const MASKS_T mask = NAME(hide)((LANES - d % LANES) % LANES);
    const REAL *x[TILE_ROWS];
    ptrdiff_t t, i, k, r, rows, columns;

    for (t = 0; t < plan->n_tasks; t++) {
        const int *row = plan->row + plan->row_start[t];
        const ptrdiff_t n = plan->row_start[t + 1] - plan->row_start[t];
        const ptrdiff_t c = plan->column_start[t + 1] - plan->column_start[t];
        const REAL *w = W + plan->column_start[t] * d;
        for (i = 0; c && i < n; i += rows) {
            rows = n - i < TILE_ROWS ? n - i : TILE_ROWS;
            for (r = 0; r < rows; r++)
                x[r] = X + row[i + r] * d;
            for (k = 0; k < c; k += columns) {
                columns = c - k < TILE_COLUMNS ? c - k : TILE_COLUMNS;
#define TILE(rows, columns) \
    NAME(forward_tile)(rows, columns, x, w + k * d, d, mask, Z + k, c)
                BY_SIZE(rows, columns, TILE)
#undef TILE
            }
            Z += rows * c;
        }
    }
}

ENTRY void NAME(backward)(const segments_plan *plan, const REAL *X, const REAL *G,
                          REAL *dW)
{
    const ptrdiff_t d = plan->n_features;
    ptrdiff_t t, i, j, k, rows, columns, vectors, last;

    memset(dW, 0, (size_t)(plan->column_start[plan->n_tasks] * d) * sizeof(REAL));
    for (t = 0; t < plan->n_tasks; t++) {
        const int *row = plan->row + plan->row_start[t];
        const ptrdiff_t n = plan->row_start[t + 1] - plan->row_start[t];
        const ptrdiff_t c = plan->column_start[t + 1] - plan->column_start[t];
        REAL *dw = dW + plan->column_start[t] * d;
        for (i = 0; c && i < n; i += rows) {
            rows = n - i < ROW_BLOCK ? n - i : ROW_BLOCK;
            for (j = 0; j < d; j += vectors * LANES) {
                vectors = (d - j + LANES - 1) / LANES;
                vectors = vectors < TILE_VECTORS ? vectors : TILE_VECTORS;
                last = j + (vectors - 1) * LANES;
                last = last + LANES < d ? last : d - LANES;
                for (k = 0; k < c; k += columns) {
                    columns = c - k < TILE_COLUMNS ? c - k : TILE_COLUMNS;
#define TILE(vectors, columns)                                                  \
    NAME(backward_tile)(vectors, columns, X, d, row + i, rows, G + k, c, j,     \
                        last, dw + k * d)
                    BY_SIZE(vectors, columns, TILE)
#undef TILE
                }
            }
            G += rows * c;
        }
    }
}

#undef LANES
#undef LANES_T
#undef MASKS_T
#undef SUM_T
#undef LOAD
#undef ADD
#undef KEEP
#undef ZERO
#undef TILE_ROWS
#undef TILE_VECTORS
#undef TILE_COLUMNS
#undef ROW_BLOCK
#undef BY_COLUMNS
#undef BY_SIZE
