/* Where rows end in a tree, and what they are answered there. */
#ifndef MTLEARN_TREE_VOTE_H
#define MTLEARN_TREE_VOTE_H

#include "tree_leaves.h"

static void tree_apply_values(const tree_record *records, const float *X,
                              ptrdiff_t n_rows, ptrdiff_t n_features, int *leaf)
{
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const float *row = X + i * n_features;
        int node = 0;
        while (records[node].feature >= 0) {
            const tree_record *record = records + node;
            const float x = row[record->feature];
            /* A missing value is not equal to itself. */
            const int left = x == x ? (double)x <= record->threshold
                                    : record->missing_left;
            node = left ? record->left : record->right;
        }
        leaf[i] = node;
    }
}

static void tree_apply_bins(const tree_record *records, const uint8_t *by_row,
                            ptrdiff_t n_rows, ptrdiff_t n_features, int *leaf)
{
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const uint8_t *row = by_row + i * n_features;
        int node = 0;
        while (records[node].feature >= 0) {
            const tree_record *record = records + node;
            node = tree_goes_left(record, row[record->feature]) ? record->left
                                                                : record->right;
        }
        leaf[i] = node;
    }
}

/* Add the answers for some rows to out (n_rows, n_columns): those of each strength
 * times its weight. A task of weight NaN is left out. seen has room for all tasks. */
static void tree_add_votes(const tree_table *table, const int *parent,
                           const ptrdiff_t *first, ptrdiff_t n_tasks, const int *leaf,
                           ptrdiff_t n_rows, const double *weight,
                           ptrdiff_t n_strengths, double *out, ptrdiff_t *seen)
{
    const ptrdiff_t n_columns = first[n_tasks];
    ptrdiff_t n_answered = 0;
    for (ptrdiff_t t = 0; t < n_tasks; t++) {
        seen[t] = -1;
        n_answered += first[t + 1] > first[t];
    }
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        double *answer = out + i * n_columns;
        ptrdiff_t left = n_answered;
        for (int node = leaf[i]; node >= 0 && left; node = parent[node])
            for (ptrdiff_t e = table->start[node]; e < table->start[node + 1]; e++) {
                const int t = table->task[e];
                if (seen[t] == i)
                    continue;
                seen[t] = i;
                left--;
                const float *value = table->values + table->offset[e];
                const ptrdiff_t width = first[t + 1] - first[t];
                for (ptrdiff_t l = 0; l < n_strengths; l++) {
                    const double w = weight[t * n_strengths + l];
                    if (w == 0)
                        continue;
                    for (ptrdiff_t k = 0; k < width; k++)
                        answer[first[t] + k] += w * value[l * width + k];
                }
            }
    }
}

/* The entry of a task for a leaf: its own, or that of its nearest ancestor. */
TREE_INLINE ptrdiff_t tree_find_entry(const tree_table *table, const int *parent,
                                      int node, int t)
{
    for (; node >= 0; node = parent[node]) {
        ptrdiff_t low = table->start[node], high = table->start[node + 1];
        while (low < high) {
            const ptrdiff_t middle = low + (high - low) / 2;
            if (table->task[middle] < t)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < table->start[node + 1] && table->task[low] == t)
            return low;
    }
    return -1;
}

/* Add the answers of a tree to the sums of all labels whose rows are not in its bag.
 * place says where the values of a label are; the source of a vote is 0 for shared
 * trees (own is -1), 1 for the task's own tree, 2 for those of others. */
static void tree_add_out_of_bag(const tree_table *table, const int *parent,
                                const ptrdiff_t *first, const int *leaf, const int *bag,
                                ptrdiff_t row_start, ptrdiff_t row_stop,
                                const ptrdiff_t *label_start, const int *label_task,
                                const ptrdiff_t *place, ptrdiff_t n_strengths, int own,
                                float *const sums[3], int *const counts[3])
{
    for (ptrdiff_t i = row_start; i < row_stop; i++) {
        if (bag[i])
            continue;
        for (ptrdiff_t p = label_start[i]; p < label_start[i + 1]; p++) {
            const int t = label_task[p];
            const ptrdiff_t length = (first[t + 1] - first[t]) * n_strengths;
            if (!length)
                continue;
            const int source = own < 0 ? 0 : own == t ? 1 : 2;
            const ptrdiff_t e = tree_find_entry(table, parent, leaf[i], t);
            const float *value = table->values + table->offset[e];
            for (ptrdiff_t k = 0; k < length; k++)
                sums[source][place[p] + k] += value[k];
            counts[source][p]++;
        }
    }
}

#endif
