// SPDX-License-Identifier: MIT
// One loop of calls, through a plugin and through a pointer. tests/bench/same_code.py compares the machine
// code of the two.
#include "peers/tenon.hpp"

#include <tenon/plugin.hpp>

extern "C" int through_plugin(const tenon::plugin<adder>& handle, int times) {
    int sum = 0;
    for (int i = 0; i < times; ++i)
        sum = handle->add(sum, i);
    return sum;
}

// By reference, because a plugin holds its object too: the compiler must assume that a call changes the
// pointer.
extern "C" int through_pointer(adder* const& object, int times) {
    int sum = 0;
    for (int i = 0; i < times; ++i)
        sum = object->add(sum, i);
    return sum;
}
