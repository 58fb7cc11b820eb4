/* hog_stages.h for every type of pixel; hog.h includes this once per instruction set.
 *
 * Bytes go by float: their gradients are whole numbers, so nothing that decides on a
 * bin is rounded. Float images go by double, as scikit-image does it.
 *
 * STRENGTH is a number per gradient by which colour channels are compared: any
 * increasing function of the magnitude; for float images the magnitude in float,
 * because rounding decides which channels tie. STRONGER is the comparison.
 */

#define PIXEL unsigned char
#define REAL float
#define MASK int
#define STRENGTH(x, y) ((x) * (x) + (y) * (y))
#define STRONGER HOG_STRONGER
#define NAME(f) HOG_NAME(f, u8, SET)
#include "hog_stages.h"
#undef PIXEL
#undef REAL
#undef MASK
#undef STRENGTH
#undef NAME

#define PIXEL float
#define REAL double
#define MASK long long
#define STRENGTH(x, y) ((float)sqrt((x) * (x) + (y) * (y)))
#define NAME(f) HOG_NAME(f, f4, SET)
#include "hog_stages.h"
#undef PIXEL
#undef STRENGTH
#undef STRONGER
#undef NAME

#define PIXEL double
#define STRENGTH(x, y) ((x) * (x) + (y) * (y))
#define STRONGER hog_stronger
#define NAME(f) HOG_NAME(f, f8, SET)
#include "hog_stages.h"
#undef PIXEL
#undef REAL
#undef MASK
#undef STRENGTH
#undef STRONGER
#undef NAME
