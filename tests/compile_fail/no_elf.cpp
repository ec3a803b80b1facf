// error: tenon: libraries have to be ELF files
// flags: -U__ELF__
// lines: 12
// above: 5
#include <tenon/export.hpp>
