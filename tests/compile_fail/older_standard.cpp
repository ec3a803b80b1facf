// error: tenon: C\+\+20 is needed: compile with -std=c\+\+20
// flags: -std=c++17
// lines: 12
// above: 5
#include <tenon/loader.hpp>
