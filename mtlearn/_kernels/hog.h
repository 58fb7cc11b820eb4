/* Histograms of oriented gradients: the plan of one batch, and the choice of code.
 *
 * hog_stages.h holds the method. It is a template, included once per type of pixel
 * (hog_pixels.h) and instruction set (here), with these macros set:
 *
 *   PIXEL, REAL    types of the input and of the arithmetic
 *   MASK           integer as wide as REAL, the result of comparing vectors
 *   STRENGTH, STRONGER  what decides between colour channels
 *   NAME(f)        f with a suffix for type and set
 *   FUNCTION, ENTRY  how a stage and the whole are declared
 *   VECTOR_BYTES   size of the vectors of the voting loop; 0 means plain C
 */
#ifndef MTLEARN_HOG_H
#define MTLEARN_HOG_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#if defined(__GNUC__)
#define HOG_VECTORS 1
#define HOG_INLINE static inline __attribute__((always_inline))
#else
#define HOG_VECTORS 0
#define HOG_INLINE static inline
#endif
#if HOG_VECTORS && defined(__x86_64__)
#define HOG_AVX2 1
#else
#define HOG_AVX2 0
#endif
#define HOG_RESTRICT __restrict

enum { HOG_BAND = 8, HOG_MAX_BINS = 64, HOG_PAD = 16 };
enum { HOG_L1, HOG_L1_SQRT, HOG_L2, HOG_L2_HYS };
enum { HOG_PLAIN, HOG_VECTOR, HOG_VECTOR_AVX2 };

typedef struct {
    ptrdiff_t height, width, channels;   /* of the image, in pixels */
    ptrdiff_t cell_height, cell_width;   /* in pixels */
    ptrdiff_t block_height, block_width; /* in cells */
    ptrdiff_t cells_down, cells_across;  /* whole cells in the image */
    int bins, norm;
} hog_plan;

/* Columns of the vote rows: every whole cell, and room for the last vector. */
static ptrdiff_t hog_vote_stride(const hog_plan *plan)
{
    return plan->cells_across * plan->cell_width + HOG_PAD;
}

/* Numbers of type REAL that one image needs as work space: see NAME(image). */
static ptrdiff_t hog_work_size(const hog_plan *plan)
{
    ptrdiff_t band = HOG_BAND * plan->width + HOG_PAD;
    ptrdiff_t colour = plan->channels > 1 ? 2 * band * plan->channels : 0;
    ptrdiff_t cells = plan->cells_down * plan->cells_across;
    return 3 * band + colour + plan->bins * hog_vote_stride(plan)
           + cells * (plan->bins + 1);
}

#define HOG_JOIN(f, pixel, set) f##_##pixel##_##set
#define HOG_NAME(f, pixel, set) HOG_JOIN(f, pixel, set)

#define HOG_STRONGER(x, y, s, best_x, best_y, best_s) ((s) > (best_s))

/* In double only hypot, which is slow, settles what is equal up to rounding. */
HOG_INLINE int hog_stronger(double x, double y, double s, double best_x, double best_y,
                            double best_s)
{
    if (fabs(s - best_s) > 1e-14 * best_s)
        return s > best_s;
    if (fabs(x) == fabs(best_x) && fabs(y) == fabs(best_y))
        return 0;
    return hypot(x, y) > hypot(best_x, best_y);
}

/* Plain C: for every compiler, and what the other sets are tested against. */
#define SET plain
#define VECTOR_BYTES 0
#define FUNCTION HOG_INLINE
#define ENTRY static
#include "hog_pixels.h"
#undef SET
#undef VECTOR_BYTES

/* Vectors that every x86-64 and ARM64 processor has. */
#if HOG_VECTORS
#define SET vector
#define VECTOR_BYTES 16
#include "hog_pixels.h"
#undef SET
#undef VECTOR_BYTES
#endif
#undef FUNCTION
#undef ENTRY

/* Without FMA, so that every set gives the same bits. */
#if HOG_AVX2
#define SET avx2
#define VECTOR_BYTES 32
#define FUNCTION HOG_INLINE __attribute__((target("avx2")))
#define ENTRY static __attribute__((target("avx2")))
#include "hog_pixels.h"
#undef SET
#undef VECTOR_BYTES
#undef FUNCTION
#undef ENTRY
#endif

/* The best instruction set that was compiled and that this processor has. */
static int hog_best_set(void)
{
#if HOG_AVX2
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2"))
        return HOG_VECTOR_AVX2;
#endif
    return HOG_VECTORS ? HOG_VECTOR : HOG_PLAIN;
}

/* hog_<pixel>: features of one image, by one of the sets up to hog_best_set(). */
#if HOG_AVX2
#define HOG_TRY_AVX2(pixel)                                                     \
    if (set == HOG_VECTOR_AVX2) {                                               \
        HOG_JOIN(image, pixel, avx2)(plan, image, slopes, work, features);      \
        return;                                                                 \
    }
#else
#define HOG_TRY_AVX2(pixel)
#endif
#if HOG_VECTORS
#define HOG_TRY_VECTOR(pixel)                                                   \
    if (set == HOG_VECTOR) {                                                    \
        HOG_JOIN(image, pixel, vector)(plan, image, slopes, work, features);    \
        return;                                                                 \
    }
#else
#define HOG_TRY_VECTOR(pixel)
#endif
#define HOG_ENTRY(pixel, PIXEL, REAL)                                           \
    static void hog_##pixel(const hog_plan *plan, const PIXEL *image,           \
                            const REAL *slopes, REAL *work, float *features,    \
                            int set)                                            \
    {                                                                           \
        HOG_TRY_AVX2(pixel)                                                     \
        HOG_TRY_VECTOR(pixel)                                                   \
        HOG_JOIN(image, pixel, plain)(plan, image, slopes, work, features);     \
    }
HOG_ENTRY(u8, unsigned char, float)
HOG_ENTRY(f4, float, double)
HOG_ENTRY(f8, double, double)

#endif
