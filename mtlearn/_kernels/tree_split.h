/* The best split of one node, over features drawn without replacement.
 *
 * Small nodes gather the bins of up to 32 features from whole rows, and sort them all
 * by one network, a lane a feature: minima and maxima that any compiler turns into
 * vectors. Large nodes read one feature at a time, and count it into a histogram or
 * sort it by counting. Features that are constant in a node stay so below it: they are
 * kept at the front of the list, and never drawn again.
 */
#ifndef MTLEARN_TREE_SPLIT_H
#define MTLEARN_TREE_SPLIT_H

#include "tree_score.h"

enum { TREE_LANES = 32, TREE_SMALL = 128, TREE_MIDDLING = 512, TREE_MAX_PAIRS = 1536 };

typedef struct {
    const tree_problem *problem;
    const tree_settings *settings;
    tree_node node;
    tree_scorer scorer;
    uint64_t random;
    double work;
    ptrdiff_t *features;                 /* constants of the path first */
    int16_t *keys;                       /* (TREE_SMALL, TREE_LANES) */
    uint8_t *lanes;                      /* (TREE_LANES, TREE_MIDDLING) */
    uint8_t *bins;                       /* (rows) of one feature, sorted or not */
    uint8_t *sorted;
    int *order, *identity;
    tree_histogram histogram;            /* of complete nodes */
    double *columns, *weights;           /* histogram of others */
    double *inverse, *entropy;
    uint8_t pairs[8][TREE_MAX_PAIRS][2]; /* networks for up to 2^p rows */
    int n_pairs[8];
} tree_splitter;

/* Batcher's odd-even merge sort of 2^p elements. */
static void tree_network(tree_splitter *s, int p)
{
    const int n = 1 << p;
    int count = 0;
    for (int half = 1; half < n; half *= 2)
        for (int k = half; k >= 1; k /= 2)
            for (int j = k % half; j + k < n; j += 2 * k)
                for (int i = 0; i < k && i + j + k < n; i++)
                    if ((i + j) / (2 * half) == (i + j + k) / (2 * half)) {
                        s->pairs[p][count][0] = (uint8_t)(i + j);
                        s->pairs[p][count][1] = (uint8_t)(i + j + k);
                        count++;
                    }
    s->n_pairs[p] = count;
}

static void tree_splitter_free(tree_splitter *s)
{
    tree_node_free(&s->node);
    free(s->features);
    free(s->keys);
    free(s->lanes);
    free(s->bins);
    free(s->sorted);
    free(s->order);
    free(s->identity);
    free(s->histogram.rows);
    free(s->histogram.counts);
    free(s->histogram.numbers);
    free(s->histogram.push);
    free(s->columns);
    free(s->weights);
    free(s->inverse);
    free(s->entropy);
    free(s->scorer.left);
    free(s->scorer.slope);
    free(s->scorer.slope_start);
    free(s->scorer.slot_step);
    free(s->scorer.slot_left);
    free(s->scorer.slot_weight);
    free(s->scorer.slot_right);
    free(s->scorer.slot_score);
}

static int tree_splitter_init(tree_splitter *s, const tree_problem *problem,
                              const tree_settings *settings, ptrdiff_t n_rows,
                              ptrdiff_t n_labels)
{
    memset(s, 0, sizeof *s);
    if (!tree_node_init(&s->node, problem, n_rows, n_labels))
        return 0;
    const size_t m = (size_t)n_rows + 1, d = (size_t)problem->n_features + 1;
    const size_t T = (size_t)problem->n_tasks + 1;
    const size_t K = (size_t)s->node.task_first[problem->n_tasks] + 8;
    s->problem = problem;
    s->settings = settings;
    s->random = tree_seed(settings->seed);
    s->features = malloc(d * sizeof(ptrdiff_t));
    s->keys = malloc(TREE_SMALL * TREE_LANES * sizeof(int16_t));
    s->lanes = malloc(TREE_LANES * TREE_MIDDLING);
    s->bins = malloc(m);
    s->sorted = malloc(m);
    s->order = malloc(m * sizeof(int));
    s->identity = malloc(m * sizeof(int));
    s->histogram.rows = malloc(TREE_BINS * sizeof(int));
    s->histogram.counts = malloc(TREE_BINS * K * sizeof(int));
    s->histogram.numbers = malloc(TREE_BINS * (T + 3) * sizeof(double));
    s->histogram.push = malloc(TREE_BINS * sizeof(double));
    s->columns = malloc(TREE_BINS * K * sizeof(double));
    s->weights = malloc(TREE_BINS * T * sizeof(double));
    s->inverse = malloc(m * sizeof(double));
    s->entropy = settings->entropy ? malloc(m * sizeof(double)) : NULL;
    s->scorer.left = malloc(K * sizeof(double));
    s->scorer.slope = malloc(K * sizeof(double));
    s->scorer.slope_start = malloc(K * sizeof(double));
    s->scorer.slot_step = malloc(T * sizeof(double));
    s->scorer.slot_left = malloc(T * sizeof(double));
    s->scorer.slot_weight = malloc(T * sizeof(double));
    s->scorer.slot_right = malloc(T * sizeof(double));
    s->scorer.slot_score = malloc(T * sizeof(double));
    if (!(s->features && s->keys && s->lanes && s->bins && s->sorted && s->order && s->identity &&
          s->histogram.rows && s->histogram.counts && s->histogram.numbers &&
          s->histogram.push && s->columns && s->weights && s->inverse && (s->entropy || !settings->entropy) &&
          s->scorer.left && s->scorer.slope && s->scorer.slope_start &&
          s->scorer.slot_step && s->scorer.slot_left && s->scorer.slot_weight && s->scorer.slot_right &&
          s->scorer.slot_score))
        return 0;
    for (ptrdiff_t f = 0; f < problem->n_features; f++)
        s->features[f] = f;
    s->inverse[0] = 0;
    if (s->entropy)
        s->entropy[0] = 0;
    for (ptrdiff_t i = 0; i <= n_rows; i++)
        s->identity[i] = (int)i;
    for (ptrdiff_t i = 1; i <= n_rows; i++) {
        s->inverse[i] = 1.0 / (double)i;
        if (s->entropy)
            s->entropy[i] = (double)i * log((double)i);
    }
    for (int p = 1; p < 8; p++)
        tree_network(s, p);
    s->scorer.node = &s->node;
    s->scorer.min_leaf = settings->min_leaf;
    s->scorer.inverse = s->inverse;
    s->scorer.entropy = s->entropy;
    s->scorer.weighted = problem->label_weight != NULL;
    return 1;
}

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

/* A cut somewhere between the least and the greatest value (extremely randomised). */
static void tree_try_random(tree_splitter *s, tree_cut *best, ptrdiff_t feature,
                            const uint8_t *bin)
{
    const tree_problem *problem = s->problem;
    const tree_node *node = &s->node;
    const float *lower = problem->lower + feature * TREE_BINS;
    const float *upper = problem->upper + feature * TREE_BINS;
    int least = TREE_MISSING, most = -1, low = -1, high = TREE_MISSING, missing = 0;
    ptrdiff_t n_left = 0;
    for (ptrdiff_t i = 0; i < node->n_rows; i++) {
        if (bin[i] == TREE_MISSING) {
            missing = 1;
            continue;
        }
        least = bin[i] < least ? bin[i] : least;
        most = bin[i] > most ? bin[i] : most;
    }
    const double share = tree_random_share(&s->random);
    const int missing_left = missing && (tree_random(&s->random) >> 63);
    if (most < 0)
        return;
    if (least == most) { /* only missing values differ */
        low = least;
    } else {
        const double cut = lower[least] + share * ((double)upper[most] - lower[least]);
        for (ptrdiff_t i = 0; i < node->n_rows; i++) {
            const int b = bin[i];
            if (b == TREE_MISSING)
                continue;
            if (b == least || (b != most && (double)upper[b] <= cut))
                low = b > low ? b : low;
            else
                high = b < high ? b : high;
        }
    }
    double score = 0, left = 0, cross = 0;
    if (node->complete)
        memset(s->scorer.left, 0, (size_t)node->n_columns * sizeof(double));
    else
        score = tree_start_lists(&s->scorer);
    const ptrdiff_t a = node->n_class_slots, r = node->n_slots - a;
    const ptrdiff_t first = node->slot_first[a], stride = tree_padded(r);
    for (ptrdiff_t i = 0; i < node->n_rows; i++) {
        const int goes_left = bin[i] == TREE_MISSING
                                  ? (least == most ? 0 : missing_left)
                                  : bin[i] <= low;
        if (!goes_left)
            continue;
        n_left++;
        if (node->complete) {
            for (ptrdiff_t j = 0; j < a; j++)
                s->scorer.left[node->code[i * a + j]] += 1;
            for (ptrdiff_t j = 0; j < r; j++)
                s->scorer.left[first + j] += node->number[i * stride + j];
            cross += node->push[i];
        } else {
            for (ptrdiff_t p = node->label_start[i]; p < node->label_start[i + 1]; p++)
                score += tree_move_label(&s->scorer, node->labels + p);
        }
    }
    const ptrdiff_t n_right = node->n_rows - n_left;
    if (n_left < s->scorer.min_leaf || n_right < s->scorer.min_leaf || !n_left ||
        !n_right)
        return;
    if (node->complete) {
        for (ptrdiff_t j = 0; j < node->n_slots; j++) {
            const double gain = j < a ? node->slot_gain[j] : 1.0;
            for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++)
                left += gain * s->scorer.left[k] * s->scorer.left[k];
        }
        score = left * s->inverse[n_left] +
                (node->score_total - cross + left) * s->inverse[n_right];
    }
    tree_consider(&s->scorer, best, score, feature, low, high,
                  least == most ? 0 : missing_left);
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

/* Whether no cut can be better: nothing is left to tell apart on either side. */
TREE_INLINE int tree_is_perfect(const tree_splitter *s, const tree_cut *best)
{
    return s->node.complete && best->score >= s->node.score_most - s->scorer.margin;
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
            s->work += (double)m * (3.0 + (double)node->n_slots);
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
