/* The labels of one node, gathered into small arrays that every feature is scored on.
 *
 * Only tasks with something left to tell apart are kept: each is a slot. A slot of
 * classes owns a column for each class that is seen here, a slot of numbers one. Where
 * every row has an unweighted label for every slot the node is complete, and the
 * labels are a matrix; otherwise they are lists, row by row.
 */
#ifndef MTLEARN_TREE_NODE_H
#define MTLEARN_TREE_NODE_H

#include "tree_problem.h"

typedef struct {
    int slot, column;
    double weight, value; /* value: weight times number; of a class, its weight */
    double push;          /* 2 value total: what S_right loses more than S_left gains */
} tree_label;

typedef struct {
    ptrdiff_t n_rows;
    const int *rows;
    /* Slots: first those of classes, then those of numbers. */
    ptrdiff_t n_slots, n_class_slots, n_columns;
    int complete;
    int *slot_task;
    ptrdiff_t *slot_first;     /* (n_slots + 1) columns */
    double *slot_gain;         /* what impurity counts, per slot */
    double *slot_weight;       /* sum of weights */
    double *total;             /* per column: sum of weights, or of weights times numbers */
    /* Complete nodes. */
    int *code;                 /* (n_rows, n_class_slots) columns */
    double *number;            /* (n_rows, padded number slots), times sqrt(gain) */
    double *push;              /* (n_rows): what a row adds to 2 sum(gain total left) */
    double score_total;        /* sum over columns of gain * total^2 */
    double score_most;         /* of a cut that leaves nothing to tell apart */
    /* All others. */
    ptrdiff_t *label_start;    /* (n_rows + 1) */
    tree_label *labels;
    /* By task, for gathering. */
    ptrdiff_t *task_first;     /* (n_tasks + 1) columns over all tasks */
    ptrdiff_t *task_count;
    double *task_weight, *task_low, *task_high, *task_total;
    int *touched, *task_slot;
    int *task_column;          /* of each class of each task */
} tree_node;

static void tree_node_free(tree_node *node)
{
    free(node->slot_task);
    free(node->slot_first);
    free(node->slot_gain);
    free(node->slot_weight);
    free(node->total);
    free(node->code);
    free(node->number);
    free(node->push);
    free(node->label_start);
    free(node->labels);
    free(node->task_first);
    free(node->task_count);
    free(node->task_weight);
    free(node->task_low);
    free(node->task_high);
    free(node->task_total);
    free(node->touched);
    free(node->task_slot);
    free(node->task_column);
}

/* Room for nodes of so many rows that have so many labels; 0 without memory. */
static int tree_node_init(tree_node *node, const tree_problem *problem,
                          ptrdiff_t n_rows, ptrdiff_t n_labels)
{
    const size_t T = (size_t)problem->n_tasks + 1, m = (size_t)n_rows + 1;
    size_t K = 1;
    memset(node, 0, sizeof *node);
    for (ptrdiff_t t = 0; t < problem->n_tasks; t++)
        K += problem->n_classes[t] ? (size_t)problem->n_classes[t] : 1;
    node->slot_task = malloc(T * sizeof(int));
    node->slot_first = malloc(T * sizeof(ptrdiff_t));
    node->slot_gain = malloc(T * sizeof(double));
    node->slot_weight = malloc(T * sizeof(double));
    node->total = malloc(K * sizeof(double));
    node->code = malloc(((size_t)n_labels + 1) * sizeof(int));
    node->number = malloc((4 * (size_t)n_labels + 4) * sizeof(double));
    node->push = malloc(m * sizeof(double));
    node->label_start = malloc(m * sizeof(ptrdiff_t));
    node->labels = malloc(((size_t)n_labels + 1) * sizeof(tree_label));
    node->task_first = malloc(T * sizeof(ptrdiff_t));
    node->task_count = calloc(T, sizeof(ptrdiff_t));
    node->task_weight = calloc(T, sizeof(double));
    node->task_low = malloc(T * sizeof(double));
    node->task_high = malloc(T * sizeof(double));
    node->task_total = calloc(K, sizeof(double));
    node->touched = malloc(T * sizeof(int));
    node->task_slot = malloc(T * sizeof(int));
    node->task_column = malloc(K * sizeof(int));
    if (!(node->slot_task && node->slot_first && node->slot_gain &&
          node->slot_weight && node->total && node->code && node->number &&
          node->push && node->label_start && node->labels && node->task_first &&
          node->task_count && node->task_weight && node->task_low &&
          node->task_high && node->task_total && node->touched && node->task_slot &&
          node->task_column))
        return 0;
    node->task_first[0] = 0;
    for (ptrdiff_t t = 0; t < problem->n_tasks; t++) {
        node->task_slot[t] = -1;
        node->task_first[t + 1] =
            node->task_first[t] + (problem->n_classes[t] ? problem->n_classes[t] : 1);
    }
    return 1;
}

/* Sums of every task that has labels here; returns how many tasks have. */
static ptrdiff_t tree_node_sum(tree_node *node, const tree_problem *problem)
{
    /* Local and restrict, so that nothing is read again after each store. */
    const int *restrict rows = node->rows, *restrict tasks = problem->label_task;
    const int *restrict n_classes = problem->n_classes;
    const double *restrict values = problem->label_value, *weights = problem->label_weight;
    const double *restrict gain = problem->gain_weight;
    const ptrdiff_t *restrict start = problem->label_start, *restrict first = node->task_first;
    ptrdiff_t *restrict count = node->task_count;
    double *restrict weight = node->task_weight, *restrict totals = node->task_total;
    double *restrict low = node->task_low, *restrict high = node->task_high;
    const ptrdiff_t m = node->n_rows;
    ptrdiff_t n_touched = 0;
    for (ptrdiff_t i = 0; i < m; i++) {
        const ptrdiff_t stop = start[rows[i] + 1];
        for (ptrdiff_t p = start[rows[i]]; p < stop; p++) {
            const int t = tasks[p];
            if (!(gain[t] > 0))
                continue;
            const double y = values[p], w = weights ? weights[p] : 1.0;
            if (count[t]++ == 0) {
                node->touched[n_touched++] = t;
                low[t] = high[t] = y;
            }
            low[t] = y < low[t] ? y : low[t];
            high[t] = y > high[t] ? y : high[t];
            weight[t] += w;
            if (n_classes[t])
                totals[first[t] + (ptrdiff_t)y] += w;
            else
                totals[first[t]] += w * y;
        }
    }
    return n_touched;
}

static void tree_node_add_slot(tree_node *node, const tree_problem *problem, int t)
{
    const ptrdiff_t slot = node->n_slots++, width = problem->n_classes[t];
    const double *total = node->task_total + node->task_first[t];
    int *column = node->task_column + node->task_first[t];
    node->slot_task[slot] = t;
    node->slot_gain[slot] = problem->gain_weight[t];
    node->slot_weight[slot] = node->task_weight[t];
    node->task_slot[t] = (int)slot;
    for (ptrdiff_t c = 0; c < (width ? width : 1); c++)
        if (width == 0 || total[c] > 0) {
            column[c] = (int)node->n_columns;
            node->total[node->n_columns++] = total[c];
        }
    node->slot_first[slot + 1] = node->n_columns;
}

static void tree_node_fill_matrix(tree_node *node, const tree_problem *problem)
{
    const ptrdiff_t a = node->n_class_slots, r = node->n_slots - a, m = node->n_rows;
    const ptrdiff_t stride = tree_padded(r);
    const int *restrict rows = node->rows, *restrict slots = node->task_slot;
    const int *restrict columns = node->task_column;
    const ptrdiff_t *restrict first = node->task_first;
    const double *restrict gains = node->slot_gain, *restrict total = node->total;
    int *restrict code = node->code;
    double *restrict number = node->number, *restrict pushes = node->push;
    double *number_total = node->total + node->slot_first[a];
    double score = 0, most = 0;
    for (ptrdiff_t j = 0; j < r; j++) {
        number_total[j] *= sqrt(gains[a + j]);
        score += number_total[j] * number_total[j];
    }
    for (ptrdiff_t j = 0; j < a; j++) {
        most += gains[j] * (double)m;
        for (ptrdiff_t k = node->slot_first[j]; k < node->slot_first[j + 1]; k++)
            score += gains[j] * total[k] * total[k];
    }
    for (ptrdiff_t i = 0; i < m; i++) {
        const ptrdiff_t row = rows[i], stop = problem->label_start[row + 1];
        double push = 0;
        for (ptrdiff_t j = r; j < stride; j++)
            number[i * stride + j] = 0;
        for (ptrdiff_t p = problem->label_start[row]; p < stop; p++) {
            const int t = problem->label_task[p], slot = slots[t];
            if (slot < 0)
                continue;
            const double y = problem->label_value[p], gain = gains[slot];
            if (slot < a) {
                const int k = columns[first[t] + (ptrdiff_t)y];
                code[i * a + slot] = k;
                push += gain * total[k];
            } else {
                const double z = y * sqrt(gain);
                number[i * stride + slot - a] = z;
                push += z * number_total[slot - a];
                most += z * z;
            }
        }
        pushes[i] = 2 * push;
    }
    node->score_total = score;
    node->score_most = most;
}

static void tree_node_fill_lists(tree_node *node, const tree_problem *problem)
{
    ptrdiff_t filled = 0;
    for (ptrdiff_t i = 0; i < node->n_rows; i++) {
        const ptrdiff_t row = node->rows[i];
        node->label_start[i] = filled;
        for (ptrdiff_t p = problem->label_start[row];
             p < problem->label_start[row + 1]; p++) {
            const int slot = node->task_slot[problem->label_task[p]];
            if (slot < 0)
                continue;
            const double y = problem->label_value[p];
            const double w = problem->label_weight ? problem->label_weight[p] : 1.0;
            const int is_class = slot < node->n_class_slots;
            tree_label *label = node->labels + filled++;
            label->slot = slot;
            label->column = node->task_column[node->task_first[problem->label_task[p]] +
                                              (is_class ? (ptrdiff_t)y : 0)];
            label->weight = w;
            label->value = is_class ? w : w * y;
            label->push = 2 * label->value * node->total[label->column];
        }
    }
    node->label_start[node->n_rows] = filled;
}

/* Gather the labels of some rows. A node without slots has nothing to split for. */
static void tree_node_gather(tree_node *node, const tree_problem *problem,
                             const int *rows, ptrdiff_t n_rows, int entropy)
{
    node->rows = rows;
    node->n_rows = n_rows;
    node->n_slots = node->n_columns = 0;
    node->slot_first[0] = 0;
    const ptrdiff_t n_touched = tree_node_sum(node, problem);
    int complete = problem->label_weight == NULL && !entropy;
    for (int numbers = 0; numbers < 2; numbers++) {
        for (ptrdiff_t i = 0; i < n_touched; i++) {
            const int t = node->touched[i];
            if ((problem->n_classes[t] == 0) != numbers)
                continue;
            node->task_slot[t] = -1;
            if (node->task_low[t] < node->task_high[t]) {
                complete &= node->task_count[t] == n_rows;
                tree_node_add_slot(node, problem, t);
            }
        }
        if (!numbers)
            node->n_class_slots = node->n_slots;
    }
    node->complete = complete;
    if (node->n_slots && complete)
        tree_node_fill_matrix(node, problem);
    else if (node->n_slots)
        tree_node_fill_lists(node, problem);
    for (ptrdiff_t i = 0; i < n_touched; i++) {
        const int t = node->touched[i];
        memset(node->task_total + node->task_first[t], 0,
               (size_t)(node->task_first[t + 1] - node->task_first[t]) * sizeof(double));
        node->task_count[t] = 0;
        node->task_weight[t] = 0;
    }
}

#endif
