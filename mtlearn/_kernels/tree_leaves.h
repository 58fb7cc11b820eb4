/* What the leaves of a tree answer, for every task whether or not it grew the tree.
 *
 * The value of a node is shrunk towards that of its parent,
 *
 *     V(node) = (sum + strength V(parent)) / (n + strength),
 *
 * the root's towards a prior, for several strengths. A leaf without labels of a task
 * answers as its nearest ancestor that has some, so only these are kept: memory grows
 * with the labels, not with leaves times tasks. Entries of a node are in the order of
 * tasks; the values of an entry are strength after strength.
 */
#ifndef MTLEARN_TREE_LEAVES_H
#define MTLEARN_TREE_LEAVES_H

#include "tree_grow.h"

/* Labels by task: task t has those from start[t] to start[t + 1]. */
typedef struct {
    ptrdiff_t n_tasks;
    const ptrdiff_t *start;
    const int *row;
    const double *value, *weight; /* weight NULL: all are 1 */
    const int *n_classes;         /* 0 for numbers */
    const ptrdiff_t *first;       /* (n_tasks + 1) columns; of two classes the second's */
    const double *prior;          /* per column */
} tree_answers;

typedef struct {
    ptrdiff_t n_nodes, n_entries, n_values;
    ptrdiff_t *start;   /* (n_nodes + 1) entries */
    int *task;          /* per entry */
    ptrdiff_t *offset;  /* per entry: its first value */
    float *values;
} tree_table;

static void tree_table_free(tree_table *table)
{
    free(table->start);
    free(table->task);
    free(table->offset);
    free(table->values);
}

typedef struct {
    const tree_record *records;
    ptrdiff_t n_nodes;
    int *parent, *mark, *place, *list;
    double *sums, *counts, *means; /* by place in the list */
    ptrdiff_t n_list;
    /* Entries task after task. */
    int *node, *task;
    ptrdiff_t *length;
    ptrdiff_t n_entries, node_capacity, task_capacity, length_capacity;
    float *values;
    ptrdiff_t n_values, value_capacity;
} tree_builder;

static int tree_compare(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

TREE_INLINE void tree_mark(tree_builder *b, int node, int stamp, ptrdiff_t width)
{
    b->mark[node] = stamp;
    b->place[node] = (int)b->n_list;
    memset(b->sums + b->n_list * width, 0, (size_t)width * sizeof(double));
    b->counts[b->n_list] = 0;
    b->list[b->n_list++] = node;
}

/* Sums of a task in all nodes that have labels of it, children before parents. */
static void tree_sum_task(tree_builder *b, const tree_answers *a, ptrdiff_t t,
                          const int *leaf, const int *bag)
{
    const ptrdiff_t width = a->first[t + 1] - a->first[t];
    const int stamp = (int)t + 1;
    b->n_list = 0;
    for (ptrdiff_t p = a->start[t]; p < a->start[t + 1]; p++) {
        const int row = a->row[p];
        if (!bag[row])
            continue;
        if (b->mark[leaf[row]] != stamp)
            tree_mark(b, leaf[row], stamp, width);
        const double w = bag[row] * (a->weight ? a->weight[p] : 1.0), y = a->value[p];
        double *sum = b->sums + b->place[leaf[row]] * width;
        b->counts[b->place[leaf[row]]] += w;
        if (a->n_classes[t] == 0)
            sum[0] += w * y;
        else if (width == 1)
            sum[0] += y > 0.5 ? w : 0.0;
        else
            sum[(ptrdiff_t)y] += w;
    }
    const ptrdiff_t n_leaves = b->n_list;
    for (ptrdiff_t i = 0; i < n_leaves; i++)
        for (int node = b->parent[b->list[i]]; node >= 0 && b->mark[node] != stamp;
             node = b->parent[node])
            tree_mark(b, node, stamp, width);
    if (!b->n_list)
        tree_mark(b, 0, stamp, width);
    if (8 * b->n_list < b->n_nodes) {
        qsort(b->list, (size_t)b->n_list, sizeof(int), tree_compare);
    } else {
        ptrdiff_t n = 0;
        for (ptrdiff_t node = 0; node < b->n_nodes; node++)
            if (b->mark[node] == stamp)
                b->list[n++] = (int)node;
    }
    for (ptrdiff_t i = b->n_list - 1; i > 0; i--) {
        const int from = b->place[b->list[i]], to = b->place[b->parent[b->list[i]]];
        b->counts[to] += b->counts[from];
        for (ptrdiff_t k = 0; k < width; k++)
            b->sums[to * width + k] += b->sums[from * width + k];
    }
}

/* The entries of a task, from its sums. */
static int tree_add_entries(tree_builder *b, const tree_answers *a, ptrdiff_t t,
                            const double *strength, ptrdiff_t n_strengths)
{
    const ptrdiff_t width = a->first[t + 1] - a->first[t], length = width * n_strengths;
    for (ptrdiff_t i = 0; i < b->n_list; i++) {
        const int node = b->list[i], place = b->place[node];
        const tree_record *record = b->records + node;
        const double n = b->counts[place], *sum = b->sums + place * width;
        double *mean = b->means + place * length;
        for (ptrdiff_t l = 0; l < n_strengths; l++) {
            const double *above =
                b->parent[node] < 0
                    ? a->prior + a->first[t]
                    : b->means + b->place[b->parent[node]] * length + l * width;
            for (ptrdiff_t k = 0; k < width; k++)
                mean[l * width + k] =
                    n + strength[l] > 0
                        ? (sum[k] + strength[l] * above[k]) / (n + strength[l])
                        : above[k];
        }
        if (record->feature >= 0 && b->mark[record->left] == (int)t + 1 &&
            b->mark[record->right] == (int)t + 1)
            continue; /* every leaf below has a nearer answer */
        if (!tree_reserve((void **)&b->node, &b->node_capacity, b->n_entries + 1,
                          sizeof(int)) ||
            !tree_reserve((void **)&b->task, &b->task_capacity, b->n_entries + 1,
                          sizeof(int)) ||
            !tree_reserve((void **)&b->length, &b->length_capacity, b->n_entries + 1,
                          sizeof(ptrdiff_t)) ||
            !tree_reserve((void **)&b->values, &b->value_capacity, b->n_values + length,
                          sizeof(float)))
            return 0;
        b->node[b->n_entries] = node;
        b->task[b->n_entries] = (int)t;
        b->length[b->n_entries++] = length;
        for (ptrdiff_t k = 0; k < length; k++)
            b->values[b->n_values++] = (float)mean[k];
    }
    return 1;
}

/* From task after task to node after node. */
static int tree_transpose(const tree_builder *b, tree_table *table)
{
    const ptrdiff_t E = b->n_entries;
    ptrdiff_t *from = malloc(((size_t)E + 1) * sizeof(ptrdiff_t));
    ptrdiff_t *source = malloc(((size_t)E + 1) * sizeof(ptrdiff_t));
    ptrdiff_t *next = malloc(((size_t)b->n_nodes + 1) * sizeof(ptrdiff_t));
    table->n_nodes = b->n_nodes;
    table->n_entries = E;
    table->n_values = b->n_values;
    table->start = calloc((size_t)b->n_nodes + 1, sizeof(ptrdiff_t));
    table->task = malloc(((size_t)E + 1) * sizeof(int));
    table->offset = malloc(((size_t)E + 1) * sizeof(ptrdiff_t));
    table->values = malloc(((size_t)b->n_values + 1) * sizeof(float));
    const int enough = from && source && next && table->start && table->task &&
                       table->offset && table->values;
    if (enough) {
        ptrdiff_t total = 0;
        for (ptrdiff_t e = 0; e < E; e++) {
            table->start[b->node[e] + 1]++;
            from[e] = total;
            total += b->length[e];
        }
        for (ptrdiff_t node = 0; node < b->n_nodes; node++) {
            next[node] = table->start[node];
            table->start[node + 1] += table->start[node];
        }
        for (ptrdiff_t e = 0; e < E; e++)
            source[next[b->node[e]]++] = e;
        total = 0;
        for (ptrdiff_t i = 0; i < E; i++) {
            const ptrdiff_t e = source[i];
            table->task[i] = b->task[e];
            table->offset[i] = total;
            memcpy(table->values + total, b->values + from[e],
                   (size_t)b->length[e] * sizeof(float));
            total += b->length[e];
        }
    }
    free(from);
    free(source);
    free(next);
    return enough;
}

/* The table of a tree, given the leaf of every row and how often it is in the bag; 0
 * without memory. */
static int tree_fill_table(const tree_record *records, ptrdiff_t n_nodes,
                           const tree_answers *answers, const int *leaf, const int *bag,
                           const double *strength, ptrdiff_t n_strengths,
                           tree_table *table)
{
    tree_builder b;
    ptrdiff_t widest = 1;
    int done;
    memset(&b, 0, sizeof b);
    memset(table, 0, sizeof *table);
    for (ptrdiff_t t = 0; t < answers->n_tasks; t++) {
        const ptrdiff_t width = answers->first[t + 1] - answers->first[t];
        widest = width > widest ? width : widest;
    }
    b.records = records;
    b.n_nodes = n_nodes;
    b.parent = malloc((size_t)n_nodes * sizeof(int));
    b.mark = calloc((size_t)n_nodes, sizeof(int));
    b.place = malloc((size_t)n_nodes * sizeof(int));
    b.list = malloc((size_t)n_nodes * sizeof(int));
    b.counts = malloc((size_t)n_nodes * sizeof(double));
    b.sums = malloc((size_t)(n_nodes * widest) * sizeof(double));
    b.means = malloc((size_t)(n_nodes * widest * n_strengths) * sizeof(double));
    done = b.parent && b.mark && b.place && b.list && b.counts && b.sums && b.means;
    if (done) {
        b.parent[0] = -1;
        for (ptrdiff_t node = 0; node < n_nodes; node++)
            if (records[node].feature >= 0)
                b.parent[records[node].left] = b.parent[records[node].right] = (int)node;
    }
    for (ptrdiff_t t = 0; done && t < answers->n_tasks; t++) {
        if (answers->first[t + 1] == answers->first[t])
            continue;
        tree_sum_task(&b, answers, t, leaf, bag);
        done = tree_add_entries(&b, answers, t, strength, n_strengths);
    }
    done = done && tree_transpose(&b, table);
    free(b.parent);
    free(b.mark);
    free(b.place);
    free(b.list);
    free(b.counts);
    free(b.sums);
    free(b.means);
    free(b.node);
    free(b.task);
    free(b.length);
    free(b.values);
    return done;
}

#endif
