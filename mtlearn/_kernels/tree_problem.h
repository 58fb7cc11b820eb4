/* What a tree is grown on: binned features, labels by row, and what a split is worth.
 *
 * The methods are in
 *   tree_node.h    labels of one node, gathered
 *   tree_score.h   the best cut of sorted rows, or of a histogram
 *   tree_splitter.h, tree_gather.h, tree_split.h
 *                  the best split of a node, over some features
 *   tree_grow.h    nodes, depth first or best first
 *   tree_leaves.h  what the leaves answer
 *   tree_vote.h    answers of a tree for rows
 */
#ifndef MTLEARN_TREE_PROBLEM_H
#define MTLEARN_TREE_PROBLEM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define TREE_INLINE static inline __attribute__((always_inline))
#define TREE_PREFETCH(address) __builtin_prefetch(address)
#else
#define TREE_INLINE static inline
#define TREE_PREFETCH(address) ((void)0)
#endif

/* The bin of missing values; the others are 0 to 254. */
enum { TREE_MISSING = 255, TREE_BINS = 256 };

typedef struct {
    ptrdiff_t n_rows, n_features;
    const uint8_t *by_row;          /* bins, (n_rows, n_features) */
    const uint8_t *by_column;       /* bins, (n_features, n_rows) */
    const float *lower, *upper;     /* least and greatest value of each bin, (d, 256) */
    ptrdiff_t n_tasks;
    const ptrdiff_t *label_start;   /* row i has the labels label_start[i] to [i + 1] */
    const int *label_task;
    const double *label_value;      /* code of a class, or a number */
    const double *label_weight;     /* NULL: all are 1 */
    const int *n_classes;           /* of each task, 0 for numbers */
    const double *gain_weight;      /* of each task, 0 where it has no say */
} tree_problem;

typedef struct {
    ptrdiff_t max_features, max_depth, max_leaves; /* no limit: -1 */
    ptrdiff_t min_split, min_leaf;
    double min_gain;
    int entropy, random_cuts;
    uint64_t seed;
} tree_settings;

/* Numbers that any compiler makes alike (Vigna's xorshift64*, after splitmix64). */
TREE_INLINE uint64_t tree_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(2685821657736338717);
}

TREE_INLINE uint64_t tree_seed(uint64_t seed)
{
    uint64_t z = seed + UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return z ? z : 1;
}

/* Less than n, for n < 2^32. */
TREE_INLINE ptrdiff_t tree_random_below(uint64_t *state, ptrdiff_t n)
{
    return (ptrdiff_t)(((tree_random(state) >> 32) * (uint64_t)n) >> 32);
}

TREE_INLINE double tree_random_share(uint64_t *state)
{
    return (double)(tree_random(state) >> 11) / 9007199254740992.0;
}

/* Rows of numbers and counts are padded to whole groups of four, for vectors. */
TREE_INLINE ptrdiff_t tree_padded(ptrdiff_t n)
{
    return n < 2 ? n : (n + 3) / 4 * 4;
}

#endif
