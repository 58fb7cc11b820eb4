/* The best cut of rows in the order of one feature, or of the histogram of its bins.
 *
 * A cut is worth
 *
 *     sum over tasks of gain * (S_left / n_left + S_right / n_right),
 *
 * S being the sum of squared columns (class counts, or the sum of numbers) and n that of
 * weights, each over the task's labels alone. With L the columns to the left and T all,
 * S_right = sum (T - L)^2 = S_total - 2 sum T L + S_left, so in a complete node a row
 * that moves to the left changes one running S_left and one running sum T L for all
 * tasks at once, and the latter by what is the same for every feature.
 *
 * By entropy S / n is sum f(column) - f(n), f(x) = x log x.
 */
#ifndef MTLEARN_TREE_SCORE_H
#define MTLEARN_TREE_SCORE_H

#include "tree_node.h"

typedef struct {
    double score;
    ptrdiff_t feature;
    int low, high;       /* greatest bin to the left, least to the right */
    int missing_left;
} tree_cut;

/* Sums of one slot on both sides of a cut that moves through labels of weight 1. */
typedef struct {
    double left, right, score, gain;
    int n_left, n_right;
} tree_running;

typedef struct {
    const tree_node *node;
    ptrdiff_t min_leaf;
    double margin;       /* scores that differ by less are equal: the first one stays */
    const double *inverse;   /* 1 / n for n up to the rows of the tree */
    const double *entropy;   /* n log n likewise; NULL for squares */
    int weighted;
    double *left, *slope, *slope_start;  /* per column */
    double *slot_step;                   /* 2 gain */
    double *slot_left, *slot_weight, *slot_right, *slot_score; /* per slot */
    tree_running *running;
} tree_scorer;

TREE_INLINE double tree_entropy_term(const tree_scorer *s, double x)
{
    if (!s->weighted)
        return s->entropy[(ptrdiff_t)x];
    return x > 0 ? x * log(x) : 0.0;
}

TREE_INLINE void tree_consider(const tree_scorer *s, tree_cut *best, double score,
                               ptrdiff_t feature, int low, int high, int missing_left)
{
    if (score > best->score + s->margin) {
        best->score = score;
        best->feature = feature;
        best->low = low;
        best->high = high;
        best->missing_left = missing_left;
    }
}

/* Between which rows cuts are allowed; missing values that come first are no cut. */
TREE_INLINE void tree_cut_range(const tree_scorer *s, const uint8_t *bin,
                                int missing_left, ptrdiff_t *first, ptrdiff_t *stop)
{
    ptrdiff_t known = 0;
    if (missing_left)
        while (bin[known] == TREE_MISSING)
            known++;
    *first = s->min_leaf > known + 1 ? s->min_leaf : known + 1;
    *stop = s->node->n_rows - s->min_leaf;
}

/* Add numbers to sums; returns by how much the sum of squares rises. */
TREE_INLINE double tree_move_numbers(const double *restrict number,
                                     double *restrict sums, ptrdiff_t stride)
{
    double rise[4] = {0, 0, 0, 0}; /* four sums, for vectors */
    if (stride == 1)
        rise[0] = number[0] * (2 * sums[0] + number[0]);
    if (stride == 1)
        sums[0] += number[0];
    for (ptrdiff_t j = 0; j + 3 < stride; j += 4)
        for (int q = 0; q < 4; q++) {
            const double z = number[j + q], before = sums[j + q];
            rise[q] += z * (2 * before + z);
            sums[j + q] = before + z;
        }
    return (rise[0] + rise[1]) + (rise[2] + rise[3]);
}

/* Complete nodes: a is the number of class slots, r that of number slots. */
TREE_INLINE void tree_sweep_matrix(const tree_scorer *s, tree_cut *best,
                                   ptrdiff_t feature, const int *restrict order,
                                   const uint8_t *restrict bin, ptrdiff_t a, ptrdiff_t r,
                                   int missing_left)
{
    const tree_node *node = s->node;
    const ptrdiff_t m = node->n_rows, stride = tree_padded(r);
    const int *restrict codes = node->code;
    const double *restrict numbers = node->number, *restrict push = node->push;
    const double *restrict inverse = s->inverse, *restrict step = s->slot_step;
    double *restrict slope = s->slope, *restrict sums = s->left;
    /* rest is S_total - 2 sum T L. */
    double left = 0, rest = node->score_total, most = best->score + s->margin;
    ptrdiff_t first, stop;
    tree_cut_range(s, bin, missing_left, &first, &stop);
    memcpy(slope, s->slope_start,
           (size_t)node->slot_first[node->n_class_slots] * sizeof(double));
    for (ptrdiff_t j = 0; j < stride; j++)
        sums[j] = 0;
    for (ptrdiff_t i = 0; i < stop; i++) {
        const ptrdiff_t row = order[i];
        const int *code = codes + row * a;
        double gained = tree_move_numbers(numbers + row * stride, sums, stride);
        for (ptrdiff_t j = 0; j < a; j++) {
            /* gain * ((L + 1)^2 - L^2), which grows by 2 gain each time. */
            const double now = slope[code[j]];
            gained += now;
            slope[code[j]] = now + step[j];
        }
        left += gained;
        rest -= push[row];
        if (bin[i] != bin[i + 1]) {
            const double score =
                left * inverse[i + 1] + (rest + left) * inverse[m - i - 1];
            if (score > most && i + 1 >= first) {
                tree_consider(s, best, score, feature, bin[i], bin[i + 1],
                              missing_left);
                most = best->score + s->margin;
            }
        }
    }
}

/* Move one label to the left; returns what its slot's score rises by. */
TREE_INLINE double tree_move_label(const tree_scorer *s, const tree_label *label)
{
    const tree_node *node = s->node;
    const int slot = label->slot, k = label->column;
    const double before = s->left[k], after = before + label->value;
    const double rest = node->total[k] - before, remains = node->total[k] - after;
    const double n_left = s->slot_weight[slot] += label->weight;
    double n_right = node->slot_weight[slot] - n_left, score = 0;
    if (n_right < 1e-12 * n_left)
        n_right = 0;
    s->left[k] = after;
    if (s->entropy && slot < node->n_class_slots) {
        const double kept = remains > 1e-12 * after ? remains : 0;
        s->slot_left[slot] +=
            tree_entropy_term(s, after) - tree_entropy_term(s, before);
        s->slot_right[slot] +=
            tree_entropy_term(s, kept) - tree_entropy_term(s, rest > 0 ? rest : 0);
        score = s->slot_left[slot] + s->slot_right[slot] -
                tree_entropy_term(s, n_left) - tree_entropy_term(s, n_right);
    } else {
        s->slot_left[slot] += after * after - before * before;
        s->slot_right[slot] += remains * remains - rest * rest;
        score = s->slot_left[slot] / n_left;
        if (n_right > 0)
            score += s->slot_right[slot] / n_right;
    }
    score *= node->slot_gain[slot];
    const double rise = score - s->slot_score[slot];
    s->slot_score[slot] = score;
    return rise;
}

/* All labels to the right; returns the score of that. */
static double tree_start_lists(const tree_scorer *s)
{
    const tree_node *node = s->node;
    double score = 0;
    memset(s->left, 0, (size_t)node->n_columns * sizeof(double));
    for (ptrdiff_t j = 0; j < node->n_slots; j++) {
        const double n = node->slot_weight[j];
        const int by_entropy = s->entropy && j < node->n_class_slots;
        double right = 0;
        for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++)
            right += by_entropy ? tree_entropy_term(s, node->total[k])
                                : node->total[k] * node->total[k];
        s->slot_left[j] = s->slot_weight[j] = 0;
        s->slot_right[j] = right;
        s->slot_score[j] = node->slot_gain[j] *
                           (by_entropy ? right - tree_entropy_term(s, n) : right / n);
        score += s->slot_score[j];
    }
    return score;
}

/* Lists of labels that all weigh 1, by squares: no division, nothing is read again. */
static void tree_sweep_plain(const tree_scorer *s, tree_cut *best, ptrdiff_t feature,
                             const int *restrict order, const uint8_t *restrict bin,
                             int missing_left)
{
    const tree_node *node = s->node;
    const ptrdiff_t *restrict start = node->label_start;
    const tree_label *restrict labels = node->labels;
    const double *restrict inverse = s->inverse;
    double *restrict lefts = s->left;
    tree_running *restrict running = s->running;
    double score = tree_start_lists(s), most = best->score + s->margin;
    for (ptrdiff_t j = 0; j < node->n_slots; j++)
        running[j] = (tree_running){0, s->slot_right[j], s->slot_score[j],
                                    node->slot_gain[j], 0, (int)node->slot_weight[j]};
    ptrdiff_t first, stop;
    tree_cut_range(s, bin, missing_left, &first, &stop);
    for (ptrdiff_t i = 0; i < stop; i++) {
        const ptrdiff_t end = start[order[i] + 1];
        for (ptrdiff_t p = start[order[i]]; p < end; p++) {
            tree_running *r = running + labels[p].slot;
            const int k = labels[p].column;
            const double x = labels[p].value, before = lefts[k];
            const double rise = x * (2 * before + x);
            lefts[k] = before + x;
            r->left += rise;
            r->right += rise - labels[p].push;
            const double now = r->gain * (r->left * inverse[++r->n_left] +
                                          r->right * inverse[--r->n_right]);
            score += now - r->score;
            r->score = now;
        }
        if (bin[i] != bin[i + 1] && score > most && i + 1 >= first) {
            tree_consider(s, best, score, feature, bin[i], bin[i + 1], missing_left);
            most = best->score + s->margin;
        }
    }
}

static void tree_sweep_lists(const tree_scorer *s, tree_cut *best, ptrdiff_t feature,
                             const int *order, const uint8_t *bin, int missing_left)
{
    const tree_node *node = s->node;
    double score = tree_start_lists(s);
    ptrdiff_t first, stop;
    tree_cut_range(s, bin, missing_left, &first, &stop);
    for (ptrdiff_t i = 0; i < stop; i++) {
        const ptrdiff_t row = order[i];
        for (ptrdiff_t p = node->label_start[row]; p < node->label_start[row + 1]; p++)
            score += tree_move_label(s, node->labels + p);
        if (bin[i] != bin[i + 1] && i + 1 >= first)
            tree_consider(s, best, score, feature, bin[i], bin[i + 1], missing_left);
    }
}

/* The best cut of rows that are sorted by a feature. */
static void tree_sweep(const tree_scorer *s, tree_cut *best, ptrdiff_t feature,
                       const int *order, const uint8_t *bin, int missing_left)
{
    const tree_node *node = s->node;
    const ptrdiff_t a = node->n_class_slots, r = node->n_slots - a;
    if (!node->complete && !s->weighted && !s->entropy)
        tree_sweep_plain(s, best, feature, order, bin, missing_left);
    else if (!node->complete)
        tree_sweep_lists(s, best, feature, order, bin, missing_left);
    else if (r == 0 && a == 1)
        tree_sweep_matrix(s, best, feature, order, bin, 1, 0, missing_left);
    else if (r == 0 && a == 2)
        tree_sweep_matrix(s, best, feature, order, bin, 2, 0, missing_left);
    else if (r == 0 && a == 3)
        tree_sweep_matrix(s, best, feature, order, bin, 3, 0, missing_left);
    else if (r == 0 && a == 4)
        tree_sweep_matrix(s, best, feature, order, bin, 4, 0, missing_left);
    else if (r == 1 && a == 0)
        tree_sweep_matrix(s, best, feature, order, bin, 0, 1, missing_left);
    else
        tree_sweep_matrix(s, best, feature, order, bin, a, r, missing_left);
}

/* A histogram's cuts. In a complete node it holds sums per column, otherwise also the
 * weights per slot; rows counts the rows of each bin. */
static double tree_move_bin(const tree_scorer *s, const double *columns,
                            const double *weights)
{
    const tree_node *node = s->node;
    double rise = 0;
    for (ptrdiff_t j = 0; j < node->n_slots; j++) {
        if (!(weights[j] > 0))
            continue;
        double left = 0, right = 0;
        const double n_left = s->slot_weight[j] += weights[j];
        double n_right = node->slot_weight[j] - n_left, score;
        const int by_entropy = s->entropy && j < node->n_class_slots;
        if (n_right < 1e-12 * n_left)
            n_right = 0;
        for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++) {
            const double x = s->left[k] += columns[k];
            double y = node->total[k] - x;
            if (by_entropy) {
                y = y > 1e-12 * x ? y : 0;
                left += tree_entropy_term(s, x);
                right += tree_entropy_term(s, y);
            } else {
                left += x * x;
                right += y * y;
            }
        }
        if (by_entropy)
            score = left + right - tree_entropy_term(s, n_left) -
                    tree_entropy_term(s, n_right);
        else
            score = left / n_left + (n_right > 0 ? right / n_right : 0);
        score *= node->slot_gain[j];
        rise += score - s->slot_score[j];
        s->slot_score[j] = score;
    }
    return rise;
}

/* A complete node's histogram: counts per class column, sums per number, and what the
 * rows of a bin push. Rows of counts and of numbers are padded. */
typedef struct {
    int *rows, *counts;
    double *numbers, *push;
} tree_histogram;

/* Move a bin's rows to the left; returns by how much the sum of squares there rises. */
TREE_INLINE double tree_move_counts(const int *restrict counts,
                                    const double *restrict gain,
                                    double *restrict left, ptrdiff_t n)
{
    double rise[4] = {0, 0, 0, 0};
    for (ptrdiff_t k = 0; k < n; k += 4)
        for (int q = 0; q < 4; q++) {
            const double x = counts[k + q], before = left[k + q];
            rise[q] += gain[k + q] * x * (2 * before + x);
            left[k + q] = before + x;
        }
    return (rise[0] + rise[1]) + (rise[2] + rise[3]);
}

static void tree_scan_matrix(const tree_scorer *s, tree_cut *best, ptrdiff_t feature,
                             const tree_histogram *h, int missing_left)
{
    const tree_node *node = s->node;
    const ptrdiff_t m = node->n_rows;
    const ptrdiff_t stride = tree_padded(node->n_slots - node->n_class_slots);
    const ptrdiff_t n = tree_padded(node->slot_first[node->n_class_slots]);
    double *sums = s->left + n, left = 0, rest = node->score_total;
    ptrdiff_t n_left = 0;
    int last = -1;
    memset(s->left, 0, (size_t)(n + stride) * sizeof(double));
    for (int step = 0; step < TREE_BINS; step++) {
        /* Missing values come last, or first. */
        const int b = missing_left ? (step == 0 ? TREE_MISSING : step - 1) : step;
        if (!h->rows[b])
            continue;
        if (n_left >= s->min_leaf && m - n_left >= s->min_leaf && last >= 0 &&
            !(missing_left && last == TREE_MISSING)) {
            tree_consider(
                s, best, left * s->inverse[n_left] + (rest + left) * s->inverse[m - n_left],
                feature, last, b, missing_left);
        }
        left += tree_move_counts(h->counts + b * n, s->slope_start, s->left, n);
        left += tree_move_numbers(h->numbers + b * stride, sums, stride);
        rest -= h->push[b];
        n_left += h->rows[b];
        last = b;
    }
}

static void tree_scan_lists(const tree_scorer *s, tree_cut *best, ptrdiff_t feature,
                            const double *columns, const double *weights,
                            const int *rows, int missing_left)
{
    const tree_node *node = s->node;
    const ptrdiff_t m = node->n_rows, K = node->n_columns, J = node->n_slots;
    double score = tree_start_lists(s);
    ptrdiff_t n_left = 0;
    int last = -1;
    for (int step = 0; step < TREE_BINS; step++) {
        const int b = missing_left ? (step == 0 ? TREE_MISSING : step - 1) : step;
        if (!rows[b])
            continue;
        if (n_left >= s->min_leaf && m - n_left >= s->min_leaf && last >= 0 &&
            !(missing_left && last == TREE_MISSING))
            tree_consider(s, best, score, feature, last, b, missing_left);
        score += tree_move_bin(s, columns + b * K, weights + b * J);
        n_left += rows[b];
        last = b;
    }
}

#endif
