/* The bins of some features in the rows of a node, and their order.
 *
 * Small nodes gather the bins of up to 32 features from whole rows, and sort them all
 * by one network, a lane a feature: minima and maxima that any compiler turns into
 * vectors. Nodes of middling size read whole rows, too, large ones a feature at a time.
 */
#ifndef MTLEARN_TREE_GATHER_H
#define MTLEARN_TREE_GATHER_H

#include "tree_splitter.h"

/* Bins of one feature in the node's rows; whether they differ. What the next feature
 * will read is asked for on the way. */
static int tree_gather_bins(tree_splitter *s, ptrdiff_t feature, ptrdiff_t next_feature)
{
    /* Local and restrict: stores of bytes could otherwise change any pointer. */
    const uint8_t *restrict column =
        s->problem->by_column + feature * s->problem->n_rows;
    const uint8_t *restrict next =
        s->problem->by_column + next_feature * s->problem->n_rows;
    const int *restrict rows = s->node.rows;
    uint8_t *restrict bins = s->bins;
    const ptrdiff_t m = s->node.n_rows;
    uint8_t differs = 0, first = column[rows[0]];
    for (ptrdiff_t i = 0; i < m; i++) {
        TREE_PREFETCH(next + rows[i]);
        bins[i] = column[rows[i]];
        differs |= (uint8_t)(bins[i] ^ first);
    }
    return differs != 0;
}

/* Bins of some features in the rows of a small node, as keys: bin, then row. */
static void tree_gather_keys(tree_splitter *s, const ptrdiff_t *features, int lanes,
                             uint8_t differs[TREE_LANES])
{
    const ptrdiff_t d = s->problem->n_features, m = s->node.n_rows;
    const uint8_t *restrict by_row = s->problem->by_row;
    const int *restrict rows = s->node.rows;
    int16_t *restrict keys = s->keys;
    int feature[TREE_LANES];
    uint16_t found[TREE_LANES] = {0};
    for (int l = 0; l < TREE_LANES; l++)
        feature[l] = (int)features[l < lanes ? l : 0];
    for (ptrdiff_t i = 0; i < m; i++) {
        const uint8_t *row = by_row + rows[i] * d;
        for (int l = 0; l < TREE_LANES; l++)
            keys[i * TREE_LANES + l] = (int16_t)(((row[feature[l]] << 8) | (int)i) ^ 0x8000);
    }
    for (ptrdiff_t i = 1; i < m; i++)
        for (int l = 0; l < TREE_LANES; l++)
            found[l] |= (uint16_t)(keys[i * TREE_LANES + l] ^ keys[l]);
    for (int l = 0; l < lanes; l++)
        differs[l] = (uint8_t)(found[l] >> 8);
}

/* The same for nodes of middling size, a lane after the other: whole rows are fewer
 * lines of memory than whole features. */
static void tree_gather_lanes(tree_splitter *s, const ptrdiff_t *features, int lanes,
                              uint8_t differs[TREE_LANES])
{
    const ptrdiff_t d = s->problem->n_features, m = s->node.n_rows;
    const uint8_t *restrict by_row = s->problem->by_row;
    const int *restrict rows = s->node.rows;
    uint8_t *restrict to = s->lanes;
    int feature[TREE_LANES];
    for (int l = 0; l < lanes; l++)
        feature[l] = (int)features[l];
    for (ptrdiff_t i = 0; i < m; i++) {
        const uint8_t *restrict row = by_row + rows[i] * d;
        for (int l = 0; l < lanes; l++)
            to[l * TREE_MIDDLING + i] = row[feature[l]];
    }
    for (int l = 0; l < lanes; l++) {
        const uint8_t *lane = to + l * TREE_MIDDLING;
        uint8_t found = 0;
        for (ptrdiff_t i = 1; i < m; i++)
            found |= (uint8_t)(lane[i] ^ lane[0]);
        differs[l] = found;
    }
}

static void tree_sort_keys(tree_splitter *s)
{
    const int m = (int)s->node.n_rows;
    int p = 1;
    while ((1 << p) < m)
        p++;
    for (int pair = 0; pair < s->n_pairs[p]; pair++) {
        const int i = s->pairs[p][pair][0], j = s->pairs[p][pair][1];
        if (j >= m) /* would be the greatest key, and is there already */
            continue;
        int16_t *restrict x = s->keys + i * TREE_LANES;
        int16_t *restrict y = s->keys + j * TREE_LANES;
        for (int l = 0; l < TREE_LANES; l++) {
            const int16_t a = x[l], b = y[l];
            x[l] = a < b ? a : b;
            y[l] = a < b ? b : a;
        }
    }
}

static void tree_take_lane(tree_splitter *s, int lane, uint8_t *restrict bins,
                           int *restrict order)
{
    const int16_t *restrict key = s->keys + lane;
    const ptrdiff_t m = s->node.n_rows;
    for (ptrdiff_t i = 0; i < m; i++) {
        const int each = (key[i * TREE_LANES] ^ 0x8000) & 0xFFFF;
        bins[i] = (uint8_t)(each >> 8);
        order[i] = each & 0xFF;
    }
}

#endif
