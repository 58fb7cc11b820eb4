/* The triangle code of patches: how much nearer than the mean each centre is.

   With distances z_k = |x - c_k| and their mean m, the code is max(0, m - z_k). Codes
   are added to the cell of the patch, and are never stored. */

#ifndef MTLEARN_PATCHES_H
#define MTLEARN_PATCHES_H

#include <math.h>
#include <stddef.h>

/* target_clones needs the GNU C library to choose a clone when the library is loaded. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define PATCHES_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define PATCHES_CLONES
#endif

/* Partial sums, added in one order whatever the instruction set. */
enum { PATCHES_LANES = 16 };

/* One patch: products x' c_k in, distances out, in the same place; codes are added. */
PATCHES_CLONES
static void patches_add_triangle(ptrdiff_t n_centres, float *products, float square,
                                 const float *centre_squares, float *cell)
{
    float lanes[PATCHES_LANES] = {0}, sum = 0;
    ptrdiff_t k, whole = n_centres - n_centres % PATCHES_LANES;
    for (k = 0; k < n_centres; k++) {
        float squared = square + centre_squares[k] - 2 * products[k];
        products[k] = sqrtf(squared > 0 ? squared : 0);
    }
    for (k = 0; k < whole; k += PATCHES_LANES)
        for (int lane = 0; lane < PATCHES_LANES; lane++)
            lanes[lane] += products[k + lane];
    for (; k < n_centres; k++)
        lanes[k - whole] += products[k];
    for (int lane = 0; lane < PATCHES_LANES; lane++)
        sum += lanes[lane];
    float mean = sum / n_centres;
    for (k = 0; k < n_centres; k++) {
        float nearer = mean - products[k];
        cell[k] += nearer > 0 ? nearer : 0;
    }
}

#endif
