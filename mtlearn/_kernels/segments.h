/* Products of X with coefficients whose tasks have their own rows: the problem of one
 * call, and the choice of code.
 *
 * segments_tiles.h holds the method. It is a template, included once per type
 * (segments_types.h) and instruction set (here), with these macros set:
 *
 *   REAL           type of the numbers
 *   MASK           integer as wide as REAL
 *   NAME(f)        f with a suffix for type and set
 *   FUNCTION, ENTRY  how a stage and the whole are declared
 *   VECTOR_BYTES   size of a vector; 0 means plain C
 */
#ifndef MTLEARN_SEGMENTS_H
#define MTLEARN_SEGMENTS_H

#include <stddef.h>
#include <string.h>

#if defined(__GNUC__)
#define SEGMENTS_VECTORS 1
#define SEGMENTS_INLINE static inline __attribute__((always_inline))
#else
#define SEGMENTS_VECTORS 0
#define SEGMENTS_INLINE static inline
#endif
#if SEGMENTS_VECTORS && defined(__x86_64__)
#define SEGMENTS_AVX2 1
#else
#define SEGMENTS_AVX2 0
#endif

enum { SEGMENTS_PLAIN, SEGMENTS_VECTOR, SEGMENTS_VECTOR_AVX2 };

typedef struct {
    ptrdiff_t n_features, n_tasks;
    const int *row;                /* rows of X, those of a task together */
    const ptrdiff_t *row_start;    /* (n_tasks + 1) places in row */
    const ptrdiff_t *column_start; /* (n_tasks + 1) rows of W */
} segments_plan;

#if SEGMENTS_VECTORS
/* One vector of it, from byte 32 - m on, is a mask that hides m bytes. */
static const signed char segments_window[64] = {[32 ... 63] = -1};
#endif

#define SEGMENTS_JOIN(f, type, set) f##_##type##_##set
#define SEGMENTS_NAME(f, type, set) SEGMENTS_JOIN(f, type, set)

/* Plain C: for every compiler, and for rows shorter than a vector. */
#define SET plain
#define VECTOR_BYTES 0
#define FUNCTION SEGMENTS_INLINE
#define ENTRY static
#include "segments_types.h"
#undef SET
#undef VECTOR_BYTES

/* Vectors that every x86-64 and ARM64 processor has. */
#if SEGMENTS_VECTORS
#define SET vector
#define VECTOR_BYTES 16
#include "segments_types.h"
#undef SET
#undef VECTOR_BYTES
#endif
#undef FUNCTION
#undef ENTRY

#if SEGMENTS_AVX2
#define SET avx2
#define VECTOR_BYTES 32
#define FUNCTION SEGMENTS_INLINE __attribute__((target("avx2,fma")))
#define ENTRY static __attribute__((target("avx2,fma")))
#include "segments_types.h"
#undef SET
#undef VECTOR_BYTES
#undef FUNCTION
#undef ENTRY
#endif

/* The best instruction set that was compiled and that this processor has. */
static int segments_best_set(void)
{
#if SEGMENTS_AVX2
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return SEGMENTS_VECTOR_AVX2;
#endif
    return SEGMENTS_VECTORS ? SEGMENTS_VECTOR : SEGMENTS_PLAIN;
}

/* A row must hold one vector at least; else a narrower set takes it. */
static int segments_fitting_set(int set, ptrdiff_t bytes)
{
    static const ptrdiff_t vector[] = {0, 16, 32};
    while (bytes < vector[set])
        set--;
    return set;
}

/* segments_<direction>_<type>, by one of the sets up to segments_best_set(). */
#if SEGMENTS_AVX2
#define SEGMENTS_TRY_AVX2(f, type)                                              \
    case SEGMENTS_VECTOR_AVX2:                                                  \
        SEGMENTS_JOIN(f, type, avx2)(plan, X, from, to);                        \
        return;
#else
#define SEGMENTS_TRY_AVX2(f, type)
#endif
#if SEGMENTS_VECTORS
#define SEGMENTS_TRY_VECTOR(f, type)                                            \
    case SEGMENTS_VECTOR:                                                       \
        SEGMENTS_JOIN(f, type, vector)(plan, X, from, to);                      \
        return;
#else
#define SEGMENTS_TRY_VECTOR(f, type)
#endif
#define SEGMENTS_ENTRY(f, type, REAL)                                           \
    static void segments_##f##_##type(const segments_plan *plan, const REAL *X, \
                                      const REAL *from, REAL *to, int set)      \
    {                                                                           \
        switch (segments_fitting_set(                                           \
            set, plan->n_features * (ptrdiff_t)sizeof(REAL))) {                 \
            SEGMENTS_TRY_AVX2(f, type)                                          \
            SEGMENTS_TRY_VECTOR(f, type)                                        \
        default:                                                                \
            SEGMENTS_JOIN(f, type, plain)(plan, X, from, to);                   \
        }                                                                       \
    }
SEGMENTS_ENTRY(forward, f4, float)
SEGMENTS_ENTRY(forward, f8, double)
SEGMENTS_ENTRY(backward, f4, float)
SEGMENTS_ENTRY(backward, f8, double)

#endif
