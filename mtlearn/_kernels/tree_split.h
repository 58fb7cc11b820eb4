/* The best split of one node, over features drawn without replacement.
 *
 * Nodes that are larger than a histogram of their bins are counted into one, all others
 * are swept in the order of each feature. Features that are constant in a node stay so
 * below it: they are kept at the front of the list, and never drawn again.
 */
#ifndef MTLEARN_TREE_SPLIT_H
#define MTLEARN_TREE_SPLIT_H

#include "tree_gather.h"

/* After the node's labels are gathered: the score of no cut at all. */
static double tree_splitter_start(tree_splitter *s)
{
    const tree_node *node = &s->node;
    double score;
    if (node->complete) {
        for (ptrdiff_t j = 0; j < node->n_class_slots; j++) {
            s->scorer.slot_step[j] = 2 * node->slot_gain[j];
            for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++)
                s->scorer.slope_start[k] = node->slot_gain[j];
        }
        const ptrdiff_t n = node->slot_first[node->n_class_slots];
        for (ptrdiff_t k = n; k < tree_padded(n); k++)
            s->scorer.slope_start[k] = 0;
        score = node->score_total * s->inverse[node->n_rows];
    } else {
        score = tree_start_lists(&s->scorer);
    }
    s->scorer.margin = 1e-10 * fabs(score);
    return score;
}

/* Sums of one feature's bins, in a complete node of a class slots and r number slots. */
TREE_INLINE void tree_count_matrix(tree_splitter *s, const uint8_t *restrict bin,
                                   ptrdiff_t a, ptrdiff_t r)
{
    const tree_node *node = &s->node;
    const ptrdiff_t m = node->n_rows, n = tree_padded(node->slot_first[a]);
    const ptrdiff_t stride = tree_padded(r);
    const int *restrict code = node->code;
    const double *restrict number = node->number, *restrict push = node->push;
    int *restrict rows = s->histogram.rows, *restrict counts = s->histogram.counts;
    double *restrict numbers = s->histogram.numbers, *restrict pushes = s->histogram.push;
    memset(rows, 0, TREE_BINS * sizeof(int));
    memset(pushes, 0, TREE_BINS * sizeof(double));
    memset(counts, 0, (size_t)(TREE_BINS * n) * sizeof(int));
    memset(numbers, 0, (size_t)(TREE_BINS * stride) * sizeof(double));
    for (ptrdiff_t i = 0; i < m; i++) {
        const ptrdiff_t b = bin[i];
        int *restrict count = counts + b * n;
        rows[b]++;
        pushes[b] += push[i];
        for (ptrdiff_t j = 0; j < a; j++)
            count[code[i * a + j]]++;
        for (ptrdiff_t j = 0; j < stride; j++)
            numbers[b * stride + j] += number[i * stride + j];
    }
}

static void tree_count(tree_splitter *s, const uint8_t *bin)
{
    const ptrdiff_t a = s->node.n_class_slots, r = s->node.n_slots - a;
    if (r == 0 && a == 1)
        tree_count_matrix(s, bin, 1, 0);
    else if (r == 0 && a == 2)
        tree_count_matrix(s, bin, 2, 0);
    else if (r == 0 && a == 3)
        tree_count_matrix(s, bin, 3, 0);
    else if (r == 0 && a == 4)
        tree_count_matrix(s, bin, 4, 0);
    else if (r == 1 && a == 0)
        tree_count_matrix(s, bin, 0, 1);
    else
        tree_count_matrix(s, bin, a, r);
}

/* The same in any other node. */
static void tree_count_lists(tree_splitter *s, const uint8_t *bin, int rows[TREE_BINS])
{
    const tree_node *node = &s->node;
    const ptrdiff_t K = node->n_columns, J = node->n_slots, m = node->n_rows;
    memset(s->columns, 0, (size_t)(TREE_BINS * K) * sizeof(double));
    memset(s->weights, 0, (size_t)(TREE_BINS * J) * sizeof(double));
    memset(rows, 0, TREE_BINS * sizeof(int));
    for (ptrdiff_t i = 0; i < m; i++) {
        double *column = s->columns + bin[i] * K, *weight = s->weights + bin[i] * J;
        rows[bin[i]]++;
        for (ptrdiff_t p = node->label_start[i]; p < node->label_start[i + 1]; p++) {
            column[node->labels[p].column] += node->labels[p].value;
            weight[node->labels[p].slot] += node->labels[p].weight;
        }
    }
}

/* What a single cut is worth, -inf if it leaves too few rows on a side. */
static double tree_score_cut(tree_splitter *s, const tree_cut *cut, const uint8_t *bin)
{
    const tree_node *node = &s->node;
    const tree_scorer *scorer = &s->scorer;
    const ptrdiff_t a = node->n_class_slots, r = node->n_slots - a;
    const ptrdiff_t first = node->slot_first[a], stride = tree_padded(r);
    const int complete = node->complete;
    ptrdiff_t n_left = 0;
    double score = complete ? 0 : tree_start_lists(scorer), left = 0, pushed = 0;
    if (complete)
        memset(scorer->left, 0, (size_t)node->n_columns * sizeof(double));
    for (ptrdiff_t i = 0; i < node->n_rows; i++) {
        if (bin[i] == TREE_MISSING ? !cut->missing_left : bin[i] > cut->low)
            continue;
        n_left++;
        if (!complete) {
            for (ptrdiff_t p = node->label_start[i]; p < node->label_start[i + 1]; p++)
                score += tree_move_label(scorer, node->labels + p);
            continue;
        }
        for (ptrdiff_t j = 0; j < a; j++)
            scorer->left[node->code[i * a + j]] += 1;
        for (ptrdiff_t j = 0; j < r; j++)
            scorer->left[first + j] += node->number[i * stride + j];
        pushed += node->push[i];
    }
    const ptrdiff_t n_right = node->n_rows - n_left;
    if (n_left < scorer->min_leaf || n_right < scorer->min_leaf)
        return -INFINITY;
    if (!complete)
        return score;
    for (ptrdiff_t j = 0; j < node->n_slots; j++) {
        const double gain = j < a ? node->slot_gain[j] : 1.0;
        for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++)
            left += gain * scorer->left[k] * scorer->left[k];
    }
    return left * s->inverse[n_left] +
           (node->score_total - pushed + left) * s->inverse[n_right];
}

/* A cut somewhere between the least and the greatest value (extremely randomised). */
static void tree_try_random(tree_splitter *s, tree_cut *best, ptrdiff_t feature,
                            const uint8_t *bin)
{
    const float *lower = s->problem->lower + feature * TREE_BINS;
    const float *upper = s->problem->upper + feature * TREE_BINS;
    const ptrdiff_t m = s->node.n_rows;
    int least = TREE_MISSING, most = -1, missing = 0;
    for (ptrdiff_t i = 0; i < m; i++) {
        if (bin[i] == TREE_MISSING) {
            missing = 1;
            continue;
        }
        least = bin[i] < least ? bin[i] : least;
        most = bin[i] > most ? bin[i] : most;
    }
    /* Where only missing values differ, they go to the right. */
    tree_cut cut = {-INFINITY, feature, least, TREE_MISSING, 0};
    const double share = tree_random_share(&s->random);
    const int side = (int)(tree_random(&s->random) >> 63);
    if (least < most) {
        const double value = lower[least] + share * ((double)upper[most] - lower[least]);
        cut.missing_left = missing && side;
        for (ptrdiff_t i = 0; i < m; i++) {
            const int b = bin[i];
            if (b == TREE_MISSING)
                continue;
            if (b == least || (b != most && (double)upper[b] <= value))
                cut.low = b > cut.low ? b : cut.low;
            else
                cut.high = b < cut.high ? b : cut.high;
        }
    }
    tree_consider(&s->scorer, best, tree_score_cut(s, &cut, bin), feature, cut.low,
                  cut.high, cut.missing_left);
}

/* Rows sorted by a feature, and once more with missing values first. */
static void tree_try_sorted(tree_splitter *s, tree_cut *best, ptrdiff_t feature,
                            int *order, uint8_t *bin)
{
    const ptrdiff_t m = s->node.n_rows;
    tree_sweep(&s->scorer, best, feature, order, bin, 0);
    if (bin[m - 1] != TREE_MISSING)
        return;
    ptrdiff_t known = 0;
    while (bin[known] != TREE_MISSING)
        known++;
    /* Rotate by reversing both parts, then the whole; bins are known without. */
    for (int part = 0; part < 3; part++) {
        ptrdiff_t i = part == 1 ? known : 0, j = (part == 0 ? known : m) - 1;
        for (; i < j; i++, j--) {
            const int row = order[i];
            order[i] = order[j];
            order[j] = row;
        }
    }
    memmove(bin + m - known, bin, (size_t)known);
    memset(bin, TREE_MISSING, (size_t)(m - known));
    tree_sweep(&s->scorer, best, feature, order, bin, 1);
}

static void tree_try_large(tree_splitter *s, tree_cut *best, ptrdiff_t feature,
                           const uint8_t *restrict bins)
{
    const tree_node *node = &s->node;
    const ptrdiff_t m = node->n_rows;
    int rows[TREE_BINS];
    if (s->settings->random_cuts) {
        tree_try_random(s, best, feature, bins);
        return;
    }
    const ptrdiff_t labels = node->complete ? m * node->n_slots : node->label_start[m];
    if (TREE_BINS * (node->n_columns + node->n_slots) < 4 * m + labels) {
        const int *counted = node->complete ? s->histogram.rows : rows;
        if (node->complete)
            tree_count(s, bins);
        else
            tree_count_lists(s, bins, rows);
        for (int first = 0; first <= (counted[TREE_MISSING] > 0); first++)
            if (node->complete)
                tree_scan_matrix(&s->scorer, best, feature, &s->histogram, first);
            else
                tree_scan_lists(&s->scorer, best, feature, s->columns, s->weights, rows,
                                first);
        return;
    }
    int next[TREE_BINS], total = 0;
    int *restrict order = s->order;
    uint8_t *restrict sorted = s->sorted;
    memset(rows, 0, sizeof rows);
    for (ptrdiff_t i = 0; i < m; i++)
        rows[bins[i]]++;
    for (int b = 0; b < TREE_BINS; b++) {
        next[b] = total;
        total += rows[b];
    }
    for (ptrdiff_t i = 0; i < m; i++) {
        const int place = next[bins[i]]++;
        order[place] = (int)i;
        sorted[place] = bins[i];
    }
    tree_try_sorted(s, best, feature, s->order, s->sorted);
}

/* Whether no cut can be better: nothing is left to tell apart on either side. Random
 * cuts are all drawn, that the next node's do not depend on how labels are stored. */
TREE_INLINE int tree_is_perfect(const tree_splitter *s, const tree_cut *best)
{
    return s->node.complete && !s->settings->random_cuts &&
           best->score >= s->node.score_most - s->scorer.margin;
}

/* Draw up to so many of the features that are left, to the end of the list; those that
 * turn out constant go to the front. */
static tree_cut tree_best_cut(tree_splitter *s, ptrdiff_t *n_constant)
{
    const tree_node *node = &s->node;
    const ptrdiff_t m = node->n_rows, d = s->problem->n_features;
    const int small = m <= TREE_SMALL, middling = m <= TREE_MIDDLING;
    ptrdiff_t *features = s->features, left = s->settings->max_features;
    ptrdiff_t stop = d; /* those from here on were drawn */
    tree_cut best = {-INFINITY, -1, 0, 0, 0};
    const double n_labels =
        (double)(node->complete ? m * node->n_slots : node->label_start[m]);
    while (left > 0 && stop > *n_constant && !tree_is_perfect(s, &best)) {
        const ptrdiff_t remain = stop - *n_constant;
        ptrdiff_t lanes = TREE_LANES;
        uint8_t differs[TREE_LANES];
        lanes = left < lanes ? left : lanes;
        lanes = remain < lanes ? remain : lanes;
        for (ptrdiff_t l = 0; l < lanes; l++) {
            const ptrdiff_t drawn =
                *n_constant + tree_random_below(&s->random, stop - *n_constant);
            const ptrdiff_t feature = features[drawn];
            features[drawn] = features[--stop];
            features[stop] = feature;
        }
        /* The first drawn is the last in the list. */
        ptrdiff_t batch[TREE_LANES];
        for (ptrdiff_t l = 0; l < lanes; l++)
            batch[l] = features[stop + lanes - 1 - l];
        if (small)
            tree_gather_keys(s, batch, (int)lanes, differs);
        else if (middling)
            tree_gather_lanes(s, batch, (int)lanes, differs);
        if (small && !s->settings->random_cuts)
            tree_sort_keys(s);
        for (ptrdiff_t l = 0; l < lanes && !tree_is_perfect(s, &best); l++) {
            if (!middling)
                differs[l] = (uint8_t)tree_gather_bins(s, batch[l],
                                                       batch[l + 1 < lanes ? l + 1 : l]);
            if (!differs[l]) {
                /* To the front; a feature not drawn yet takes the freed place. */
                ptrdiff_t place = stop;
                while (features[place] != batch[l])
                    place++;
                features[place] = features[stop];
                features[stop++] = features[*n_constant];
                features[(*n_constant)++] = batch[l];
                continue;
            }
            left--;
            s->work += 3.0 * (double)m + n_labels;
            if (!small) {
                tree_try_large(s, &best, batch[l],
                               middling ? s->lanes + l * TREE_MIDDLING : s->bins);
            } else if (s->settings->random_cuts) {
                tree_take_lane(s, (int)l, s->bins, s->order);
                tree_try_random(s, &best, batch[l], s->bins);
            } else {
                tree_take_lane(s, (int)l, s->sorted, s->order);
                tree_try_sorted(s, &best, batch[l], s->order, s->sorted);
            }
        }
    }
    return best;
}

#endif
