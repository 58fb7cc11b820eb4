/* What the search for a split works with: memory, and networks that sort. */
#ifndef MTLEARN_TREE_SPLITTER_H
#define MTLEARN_TREE_SPLITTER_H

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
    free(s->scorer.running);
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
    s->scorer.running = malloc(T * sizeof(tree_running));
    if (!(s->features && s->keys && s->lanes && s->bins && s->sorted && s->order && s->identity &&
          s->histogram.rows && s->histogram.counts && s->histogram.numbers &&
          s->histogram.push && s->columns && s->weights && s->inverse && (s->entropy || !settings->entropy) &&
          s->scorer.left && s->scorer.slope && s->scorer.slope_start &&
          s->scorer.slot_step && s->scorer.slot_left && s->scorer.slot_weight && s->scorer.slot_right &&
          s->scorer.slot_score && s->scorer.running))
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

#endif
