/* segments_tiles.h for both types; segments.h includes this once per instruction set. */

#define REAL float
#define MASK int
#define NAME(f) SEGMENTS_NAME(f, f4, SET)
#include "segments_tiles.h"
#undef REAL
#undef MASK
#undef NAME

#define REAL double
#define MASK long long
#define NAME(f) SEGMENTS_NAME(f, f8, SET)
#include "segments_tiles.h"
#undef REAL
#undef MASK
#undef NAME
