/* Where rows end in a tree, and what they are answered there. */
#ifndef MTLEARN_TREE_VOTE_H
#define MTLEARN_TREE_VOTE_H

#include "tree_leaves.h"

/* Rows that go down side by side: while one waits for memory, others go on. */
enum { TREE_WALKERS = 8 };

#define TREE_WALK(goes_left)                                                               \
    for (ptrdiff_t first = 0; first < n_rows; first += TREE_WALKERS) {                     \
        const int n = n_rows - first < TREE_WALKERS ? (int)(n_rows - first) : TREE_WALKERS; \
        int at[TREE_WALKERS] = {0}, moving = records[0].feature >= 0;                      \
        while (moving) {                                                                   \
            moving = 0;                                                                    \
            for (int w = 0; w < n; w++) {                                                  \
                const tree_record *record = records + at[w];                               \
                if (record->feature < 0)                                                   \
                    continue;                                                              \
                at[w] = (goes_left) ? record->left : record->right;                        \
                moving = 1;                                                                \
            }                                                                              \
        }                                                                                  \
        for (int w = 0; w < n; w++)                                                        \
            leaf[first + w] = at[w];                                                       \
    }

/* A missing value is not equal to itself. */
TREE_INLINE int tree_value_goes_left(const tree_record *record, float x)
{
    return x == x ? (double)x <= record->threshold : record->missing_left;
}

static void tree_apply_values(const tree_record *records, const float *X,
                              ptrdiff_t n_rows, ptrdiff_t n_features, int *leaf)
{
    TREE_WALK(tree_value_goes_left(record, X[(first + w) * n_features + record->feature]))
}

static void tree_apply_bins(const tree_record *records, const uint8_t *by_row,
                            ptrdiff_t n_rows, ptrdiff_t n_features, int *leaf)
{
    TREE_WALK(tree_goes_left(record, by_row[(first + w) * n_features + record->feature]))
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

/* The answers of a tree. */
typedef struct {
    const tree_table *table;
    const int *parent;
    ptrdiff_t n_tasks, n_levels;
    const ptrdiff_t *first; /* (n_tasks + 1) columns */
    const tree_table *groups; /* NULL: nothing is pooled */
    const int *group;         /* of each task */
    const double *prior;      /* per column */
    const int *n_classes;     /* of each task */
} tree_voter;

/* By how much the group of a task is above its priors in a leaf, NULL if the leaf's own
 * entry, at node, says so already. */
TREE_INLINE const float *tree_deviation(const tree_voter *v, int leaf, int node, int t)
{
    if (!v->groups || v->group[t] < 0 || node == leaf)
        return NULL;
    const ptrdiff_t e = tree_find_entry(v->groups, v->parent, leaf, v->group[t]);
    return e < 0 ? NULL : v->groups->values + v->groups->offset[e];
}

/* Add the answers for some rows to out (n_rows, n_columns): those of each level times
 * its weight; those without any weight are left out. seen has room for all tasks. */
static void tree_add_votes(const tree_voter *v, const int *leaf, ptrdiff_t n_rows,
                           const double *weight, double *out, ptrdiff_t *seen)
{
    const tree_table *table = v->table;
    const ptrdiff_t n_columns = v->first[v->n_tasks], n_levels = v->n_levels;
    ptrdiff_t n_answered = 0;
    for (ptrdiff_t t = 0; t < v->n_tasks; t++) {
        int counts = 0;
        for (ptrdiff_t l = 0; l < n_levels; l++)
            counts |= weight[t * n_levels + l] != 0;
        counts &= v->first[t + 1] > v->first[t];
        seen[t] = counts ? -1 : PTRDIFF_MAX;
        n_answered += counts;
    }
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        double *answer = out + i * n_columns;
        ptrdiff_t left = n_answered;
        for (int node = leaf[i]; node >= 0 && left; node = v->parent[node])
            for (ptrdiff_t e = table->start[node]; e < table->start[node + 1]; e++) {
                const int t = table->task[e];
                if (seen[t] >= i)
                    continue;
                seen[t] = i;
                left--;
                const float *value = table->values + table->offset[e];
                const ptrdiff_t first = v->first[t], width = v->first[t + 1] - first;
                const float *deviation = tree_deviation(v, leaf[i], node, t);
                double total = 0;
                if (deviation)
                    TREE_POOLED_TOTAL(total, v->prior + first, deviation, width,
                                      v->n_classes[t]);
                for (ptrdiff_t l = 0; l < n_levels; l++) {
                    const double w = weight[t * n_levels + l];
                    if (w == 0)
                        continue;
                    if (deviation && l == n_levels - 1)
                        for (ptrdiff_t k = 0; k < width; k++)
                            answer[first + k] +=
                                w * tree_pooled(v->prior[first + k], deviation[k], total);
                    else
                        for (ptrdiff_t k = 0; k < width; k++)
                            answer[first + k] += w * value[l * width + k];
                }
            }
    }
}

/* Labels by row, and where their votes are counted. */
typedef struct {
    const ptrdiff_t *label_start;
    const int *label_task;
    const ptrdiff_t *place; /* of the values of a label */
    float *sums[3];
    int *counts[3];
} tree_ballot;

/* Add the answers of a tree to the sums of all labels whose rows are not in its bag,
 * of tasks that it answers.
 * The source of a vote is 0 for shared trees (own is -1), 1 for the task's own tree, 2
 * for those of others. */
static void tree_add_out_of_bag(const tree_voter *v, const int *leaf, const int *bag,
                                ptrdiff_t row_start, ptrdiff_t row_stop, int own,
                                const tree_ballot *ballot)
{
    for (ptrdiff_t i = row_start; i < row_stop; i++) {
        if (bag[i])
            continue;
        for (ptrdiff_t p = ballot->label_start[i]; p < ballot->label_start[i + 1]; p++) {
            const int t = ballot->label_task[p];
            const ptrdiff_t first = v->first[t], width = v->first[t + 1] - first;
            if (!width)
                continue;
            const int source = own < 0 ? 0 : own == t ? 1 : 2;
            const ptrdiff_t e = tree_find_entry(v->table, v->parent, leaf[i], t);
            if (e < 0)
                continue;
            const float *value = v->table->values + v->table->offset[e];
            const int here =
                e >= v->table->start[leaf[i]] && e < v->table->start[leaf[i] + 1];
            const float *deviation = tree_deviation(v, leaf[i], here ? leaf[i] : -1, t);
            const ptrdiff_t taken = (v->n_levels - (deviation != NULL)) * width;
            double total = 0;
            if (deviation)
                TREE_POOLED_TOTAL(total, v->prior + first, deviation, width,
                                  v->n_classes[t]);
            float *sum = ballot->sums[source] + ballot->place[p];
            for (ptrdiff_t k = 0; k < taken; k++)
                sum[k] += value[k];
            for (ptrdiff_t k = 0; deviation && k < width; k++)
                sum[taken + k] +=
                    (float)tree_pooled(v->prior[first + k], deviation[k], total);
            ballot->counts[source][p]++;
        }
    }
}

#endif
