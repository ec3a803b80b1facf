// error: tenon: libraries have to be ELF files
// flags: -U__ELF__
// lines: 12
#include <tenon/export.hpp>
