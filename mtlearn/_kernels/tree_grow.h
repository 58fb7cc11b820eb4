/* A tree, node after node: depth first, or, if its leaves are counted, the node that
 * gains most first.
 */
#ifndef MTLEARN_TREE_GROW_H
#define MTLEARN_TREE_GROW_H

#include "tree_split.h"

typedef struct {
    double threshold;       /* values up to here go left */
    int feature;            /* -1: a leaf */
    int left, right;        /* children have greater numbers */
    unsigned char cut_bin;  /* bins up to here go left */
    unsigned char missing_left;
    unsigned char next_bin; /* while it grows: the least bin to the right */
} tree_record;

/* What a split does for a task: its sum of squares (or of entropy) rises by so much. */
typedef struct {
    int node, task;
    double gain;
} tree_gain;

typedef struct {
    tree_record *records;
    ptrdiff_t n_nodes, node_capacity;
    tree_gain *gains;
    ptrdiff_t n_gains, gain_capacity;
    double work;
} tree_grown;

typedef struct {
    ptrdiff_t start, stop, depth, n_constant;
    int node;
    tree_cut cut;
    double gain;
} tree_pending;

typedef struct {
    tree_splitter splitter;
    tree_grown *grown;
    int *rows, *spare;
    tree_pending *pending;
    ptrdiff_t n_pending, pending_capacity;
} tree_grower;

/* A buffer that grows; its contents stay. Returns 0 if there is no memory. */
static int tree_reserve(void **buffer, ptrdiff_t *capacity, ptrdiff_t n, size_t size)
{
    if (n <= *capacity)
        return 1;
    ptrdiff_t wanted = *capacity * 2 > n ? *capacity * 2 : n;
    void *larger = realloc(*buffer, (size_t)wanted * size);
    if (!larger)
        return 0;
    *buffer = larger;
    *capacity = wanted;
    return 1;
}

static void tree_grown_free(tree_grown *grown)
{
    free(grown->records);
    free(grown->gains);
}

static int tree_goes_left(const tree_record *record, int bin)
{
    return bin == TREE_MISSING ? record->missing_left : bin <= record->cut_bin;
}

/* A new node, a leaf so far; -1 without memory. */
static int tree_add_node(tree_grown *grown)
{
    if (!tree_reserve((void **)&grown->records, &grown->node_capacity,
                      grown->n_nodes + 1, sizeof *grown->records))
        return -1;
    tree_record *record = grown->records + grown->n_nodes;
    memset(record, 0, sizeof *record);
    record->feature = record->left = record->right = -1;
    return (int)grown->n_nodes++;
}

/* Where between two bins the values part: halfway, as long as no third bin is cut. Done
 * for all nodes at once, for the values of bins are far apart in memory. */
static void tree_place_cuts(const tree_problem *problem, tree_grown *grown)
{
    for (ptrdiff_t node = 0; node < grown->n_nodes; node++) {
        tree_record *record = grown->records + node;
        if (record->feature < 0)
            continue;
        const float *lower = problem->lower + (ptrdiff_t)record->feature * TREE_BINS;
        const float *upper = problem->upper + (ptrdiff_t)record->feature * TREE_BINS;
        int low = record->cut_bin, stop = record->next_bin;
        if (stop == TREE_MISSING) {
            record->cut_bin = TREE_MISSING - 1;
            record->threshold = INFINITY;
            continue;
        }
        record->threshold = upper[low] / 2.0 + lower[stop] / 2.0;
        while (low + 1 < stop) { /* the last bin that begins there or before */
            const int middle = (low + stop) / 2;
            if (lower[middle] <= record->threshold)
                low = middle;
            else
                stop = middle;
        }
        if (low > record->cut_bin && upper[low] > record->threshold)
            record->threshold = upper[low] / 2.0 + lower[low + 1] / 2.0;
        record->cut_bin = (unsigned char)low;
    }
}

/* The bins of the feature that splits a node, read from where they are likely to be in
 * the cache still. */
static void tree_take_bins(tree_splitter *s, const int *restrict rows, ptrdiff_t m,
                           ptrdiff_t feature)
{
    const tree_problem *problem = s->problem;
    const int whole_rows = m <= TREE_MIDDLING;
    const ptrdiff_t stride = whole_rows ? problem->n_features : 1;
    const uint8_t *restrict from =
        whole_rows ? problem->by_row + feature
                   : problem->by_column + feature * problem->n_rows;
    uint8_t *restrict bins = s->bins;
    for (ptrdiff_t i = 0; i < m; i++)
        bins[i] = from[rows[i] * stride];
}

/* Write down what the split does for each task, given the bins of its feature. */
static int tree_record_gains(tree_grower *g, int number, const tree_record *record)
{
    tree_splitter *s = &g->splitter;
    const tree_node *node = &s->node;
    tree_scorer *scorer = &s->scorer;
    const ptrdiff_t a = node->n_class_slots, r = node->n_slots - a;
    const ptrdiff_t stride = tree_padded(r);
    if (!tree_reserve((void **)&g->grown->gains, &g->grown->gain_capacity,
                      g->grown->n_gains + node->n_slots, sizeof *g->grown->gains))
        return 0;
    ptrdiff_t n_left = 0;
    if (node->complete)
        memset(scorer->left, 0, (size_t)node->n_columns * sizeof(double));
    else
        tree_start_lists(scorer);
    double *before = scorer->slope; /* one per slot: there are more columns */
    memcpy(before, scorer->slot_score, (size_t)node->n_slots * sizeof(double));
    for (ptrdiff_t i = 0; i < node->n_rows; i++) {
        if (!tree_goes_left(record, s->bins[i]))
            continue;
        n_left++;
        if (node->complete) {
            for (ptrdiff_t j = 0; j < a; j++)
                scorer->left[node->code[i * a + j]] += 1;
            for (ptrdiff_t j = 0; j < r; j++)
                scorer->left[node->slot_first[a] + j] += node->number[i * stride + j];
        } else {
            for (ptrdiff_t p = node->label_start[i]; p < node->label_start[i + 1]; p++)
                tree_move_label(scorer, node->labels + p);
        }
    }
    for (ptrdiff_t j = 0; j < node->n_slots; j++) {
        double gain = 0;
        if (node->complete) {
            for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++) {
                const double x = scorer->left[k], T = node->total[k];
                gain += x * x * s->inverse[n_left] +
                        (T - x) * (T - x) * s->inverse[node->n_rows - n_left] -
                        T * T * s->inverse[node->n_rows];
            }
            if (j >= a)
                gain /= node->slot_gain[j];
        } else {
            gain = (scorer->slot_score[j] - before[j]) / node->slot_gain[j];
        }
        tree_gain *entry = g->grown->gains + g->grown->n_gains++;
        entry->node = number;
        entry->task = node->slot_task[j];
        entry->gain = gain;
    }
    return 1;
}

/* Look for the split of a node; cut.feature stays -1 if it is a leaf. */
static void tree_look(tree_grower *g, tree_pending *pending)
{
    tree_splitter *s = &g->splitter;
    const tree_settings *settings = s->settings;
    const ptrdiff_t m = pending->stop - pending->start;
    pending->cut.feature = -1;
    pending->gain = 0;
    if (m < settings->min_split || m < 2 * settings->min_leaf || m < 2 ||
        (settings->max_depth >= 0 && pending->depth >= settings->max_depth))
        return;
    tree_node_gather(&s->node, s->problem, g->rows + pending->start, m,
                     settings->entropy);
    if (!s->node.n_slots)
        return;
    const double score = tree_splitter_start(s);
    pending->cut = tree_best_cut(s, &pending->n_constant);
    pending->gain = pending->cut.score - score;
    if (pending->cut.feature >= 0 && pending->gain < settings->min_gain - 1e-12)
        pending->cut.feature = -1;
}

static int tree_push(tree_grower *g, const tree_pending *pending)
{
    if (!tree_reserve((void **)&g->pending, &g->pending_capacity, g->n_pending + 1,
                      sizeof *g->pending))
        return 0;
    ptrdiff_t i = g->n_pending++;
    if (g->splitter.settings->max_leaves >= 0) /* a heap, the greatest gain on top */
        while (i > 0 && g->pending[(i - 1) / 2].gain < pending->gain) {
            g->pending[i] = g->pending[(i - 1) / 2];
            i = (i - 1) / 2;
        }
    g->pending[i] = *pending;
    return 1;
}

static tree_pending tree_pop(tree_grower *g)
{
    if (g->splitter.settings->max_leaves < 0)
        return g->pending[--g->n_pending];
    const tree_pending top = g->pending[0], last = g->pending[--g->n_pending];
    ptrdiff_t i = 0, n = g->n_pending;
    for (;;) {
        ptrdiff_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && g->pending[child + 1].gain > g->pending[child].gain)
            child++;
        if (g->pending[child].gain <= last.gain)
            break;
        g->pending[i] = g->pending[child];
        i = child;
    }
    g->pending[i] = last;
    return top;
}

/* Both sides of some rows in their order, given bins; returns how many go left. */
static ptrdiff_t tree_part(int *restrict rows, int *restrict spare, ptrdiff_t m,
                           const uint8_t *restrict bins, tree_record record)
{
    ptrdiff_t n_left = 0, n_right = 0;
    for (ptrdiff_t i = 0; i < m; i++) {
        const int row = rows[i], left = tree_goes_left(&record, bins[i]);
        rows[n_left] = row;
        spare[n_right] = row;
        n_left += left;
        n_right += !left;
    }
    memcpy(rows + n_left, spare, (size_t)n_right * sizeof(int));
    return n_left;
}

/* Carry a split out; returns 0 without memory. */
static int tree_split_node(tree_grower *g, tree_pending *pending, tree_pending *left,
                           tree_pending *right)
{
    tree_splitter *s = &g->splitter;
    const ptrdiff_t m = pending->stop - pending->start;
    ptrdiff_t n_missing = 0, n_low = 0;
    tree_record record = g->grown->records[pending->node];
    record.feature = (int)pending->cut.feature;
    record.cut_bin = (unsigned char)pending->cut.low;
    record.next_bin = (unsigned char)pending->cut.high;
    record.missing_left = (unsigned char)pending->cut.missing_left;
    tree_take_bins(s, g->rows + pending->start, m, record.feature);
    for (ptrdiff_t i = 0; i < m; i++) {
        n_missing += s->bins[i] == TREE_MISSING;
        n_low += s->bins[i] <= record.cut_bin;
    }
    if (!n_missing) /* those of other rows go with the many */
        record.missing_left = 2 * n_low > m;
    if (s->settings->max_leaves >= 0) { /* other nodes came in between */
        tree_node_gather(&s->node, s->problem, g->rows + pending->start, m,
                         s->settings->entropy);
        tree_splitter_start(s);
    }
    if (!tree_record_gains(g, pending->node, &record))
        return 0;
    const ptrdiff_t middle = pending->start + tree_part(g->rows + pending->start, g->spare,
                                                        m, s->bins, record);
    const ptrdiff_t n_constant = s->settings->max_leaves < 0 ? pending->n_constant : 0;
    g->grown->records[pending->node] = record;
    *left = (tree_pending){pending->start, middle, pending->depth + 1, n_constant, -1,
                           {0}, 0};
    *right = (tree_pending){middle, pending->stop, pending->depth + 1, n_constant, -1,
                            {0}, 0};
    return 1;
}

static int tree_grow_depth_first(tree_grower *g)
{
    while (g->n_pending) {
        tree_pending pending = tree_pop(g), left, right;
        const int parent = pending.node;
        pending.node = tree_add_node(g->grown);
        if (pending.node < 0)
            return 0;
        if (parent >= 0) {
            /* A left child comes right after its parent. */
            if (parent + 1 == pending.node)
                g->grown->records[parent].left = pending.node;
            else
                g->grown->records[parent].right = pending.node;
        }
        tree_look(g, &pending);
        if (pending.cut.feature < 0)
            continue;
        if (!tree_split_node(g, &pending, &left, &right))
            return 0;
        left.node = right.node = pending.node;
        if (!tree_push(g, &right) || !tree_push(g, &left))
            return 0;
    }
    return 1;
}

static int tree_grow_best_first(tree_grower *g, ptrdiff_t max_leaves)
{
    ptrdiff_t n_leaves = 1;
    while (g->n_pending && n_leaves < max_leaves) {
        tree_pending pending = tree_pop(g), children[2];
        if (!tree_split_node(g, &pending, children, children + 1))
            return 0;
        n_leaves++;
        for (int side = 0; side < 2; side++) {
            children[side].node = tree_add_node(g->grown);
            if (children[side].node < 0)
                return 0;
            tree_record *record = g->grown->records + pending.node;
            *(side ? &record->right : &record->left) = children[side].node;
            tree_look(g, children + side);
            if (children[side].cut.feature >= 0 && !tree_push(g, children + side))
                return 0;
        }
    }
    return 1;
}

/* Grow on some rows, in ascending order, repeats allowed; 0 without memory. */
static int tree_grow(const tree_problem *problem, const tree_settings *settings,
                     const int *rows, ptrdiff_t n_rows, tree_grown *grown)
{
    tree_grower g;
    ptrdiff_t n_labels = 0;
    int done = 0;
    memset(&g, 0, sizeof g);
    memset(grown, 0, sizeof *grown);
    g.grown = grown;
    for (ptrdiff_t i = 0; i < n_rows; i++)
        n_labels += problem->label_start[rows[i] + 1] - problem->label_start[rows[i]];
    g.rows = malloc(((size_t)n_rows + 1) * sizeof(int));
    g.spare = malloc(((size_t)n_rows + 1) * sizeof(int));
    if (tree_splitter_init(&g.splitter, problem, settings, n_rows, n_labels) && g.rows &&
        g.spare) {
        tree_pending root = {0, n_rows, 0, 0, -1, {0}, 0};
        memcpy(g.rows, rows, (size_t)n_rows * sizeof(int));
        if (settings->max_leaves < 0) {
            done = tree_push(&g, &root) && tree_grow_depth_first(&g);
        } else {
            root.node = tree_add_node(grown);
            if (root.node == 0) {
                tree_look(&g, &root);
                done = root.cut.feature < 0 || tree_push(&g, &root);
                done = done && tree_grow_best_first(&g, settings->max_leaves);
            }
        }
    }
    if (done)
        tree_place_cuts(problem, grown);
    grown->work = g.splitter.work;
    tree_splitter_free(&g.splitter);
    free(g.rows);
    free(g.spare);
    free(g.pending);
    return done;
}

#endif
