/* What the leaves of a tree answer for every task.
 *
 * The value of a node is shrunk towards that of its parent,
 *     value = (sum of labels + strength * value of the parent) / (labels + strength),
 * from a prior above the root, for several strengths. A leaf without labels of a task
 * answers as its nearest ancestor that has some, so only these are kept: memory grows
 * with the labels, not with leaves times tasks. Entries of a node are in the order of
 * tasks; the values of an entry are level after level: strengths, and then, where tasks
 * ask the same question, the pooled value.
 *
 * The pooled value is shrunk towards the task's prior plus the deviation of all tasks
 * of its group in that leaf, which has a table of its own with an entry per group. Of
 * classes it is a share: clipped, and with sum 1.
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
    ptrdiff_t n_groups;           /* of tasks that ask the same question */
    const int *group;             /* of each task, -1 for none */
    const ptrdiff_t *group_first; /* (n_groups + 1) columns of each group */
    ptrdiff_t only;               /* the one task that is answered, -1: all */
} tree_answers;

typedef struct {
    const double *strength;
    ptrdiff_t n_strengths;
    double pooled; /* how many rows the group's answer counts */
} tree_shrinkage;

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

/* Entries, task after task. */
typedef struct {
    int *node, *task;
    ptrdiff_t *length;
    float *values;
    ptrdiff_t n_entries, n_values;
    ptrdiff_t node_capacity, task_capacity, length_capacity, value_capacity;
} tree_entries;

static void tree_entries_free(tree_entries *entries)
{
    free(entries->node);
    free(entries->task);
    free(entries->length);
    free(entries->values);
}

typedef struct {
    const tree_record *records;
    ptrdiff_t n_nodes;
    int *parent, *mark, *place, *list;
    double *sums, *counts, *means; /* by place in the list */
    ptrdiff_t n_list;
    double *deviation; /* of each group, (n_nodes, columns of the group) after another */
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

/* Add the labels of a task to the sums of their leaves; less its prior, if asked. */
static void tree_add_labels(tree_builder *b, const tree_answers *a, ptrdiff_t t,
                            int stamp, const double *prior, const int *leaf,
                            const int *bag)
{
    const ptrdiff_t width = a->first[t + 1] - a->first[t];
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
        for (ptrdiff_t k = 0; prior && k < width; k++)
            sum[k] -= w * prior[k];
    }
}

/* Add the sums of leaves to all nodes above, and put these in order. */
static void tree_add_up(tree_builder *b, int stamp, ptrdiff_t width)
{
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

/* Values of the node at a place in the list, shrunk towards its parent's. */
TREE_INLINE void tree_shrink(const tree_builder *b, int node, ptrdiff_t width,
                             const double *prior, const double *strength,
                             ptrdiff_t n_strengths)
{
    const ptrdiff_t length = width * n_strengths, place = b->place[node];
    const double n = b->counts[place], *sum = b->sums + place * width;
    double *mean = b->means + place * length;
    for (ptrdiff_t l = 0; l < n_strengths; l++) {
        const double *above =
            b->parent[node] < 0
                ? prior
                : b->means + b->place[b->parent[node]] * length + l * width;
        for (ptrdiff_t k = 0; k < width; k++)
            mean[l * width + k] = n + strength[l] > 0 ? (sum[k] + strength[l] * above[k]) /
                                                            (n + strength[l])
                                                      : above[k];
    }
}

/* Room for an entry; NULL without memory. */
static float *tree_new_entry(tree_entries *e, int node, ptrdiff_t task, ptrdiff_t length)
{
    const ptrdiff_t n = e->n_entries + 1;
    if (!tree_reserve((void **)&e->node, &e->node_capacity, n, sizeof(int)) ||
        !tree_reserve((void **)&e->task, &e->task_capacity, n, sizeof(int)) ||
        !tree_reserve((void **)&e->length, &e->length_capacity, n, sizeof(ptrdiff_t)) ||
        !tree_reserve((void **)&e->values, &e->value_capacity, e->n_values + length,
                      sizeof(float)))
        return NULL;
    e->node[e->n_entries] = node;
    e->task[e->n_entries] = (int)task;
    e->length[e->n_entries++] = length;
    e->n_values += length;
    return e->values + e->n_values - length;
}

/* Whether every leaf below has a nearer answer. */
TREE_INLINE int tree_is_covered(const tree_builder *b, int node, int stamp)
{
    const tree_record *record = b->records + node;
    return record->feature >= 0 && b->mark[record->left] == stamp &&
           b->mark[record->right] == stamp;
}

TREE_INLINE double tree_clip(double share)
{
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

/* What shares of classes, the prior plus a deviation, are divided by once they are
 * clipped, to have sum 1; 0 for numbers, which are not clipped. */
#define TREE_POOLED_TOTAL(total, prior, deviation, width, n_classes)                       \
    do {                                                                                   \
        (total) = (n_classes) && (width) == 1 ? 1.0 : 0.0;                                 \
        for (ptrdiff_t j = 0; (n_classes) && (width) > 1 && j < (width); j++)              \
            (total) += tree_clip((prior)[j] + (deviation)[j]);                             \
    } while (0)

/* One of them. */
TREE_INLINE double tree_pooled(double prior, double deviation, double total)
{
    return total > 0 ? tree_clip(prior + deviation) / total : prior + deviation;
}

/* The entries of a task, from its sums. */
static int tree_add_entries(tree_builder *b, const tree_answers *a, ptrdiff_t t,
                            int stamp, const tree_shrinkage *shrinkage,
                            tree_entries *entries)
{
    const ptrdiff_t width = a->first[t + 1] - a->first[t];
    const ptrdiff_t length = width * shrinkage->n_strengths;
    const double *prior = a->prior + a->first[t], pooled = shrinkage->pooled;
    const int group = a->n_groups ? a->group[t] : -1;
    const double *deviations =
        group < 0 ? NULL : b->deviation + b->n_nodes * a->group_first[group];
    for (ptrdiff_t i = 0; i < b->n_list; i++) {
        const int node = b->list[i], place = b->place[node];
        tree_shrink(b, node, width, prior, shrinkage->strength, shrinkage->n_strengths);
        if (tree_is_covered(b, node, stamp))
            continue;
        float *value = tree_new_entry(entries, node, t, length + (a->n_groups ? width : 0));
        if (!value)
            return 0;
        const double *mean = b->means + place * length;
        for (ptrdiff_t k = 0; k < length; k++)
            value[k] = (float)mean[k];
        if (!a->n_groups)
            continue;
        if (!deviations) {
            memcpy(value + length, value + length - width, (size_t)width * sizeof(float));
            continue;
        }
        double total;
        const double *deviation = deviations + node * width;
        TREE_POOLED_TOTAL(total, prior, deviation, width, a->n_classes[t]);
        for (ptrdiff_t k = 0; k < width; k++)
            value[length + k] = (float)((b->sums[place * width + k] +
                                         pooled * tree_pooled(prior[k], deviation[k], total)) /
                                        (b->counts[place] + pooled));
    }
    return 1;
}

/* The entries of a group: what its tasks' labels are above their priors. */
static int tree_add_group(tree_builder *b, const tree_answers *a, ptrdiff_t group,
                          int stamp, const double *zeros, const int *leaf, const int *bag,
                          tree_entries *entries)
{
    const double strength = 1;
    const ptrdiff_t width = a->group_first[group + 1] - a->group_first[group];
    double *deviations = b->deviation + b->n_nodes * a->group_first[group];
    b->n_list = 0;
    for (ptrdiff_t t = 0; t < a->n_tasks; t++)
        if (a->group[t] == group && a->first[t + 1] - a->first[t] == width)
            tree_add_labels(b, a, t, stamp, a->prior + a->first[t], leaf, bag);
    tree_add_up(b, stamp, width);
    for (ptrdiff_t i = 0; i < b->n_list; i++) {
        const int node = b->list[i];
        tree_shrink(b, node, width, zeros, &strength, 1);
        const double *mean = b->means + b->place[node] * width;
        memcpy(deviations + node * width, mean, (size_t)width * sizeof(double));
        if (tree_is_covered(b, node, stamp))
            continue;
        float *value = tree_new_entry(entries, node, group, width);
        if (!value)
            return 0;
        for (ptrdiff_t k = 0; k < width; k++)
            value[k] = (float)mean[k];
    }
    return 1;
}

/* From task after task to node after node. */
static int tree_transpose(const tree_entries *entries, ptrdiff_t n_nodes,
                          tree_table *table)
{
    const ptrdiff_t E = entries->n_entries;
    ptrdiff_t *from = malloc(((size_t)E + 1) * sizeof(ptrdiff_t));
    ptrdiff_t *source = malloc(((size_t)E + 1) * sizeof(ptrdiff_t));
    ptrdiff_t *next = malloc(((size_t)n_nodes + 1) * sizeof(ptrdiff_t));
    table->n_nodes = n_nodes;
    table->n_entries = E;
    table->n_values = entries->n_values;
    table->start = calloc((size_t)n_nodes + 1, sizeof(ptrdiff_t));
    table->task = malloc(((size_t)E + 1) * sizeof(int));
    table->offset = malloc(((size_t)E + 1) * sizeof(ptrdiff_t));
    table->values = malloc(((size_t)entries->n_values + 1) * sizeof(float));
    const int enough = from && source && next && table->start && table->task &&
                       table->offset && table->values;
    if (enough) {
        ptrdiff_t total = 0;
        for (ptrdiff_t e = 0; e < E; e++) {
            table->start[entries->node[e] + 1]++;
            from[e] = total;
            total += entries->length[e];
        }
        for (ptrdiff_t node = 0; node < n_nodes; node++) {
            next[node] = table->start[node];
            table->start[node + 1] += table->start[node];
        }
        for (ptrdiff_t e = 0; e < E; e++)
            source[next[entries->node[e]]++] = e;
        total = 0;
        for (ptrdiff_t i = 0; i < E; i++) {
            const ptrdiff_t e = source[i];
            table->task[i] = entries->task[e];
            table->offset[i] = total;
            memcpy(table->values + total, entries->values + from[e],
                   (size_t)entries->length[e] * sizeof(float));
            total += entries->length[e];
        }
    }
    free(from);
    free(source);
    free(next);
    return enough;
}

static void tree_builder_free(tree_builder *b)
{
    free(b->parent);
    free(b->mark);
    free(b->place);
    free(b->list);
    free(b->counts);
    free(b->sums);
    free(b->means);
    free(b->deviation);
}

static int tree_builder_make(tree_builder *b, const tree_record *records,
                             ptrdiff_t n_nodes, const tree_answers *a,
                             ptrdiff_t n_strengths)
{
    const ptrdiff_t n_pooled = a->n_groups ? a->group_first[a->n_groups] : 0;
    ptrdiff_t widest = 1;
    for (ptrdiff_t t = 0; t < a->n_tasks; t++) {
        const ptrdiff_t width = a->first[t + 1] - a->first[t];
        widest = width > widest ? width : widest;
    }
    memset(b, 0, sizeof *b);
    b->records = records;
    b->n_nodes = n_nodes;
    b->parent = malloc((size_t)n_nodes * sizeof(int));
    b->mark = calloc((size_t)n_nodes, sizeof(int));
    b->place = malloc((size_t)n_nodes * sizeof(int));
    b->list = malloc((size_t)n_nodes * sizeof(int));
    b->counts = malloc((size_t)n_nodes * sizeof(double));
    b->sums = malloc((size_t)(n_nodes * widest) * sizeof(double));
    b->means = malloc((size_t)(n_nodes * widest * n_strengths) * sizeof(double));
    /* One more than needed, and zeros: what is above the roots of groups. */
    b->deviation = calloc((size_t)(n_nodes * n_pooled + widest), sizeof(double));
    if (!(b->parent && b->mark && b->place && b->list && b->counts && b->sums &&
          b->means && b->deviation))
        return 0;
    b->parent[0] = -1;
    for (ptrdiff_t node = 0; node < n_nodes; node++)
        if (records[node].feature >= 0)
            b->parent[records[node].left] = b->parent[records[node].right] = (int)node;
    return 1;
}

/* The table of a tree, and that of its groups, given the leaf of every row and how
 * often it is in the bag; 0 without memory. */
static int tree_fill_table(const tree_record *records, ptrdiff_t n_nodes,
                           const tree_answers *a, const int *leaf, const int *bag,
                           const tree_shrinkage *shrinkage, tree_table *table,
                           tree_table *of_groups)
{
    tree_builder b;
    tree_entries entries, groups;
    int stamp = 0;
    memset(table, 0, sizeof *table);
    memset(of_groups, 0, sizeof *of_groups);
    memset(&entries, 0, sizeof entries);
    memset(&groups, 0, sizeof groups);
    int done = tree_builder_make(&b, records, n_nodes, a, shrinkage->n_strengths);
    const double *zeros =
        done && a->n_groups ? b.deviation + n_nodes * a->group_first[a->n_groups] : NULL;
    for (ptrdiff_t g = 0; done && g < a->n_groups; g++)
        if (a->group_first[g + 1] > a->group_first[g])
            done = tree_add_group(&b, a, g, ++stamp, zeros, leaf, bag, &groups);
    for (ptrdiff_t t = 0; done && t < a->n_tasks; t++) {
        if (a->first[t + 1] == a->first[t] || (a->only >= 0 && t != a->only))
            continue;
        b.n_list = 0;
        tree_add_labels(&b, a, t, ++stamp, NULL, leaf, bag);
        tree_add_up(&b, stamp, a->first[t + 1] - a->first[t]);
        done = tree_add_entries(&b, a, t, stamp, shrinkage, &entries);
    }
    done = done && tree_transpose(&entries, n_nodes, table) &&
           tree_transpose(&groups, n_nodes, of_groups);
    tree_builder_free(&b);
    tree_entries_free(&entries);
    tree_entries_free(&groups);
    return done;
}

#endif
