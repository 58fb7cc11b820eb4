/* Values to bins, a few features at a time, whose edges then stay in the cache. */
#ifndef MTLEARN_TREE_BINS_H
#define MTLEARN_TREE_BINS_H

#include "tree_problem.h"

enum { TREE_TILE = 16 };

/* Where values that are sorted part into bins of about as many; returns the number of
 * edges, and sets the least and greatest value of each bin. A value up to an edge lies below it: an edge is the greatest float that is no
 * more than halfway between two neighbours. Equal values stay together, in the bin of
 * their middle. */
static int tree_find_edges(const float *values, ptrdiff_t n, int max_bins, float *edges,
                           float *lower, float *upper)
{
    ptrdiff_t n_distinct = n > 0;
    int count = 0, bin = -1;
    for (ptrdiff_t i = 1; i < n && n_distinct <= max_bins; i++)
        n_distinct += values[i] != values[i - 1];
    for (ptrdiff_t start = 0, stop; start < n; start = stop) {
        for (stop = start + 1; stop < n && values[stop] == values[start]; stop++)
            ;
        const double middle = 0.5 * (double)(start + stop);
        const int own = n_distinct <= max_bins
                            ? bin + 1
                            : (int)(middle * max_bins / (double)n);
        if (start > 0 && own != bin) {
            const double half = values[start - 1] / 2.0 + values[start] / 2.0;
            const float edge = (float)half;
            upper[count] = values[start - 1];
            edges[count++] = (double)edge <= half ? edge : nextafterf(edge, -INFINITY);
            lower[count] = values[start];
        }
        bin = own;
    }
    if (n > 0) {
        lower[0] = values[0];
        upper[count] = values[n - 1];
    }
    return count;
}

/* Edges of 256 entries, infinite from the last one on: eight steps for every value, and
 * no branches, which half of the time would be guessed wrong. */
TREE_INLINE unsigned tree_bin_of(float x, const float *edges)
{
    unsigned below = 0;
    for (int bit = 7; bit >= 0; bit--)
        below |= (unsigned)(edges[below + (1u << bit) - 1] < x) << bit;
    return below;
}

static void tree_bin_features(const float *X, ptrdiff_t n_rows, ptrdiff_t n_features,
                              ptrdiff_t start, ptrdiff_t stop, const float *edges,
                              uint8_t *restrict by_row, uint8_t *restrict by_column,
                              float *restrict lower, float *restrict upper, int widen)
{
    for (ptrdiff_t tile = start; tile < stop; tile += TREE_TILE) {
        const ptrdiff_t width = stop - tile < TREE_TILE ? stop - tile : TREE_TILE;
        for (ptrdiff_t i = 0; i < n_rows; i++) {
            const float *x = X + i * n_features + tile;
            uint8_t bin[TREE_TILE];
            for (ptrdiff_t f = 0; f < width; f++)
                bin[f] = (uint8_t)tree_bin_of(x[f], edges + (tile + f) * TREE_BINS);
            for (ptrdiff_t f = 0; f < width; f++) {
                if (x[f] != x[f]) { /* missing */
                    bin[f] = TREE_MISSING;
                } else if (widen) {
                    const ptrdiff_t place = (tile + f) * TREE_BINS + bin[f];
                    if (x[f] < lower[place])
                        lower[place] = x[f];
                    if (x[f] > upper[place])
                        upper[place] = x[f];
                }
                by_row[i * n_features + tile + f] = bin[f];
                by_column[(tile + f) * n_rows + i] = bin[f];
            }
        }
    }
}

#endif
