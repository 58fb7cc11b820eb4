/* Sequential minimal optimisation of the dual of a kernel machine, on a few rows.

   Over changes of the coefficients b of items, one item per observed label of a score
   column (two for an epsilon tube), minimise

       1/2 sum_kl M_kl b_k' K b_l - sum target * b,   low <= b <= high,

   where the items of each column sum to what they sum to at the start. A step moves a
   pair of items of one column: the one with the steepest slope grows, and the one that
   then lowers the objective most shrinks. Items that have settled at a bound are left
   out for a while. Columns take turns. */

#ifndef MTLEARN_DUAL_H
#define MTLEARN_DUAL_H

#include <math.h>
#include <stddef.h>
#include <string.h>

/* target_clones needs the GNU C library to choose a clone when the library is loaded. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define DUAL_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define DUAL_CLONES
#endif

typedef struct {
    ptrdiff_t n_rows, n_columns;
    const float *kernel;        /* (n_rows, n_rows) */
    const double *covariance;   /* (n_columns, n_columns), symmetric */
    const ptrdiff_t *start;     /* column k owns items start[k] .. start[k + 1] - 1 */
    const int *row;             /* of each item */
    const double *target, *low, *high;
    double *beta;               /* IN and OUT, of each item */
    double *scores;             /* (n_columns, n_rows) IN and OUT: of the rows, K b M */
    double *change;             /* (n_columns, n_rows) OUT: of the sum of b */
    double tol;
    double *moved, *reach;      /* (n_rows) work: what a visit adds to b, and to K b */
    double *slope, *grow, *shrink, *diagonal, *work;   /* (items of a column) work */
    float *near;                /* (2, items of a column) work */
    int *item, *place_row;      /* (items of a column) work: which items are looked at */
} dual_problem;

/* What stands for a curvature that is not positive, and what is added to the slope of
   an item that may not move. */
static const double DUAL_FLAT = 1e-12, DUAL_BARRED = -1e300;
enum { DUAL_LOOK = 4, DUAL_SETTLE = 1000 };

/* The first of the largest values. Four maxima at a time hide the latency of each. */
DUAL_CLONES
static ptrdiff_t dual_largest(ptrdiff_t n, const double *values, double *largest)
{
    double a = values[0], b = a, c = a, d = a;
    ptrdiff_t i;
    for (i = 0; i + 4 <= n; i += 4) {
        a = values[i] > a ? values[i] : a;
        b = values[i + 1] > b ? values[i + 1] : b;
        c = values[i + 2] > c ? values[i + 2] : c;
        d = values[i + 3] > d ? values[i + 3] : d;
    }
    for (; i < n; i++)
        a = values[i] > a ? values[i] : a;
    a = a > b ? a : b;
    c = c > d ? c : d;
    *largest = a > c ? a : c;
    for (i = 0; i < n - 1 && values[i] != *largest; i++)
        ;
    return i;
}

/* The item that most wants to grow, -1 if none may; its slope. */
DUAL_CLONES
static ptrdiff_t dual_steepest(ptrdiff_t n, const double *slope, const double *grow,
                               double *work, double *top)
{
    for (ptrdiff_t i = 0; i < n; i++)
        work[i] = slope[i] + grow[i];
    ptrdiff_t best = dual_largest(n, work, top);
    return *top > DUAL_BARRED / 2 ? best : -1;
}

/* The item whose shrinking lowers the objective most as the steepest grows, by
   rise^2 / bend; -1 if none would. Positive parts are sums with absolute values, which
   compilers turn into vectors where they would not a choice. */
DUAL_CLONES
static ptrdiff_t dual_partner(ptrdiff_t n, const double *slope, const double *shrink,
                              const double *diagonal, const float *near, double at,
                              double scale, double top, double *work)
{
    double most;
    for (ptrdiff_t j = 0; j < n; j++) {
        double rise = top - slope[j] + shrink[j];
        double bend = scale * (at + diagonal[j] - 2 * (double)near[j]);
        rise += fabs(rise);
        work[j] = rise * rise / (bend + fabs(bend) + DUAL_FLAT);
    }
    ptrdiff_t best = dual_largest(n, work, &most);
    return most > 0 ? best : -1;
}

/* The largest difference of slopes. */
DUAL_CLONES
static double dual_gap(ptrdiff_t n, const double *slope, const double *shrink,
                       double *work, double top)
{
    double gap;
    for (ptrdiff_t j = 0; j < n; j++)
        work[j] = top - slope[j] + shrink[j];
    dual_largest(n, work, &gap);
    return gap > 0 ? gap : 0;
}

/* Whether no two slopes differ by more than tol. */
static int dual_is_solved(const dual_problem *p, ptrdiff_t n)
{
    double top;
    if (dual_steepest(n, p->slope, p->grow, p->work, &top) < 0)
        return 1;
    return dual_gap(n, p->slope, p->shrink, p->work, top) <= p->tol;
}

/* Slopes after a step. */
DUAL_CLONES
static void dual_move(ptrdiff_t n, double step, const float *near_i, const float *near_j,
                      double *slope)
{
    for (ptrdiff_t i = 0; i < n; i++)
        slope[i] -= step * ((double)near_i[i] - (double)near_j[i]);
}

/* One row of the kernel matrix at the rows of the items. */
static const float *dual_gather(ptrdiff_t n, const int *row, int in_order,
                                const float *from, float *to)
{
    if (in_order)
        return from;
    for (ptrdiff_t i = 0; i < n; i++)
        to[i] = from[row[i]];
    return to;
}

DUAL_CLONES
static void dual_add(ptrdiff_t n, double scale, const double *from, double *to)
{
    for (ptrdiff_t r = 0; r < n; r++)
        to[r] += scale * from[r];
}

DUAL_CLONES
static void dual_add_kernel(ptrdiff_t n, double scale, const float *from, double *to)
{
    for (ptrdiff_t r = 0; r < n; r++)
        to[r] += scale * from[r];
}

/* Whether the item at a place may grow and shrink: nothing is added to slopes that
   count. */
static void dual_mark(const dual_problem *p, ptrdiff_t first, ptrdiff_t place)
{
    ptrdiff_t i = first + p->item[place];
    p->grow[place] = p->beta[i] < p->high[i] ? 0 : DUAL_BARRED;
    p->shrink[place] = p->beta[i] > p->low[i] ? 0 : DUAL_BARRED;
}

/* What the visit so far adds to K b. */
static void dual_sum_reach(const dual_problem *p)
{
    memset(p->reach, 0, p->n_rows * sizeof(double));
    for (ptrdiff_t r = 0; r < p->n_rows; r++)
        if (p->moved[r] != 0)
            dual_add_kernel(p->n_rows, p->moved[r], p->kernel + r * p->n_rows, p->reach);
}

/* Look at all items of a column again, in order; whether they are the rows. */
static int dual_restore(const dual_problem *p, ptrdiff_t k)
{
    ptrdiff_t first = p->start[k], n = p->start[k + 1] - first;
    const double *scores = p->scores + k * p->n_rows;
    double scale = p->covariance[k * p->n_columns + k];
    int in_order = 1;
    dual_sum_reach(p);
    for (ptrdiff_t i = 0; i < n; i++) {
        int r = p->row[first + i];
        p->item[i] = (int)i;
        p->place_row[i] = r;
        p->slope[i] = p->target[first + i] - scores[r] - scale * p->reach[r];
        p->diagonal[i] = p->kernel[r * (p->n_rows + 1)];
        dual_mark(p, first, i);
        in_order &= r == i;
    }
    return in_order;
}

/* Leave out items at a bound whose slopes say that they stay there; how many are left.
   They are looked at again before a visit ends. */
static ptrdiff_t dual_settle(const dual_problem *p, ptrdiff_t n, double top)
{
    double low = INFINITY;
    ptrdiff_t kept = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (p->shrink[i] == 0 && p->slope[i] < low)
            low = p->slope[i];
    for (ptrdiff_t i = 0; i < n; i++) {
        int stays = (p->grow[i] != 0 || p->slope[i] < low) &&
                    (p->shrink[i] != 0 || p->slope[i] > top);
        if (stays)
            continue;
        p->item[kept] = p->item[i];
        p->place_row[kept] = p->place_row[i];
        p->slope[kept] = p->slope[i];
        p->grow[kept] = p->grow[i];
        p->shrink[kept] = p->shrink[i];
        p->diagonal[kept++] = p->diagonal[i];
    }
    return kept;
}

/* Bring the scores of all columns up to date after a visit of column k. */
static void dual_leave_column(const dual_problem *p, ptrdiff_t k)
{
    ptrdiff_t n = p->n_rows;
    dual_sum_reach(p);
    dual_add(n, 1, p->moved, p->change + k * n);
    for (ptrdiff_t l = 0; l < p->n_columns; l++) {
        double tied = p->covariance[k * p->n_columns + l];
        if (tied != 0)
            dual_add(n, tied, p->reach, p->scores + l * n);
    }
}

/* Move item i up and item j down by as much as is best and their bounds allow. */
static double dual_step(const dual_problem *p, ptrdiff_t i, ptrdiff_t j, double step)
{
    double room_i = p->high[i] - p->beta[i], room_j = p->beta[j] - p->low[j];
    step = step < room_i ? step : room_i;
    step = step < room_j ? step : room_j;
    /* A bound that is met is met exactly. */
    p->beta[i] = step == room_i ? p->high[i] : p->beta[i] + step;
    p->beta[j] = step == room_j ? p->low[j] : p->beta[j] - step;
    p->moved[p->row[i]] += step;
    p->moved[p->row[j]] -= step;
    return step;
}

/* Steps in one column until its slopes differ by no more than tol; their number. */
static ptrdiff_t dual_solve_column(const dual_problem *p, ptrdiff_t k,
                                   ptrdiff_t max_steps, double *first_gap)
{
    ptrdiff_t first = p->start[k], all = p->start[k + 1] - first, n = all, steps = 0;
    double scale = p->covariance[k * p->n_columns + k];
    memset(p->moved, 0, p->n_rows * sizeof(double));
    int in_order = dual_restore(p, k);
    *first_gap = -1;
    while (n && steps < max_steps) {
        double top, gap = INFINITY;
        ptrdiff_t i = dual_steepest(n, p->slope, p->grow, p->work, &top), j = -1;
        const float *near_i = NULL, *near_j;
        /* A look at the gap costs as much as half a step. */
        if (i >= 0 && (steps % DUAL_LOOK == 0 || *first_gap < 0))
            gap = dual_gap(n, p->slope, p->shrink, p->work, top);
        if (*first_gap < 0)
            *first_gap = i < 0 ? 0 : gap;
        if (i >= 0 && gap > p->tol) {
            near_i = dual_gather(n, p->place_row, in_order,
                                 p->kernel + p->place_row[i] * p->n_rows, p->near);
            j = dual_partner(n, p->slope, p->shrink, p->diagonal, near_i, p->diagonal[i],
                             scale, top, p->work);
        }
        if (j < 0) {
            if (n == all)
                break;
            n = all;
            in_order = dual_restore(p, k);
            if (dual_is_solved(p, n))
                break;
            continue;
        }
        near_j = dual_gather(n, p->place_row, in_order,
                             p->kernel + p->place_row[j] * p->n_rows, p->near + all);
        double bend = scale * (p->diagonal[i] + p->diagonal[j] - 2 * (double)near_i[j]);
        double step = (top - p->slope[j]) / (bend > DUAL_FLAT ? bend : DUAL_FLAT);
        step = dual_step(p, first + p->item[i], first + p->item[j], step);
        dual_mark(p, first, i);
        dual_mark(p, first, j);
        dual_move(n, step * scale, near_i, near_j, p->slope);
        steps++;
        if (steps % DUAL_SETTLE == 0) {
            n = dual_settle(p, n, top);
            in_order &= n == all;
        }
    }
    *first_gap = *first_gap > 0 ? *first_gap : 0;
    if (steps)
        dual_leave_column(p, k);
    return steps;
}

/* Columns in turns until none has a gap above tol, or max_steps; the steps taken. */
static ptrdiff_t dual_solve(const dual_problem *p, ptrdiff_t max_steps)
{
    ptrdiff_t total = 0;
    for (;;) {
        double worst = 0, gap;
        ptrdiff_t before = total;
        for (ptrdiff_t k = 0; k < p->n_columns && total < max_steps; k++) {
            total += dual_solve_column(p, k, max_steps - total, &gap);
            if (gap > worst)
                worst = gap;
        }
        if (worst <= p->tol || total >= max_steps || total == before)
            return total;
    }
}

#endif
