/* Local binary patterns of one image, exactly as scikit-image computes them.

   A pixel's code has bit p where neighbour p, on a circle around it, is no darker than
   the pixel itself. Neighbours between pixels are interpolated in double, in the order
   of operations of scikit-image: in flat regions the code depends on how sums round. */

#ifndef MTLEARN_LBP_H
#define MTLEARN_LBP_H

#include <math.h>
#include <stddef.h>
#include <string.h>

/* target_clones needs the GNU C library to choose a clone when the library is loaded. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define LBP_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define LBP_CLONES
#endif

/* One row between the columns: out[c] = rest[c] from[c] + share[c] from[c + 1]. */
LBP_CLONES
static void lbp_between_columns(ptrdiff_t width, const double *from, const double *share,
                                const double *rest, double *out)
{
    for (ptrdiff_t c = 0; c < width; c++)
        out[c] = rest[c] * from[c] + share[c] * from[c + 1];
}

/* A bit where the neighbour, between the rows above and below, is no darker. */
LBP_CLONES
static void lbp_compare_between(ptrdiff_t width, const double *above,
                                const double *below, double share,
                                const double *centre, unsigned bit, unsigned *codes)
{
    double rest = 1 - share;
    for (ptrdiff_t c = 0; c < width; c++) {
        double value = rest * above[c] + share * below[c];
        codes[c] |= value >= centre[c] ? bit : 0;
    }
}

/* The same for a neighbour in a row of pixels. */
LBP_CLONES
static void lbp_compare(ptrdiff_t width, const double *value, const double *centre,
                        unsigned bit, unsigned *codes)
{
    for (ptrdiff_t c = 0; c < width; c++)
        codes[c] |= value[c] >= centre[c] ? bit : 0;
}

/* The same where values and codes are bytes, of which many fit a register. */
LBP_CLONES
static void lbp_compare_bytes(ptrdiff_t width, const unsigned char *value,
                              const unsigned char *centre, unsigned char bit,
                              unsigned char *codes)
{
    for (ptrdiff_t c = 0; c < width; c++)
        codes[c] |= value[c] >= centre[c] ? bit : 0;
}

LBP_CLONES
static void lbp_widen(ptrdiff_t n, const unsigned char *from, unsigned *to)
{
    for (ptrdiff_t i = 0; i < n; i++)
        to[i] = from[i];
}

/* Rows whose codes are made and counted before the next: what fits a first cache. */
enum { LBP_BAND = 16, LBP_COPIES = 4 };

typedef struct {
    ptrdiff_t height, width;
    ptrdiff_t pad;              /* zeros around the image: the largest offset, rounded
                                   up, plus 1 */
    int n_points;
    const double *rows, *cols;  /* offsets of the neighbours, equal cols side by side */
    const int *bits;            /* the bit of each neighbour */
    const int *labels;          /* from codes to patterns */
    const ptrdiff_t *row_edges, *col_edges;  /* where cells begin, and the end */
    ptrdiff_t cells_down;
    ptrdiff_t cells_across, n_cells, n_patterns;
    /* Work, for bytes and at most 8 points, else NULL: the padded image, and codes. */
    unsigned char *bytes, *byte_codes;
} lbp_plan;

/* Numbers that lbp_count needs as work space. */
static ptrdiff_t lbp_work_size(const lbp_plan *plan)
{
    ptrdiff_t padded = (plan->height + 2 * plan->pad) * (plan->width + 2 * plan->pad);
    ptrdiff_t moved = (LBP_BAND + 2 * plan->pad) * plan->width;
    return padded + moved + 2 * plan->width;
}

/* Whether a neighbour is a pixel. */
static int lbp_is_pixel(const lbp_plan *plan, int p)
{
    return plan->rows[p] == floor(plan->rows[p]) && plan->cols[p] == floor(plan->cols[p]);
}

/* Codes of rows by the neighbours that are pixels; the others' bits are 0. */
static void lbp_pixel_codes(const lbp_plan *plan, ptrdiff_t first, ptrdiff_t last,
                            unsigned *codes)
{
    ptrdiff_t width = plan->width, stride = width + 2 * plan->pad;
    memset(plan->byte_codes, 0, (size_t)((last - first) * width));
    for (int p = 0; p < plan->n_points; p++) {
        if (!lbp_is_pixel(plan, p))
            continue;
        ptrdiff_t shift = (ptrdiff_t)plan->rows[p] * stride + (ptrdiff_t)plan->cols[p];
        for (ptrdiff_t r = first; r < last; r++) {
            const unsigned char *centre =
                plan->bytes + (plan->pad + r) * stride + plan->pad;
            lbp_compare_bytes(width, centre + shift, centre,
                              (unsigned char)(1u << plan->bits[p]),
                              plan->byte_codes + (r - first) * width);
        }
    }
    lbp_widen((last - first) * width, plan->byte_codes, codes);
}

/* Codes of the rows first to last of the padded image. */
static void lbp_codes(const lbp_plan *plan, const double *padded, ptrdiff_t first,
                      ptrdiff_t last, double *moved, double *share, unsigned *codes)
{
    ptrdiff_t width = plan->width, stride = width + 2 * plan->pad;
    ptrdiff_t origin = first - plan->pad;  /* of the rows in moved */
    double *rest = share + width;
    double known = NAN;  /* the offset that moved is of */
    if (plan->bytes)
        lbp_pixel_codes(plan, first, last, codes);
    else
        memset(codes, 0, (size_t)((last - first) * width) * sizeof(unsigned));
    for (int p = 0; p < plan->n_points; p++) {
        if (plan->bytes && lbp_is_pixel(plan, p))
            continue;
        double offset = plan->cols[p];
        ptrdiff_t shift = plan->pad + (ptrdiff_t)floor(offset);
        const double *from = padded + plan->pad * stride + shift;
        ptrdiff_t step = stride;
        if (offset != floor(offset)) {
            if (offset != known) {
                known = offset;
                for (ptrdiff_t c = 0; c < width; c++) {
                    double x = (double)c + offset;
                    share[c] = x - floor(x);
                    rest[c] = 1 - share[c];
                }
                for (ptrdiff_t r = origin; r < last + plan->pad; r++)
                    lbp_between_columns(width, from + r * stride, share, rest,
                                        moved + (r - origin) * width);
            }
            from = moved - origin * width;
            step = width;
        }
        for (ptrdiff_t r = first; r < last; r++) {
            double y = (double)r + plan->rows[p], low = floor(y);
            const double *above = from + (ptrdiff_t)low * step;
            const double *below = from + (ptrdiff_t)ceil(y) * step;
            const double *centre = padded + (plan->pad + r) * stride + plan->pad;
            unsigned *out = codes + (r - first) * width;
            if (above == below)
                lbp_compare(width, above, centre, 1u << plan->bits[p], out);
            else
                lbp_compare_between(width, above, below, y - low, centre,
                                    1u << plan->bits[p], out);
        }
    }
}

/* Count the patterns of one row. Neighbours in a row have often the same pattern, and
   adding twice to one number waits for the first: so there are copies. */
static void lbp_tally(const lbp_plan *plan, ptrdiff_t r, const unsigned *codes,
                      unsigned *tally)
{
    ptrdiff_t n_counts = plan->n_cells * plan->n_patterns, row = 0;
    const int *labels = plan->labels;
    while (plan->row_edges[row + 1] <= r) row++;
    tally += row * plan->cells_across * plan->n_patterns;
    for (ptrdiff_t cell = 0; cell < plan->cells_across; cell++) {
        ptrdiff_t c = plan->col_edges[cell], end = plan->col_edges[cell + 1];
        for (; c + LBP_COPIES <= end; c += LBP_COPIES)
            for (int k = 0; k < LBP_COPIES; k++)
                tally[k * n_counts + labels[codes[c + k]]] += 1;
        for (; c < end; c++) tally[labels[codes[c]]] += 1;
        tally += plan->n_patterns;
    }
}

/* Put an image into its frame of zeros, ``work``. */
static void lbp_load_u8(const lbp_plan *plan, const unsigned char *image, double *work)
{
    ptrdiff_t stride = plan->width + 2 * plan->pad;
    double *row = work + plan->pad * stride + plan->pad;
    for (ptrdiff_t r = 0; r < plan->height; r++) {
        for (ptrdiff_t c = 0; c < plan->width; c++) row[c] = image[c];
        if (plan->bytes)
            memcpy(plan->bytes + (plan->pad + r) * stride + plan->pad, image,
                   (size_t)plan->width);
        image += plan->width;
        row += stride;
    }
}

static void lbp_load_f8(const lbp_plan *plan, const double *image, double *work)
{
    double *row = work + plan->pad * (plan->width + 2 * plan->pad) + plan->pad;
    for (ptrdiff_t r = 0; r < plan->height; r++) {
        memcpy(row, image + r * plan->width, (size_t)plan->width * sizeof(double));
        row += plan->width + 2 * plan->pad;
    }
}

/* Add the patterns of the image in ``work`` to the counts (cells, patterns).

   work: lbp_work_size numbers, of which the frame must be zero. codes: LBP_BAND *
   width. tally: LBP_COPIES times as many as counts. */
static void lbp_count(const lbp_plan *plan, double *work, unsigned *codes,
                      unsigned *tally, float *counts)
{
    ptrdiff_t n_counts = plan->n_cells * plan->n_patterns;
    ptrdiff_t height = plan->height, width = plan->width, pad = plan->pad;
    ptrdiff_t stride = width + 2 * pad;
    double *moved = work + (height + 2 * pad) * stride;
    double *share = moved + (LBP_BAND + 2 * pad) * width;
    memset(tally, 0, (size_t)(LBP_COPIES * n_counts) * sizeof(unsigned));
    for (ptrdiff_t first = 0; first < height; first += LBP_BAND) {
        ptrdiff_t last = first + LBP_BAND < height ? first + LBP_BAND : height;
        lbp_codes(plan, work, first, last, moved, share, codes);
        for (ptrdiff_t r = first; r < last; r++)
            lbp_tally(plan, r, codes + (r - first) * width, tally);
    }
    for (ptrdiff_t i = 0; i < n_counts; i++) {
        for (int k = 0; k < LBP_COPIES; k++) counts[i] += (float)tally[k * n_counts + i];
    }
}

#endif
