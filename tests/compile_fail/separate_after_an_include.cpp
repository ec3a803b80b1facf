// error: TENON_SEPARATE and TENON_IMPLEMENTATION have to be defined before the first header of tenon
// above: 4
#ifdef FIXED
#define TENON_SEPARATE
#endif
#include <tenon/interface.hpp>
#define TENON_SEPARATE
#include <tenon/plugin.hpp>
