/* The stages of Dalal and Triggs, for one type of pixel and one instruction set.
 * A template, see hog.h for its macros; hence no include guard.
 *
 * Where speed comes from: whole bands of rows in simple loops, no arctan, no scatter.
 * With the gradient (x, y) turned into the upper half plane, its angle is at least
 * b when x <= y * cot(b). So each magnitude is passed up from bound to bound and
 * stays in the bin where it is stopped. One multiplication, one comparison: nothing
 * to contract into an FMA, and exact at 45, 90, 135 degrees.
 */

#if VECTOR_BYTES > 0
#define LANES (VECTOR_BYTES / (ptrdiff_t)sizeof(REAL)) /* columns per vector */
typedef REAL NAME(lanes) __attribute__((vector_size(VECTOR_BYTES),
                                        aligned(sizeof(REAL))));
typedef MASK NAME(masks) __attribute__((vector_size(VECTOR_BYTES)));
#define LANES_T NAME(lanes)
#define LOAD(p) (*(const LANES_T *)(p))
#define STORE(p, v) (*(LANES_T *)(p) = (v))
#define WHERE(condition, v) ((LANES_T)((condition) & (NAME(masks))(v)))
#define ZERO ((LANES_T){0})
#else
#define LANES 1
#define LANES_T REAL
#define LOAD(p) (*(p))
#define STORE(p, v) (*(p) = (v))
#define WHERE(condition, v) ((condition) ? (v) : (REAL)0)
#define ZERO ((REAL)0)
#endif

/* The compiler must see sqrtf where REAL is float, to vectorise it. */
FUNCTION REAL NAME(root)(REAL v)
{
    return sizeof v == sizeof(float) ? (REAL)sqrtf((float)v) : (REAL)sqrt(v);
}

/* Centred differences of `rows` rows from `top`; zero on the border of the image.
 * x, y: (rows, width, channels). Rows are contiguous, so each is one long loop. */
FUNCTION void NAME(gradient)(const hog_plan *plan, const PIXEL *image, ptrdiff_t top,
                             ptrdiff_t rows, REAL *HOG_RESTRICT x,
                             REAL *HOG_RESTRICT y)
{
    const ptrdiff_t side = plan->channels, row = plan->width * side, n = rows * row;
    const int first = top == 0, last = top + rows == plan->height;
    const PIXEL *p = image + top * row;
    const ptrdiff_t x_from = first ? side : 0, x_to = last ? n - side : n;
    const ptrdiff_t y_from = first ? row : 0, y_to = last ? n - row : n;
    ptrdiff_t i, r;

    for (i = x_from; i < x_to; i++)
        x[i] = (REAL)(p[i + side] - p[i - side]);
    for (i = y_from; i < y_to; i++)
        y[i] = (REAL)(p[i + row] - p[i - row]);
    for (r = 0; r < rows; r++)
        for (i = 0; i < side; i++)
            x[r * row + i] = x[(r + 1) * row - 1 - i] = 0;
    if (first)
        memset(y, 0, (size_t)row * sizeof(REAL));
    if (last)
        memset(y + (n - row), 0, (size_t)row * sizeof(REAL));
}

/* Per pixel the gradient of the strongest of three channels; the first wins a tie. */
FUNCTION void NAME(strongest_channel)(const REAL *HOG_RESTRICT every_x,
                                      const REAL *HOG_RESTRICT every_y,
                                      ptrdiff_t n,
                                      REAL *HOG_RESTRICT x, REAL *HOG_RESTRICT y)
{
    ptrdiff_t i;
    for (i = 0; i < n; i++) {
        const REAL *u = every_x + 3 * i, *v = every_y + 3 * i;
        const REAL s0 = STRENGTH(u[0], v[0]), s1 = STRENGTH(u[1], v[1]);
        const REAL s2 = STRENGTH(u[2], v[2]);
        const int second = STRONGER(u[1], v[1], s1, u[0], v[0], s0);
        const REAL best_u = second ? u[1] : u[0], best_v = second ? v[1] : v[0];
        const REAL best_s = second ? s1 : s0;
        const int third = STRONGER(u[2], v[2], s2, best_u, best_v, best_s);
        x[i] = third ? u[2] : best_u;
        y[i] = third ? v[2] : best_v;
    }
}

/* Magnitudes, and gradients turned into the half plane of angles [0, 180). */
FUNCTION void NAME(fold)(ptrdiff_t n, REAL *HOG_RESTRICT x, REAL *HOG_RESTRICT y,
                         REAL *HOG_RESTRICT magnitude)
{
    ptrdiff_t i;
    for (i = 0; i < n; i++) {
        REAL u = x[i], v = y[i];
        REAL level = (REAL)fabs(u);
        magnitude[i] = NAME(root)(u * u + v * v);
        x[i] = v > 0 ? u : (v < 0 ? -u : level);
        y[i] = (REAL)fabs(v);
    }
}

/* Votes of LANES columns over the rows of a band: votes[k, column] += magnitudes in
 * bin k. Inlined with a constant number of bins, `sum` lives in registers. */
FUNCTION void NAME(vote)(const REAL *x, const REAL *y, const REAL *magnitude,
                         ptrdiff_t row, ptrdiff_t rows, const REAL *slopes, int bins,
                         REAL *votes, ptrdiff_t stride, int start)
{
    LANES_T sum[HOG_MAX_BINS];
    ptrdiff_t r;
    int k;
    for (k = 0; k < bins; k++)
        sum[k] = start ? ZERO : LOAD(votes + k * stride);
    for (r = 0; r < rows; r++) {
        LANES_T u = LOAD(x + r * row), v = LOAD(y + r * row);
        LANES_T left = LOAD(magnitude + r * row);
        for (k = 0; k < bins - 1; k++) {
            LANES_T above = WHERE(u <= v * slopes[k], left);
            sum[k] += left - above; /* exact: above is either left or 0 */
            left = above;
        }
        sum[bins - 1] += left;
    }
    for (k = 0; k < bins; k++)
        STORE(votes + k * stride, sum[k]);
}

/* Sum of n numbers, or of their squares, in four interleaved parts. */
FUNCTION REAL NAME(sum)(const REAL *a, ptrdiff_t n)
{
    REAL s[4] = {0, 0, 0, 0};
    ptrdiff_t i = 0, l;
    for (; i + 4 <= n; i += 4)
        for (l = 0; l < 4; l++)
            s[l] += a[i + l];
    for (; i < n; i++)
        s[0] += a[i];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

FUNCTION REAL NAME(sum_squares)(const float *a, ptrdiff_t n)
{
    REAL s[4] = {0, 0, 0, 0};
    ptrdiff_t i = 0, l;
    for (; i + 4 <= n; i += 4)
        for (l = 0; l < 4; l++)
            s[l] += (REAL)a[i + l] * (REAL)a[i + l];
    for (; i < n; i++)
        s[0] += (REAL)a[i] * (REAL)a[i];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* Mean vote per cell and bin for one row of cells: cells (cells_across, bins). */
FUNCTION void NAME(gather)(const hog_plan *plan, const REAL *votes, ptrdiff_t width,
                           int bins, REAL *HOG_RESTRICT cells)
{
    const ptrdiff_t stride = hog_vote_stride(plan);
    const REAL share = (REAL)1 / (REAL)(plan->cell_height * plan->cell_width);
    ptrdiff_t c;
    int k;
    for (c = 0; c < plan->cells_across; c++)
        for (k = 0; k < bins; k++)
            cells[c * bins + k]
                = share * NAME(sum)(votes + k * stride + c * width, width);
}

/* All cells of one image: cells (cells_down, cells_across, bins). */
FUNCTION void NAME(cell_histograms)(const hog_plan *plan, const PIXEL *image,
                                    const REAL *slopes, REAL *work, REAL *cells)
{
    const ptrdiff_t row = plan->width, stride = hog_vote_stride(plan);
    const ptrdiff_t band = HOG_BAND * row + HOG_PAD;
    const ptrdiff_t used = plan->cells_across * plan->cell_width;
    REAL *x = work, *y = x + band, *magnitude = y + band, *votes = magnitude + band;
    REAL *every_x = votes + plan->bins * stride, *every_y = every_x + 3 * band;
    ptrdiff_t down, done, rows, column;

    for (down = 0; down < plan->cells_down; down++) {
        for (done = 0; done < plan->cell_height; done += rows) {
            ptrdiff_t top = down * plan->cell_height + done;
            rows = plan->cell_height - done;
            rows = rows < HOG_BAND ? rows : HOG_BAND;
            if (plan->channels == 1) {
                NAME(gradient)(plan, image, top, rows, x, y);
            } else {
                NAME(gradient)(plan, image, top, rows, every_x, every_y);
                NAME(strongest_channel)(every_x, every_y, rows * row, x, y);
            }
            NAME(fold)(rows * row, x, y, magnitude);
            for (column = 0; column < used; column += LANES) {
                const REAL *u = x + column, *v = y + column, *m = magnitude + column;
                REAL *to = votes + column;
                if (plan->bins == 9)
                    NAME(vote)(u, v, m, row, rows, slopes, 9, to, stride, !done);
                else
                    NAME(vote)(u, v, m, row, rows, slopes, plan->bins, to, stride,
                               !done);
            }
        }
        if (plan->cell_width == 8)
            NAME(gather)(plan, votes, 8, plan->bins, cells);
        else
            NAME(gather)(plan, votes, plan->cell_width, plan->bins, cells);
        cells += plan->cells_across * plan->bins;
    }
}

/* energy (cells): sum of votes for the L1 norms, of squared votes for L2. */
FUNCTION void NAME(cell_energies)(const hog_plan *plan, const REAL *cells,
                                  REAL *HOG_RESTRICT energy)
{
    const ptrdiff_t n = plan->cells_down * plan->cells_across;
    const int squares = plan->norm == HOG_L2 || plan->norm == HOG_L2_HYS;
    ptrdiff_t c;
    int k;
    for (c = 0; c < n; c++) {
        const REAL *h = cells + c * plan->bins;
        REAL s = 0;
        if (squares)
            for (k = 0; k < plan->bins; k++)
                s += h[k] * h[k];
        else
            for (k = 0; k < plan->bins; k++)
                s += h[k];
        energy[c] = s;
    }
}

/* One block: `block` points at its first cell, `out` takes its features. */
FUNCTION void NAME(normalise_block)(int norm, const REAL *block, ptrdiff_t step,
                                    ptrdiff_t rows, ptrdiff_t row, REAL energy,
                                    float *HOG_RESTRICT out)
{
    const REAL eps = (REAL)1e-5, clip = (REAL)0.2;
    const int l1 = norm == HOG_L1 || norm == HOG_L1_SQRT;
    const REAL scale = (REAL)1 / (l1 ? energy + eps : NAME(root)(energy + eps * eps));
    ptrdiff_t r, i;
    for (r = 0; r < rows; r++) {
        const REAL *h = block + r * step;
        float *o = out + r * row;
        if (norm == HOG_L2_HYS)
            for (i = 0; i < row; i++) {
                REAL v = h[i] * scale;
                o[i] = (float)(v < clip ? v : clip);
            }
        else if (norm == HOG_L1_SQRT)
            for (i = 0; i < row; i++)
                o[i] = (float)NAME(root)(h[i] * scale);
        else
            for (i = 0; i < row; i++)
                o[i] = (float)(h[i] * scale);
    }
    if (norm == HOG_L2_HYS) {
        const REAL again = NAME(sum_squares)(out, rows * row);
        const float rescale = (float)(1 / NAME(root)(again + eps * eps));
        for (i = 0; i < rows * row; i++)
            out[i] *= rescale;
    }
}

/* Constant sizes for the usual block (2 x 2 cells, 9 bins) save a tenth of the time.
 * Features (blocks_down, blocks_across, block_height, block_width, bins). */
FUNCTION void NAME(blocks)(const hog_plan *plan, const REAL *cells, const REAL *energy,
                           float *features)
{
    const ptrdiff_t across = plan->cells_across, step = across * plan->bins;
    const ptrdiff_t rows = plan->block_height, columns = plan->block_width;
    const ptrdiff_t row = columns * plan->bins;
    const REAL *block;
    ptrdiff_t down, right, r, c;
    for (down = 0; down + rows <= plan->cells_down; down++)
        for (right = 0; right + columns <= across; right++) {
            REAL sum = 0;
            for (r = 0; r < rows; r++)
                for (c = 0; c < columns; c++)
                    sum += energy[(down + r) * across + right + c];
            block = cells + down * step + right * plan->bins;
            if (plan->norm == HOG_L2_HYS && rows == 2 && row == 18)
                NAME(normalise_block)(HOG_L2_HYS, block, step, 2, 18, sum, features);
            else
                NAME(normalise_block)(plan->norm, block, step, rows, row, sum,
                                      features);
            features += rows * row;
        }
}

/* The whole method for one image (height, width, channels). */
ENTRY void NAME(image)(const hog_plan *plan, const PIXEL *image, const REAL *slopes,
                       REAL *work, float *features)
{
    const ptrdiff_t n = plan->cells_down * plan->cells_across;
    REAL *energy = work, *cells = energy + n;
    NAME(cell_histograms)(plan, image, slopes, cells + n * plan->bins, cells);
    NAME(cell_energies)(plan, cells, energy);
    NAME(blocks)(plan, cells, energy, features);
}

#undef LANES
#undef LANES_T
#undef LOAD
#undef STORE
#undef WHERE
#undef ZERO
