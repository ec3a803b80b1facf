// error: TENON_SEPARATE and TENON_IMPLEMENTATION have to be defined before the first header of tenon
// above: 4
#ifdef FIXED
#define TENON_IMPLEMENTATION
#endif
#include <tenon/interface.hpp>
#define TENON_IMPLEMENTATION
#include <tenon/plugin.hpp>
